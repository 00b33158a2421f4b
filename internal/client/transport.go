package client

import (
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

const (
	headerContentType = "Content-Type"
	headerRetryAfter  = "Retry-After"
	headerRequestID   = "X-Autx-Request-Id"
	// headerInstance is sent by the mock server only.
	headerInstance = "X-Autx-Mock-Instance"
)

// trip is one request on the wire and its answer.
type trip struct {
	// asked and connected follow net/http through httptrace: asked for a connection, got one. Only between the two is it sure that not a byte of the
	// request was sent. A transport that reports neither gives no such certainty.
	asked, connected atomic.Bool
	// unsent means that the request was never handed to a transport.
	unsent bool

	status    int // 0 until an answer's head has come
	header    http.Header
	body      []byte
	truncated bool  // there was more of the body than is read of an error
	bodyErr   error // why the body is not complete
}

func (t *trip) neverReachedTheService() bool {
	return t.unsent || (t.asked.Load() && !t.connected.Load())
}

func (t *trip) successful() bool {
	return t.status >= http.StatusOK && t.status < http.StatusMultipleChoices
}

// bodyProblem is why a 2xx answer is of no use, or nil.
func (t *trip) bodyProblem(req request) error {
	if !t.successful() || req.anyBody {
		return nil
	}
	return t.bodyErr
}

func (t *trip) requestID(secrets secretList) string {
	return oneLine(secrets.scrub(t.header.Get(headerRequestID)), maxExcerpt)
}

// wire puts requests on the network. It reads each answer to its end within the attempt, so that an attempt's timeout covers the body and a body that
// breaks off is a failure of the attempt; and it notes what became of the request in the call that travels in its context.
type wire struct {
	shared http.RoundTripper
	// fresh opens a connection for each request. Requests that spend money use it: on a kept connection that the server is just closing a request is
	// lost without anybody knowing whether it was carried out.
	fresh http.RoundTripper
	// seen is told the head of each answer.
	seen func(header http.Header)
}

func newWire(given http.RoundTripper) *wire {
	if given != nil {
		return &wire{shared: given, fresh: given}
	}
	fresh := newTransport()
	fresh.DisableKeepAlives = true
	return &wire{shared: newTransport(), fresh: fresh}
}

// newTransport builds a connection pool for Terraform: up to its usual 10 requests at once, and more when the user raises that.
func newTransport() *http.Transport {
	const (
		idlePerHost = 32 // the standard 2 would open a new connection for most requests
		idleTimeout = 60 * time.Second
		pingAfter   = 30 * time.Second // over HTTP/2, a connection that a firewall dropped hangs until somebody asks
		pingTimeout = 15 * time.Second
		maxHeader   = 256 << 10
	)
	t := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		t = standard.Clone()
	}
	t.ForceAttemptHTTP2 = true
	t.MaxIdleConns = 2 * idlePerHost
	t.MaxIdleConnsPerHost = idlePerHost
	t.IdleConnTimeout = idleTimeout
	t.MaxResponseHeaderBytes = maxHeader
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout}
	return t
}

// RoundTrip sends one request and reads its answer.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	current, t := callFrom(ctx), &trip{}
	current.trip = t
	if err := ctx.Err(); err != nil {
		t.unsent = true
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	start := time.Now()
	resp, err := w.roundTripper(current).RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { t.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.connected.Store(true) },
	})))
	if err == nil && resp.StatusCode == http.StatusSwitchingProtocols { // what follows is no answer but a conversation
		t.status, t.header = resp.StatusCode, resp.Header
	} else if err == nil {
		t.read(resp, current.req)
	}
	if err == nil {
		w.seen(t.header)
	}
	logAttempt(ctx, current, req, time.Since(start), err)
	return resp, err
}

func (w *wire) roundTripper(current *call) http.RoundTripper {
	if current.req.once {
		return w.fresh
	}
	return w.shared
}

func (w *wire) closeIdle() {
	for _, transport := range []http.RoundTripper{w.shared, w.fresh} {
		if closer, ok := transport.(interface{ CloseIdleConnections() }); ok {
			closer.CloseIdleConnections()
		}
	}
}
