package mockserver_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

func TestControlCalls(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t, mockserver.WithLatency(time.Millisecond), mockserver.WithRateLimit(0.001))
	nobody := as(t, s, "")
	if got := nobody.control(http.MethodGet, "/health", "").want(200); got["status"] != "ok" || got["instance"] != s.Instance() {
		t.Errorf("%v", got)
	}
	if got := nobody.control(http.MethodGet, "/operations", ""); got.status != 200 || !strings.HasPrefix(string(got.body), `["agents.activate",`) {
		t.Errorf("%s", got.body)
	}
	buyer.get("/agents/").list()
	if got := nobody.control(http.MethodGet, "/requests", "").list(); len(got) != 1 || got[0]["operation"] != "agents.list" || got[0]["seq"] != 1.0 {
		t.Errorf("%v: control calls are not logged", got)
	}
	nobody.control(http.MethodDelete, "/requests", "").want(200)
	if got := nobody.control(http.MethodGet, "/requests", "").list(); len(got) != 0 {
		t.Errorf("%v", got)
	}
	before := s.Instance()
	if got := nobody.control(http.MethodPost, "/reset", "").want(200); got["instance"] == before || got["instance"] != s.Instance() {
		t.Errorf("%v", got)
	}
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodGet, "/nowhere", 404, ""},
		{http.MethodGet, "", 404, ""},
		{http.MethodGet, "/reset", 405, "POST"},
		{http.MethodPost, "/requests", 405, "DELETE, GET"},
		{http.MethodPost, "/health", 405, "GET"},
		{http.MethodGet, "/clock/advance", 405, "POST"},
		{http.MethodGet, "/images/0000", 404, ""},
	} {
		got := nobody.control(c.method, c.path, "")
		if got.refused(c.status); got.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: Allow %q", c.method, c.path, got.header.Get("Allow"))
		}
		if got.header.Get("x-autx-mock-instance") == "" {
			t.Errorf("%s %s carries no instance", c.method, c.path)
		}
	}
}

func TestControlFaults(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	got := buyer.control(http.MethodPost, "/faults", `{"operation":"agents.list","phase":"before","action":"status","status":429,"retry_after":3,
		"content_type":"text/plain","body":"slow","skip":1,"times":2,"match":{"user":"buyer"}}`).want(200)
	if got["hits"] != 0.0 || got["remaining"] != 2.0 || got["operation"] != "agents.list" {
		t.Errorf("%v", got)
	}
	buyer.control(http.MethodPost, "/faults", `{"operation":"agents.list","phase":"after","action":"delay","delay":"1ms","times":0}`).want(200)
	buyer.get("/agents/").list()
	if got := buyer.get("/agents/"); got.status != 429 || got.header.Get("Retry-After") != "3" || string(got.body) != "slow" {
		t.Errorf("%d %s", got.status, got.body)
	}
	list := buyer.control(http.MethodGet, "/faults", "").list()
	if len(list) != 2 || list[0]["hits"] != 1.0 || list[0]["remaining"] != 1.0 || list[1]["hits"] != 1.0 || list[1]["remaining"] != nil ||
		list[1]["times"] != 0.0 || list[1]["delay"] != "1ms" {
		t.Errorf("%v", list)
	}
	for _, bad := range []string{
		``, `{}`, `[]`, `{"operation":"orders.invent","phase":"before","action":"reset"}`, `{"operation":"agents.list","phase":"before","action":"reset","x":1}`,
		`{"operation":"agents.list","phase":"before","action":"reset","match":{"agent":"x"}}`, `{"operation":"agents.list","phase":"before","action":"reset"} {}`,
		`{"operation":"agents.list","phase":"before","action":"delay","delay":1}`, `{"operation":"agents.list","phase":"body","action":"status","status":500}`,
		`{"operation":"agents.list","phase":"before","action":"reset","times":-1}`, `{"operation":"agents.list","phase":"before","action":"status"}`,
	} {
		buyer.control(http.MethodPost, "/faults", bad).refused(400)
	}
	buyer.control(http.MethodDelete, "/faults", "").want(200)
	if got := buyer.control(http.MethodGet, "/faults", "").list(); len(got) != 0 {
		t.Errorf("%v", got)
	}
	buyer.get("/agents/").list()
	if _, err := s.AddFaultRule(mockserver.Rule{Operation: "x"}); err == nil {
		t.Error("a bad rule was taken")
	}
}

func TestControlClock(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	wantJSON(t, buyer.control(http.MethodGet, "/clock", "").want(200), `{"now":"2026-11-23T12:00:00.000000Z","mode":"fixed"}`)
	buyer.post("/credits/withdraw", `{"amount":1}`).want(200)
	buyer.post("/credits/withdraw", `{"amount":1}`).refused(409)
	wantJSON(t, buyer.control(http.MethodPost, "/clock/advance", `{"by":"1h30m"}`).want(200), `{"now":"2026-11-23T13:30:00.000000Z","mode":"fixed"}`)
	buyer.post("/credits/withdraw", `{"amount":1}`).want(200)
	for _, bad := range []string{``, `{}`, `{"by":5}`, `{"by":"soon"}`, `{"by":"-1s"}`, `{"by":"1s","x":1}`} {
		buyer.control(http.MethodPost, "/clock/advance", bad).refused(400)
	}
	if !s.Now().Equal(noon.Add(90 * time.Minute)) {
		t.Errorf("now %s", s.Now())
	}
}

func TestTheRealClockCanBeAdvanced(t *testing.T) {
	t.Parallel()
	s := mockserver.New(t)
	before := time.Now()
	if now := s.Now(); now.Before(before.Truncate(time.Microsecond)) || now.After(time.Now()) {
		t.Errorf("now %s", now)
	}
	s.Advance(100 * 24 * time.Hour)
	if now := s.Now(); now.Before(before.Add(100 * 24 * time.Hour).Truncate(time.Microsecond)) {
		t.Errorf("now %s", now)
	}
	wantFunds(t, s, "demo", "0", "0")
	if got := as(t, s, s.Key()).control(http.MethodGet, "/clock", "").want(200); got["mode"] != "real" {
		t.Errorf("%v", got)
	}
}

func TestControlState(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	buyer.order(idSumm, "secret prompt")
	buyer.post("/credits/withdraw", `{"amount":1}`).want(200)
	got := buyer.control(http.MethodGet, "/state", "").want(200)
	if keys := keysOf(got); !slices.Equal(keys, []string{"agents", "checkouts", "orders", "sessions", "transactions", "users"}) {
		t.Errorf("%v", keys)
	}
	first := func(kind string) object { return got[kind].([]any)[0].(object) }
	for kind, want := range map[string]object{
		"users":        {"id": "buyer", "available_usdc": 98.5, "reserved_usdc": 0.0, "launches_left_free": 1.0, "email_verified": true},
		"agents":       {"id": idSumm, "user": "seller", "endpoint_url": "https://a.example/summ", "ticker": "SUMM", "total_revenue": 0.5},
		"orders":       {"user": "buyer", "prompt": "secret prompt", "agent_ticker": "SUMM", "output_text": "Echo: secret prompt", "session_id": nil},
		"transactions": {"user": "buyer", "type": "deposit", "amount": 100.0},
	} {
		for field, value := range want {
			if first(kind)[field] != value {
				t.Errorf("%s: %s = %v; want %v", kind, field, first(kind)[field], value)
			}
		}
	}
	if text := string(buyer.control(http.MethodGet, "/state", "").body); strings.Contains(text, "autx_live_") {
		t.Error("the state tells keys")
	}
	if empty := must(jsonOf(mockserver.State{})); len(empty) == 0 || !strings.Contains(string(must(jsonOf(s.State()))), `"sessions":[]`) {
		t.Error("empty lists must be []")
	}
}

func TestControlSeed(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	before := string(must(jsonOf(s.State())))
	for _, bad := range []string{``, `{}`, `[]`, `{"users":[{"id":"x","keys":[{"key":"autx_live_x"}],"colour":"red"}]}`, shop + `{}`} {
		buyer.control(http.MethodPut, "/seed", bad).refused(400)
	}
	if after := string(must(jsonOf(s.State()))); after != before {
		t.Error("a refused seed changed the world")
	}
	buyer.control(http.MethodPut, "/seed", `{"users":[{"id":"x","balance_usd":"3","keys":[{"key":"autx_live_x"}]}]}`).want(200)
	wantFunds(t, s, "x", "3", "0")
}

func TestControlInvariants(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	buyer.order(idSumm, "x")
	buyer.order(idBroken, "x")
	buyer.post("/credits/withdraw", `{"amount":1}`).want(200)
	s.Advance(90 * 24 * time.Hour)
	buyer.post("/credits/deposit-test", "").want(200)
	got := buyer.control(http.MethodGet, "/invariants", "").want(200)
	wantJSON(t, got["users"].([]any)[0], `{"user":"buyer","deposits":110,"withdrawals":1,"consumed":0.8,"refunds":0.3,"expired":98.5,"available":10,"reserved":0}`)
	if got["ok"] != true || s.CheckInvariants() != nil {
		t.Errorf("%v", got)
	}
}

func TestRequestLog(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	s.Advance(time.Second)
	done := s.Await("credits.balance", 2)
	buyer.get("/credits/balance?token=abc&api%5Fkey=def&key=autx_live_buyer&x=autx_live_other&q=a%20b&token").want(200)
	select {
	case <-done:
		t.Error("one request is not two")
	default:
	}
	buyer.get("/agents/autx_live_buyer").refused(404)
	buyer.get("/credits/balance").want(200)
	<-done
	<-s.Await("agents.get", 1)
	got := s.Requests()
	want := mockserver.RequestEntry{
		Seq: 1, Time: "2026-11-23T12:00:01.000000Z", Operation: "credits.balance", Method: http.MethodGet, Path: "/api/v1/credits/balance",
		Query: "token=***&api%5Fkey=***&key=***&x=autx_live_***&q=a%20b&token", Status: 200, User: "buyer",
	}
	if got[0] != want {
		t.Errorf("%+v; want %+v", got[0], want)
	}
	if got[1].Path != "/api/v1/agents/autx_live_***" || got[1].Status != 404 {
		t.Errorf("%+v", got[1])
	}
	s.ClearRequests()
	buyer.get("/agents/").list()
	if got := s.Requests(); len(got) != 1 || got[0].Seq != 4 {
		t.Errorf("%+v: numbers go on", got)
	}
	again := s.Await("credits.balance", 1)
	buyer.get("/credits/balance").want(200)
	<-again // it counts from the last ClearRequests
}

// TestTheLogIsCompleteBeforeTheAnswer would catch an entry that is written after the client has its answer.
func TestTheLogIsCompleteBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	for i := range 300 {
		id := buyer.order(idFree, "x")
		entries := s.Requests()
		if len(entries) != i+1 || !entries[i].Committed || entries[i].Status != 201 || id == "" {
			t.Fatalf("%d entries after %d answers", len(entries), i+1)
		}
	}
}
