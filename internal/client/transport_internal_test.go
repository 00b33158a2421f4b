package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TestOwnTransportsOverTLS uses the client's own transports, HTTP/2 and all: reads share one connection, each purchase has its own.
func TestOwnTransportsOverTLS(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	conns, protocols := 0, map[string]int{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		protocols[r.Method+" "+r.Proto]++
		mu.Unlock()
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"id": "1"}`)
	}))
	server.EnableHTTP2 = true
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			mu.Lock()
			defer mu.Unlock()
			conns++
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)

	c, err := New(Config{BaseURL: server.URL, APIKey: "autx_live_test", MaxRetries: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	trust(t, c, server)
	for range 3 {
		if _, err := c.Agents.Get(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := c.Agents.Create(t.Context(), AgentCreate{}); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if conns != 3 || protocols["GET HTTP/2.0"] != 3 || protocols["POST HTTP/2.0"] != 2 {
		t.Errorf("%d connections, requests: %v", conns, protocols)
	}
}

// TestLostOverHTTP2 aborts the stream of a purchase: it was delivered once and may have been carried out.
func TestLostOverHTTP2(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	deliveries := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		deliveries++
		mu.Unlock()
		panic(http.ErrAbortHandler)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	c, err := New(Config{BaseURL: server.URL, APIKey: "autx_live_test", MaxRetries: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	trust(t, c, server)
	_, err = c.Agents.Create(t.Context(), AgentCreate{})
	e, ok := AsError(err)
	mu.Lock()
	defer mu.Unlock()
	if !ok || e.Outcome != Unknown || e.Attempts != 1 || deliveries != 1 {
		t.Errorf("%d deliveries: %v", deliveries, err)
	}
}

// TestOwnTransportHonoursTheEnvironment makes sure that a proxy can still be set and that HTTP/2 is offered.
func TestOwnTransportHonoursTheEnvironment(t *testing.T) {
	t.Parallel()
	w := newWire(nil)
	shared, fresh := poolOf(t, w.shared), poolOf(t, w.fresh)
	for _, transport := range []*http.Transport{shared, fresh} {
		if transport.Proxy == nil || !transport.ForceAttemptHTTP2 || transport.MaxResponseHeaderBytes == 0 || transport.TLSHandshakeTimeout == 0 {
			t.Errorf("%+v", transport)
		}
	}
	if shared.DisableKeepAlives || !fresh.DisableKeepAlives || shared.MaxIdleConnsPerHost < 10 {
		t.Error("reads must keep connections and purchases must not")
	}
}

func poolOf(t *testing.T, transport http.RoundTripper) *http.Transport {
	t.Helper()
	pool, ok := transport.(*http.Transport)
	if !ok {
		t.Fatalf("the transport is a %T", transport)
	}
	return pool
}

// trust makes the client's own transports accept the server's certificate.
func trust(t *testing.T, c *Client, server *httptest.Server) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for _, transport := range []http.RoundTripper{c.wire.shared, c.wire.fresh} {
		poolOf(t, transport).TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
}

// TestNothingIsSentForAnEndedContext hands the wire a request whose context ended in the last moment.
func TestNothingIsSentForAnEndedContext(t *testing.T) {
	t.Parallel()
	current := &call{req: request{once: true}}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), callKey{}, current))
	cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://autx.test", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(roundTripFunc(func(*http.Request) (*http.Response, error) {
		t.Error("the request was sent")
		return nil, io.EOF
	}))
	resp, err := w.RoundTrip(req)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, context.Canceled) || outcomeOf(current.trip, err) != NotSent {
		t.Errorf("%v, outcome %s", err, outcomeOf(current.trip, err))
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
