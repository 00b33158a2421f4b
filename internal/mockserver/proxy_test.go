package mockserver_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

func TestProxy(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	for _, c := range []struct{ agent, body, want, contentType string }{
		{"SUMM", `{"prompt":"hi"}`, "Echo: hi", "text/plain; charset=utf-8"},
		{"summ", `{"prompt":""}`, "Echo: ", "text/plain; charset=utf-8"},
		{idSumm, `{"prompt":"ü","other":1}`, "Echo: ü", "text/plain; charset=utf-8"},
		{"SUMM", `{"prompt": null}`, `Echo: {"prompt":null}`, "text/plain; charset=utf-8"},
		{"SUMM", ` { "b" : [1, 2.50], "a": "<" } `, `Echo: {"b":[1,2.50],"a":"<"}`, "text/plain; charset=utf-8"},
		{"SUMM", `{"Prompt":"hi"}`, `Echo: {"Prompt":"hi"}`, "text/plain; charset=utf-8"},
		{"SUMM", `[1, "x"]`, `Echo: [1,"x"]`, "text/plain; charset=utf-8"},
		{"SUMM", `"x"`, `Echo: "x"`, "text/plain; charset=utf-8"},
		{"SUMM", `{"prompt":7}`, `Echo: {"prompt":7}`, "text/plain; charset=utf-8"},
		{"JSON", `{}`, `{"b":[1,2.50],"a":"é<"}`, "application/json"},
	} {
		got := buyer.post("/proxy/"+c.agent, c.body)
		got.wantStatus(200)
		if string(got.body) != c.want || got.header.Get("Content-Type") != c.contentType {
			t.Errorf("%s %s: %s %q; want %s %q", c.agent, c.body, got.header.Get("Content-Type"), got.body, c.contentType, c.want)
		}
	}
	got := buyer.post("/proxy/summ", `{"prompt":"hi"}`)
	if id := got.header.Get("x-autx-request-id"); !regexp.MustCompile(`^[0-9a-f]{8}$`).MatchString(id) {
		t.Errorf("request id %q", id)
	}
	if got.header.Get("x-autx-latency-ms") != "0" || got.header.Get("x-autx-agent") != "SUMM" {
		t.Errorf("%v", got.header)
	}
	if again := buyer.post("/proxy/summ", `{}`); again.header.Get("x-autx-request-id") == got.header.Get("x-autx-request-id") {
		t.Error("two calls have the same request id")
	}
	wantFunds(t, s, "buyer", "94.375", "0") // 11 × $0.50 and $0.125
	if len(s.State().Orders) != 0 {
		t.Error("a proxy call made an order")
	}
	seller.post("/proxy/SUMM", `{}`).wantStatus(200)
	wantFunds(t, s, "seller", "50", "0") // free for the owner
	as(t, s, "autx_live_poor").post("/proxy/FREE", `{}`).wantStatus(200)
	wantFunds(t, s, "poor", "0.1", "0")
}

func TestProxyRefuses(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	for _, body := range []string{``, `{`, `hello`} {
		if got := buyer.post("/proxy/SUMM", body).invalid(); got[0] != "body" {
			t.Errorf("%s: %v", body, got)
		}
	}
	buyer.post("/proxy/NOPE", `{}`).refused(404)
	buyer.post("/proxy/PAUSED", `{}`).refused(409)
	got := as(t, s, "autx_live_poor").post("/proxy/SUMM", `{}`)
	if got.refused(402); got.header.Get("x-autx-request-id") == "" {
		t.Error("a refusal without a request id")
	}
	failed := buyer.post("/proxy/BROKEN", `{"prompt":"x"}`)
	if failed.refused(502); failed.header.Get("x-autx-agent") != "BROKEN" {
		t.Errorf("%v", failed.header)
	}
	if got := moves(s, "buyer"); !slices.Equal(got, []string{"deposit 100"}) {
		t.Errorf("a failed agent was paid: %v", got)
	}
}

func TestProxyOfASlowAgent(t *testing.T) {
	t.Parallel()
	seed := strings.Replace(shop, `{"kind": "fail"}`, `{"kind": "fail", "status": 503, "body": {"error": "down"}, "delay": "30ms"}`, 1)
	s := mockserver.New(t, mockserver.WithSeedJSON(seed), mockserver.WithClock(noon))
	start := time.Now()
	got := as(t, s, "autx_live_buyer").post("/proxy/BROKEN", `{}`)
	if got.status != 503 || string(got.body) != `{"error":"down"}` || got.header.Get("x-autx-latency-ms") != "30" {
		t.Errorf("%d %s %v", got.status, got.body, got.header)
	}
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("it took %s", took)
	}
}

func TestCheckout(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	const urls = `"success_url":"https://a.example/ok","cancel_url":"https://a.example/no"`
	got := buyer.post("/payments/create-checkout", `{"type":"launch","agent_name":"New",`+urls+`}`).want(201)
	id, _ := got["session_id"].(string)
	if len(got) != 2 || !strings.HasPrefix(id, "cs_test_") || got["checkout_url"] != s.ControlURL()+"/checkouts/"+id {
		t.Errorf("%v", got)
	}
	buyer.post("/payments/create-checkout", `{"type":"service","agent_id":"`+idSumm+`",`+urls+`}`).want(201)
	state := s.State().Checkouts
	if len(state) != 2 || state[0].SessionID != id || state[0].Status != "open" || state[0].User != "buyer" || state[0].AgentID != nil ||
		*state[0].AgentName != "New" || *state[1].AgentID != idSumm || state[1].Type != "service" {
		t.Errorf("%+v", state)
	}
	for range 2 {
		if got := buyer.control("POST", "/checkouts/"+id+"/complete", "").want(200); got["status"] != "complete" {
			t.Errorf("%v", got)
		}
	}
	if got := buyer.send("GET", s.ControlURL()+"/checkouts/"+id, "", "").want(200); got["status"] != "complete" {
		t.Errorf("%v", got)
	}
	buyer.control("POST", "/checkouts/nope/complete", "").refused(404)
	for body, want := range map[string]string{
		`{}`: "body.type body.success_url body.cancel_url", `{"type":"gift",` + urls + `}`: "body.type", `{"type":"service",` + urls + `}`: "body.agent_id",
		`{"type":"service","agent_id":null,` + urls + `}`: "body.agent_id", `{"type":"launch","success_url":"x","cancel_url":5}`: "body.success_url body.cancel_url",
	} {
		if got := strings.Join(buyer.post("/payments/create-checkout", body).invalid(), " "); got != want {
			t.Errorf("%s: %s; want %s", body, got, want)
		}
	}
	buyer.post("/payments/create-checkout", `{"type":"service","agent_id":"`+idUnknown+`",`+urls+`}`).refused(404)
	wantFunds(t, s, "buyer", "100", "0")
}
