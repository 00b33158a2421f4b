package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// fakeWire answers requests without a network, so that time in a synctest bubble stands still while nobody waits.
type fakeWire struct {
	mu     sync.Mutex
	start  time.Time
	at     []time.Duration // when each request came, since the start
	answer func(req *http.Request, earlier int) (*http.Response, error)
}

func (f *fakeWire) RoundTrip(req *http.Request) (*http.Response, error) {
	f.mu.Lock()
	if f.start.IsZero() {
		f.start = time.Now()
	}
	earlier := len(f.at)
	f.at = append(f.at, time.Since(f.start))
	f.mu.Unlock()
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		_ = req.Body.Close()
	}
	return f.answer(req, earlier)
}

func (f *fakeWire) times() []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.at)
}

// waits are the times between the requests.
func (f *fakeWire) waits() []time.Duration {
	times := f.times()
	var out []time.Duration
	for i := 1; i < len(times); i++ {
		out = append(out, times[i]-times[i-1])
	}
	return out
}

func (f *fakeWire) client(t *testing.T, change ...func(*client.Config)) *client.Client {
	t.Helper()
	use := func(c *client.Config) { c.Transport, c.MaxRetries = f, 3 }
	return newClient(t, "https://autx.test/api/v1", append([]func(*client.Config){use}, change...)...)
}

// connected tells the request's trace that it got a connection, as net/http does.
func connected(req *http.Request) {
	trace := httptrace.ContextClientTrace(req.Context())
	trace.GetConn("autx.test:443")
	trace.GotConn(httptrace.GotConnInfo{})
}

// notConnected tells the request's trace that a connection was asked for and not had.
func notConnected(req *http.Request) {
	httptrace.ContextClientTrace(req.Context()).GetConn("autx.test:443")
}

func respond(req *http.Request, status int, header map[string]string, body string) *http.Response {
	connected(req)
	h := http.Header{}
	for name, value := range header {
		h.Set(name, value)
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: req,
	}
}

var (
	errDial = errors.New("dial tcp: connection refused")
	errLost = errors.New("read tcp: connection reset by peer")
)

// oneCall is a call of one kind, with the answer that makes it succeed.
type oneCall struct {
	call     func(ctx context.Context, c *client.Client) error
	success  string
	spending bool
	removal  bool
}

// oneOfEachKind has a call for each method and kind.
func oneOfEachKind() map[string]oneCall {
	return map[string]oneCall{
		"GET":    {call: func(ctx context.Context, c *client.Client) error { _, err := c.Agents.Get(ctx, agentID); return err }, success: fullAgent},
		"DELETE": {call: func(ctx context.Context, c *client.Client) error { return c.Agents.Delete(ctx, agentID) }, removal: true},
		"PATCH": {call: func(ctx context.Context, c *client.Client) error {
			_, err := c.Agents.Update(ctx, agentID, client.AgentPatch{Name: client.Of("x")})
			return err
		}, success: fullAgent},
		"PUT": {call: func(ctx context.Context, c *client.Client) error {
			_, err := c.Agents.SetProviderKey(ctx, agentID, client.ProviderKey{APIKey: "sk-secret-1"})
			return err
		}, success: fullAgent},
		"image": {call: func(ctx context.Context, c *client.Client) error {
			_, err := c.Agents.UploadImage(ctx, agentID, client.Image{FileName: "a.png", ContentType: "image/png", Content: []byte("x")})
			return err
		}, success: fullAgent},
		"create": {call: func(ctx context.Context, c *client.Client) error {
			_, err := c.Agents.Create(ctx, create())
			return err
		}, success: fullAgent, spending: true},
		"reserve": {call: func(ctx context.Context, c *client.Client) error {
			_, err := c.Agents.Reserve(ctx, create())
			return err
		}, success: fullAgent, spending: true},
		"activate": {
			call: func(ctx context.Context, c *client.Client) error {
				_, err := c.Agents.Activate(ctx, agentID, "0x", "0x")
				return err
			},
			success: fullAgent, spending: true,
		},
	}
}
