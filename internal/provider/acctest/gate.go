package acctest

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// Gate is a proxy in front of the mock server. It holds single requests, so that a test can act exactly while one is on its way, and changes answers in
// ways that the mock server's own faults can't.
type Gate struct {
	t       *testing.T
	address string // where the provider connects to
	proxy   *httputil.ReverseProxy
	base    string // the path of the base URL

	mu    sync.Mutex
	front *httptest.Server // nil while the gate is shut
	rules []*gateRule
	reads int           // how many GETs have come
	shut  func(get int) // what happens before the answer to a GET goes out
}

// gateRule acts on requests of one sort: on the first only, unless always is set.
type gateRule struct {
	method, pattern string
	always          bool
	before          func(w http.ResponseWriter, r *http.Request, body []byte) (answered bool)
	after           func(answer *http.Response, request []byte) error
	failed          func(r *http.Request) // what happens instead of after where the mock server has lost the answer
	used            bool
}

// NewGate puts a gate in front of a mock server; it is gone with the test.
func NewGate(t *testing.T, server *mockserver.Server) *Gate {
	t.Helper()
	target, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	g := &Gate{t: t, base: target.Path}
	g.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
			r.Out.Host = target.Host
		},
		ModifyResponse: g.after,
		ErrorLog:       log.New(io.Discard, "", 0), // of what the test does on purpose
		ErrorHandler:   g.lost,
		FlushInterval:  -1, // an answer whose body breaks has sent its head, as it would without a gate
	}
	g.front = httptest.NewServer(http.HandlerFunc(g.serve))
	g.address = g.front.Listener.Addr().String()
	t.Cleanup(func() {
		if front := g.listening(); front != nil {
			front.CloseClientConnections()
			front.Close()
		}
	})
	return g
}

// URL is the base URL that the provider has to use.
func (g *Gate) URL() string { return "http://" + g.address + g.base }

type gateKey struct{}

// passage is a request on its way through the gate.
type passage struct {
	body  []byte
	after []*gateRule
}

func (g *Gate) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	p := &passage{body: body}
	for _, rule := range g.take(r) {
		if rule.before != nil && rule.before(w, r, body) {
			return
		}
		if rule.after != nil {
			p.after = append(p.after, rule)
		}
	}
	g.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), gateKey{}, p)))
}

// lost is reached where the mock server has given no answer: the client sees what the proxy sees.
func (g *Gate) lost(_ http.ResponseWriter, r *http.Request, _ error) {
	if p, ok := r.Context().Value(gateKey{}).(*passage); ok {
		for _, rule := range p.after {
			if rule.failed != nil {
				rule.failed(r)
			}
		}
	}
	panic(http.ErrAbortHandler)
}

func (g *Gate) after(answer *http.Response) error {
	if answer.Request.Method == http.MethodGet {
		g.countRead(answer)
	}
	p, ok := answer.Request.Context().Value(gateKey{}).(*passage)
	if !ok {
		return nil
	}
	for _, rule := range p.after {
		if err := rule.after(answer, p.body); err != nil {
			return err
		}
	}
	return nil
}

// take finds the rules for a request.
func (g *Gate) take(r *http.Request) []*gateRule {
	g.mu.Lock()
	defer g.mu.Unlock()
	below := strings.TrimPrefix(r.URL.Path, g.base)
	var found []*gateRule
	for _, rule := range g.rules {
		matches, err := path.Match(rule.pattern, below)
		if err != nil {
			panic(err)
		}
		if matches && rule.method == r.Method && (rule.always || !rule.used) {
			rule.used = true
			found = append(found, rule)
		}
	}
	return found
}

func (g *Gate) add(rule *gateRule) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rules = append(g.rules, rule)
}

// Held is a request that is held, or will be when it comes.
type Held struct {
	t                      *testing.T
	arrived, gone, release chan struct{}
	once                   sync.Once
}

func (g *Gate) newHeld() *Held {
	h := &Held{t: g.t, arrived: make(chan struct{}), gone: make(chan struct{}), release: make(chan struct{})}
	g.t.Cleanup(h.Release)
	return h
}

// Arrived waits until the request is held.
func (h *Held) Arrived() {
	h.t.Helper()
	h.await(h.arrived, "the request to be held came")
}

// Reached is closed when the request is held.
func (h *Held) Reached() <-chan struct{} { return h.arrived }

// Gone waits until the client of the held request has gone away.
func (h *Held) Gone() {
	h.t.Helper()
	h.await(h.gone, "the client of the held request went away")
}

func (h *Held) await(event <-chan struct{}, what string) {
	h.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-event:
	case <-late.C:
		h.t.Fatalf("within %s it did not happen that %s", patience, what)
	}
}

// Release lets the request go on.
func (h *Held) Release() { h.once.Do(func() { close(h.release) }) }

// wait holds the request; false when its client has gone meanwhile.
func (h *Held) wait(r *http.Request) bool {
	close(h.arrived)
	select {
	case <-h.release:
		return true
	case <-r.Context().Done():
		close(h.gone)
		return false
	}
}

// HoldRequest lets the next request of a sort wait before it is carried out. It never is when its client goes away. The path is below the base URL and
// may be a pattern of path.Match.
func (g *Gate) HoldRequest(method, pattern string) *Held {
	h := g.newHeld()
	g.add(&gateRule{method: method, pattern: pattern, before: func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
		if !h.wait(r) {
			panic(http.ErrAbortHandler)
		}
		return false
	}})
	return h
}

// HoldAnswer lets the answer to the next request of a sort wait: the request has been carried out.
func (g *Gate) HoldAnswer(method, pattern string) *Held {
	h := g.newHeld()
	g.add(&gateRule{method: method, pattern: pattern, after: func(answer *http.Response, _ []byte) error {
		h.wait(answer.Request)
		return nil
	}})
	return h
}

// HoldOutcome is HoldAnswer also where the mock server loses the answer, which then is lost when the hold is over.
func (g *Gate) HoldOutcome(method, pattern string) *Held {
	h := g.newHeld()
	g.add(&gateRule{
		method: method, pattern: pattern,
		after: func(answer *http.Response, _ []byte) error {
			h.wait(answer.Request)
			return nil
		},
		failed: func(r *http.Request) { h.wait(r) },
	})
	return h
}

// Answer answers every request of a sort in place of the mock server.
func (g *Gate) Answer(method, pattern string, handler http.HandlerFunc) {
	g.add(&gateRule{method: method, pattern: pattern, always: true, before: func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		handler(w, r)
		return true
	}})
}

// Rewrite changes the body of every answer to requests of a sort. It is given the request's body as well.
func (g *Gate) Rewrite(method, pattern string, change func(request, answer []byte) []byte) {
	g.add(&gateRule{method: method, pattern: pattern, always: true, after: func(answer *http.Response, request []byte) error {
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		body = change(request, body)
		answer.Body = io.NopCloser(bytes.NewReader(body))
		answer.ContentLength = int64(len(body))
		answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return nil
	}})
}

// Shut refuses connections from the next request of a sort on. Those that are open stay so.
func (g *Gate) Shut(method, pattern string) {
	g.add(&gateRule{method: method, pattern: pattern, before: func(http.ResponseWriter, *http.Request, []byte) bool {
		if err := g.front.Listener.Close(); err != nil {
			g.t.Errorf("shut the gate: %v", err)
		}
		return false
	}})
}

// Open accepts connections again that Shut refused.
func (g *Gate) Open() {
	g.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(g.t.Context(), "tcp", g.front.Listener.Addr().String())
	if err != nil {
		g.t.Fatal(err)
	}
	again := &http.Server{Handler: g.front.Config.Handler, ReadHeaderTimeout: patience}
	g.t.Cleanup(func() { _ = again.Close() })
	go func() { _ = again.Serve(listener) }() // ends with the cleanup
}

// Clear takes all rules back.
func (g *Gate) Clear() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rules = nil
}
