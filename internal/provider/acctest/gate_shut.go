package acctest

import (
	"net"
	"net/http"
	"net/http/httptest"
)

// listening is the server in front, nil while the gate is shut.
func (g *Gate) listening() *httptest.Server {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.front
}

// Reads is how many GETs the gate has answered so far.
func (g *Gate) Reads() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reads
}

// ShutAfter shuts the gate when so many more GETs have been answered: their answers arrive, and whoever connects after them is refused. Until then each
// connection serves one request, so that none is left over on which a later request could be lost instead. The channel is closed when the gate is shut.
func (g *Gate) ShutAfter(reads int) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	shut, last := make(chan struct{}), g.reads+reads
	g.shut = func(get int) {
		if get != last {
			return
		}
		_ = g.front.Listener.Close() // all that can go wrong is that it is closed already
		g.front = nil
		close(shut)
	}
	return shut
}

// countRead counts a GET before its answer goes out.
func (g *Gate) countRead(answer *http.Response) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reads++
	if g.shut != nil {
		answer.Header.Set("Connection", "close")
		g.shut(g.reads)
	}
}

// Reopen listens again, on the same address, after the gate was shut. An open gate stays as it is.
func (g *Gate) Reopen() {
	g.t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = nil
	if g.front != nil {
		return
	}
	listener, err := (&net.ListenConfig{}).Listen(g.t.Context(), "tcp", g.address)
	if err != nil {
		g.t.Fatal(err)
	}
	g.front = httptest.NewUnstartedServer(http.HandlerFunc(g.serve))
	_ = g.front.Listener.Close() // the one that it has chosen itself
	g.front.Listener = listener
	g.front.Start()
}
