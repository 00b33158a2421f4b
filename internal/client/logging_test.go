package client_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// logBuffer collects log lines from many goroutines.
type logBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// lines are the log lines of a level.
func (b *logBuffer) lines(t *testing.T, level string) []map[string]any {
	t.Helper()
	all, err := tflogtest.MultilineJSONDecode(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, line := range all {
		if line["@level"] == level {
			out = append(out, line)
		}
	}
	return out
}

func TestOneLineForEachAttempt(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, earlier int) {
		w.Header().Set("X-Autx-Request-Id", fmt.Sprintf("r%d", earlier))
		if earlier == 0 {
			w.Header().Set("Retry-After", "0")
			reply(w, 503, `{"detail": "busy"}`)
			return
		}
		reply(w, 200, fullAgent)
	})
	var log logBuffer
	ctx := tflog.SetField(tflogtest.RootLogger(t.Context(), &log), "tf_resource_type", "autx_agent")
	if err := oneOfEachKind()["GET"].call(ctx, server.client(t, retries(1))); err != nil {
		t.Fatal(err)
	}
	lines := log.lines(t, "debug")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %s", len(lines), log.String())
	}
	for i, want := range []map[string]any{
		{"method": "GET", "path": "/api/v1/agents/" + agentID, "status": 503.0, "attempt": 1.0, "request_id": "r0"},
		{"method": "GET", "path": "/api/v1/agents/" + agentID, "status": 200.0, "attempt": 2.0, "request_id": "r1"},
	} {
		want["@module"], want["tf_resource_type"] = "provider."+client.LogSubsystem, "autx_agent"
		for key, value := range want {
			if lines[i][key] != value {
				t.Errorf("line %d: %s is %v; want %v", i, key, lines[i][key], value)
			}
		}
		if took, ok := lines[i]["duration_ms"].(float64); !ok || took < 0 {
			t.Errorf("line %d: duration_ms is %v", i, lines[i]["duration_ms"])
		}
	}
	if traces := log.lines(t, "trace"); len(traces) != 2 || !strings.Contains(fmt.Sprint(traces[1]["response_body"]), `"ticker":"SUMM"`) {
		t.Errorf("bodies are logged as %v", traces)
	}
}

func TestFailuresAreLogged(t *testing.T) {
	t.Parallel()
	var log logBuffer
	wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) {
		connected(req)
		return nil, fmt.Errorf("lost with %s", testKey)
	}}
	_ = mustFail(t, oneOfEachKind()["create"].call(tflogtest.RootLogger(t.Context(), &log), wire.client(t)))
	if lines := log.lines(t, "debug"); len(lines) != 1 || lines[0]["error"] != "lost with [redacted]" || lines[0]["status"] != 0.0 {
		t.Errorf("%v", lines)
	}
}

// TestNoSecretIsLogged runs all calls at trace level against a service that repeats whatever it is sent.
func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	const providerKey = `sk-"<sécret>&\/+ 1`
	server := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("X-Autx-Request-Id", testKey)
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		authorization, err := json.Marshal(r.Header.Get("Authorization"))
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, `{"id": "1", "name": `+string(authorization)+`, "total_requests": "`+testKey+
			`", "nested": [{"Token": "tok-1234", "api_key": ["tok-1234"], "authorization": "tok-1234"}], "password": "tok-1234"}`)
	})
	broken := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		reply(w, 200, `{"id": "1", "x": "`+r.Header.Get("Authorization")+`", "provider_api_key": "tok-\"1234", "token" : "tok-1234`)
	})
	var log logBuffer
	ctx := tflogtest.RootLogger(t.Context(), &log)
	for _, s := range []*recorder{server, broken} {
		c := s.client(t)
		for _, kind := range oneOfEachKind() {
			_ = kind.call(ctx, c)
		}
		what := create()
		what.ProviderAPIKey = client.Of(providerKey)
		_, _ = c.Agents.Create(ctx, what)
		_, _ = c.Agents.SetProviderKey(ctx, agentID, client.ProviderKey{APIKey: providerKey})
		_, _ = c.Agents.GetByTicker(ctx, testKey)
	}
	text := log.String()
	for _, secret := range []string{testKey, "0123456789abcdef", "sk-", "cret", "tok-", "1234\"", "Bearer autx"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the log:\n%s", secret, text)
		}
	}
	if !strings.Contains(text, "[redacted]") || len(log.lines(t, "trace")) < 20 {
		t.Errorf("the log is too short to mean something:\n%s", text)
	}
}

func TestLongBodiesAreCut(t *testing.T) {
	t.Parallel()
	var log logBuffer
	body := strings.Replace(fullAgent, `"Summer"`, `"`+strings.Repeat("é", 10000)+`"`, 1)
	ctx := tflogtest.RootLogger(t.Context(), &log)
	image := client.Image{Content: bytes.Repeat([]byte("image"), 1000)}
	if _, err := serveJSON(t, 200, body).client(t).Agents.UploadImage(ctx, agentID, image); err != nil {
		t.Fatal(err)
	}
	line := log.lines(t, "trace")[0]
	if text := fmt.Sprint(line["response_body"]); len(text) > 4100 || len(text) < 4000 || !strings.HasSuffix(text, "…") {
		t.Errorf("%d bytes of body are logged", len(text))
	}
	if text := fmt.Sprint(line["request_body"]); strings.Contains(text, "image") || !strings.Contains(text, "bytes of multipart/form-data") {
		t.Errorf("the upload is logged as %.100s", text)
	}
}

func TestOddFieldsAreLogged(t *testing.T) {
	t.Parallel()
	const odd = `{"id": 7, "name": ["x"], "ticker": 12, "service_price": "cheap", "total_requests": 1.5, "uptime_pct": "99.5", "category": {},
		"status": false, "provider_key_configured": "yes", "manifest": {"input": {"file_types": [1], "max_size_bytes": "many"},
		"output": 3, "session_minimum_messages": "5"},
		"profile": "nice"}`
	var log logBuffer
	ctx := tflogtest.RootLogger(t.Context(), &log)
	agents, err := serveJSON(t, 200, "["+odd+"]").client(t).Agents.Mine(ctx)
	if err != nil {
		t.Fatal(err)
	}
	agent := agents[0]
	manifest := agent.Manifest.Or(client.Manifest{})
	if agent.ID != "7" || agent.Name != "" || agent.Ticker != "12" || agent.ServicePrice.Reported() || agent.TotalRequests.Reported() ||
		agent.UptimePct.Or("") != "99.5" || agent.Category.Reported() || agent.Status.Reported() || agent.ProviderKeyConfigured.Reported() ||
		agent.Profile.Reported() || manifest.Output.Reported() || manifest.SessionMinimumMessages.Or(0) != 5 {
		t.Errorf("read as %+v", agent)
	}
	lines := log.lines(t, "warn")
	if len(lines) != 1 || lines[0]["count"] != 10.0 {
		t.Fatalf("%v", lines)
	}
	fields := fmt.Sprint(lines[0]["fields"])
	for _, path := range []string{
		"[0].name: ", "[0].service_price: ", "[0].total_requests: ", "[0].category: ", "[0].status: ", "[0].provider_key_configured: ",
		"[0].manifest.input.file_types: ", "[0].manifest.input.max_size_bytes: ", "[0].manifest.output: ", "[0].profile: ",
	} {
		if !strings.Contains(fields, path) {
			t.Errorf("%s is not in %s", path, fields)
		}
	}
}

// TestProxyBodiesAreNotLogged: what an agent is asked and answers may be a secret that its caller keeps out of every file.
func TestProxyBodiesAreNotLogged(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = w.Write([]byte("the secret answer")) })
	var log logBuffer
	answer, err := server.client(t).Proxy.Call(tflogtest.RootLogger(t.Context(), &log), "SUMM", []byte(`{"prompt":"the secret question"}`), "application/json")
	if err != nil || string(answer.Body) != "the secret answer" {
		t.Fatal(answer, err)
	}
	if traces := log.lines(t, "trace"); len(traces) != 1 || traces[0]["response_body"] != "17 bytes, which are not logged" || strings.Contains(log.String(), "secret") {
		t.Errorf("logged %s", log.String())
	}
}
