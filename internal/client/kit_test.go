package client_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

const testKey = "autx_live_0123456789abcdef"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// seen is one request as it reached the server.
type seen struct {
	method, uri string
	header      http.Header
	body        string
}

// recorder is a server that remembers what reached it and answers as it is told.
type recorder struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

// serve starts a server; answer is told the request and how many came before it.
func serve(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, earlier int)) *recorder {
	t.Helper()
	rec := &recorder{}
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		rec.mu.Lock()
		earlier := len(rec.seen)
		rec.seen = append(rec.seen, seen{r.Method, r.RequestURI, r.Header.Clone(), string(body)})
		rec.mu.Unlock()
		answer(w, r, earlier)
	}))
	t.Cleanup(rec.Close)
	return rec
}

// serveJSON starts a server that gives every request one answer.
func serveJSON(t *testing.T, status int, body string) *recorder {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, status, body) })
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) //nolint:gosec // no browser reads it
}

func (r *recorder) requests() []seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]seen(nil), r.seen...)
}

// count is how many requests reached the server.
func (r *recorder) count() int { return len(r.requests()) }

// last is the latest request that reached the server.
func (r *recorder) last(t *testing.T) seen {
	t.Helper()
	all := r.requests()
	if len(all) == 0 {
		t.Fatal("no request reached the server")
	}
	return all[len(all)-1]
}

func (r *recorder) client(t *testing.T, change ...func(*client.Config)) *client.Client {
	t.Helper()
	return newClient(t, r.URL+"/api/v1", change...)
}

func newClient(t *testing.T, baseURL string, change ...func(*client.Config)) *client.Client {
	t.Helper()
	config := client.Config{BaseURL: baseURL, APIKey: testKey, UserAgent: "test/1"}
	for _, c := range change {
		c(&config)
	}
	c, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func retries(n int) func(*client.Config) { return func(c *client.Config) { c.MaxRetries = n } }

// sameJSON tells whether two texts are the same JSON value.
func sameJSON(t *testing.T, got, want string) bool {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Errorf("not JSON: %s", got)
		return false
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// mustFail gives the *Error that a call must end with.
func mustFail(t *testing.T, err error) *client.Error {
	t.Helper()
	e, ok := client.AsError(err)
	if !ok {
		t.Fatalf("want an *Error, have %T: %v", err, err)
	}
	return e
}

// quiet is a log for a server whose complaints are what the test wants.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
