package mockserver_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// reply is what a call got.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
	err    error
}

// caller makes requests with one key.
type caller struct {
	t    testing.TB
	s    *mockserver.Server
	key  string
	http *http.Client
}

func as(t testing.TB, s *mockserver.Server, key string) *caller {
	transport := &http.Transport{MaxIdleConnsPerHost: 4}
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{t: t, s: s, key: key, http: &http.Client{
		Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// do sends a request below the API's base URL; a body is JSON text.
func (c *caller) do(method, path, body string) reply {
	c.t.Helper()
	return c.send(method, c.s.URL()+path, "application/json", body)
}

// control sends a request to the control API.
func (c *caller) control(method, path, body string) reply {
	c.t.Helper()
	return c.send(method, c.s.ControlURL()+path, "application/json", body)
}

func (c *caller) send(method, url, contentType, body string) reply {
	c.t.Helper()
	return c.sendCtx(c.t.Context(), method, url, contentType, body)
}

func (c *caller) sendCtx(ctx context.Context, method, url, contentType, body string) reply {
	c.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return reply{t: c.t, err: err}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return reply{c.t, resp.StatusCode, resp.Header, data, err}
}

// want checks the status and gives the body as an object.
func (r reply) want(status int) map[string]any {
	r.t.Helper()
	r.wantStatus(status)
	if len(r.body) == 0 {
		return nil
	}
	var object map[string]any
	if err := json.Unmarshal(r.body, &object); err != nil {
		r.t.Fatalf("%s: %v", r.body, err)
	}
	return object
}

// list checks for a 200 and gives the body as an array of objects.
func (r reply) list() []map[string]any {
	r.t.Helper()
	r.wantStatus(http.StatusOK)
	var items []map[string]any
	if err := json.Unmarshal(r.body, &items); err != nil {
		r.t.Fatalf("%s: %v", r.body, err)
	}
	return items
}

func (r reply) wantStatus(status int) {
	r.t.Helper()
	if r.err != nil {
		r.t.Fatal(r.err)
	}
	if r.status != status {
		r.t.Fatalf("status %d: %s; want %d", r.status, r.body, status)
	}
}

const launchBody = `{"name":"My Agent","ticker":"MYAG","endpoint_url":"https://agents.example/my","service_price":0.25,"auth_tier":"jwt_default"}`

func TestLaunchAndCredits(t *testing.T) {
	t.Parallel()
	s := mockserver.New(t)
	c := as(t, s, s.Key())
	got := c.do("POST", "/agents/", launchBody).want(201)
	if got["ticker"] != "MYAG" || got["endpoint_url"] != "https://agents.example/my" || got["status"] != "active" || got["service_price"] != 0.25 {
		t.Errorf("created %v", got)
	}
	if got := c.do("GET", "/credits/balance", "").want(200); got["available_usdc"] != 100.0 {
		t.Errorf("the first launch is free, the balance is %v", got)
	}
	second := strings.NewReplacer("MYAG", "MYAG2", "My Agent", "My second").Replace(launchBody)
	c.do("POST", "/agents/", second).want(201)
	if got := c.do("GET", "/credits/balance", "").want(200); got["available_usdc"] != 80.0 {
		t.Errorf("the second launch costs $20, the balance is %v", got)
	}
}
