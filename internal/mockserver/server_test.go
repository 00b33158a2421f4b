package mockserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is where the tests' clocks stand.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// shop is the world of most tests: a buyer, a seller with one agent of each kind, and keys with one scope each.
const shop = `{
  "users": [
    {"id": "buyer", "balance_usd": "100.00", "keys": [
      {"key": "autx_live_buyer"}, {"key": "autx_live_orders", "scopes": ["orders"]}, {"key": "autx_live_agents", "scopes": ["agents"]},
      {"key": "autx_live_proxy", "scopes": ["proxy"]}, {"key": "autx_live_none", "scopes": []}]},
    {"id": "seller", "balance_usd": 50, "launches_left_free": 0, "keys": [{"key": "autx_live_seller"}]},
    {"id": "newcomer", "balance_usd": "100", "email_verified": false, "keys": [{"key": "autx_live_newcomer"}]},
    {"id": "poor", "balance_usd": "0.10", "launches_left_free": 0, "keys": [{"key": "autx_live_poor"}]}
  ],
  "agents": [
    {"owner": "seller", "id": "00000000-0000-4000-8000-000000000001", "ticker": "SUMM", "name": "Summarizer", "endpoint_url": "https://a.example/summ",
     "service_price": "0.50", "category": "text", "description": "Makes LONG texts short."},
    {"owner": "seller", "id": "00000000-0000-4000-8000-000000000002", "ticker": "FREE", "name": "Free", "endpoint_url": "https://a.example/free",
     "service_price": 0, "category": "misc"},
    {"owner": "seller", "id": "00000000-0000-4000-8000-000000000003", "ticker": "DOCS", "name": "Documents", "endpoint_url": "https://a.example/docs",
     "service_price": 1, "manifest": {"input": {"accepts_files": true, "file_types": ["pdf", ".TXT", "image/*"], "max_size_bytes": 20}}},
    {"owner": "seller", "id": "00000000-0000-4000-8000-000000000004", "ticker": "CHAT", "name": "Chat", "endpoint_url": "https://a.example/chat",
     "service_price": "0.20", "manifest": {"supports_sessions": true, "session_price_per_message": "0.05", "session_minimum_messages": 3}},
    {"owner": "seller", "id": "00000000-0000-4000-8000-000000000005", "ticker": "BROKEN", "name": "Broken", "endpoint_url": "https://a.example/broken",
     "service_price": "0.30", "manifest": {"supports_sessions": true}, "responder": {"kind": "fail"}},
    {"owner": "seller", "id": "00000000-0000-4000-8000-000000000006", "ticker": "PAUSED", "name": "Paused", "endpoint_url": "https://a.example/paused",
     "service_price": 1, "status": "paused", "manifest": {"supports_sessions": true}},
    {"owner": "seller", "id": "00000000-0000-4000-8000-000000000007", "ticker": "JSON", "name": "Json", "endpoint_url": "https://a.example/json",
     "service_price": "0.125", "responder": {"kind": "json", "body": {"b": [1, 2.50], "a": "é<"}}}
  ]
}`

const (
	idSumm    = "00000000-0000-4000-8000-000000000001"
	idFree    = "00000000-0000-4000-8000-000000000002"
	idDocs    = "00000000-0000-4000-8000-000000000003"
	idChat    = "00000000-0000-4000-8000-000000000004"
	idBroken  = "00000000-0000-4000-8000-000000000005"
	idPaused  = "00000000-0000-4000-8000-000000000006"
	idJSON    = "00000000-0000-4000-8000-000000000007"
	idUnknown = "00000000-0000-4000-8000-0000000000ff"
)

// newShop starts the shop with a clock that stands at noon.
func newShop(t *testing.T, opts ...mockserver.Option) (s *mockserver.Server, buyer, seller *caller) {
	t.Helper()
	s = mockserver.New(t, append([]mockserver.Option{mockserver.WithSeedJSON(shop), mockserver.WithClock(noon)}, opts...)...)
	return s, as(t, s, "autx_live_buyer"), as(t, s, "autx_live_seller")
}

// caller makes requests with one key.
type caller struct {
	t    *testing.T
	s    *mockserver.Server
	key  string
	http *http.Client
}

func as(t *testing.T, s *mockserver.Server, key string) *caller {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 4}
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{t: t, s: s, key: key, http: &http.Client{
		Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (c *caller) get(path string) reply {
	c.t.Helper()
	return c.send(http.MethodGet, c.s.URL()+path, jsonType, "")
}

func (c *caller) post(path, body string) reply {
	c.t.Helper()
	return c.send(http.MethodPost, c.s.URL()+path, jsonType, body)
}

func (c *caller) put(path, body string) reply {
	c.t.Helper()
	return c.send(http.MethodPut, c.s.URL()+path, jsonType, body)
}

func (c *caller) patch(path, body string) reply {
	c.t.Helper()
	return c.send(http.MethodPatch, c.s.URL()+path, jsonType, body)
}

func (c *caller) delete(path string) reply {
	c.t.Helper()
	return c.send(http.MethodDelete, c.s.URL()+path, jsonType, "")
}

// control sends a request to the control API.
func (c *caller) control(method, path, body string) reply {
	c.t.Helper()
	return c.send(method, c.s.ControlURL()+path, jsonType, body)
}

const jsonType = "application/json"

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
	start := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return reply{t: c.t, err: err, took: time.Since(start)}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return reply{c.t, resp.StatusCode, resp.Header, data, err, time.Since(start)}
}

// reply is what a call got.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
	err    error
	took   time.Duration
}

type object = map[string]any

// want checks the status and gives the body as an object.
func (r reply) want(status int) object {
	r.t.Helper()
	r.wantStatus(status)
	if len(r.body) == 0 {
		return nil
	}
	var o object
	if err := json.Unmarshal(r.body, &o); err != nil {
		r.t.Fatalf("%s: %v", r.body, err)
	}
	return o
}

// list checks for a 200 and gives the body as an array of objects.
func (r reply) list() []object {
	r.t.Helper()
	r.wantStatus(http.StatusOK)
	items := []object{}
	if err := json.Unmarshal(r.body, &items); err != nil || items == nil {
		r.t.Fatalf("%s: %v", r.body, err)
	}
	return items
}

// refused checks the status and gives the detail.
func (r reply) refused(status int) string {
	r.t.Helper()
	detail, ok := r.want(status)["detail"].(string)
	if !ok {
		r.t.Fatalf("no detail in %s", r.body)
	}
	return detail
}

// invalid checks for a 422 and gives the locations of its problems, like body.manifest.input, in order.
func (r reply) invalid() []string {
	r.t.Helper()
	r.wantStatus(http.StatusUnprocessableEntity)
	var answer struct {
		Detail []struct {
			Loc       []any
			Msg, Type string
		}
	}
	if err := json.Unmarshal(r.body, &answer); err != nil || len(answer.Detail) == 0 {
		r.t.Fatalf("%s: %v", r.body, err)
	}
	var locations []string
	for _, d := range answer.Detail {
		if d.Msg == "" || d.Type == "" {
			r.t.Fatalf("a problem without message or type in %s", r.body)
		}
		var parts []string
		for _, part := range d.Loc {
			text, ok := part.(string)
			if !ok {
				text = string(must(json.Marshal(part)))
			}
			parts = append(parts, text)
		}
		locations = append(locations, strings.Join(parts, "."))
	}
	return locations
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

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// column gives one field of each object.
func column(items []object, name string) []any {
	values := make([]any, len(items))
	for i, item := range items {
		values[i] = item[name]
	}
	return values
}

// funds gives a user's available and reserved amounts.
func funds(t *testing.T, s *mockserver.Server, user string) (available, reserved string) {
	t.Helper()
	for _, u := range s.State().Users {
		if u.ID == user {
			return u.AvailableUSDC.String(), u.ReservedUSDC.String()
		}
	}
	t.Fatalf("no user %s", user)
	return "", ""
}

func wantFunds(t *testing.T, s *mockserver.Server, user, available, reserved string) {
	t.Helper()
	if a, r := funds(t, s, user); a != available || r != reserved {
		t.Errorf("%s has %s available and %s reserved; want %s and %s", user, a, r, available, reserved)
	}
}

// moves gives a user's transactions like "consume 0.5", oldest first.
func moves(s *mockserver.Server, user string) []string {
	texts := []string{}
	for _, tx := range s.State().Transactions {
		if tx.User == user {
			texts = append(texts, tx.Type+" "+tx.Amount.String())
		}
	}
	return texts
}

// last gives the last line of the request log.
func last(t *testing.T, s *mockserver.Server) mockserver.RequestEntry {
	t.Helper()
	entries := s.Requests()
	if len(entries) == 0 {
		t.Fatal("the request log is empty")
	}
	return entries[len(entries)-1]
}

func TestServerTellsWhereItIs(t *testing.T) {
	t.Parallel()
	s := mockserver.New(t)
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") || !strings.HasSuffix(s.URL(), "/api/v1") {
		t.Errorf("URL %s", s.URL())
	}
	if want := strings.Replace(s.URL(), "/api/v1", "/_mock/v1", 1); s.ControlURL() != want {
		t.Errorf("control URL %s; want %s", s.ControlURL(), want)
	}
	if s.Key() != "autx_live_demo" {
		t.Errorf("the first key of the demo is %s", s.Key())
	}
	if got := as(t, s, s.Key()).get("/credits/balance"); got.header.Get("x-autx-mock-instance") != s.Instance() || s.Instance() == "" {
		t.Errorf("instance %q; want %q", got.header.Get("x-autx-mock-instance"), s.Instance())
	}
}

func TestDemoWorld(t *testing.T) {
	t.Parallel()
	s := mockserver.New(t)
	demo := as(t, s, "autx_live_demo")
	prices := map[string]any{}
	for _, a := range demo.get("/agents/").list() {
		prices[a["ticker"].(string)] = a["service_price"]
		if a["owner_id"] == "demo" {
			t.Errorf("%v belongs to demo", a["ticker"])
		}
	}
	if len(prices) != 4 || prices["ECHO"] != 0.0 || prices["SUMM"] != 0.5 || prices["DOCREAD"] != 1.0 || prices["CHAT"] == nil {
		t.Errorf("prices %v", prices)
	}
	wantFunds(t, s, "demo", "100", "0")
	again := mockserver.New(t)
	if a, b := s.State().Agents[1].ID, again.State().Agents[1].ID; a != b {
		t.Errorf("seeded ids differ from start to start: %s, %s", a, b)
	}
}

func TestHandlerServesElsewhere(t *testing.T) {
	t.Parallel()
	s := mockserver.New(t)
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/agents/ticker/summ", http.NoBody))
	if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"SUMM"`) {
		t.Errorf("status %d: %s", rec.Code, rec.Body.String())
	}
}

func TestResetGoesBackAndIsANewInstance(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	f := s.AddFault("orders.create:before:status=503,skip=1")
	first, order := s.Instance(), buyer.post("/orders/", `{"agent_id":"`+idSumm+`","prompt":"x"}`).want(201)
	s.Advance(time.Hour)
	s.Reset()
	if s.Instance() == first {
		t.Error("the instance is the same")
	}
	if !s.Now().Equal(noon.Add(time.Hour)) {
		t.Errorf("reset moved the clock to %s", s.Now())
	}
	wantFunds(t, s, "buyer", "100", "0")
	buyer.get("/orders/" + order["id"].(string)).refused(404)
	buyer.post("/orders/", `{"agent_id":"`+idSumm+`","prompt":"x"}`).want(503) // the rule has outlived the reset, with its count
	if f.Hits() != 1 {
		t.Errorf("%d hits", f.Hits())
	}
	if len(s.Requests()) != 3 {
		t.Errorf("%d requests are logged; reset keeps the log", len(s.Requests()))
	}
}

func TestAnswersCarryTheServersTime(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	for _, want := range []string{"Mon, 23 Nov 2026 12:00:00 GMT", "Mon, 23 Nov 2026 13:30:00 GMT"} {
		for what, got := range map[string]reply{
			"an answer": buyer.get("/credits/balance"), "a refusal": buyer.get("/orders/none"), "control": buyer.control(http.MethodGet, "/health", ""),
		} {
			if date := got.header.Values("Date"); !slices.Equal(date, []string{want}) {
				t.Errorf("%s is of %v, want %s", what, date, want)
			}
		}
		s.Advance(90 * time.Minute)
	}
}

func TestPutSeedReplacesTheWorldOnly(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	instance := s.Instance()
	seed := mockserver.Seed{Users: []mockserver.SeedUser{{ID: "x", BalanceUSD: money.FromInt(7), Keys: []mockserver.SeedKey{{Key: "autx_live_x"}}}}}
	if err := s.PutSeed(seed); err != nil {
		t.Fatal(err)
	}
	if s.Key() != "autx_live_x" || s.Instance() != instance || len(s.State().Agents) != 0 {
		t.Errorf("key %s, instance %s, agents %v", s.Key(), s.Instance(), s.State().Agents)
	}
	buyer.get("/credits/balance").refused(401)
	if err := s.PutSeed(mockserver.Seed{}); err == nil || s.Key() != "autx_live_x" {
		t.Errorf("a seed without users: %v, key now %s", err, s.Key())
	}
	s.Reset()
	buyer.get("/credits/balance").want(200)
}

func TestStartRefusesBadOptions(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]mockserver.Option{
		"fault": mockserver.WithFault("orders.invent:after:reset"), "switch": mockserver.WithAssume("no.such", "1"),
		"position": mockserver.WithAssume("credits.shape", "round"), "latency": mockserver.WithLatency(-1), "rate": mockserver.WithRateLimit(-1),
		"seed": mockserver.WithSeedJSON(`{}`), "seed value": mockserver.WithSeed(mockserver.Seed{}), "listen": mockserver.WithListen("nowhere:x"),
	} {
		if s, err := mockserver.Start(opt); err == nil {
			_ = s.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

// TestCloseDoesNotWaitForHangingClients would not end if Close waited for clients that wait for an answer.
func TestCloseDoesNotWaitForHangingClients(t *testing.T) {
	t.Parallel()
	s := must(mockserver.Start(mockserver.WithFault("agents.list:before:hang"), mockserver.WithFault("agents.mine:before:delay=1h"),
		mockserver.WithFault("credits.balance:after:hang")))
	c := as(t, s, s.Key())
	answers := make(chan error, 3)
	for _, path := range []string{"/agents/", "/agents/mine", "/credits/balance"} {
		go func() { answers <- c.get(path).err }()
	}
	for _, operation := range []string{"agents.list", "credits.balance"} {
		<-s.Await(operation, 1)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for range 3 {
		if err := <-answers; err == nil {
			t.Error("an answer came")
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

// fakeT takes what a server tells its test.
type fakeT struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (f *fakeT) Helper() {}

func (f *fakeT) Cleanup(do func()) { f.cleanups = append(f.cleanups, do) }

func (f *fakeT) Errorf(format string, _ ...any) { f.errors = append(f.errors, format) }

func (f *fakeT) Fatalf(format string, _ ...any) { panic(errors.New(format)) }

func TestAFaultThatNeverStruckFailsTheTest(t *testing.T) {
	t.Parallel()
	for struck, want := range map[bool]int{false: 1, true: 0} {
		inner := &fakeT{TB: t}
		s := mockserver.New(inner, mockserver.WithFault("agents.list:before:status=503"))
		s.AddFault("agents.mine:after:reset").Remove()
		if struck {
			as(t, s, s.Key()).get("/agents/").want(503)
		}
		for _, do := range inner.cleanups {
			do()
		}
		if len(inner.errors) != want {
			t.Errorf("struck %v: errors %v", struck, inner.errors)
		}
	}
}

func TestABadRuleEndsTheTest(t *testing.T) {
	t.Parallel()
	inner := &fakeT{TB: t}
	s := mockserver.New(inner)
	defer func() { _ = s.Close() }()
	defer func() {
		if recover() == nil {
			t.Error("a rule for an unknown operation was taken")
		}
	}()
	s.AddFault("orders.invent:before:reset")
}
