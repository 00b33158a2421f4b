package mockserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// TestEachPhaseAndAction orders once under each rule, and looks at what the client, the log and the ledger say.
func TestEachPhaseAndAction(t *testing.T) {
	t.Parallel()
	const full = `{"id":"`
	for _, c := range []struct {
		rule      string
		status    int // that the client sees; 0 for none
		logged    int
		committed bool
		check     func(t *testing.T, r reply)
	}{
		{"before:status=503", 503, 503, false, body(`{"detail":"Service Unavailable"}`, jsonType)},
		{"before:status=502,content_type=text/html,body=<html>", 502, 502, false, body("<html>", "text/html")},
		{"before:status=429,retry_after=7,body=slow down", 429, 429, false, body("slow down", "text/plain; charset=utf-8")},
		{"before:status=500,body_bytes=5,body=ab", 500, 500, false, body("ababa", "text/plain; charset=utf-8")},
		{"before:status=204", 204, 204, false, body("", "")},
		{"before:reset", 0, 0, false, isReset},
		{"before:delay=20ms", 201, 201, true, takes(20 * time.Millisecond)},
		{"after:status=500", 500, 500, true, body(`{"detail":"Internal Server Error"}`, jsonType)},
		{"after:status=201,body={}", 201, 201, true, body("{}", jsonType)},
		{"after:reset", 0, 0, true, isReset},
		{"after:delay=20ms", 201, 201, true, takes(20 * time.Millisecond)},
		{"body:truncate=7", 201, 201, true, cutOff(full)},
		{"body:truncate", 201, 201, true, cutOff("")},
		{"body:truncate=100000", 201, 201, true, cutOff("")},
		{"body:reset,bytes=7", 201, 201, true, cutOff(full)},
		{"body:delay=20ms,bytes=7", 201, 201, true, takes(20 * time.Millisecond)},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			s, buyer, _ := newShop(t)
			f := s.AddFault("orders.create:" + c.rule)
			got := buyer.post("/orders/", `{"agent_id":"`+idSumm+`","prompt":"x"}`)
			if got.status != c.status {
				t.Errorf("status %d, %v; want %d", got.status, got.err, c.status)
			}
			c.check(t, got)
			want := mockserver.RequestEntry{
				Seq: 1, Time: "2026-11-23T12:00:00.000000Z", Operation: "orders.create", Method: http.MethodPost, Path: "/api/v1/orders/", Status: c.logged,
				User: "buyer", Fault: s.Requests()[0].Fault, Committed: c.committed,
			}
			if entry := s.Requests()[0]; entry != want || !strings.HasPrefix(entry.Fault, "orders.create:"+c.rule[:6]) {
				t.Errorf("logged %+v; want %+v", entry, want)
			}
			if f.Hits() != 1 {
				t.Errorf("%d hits", f.Hits())
			}
			select {
			case <-f.Fired():
			default:
				t.Error("Fired is not closed")
			}
			if orders := len(s.State().Orders); (orders == 1) != c.committed {
				t.Errorf("%d orders", orders)
			}
			if c.status != 0 && got.header.Get("x-autx-mock-instance") == "" {
				t.Error("no instance header")
			}
			if retry := got.header.Get("Retry-After"); strings.Contains(c.rule, "retry_after") != (retry == "7") {
				t.Errorf("Retry-After %q", retry)
			}
			buyer.order(idSumm, "x") // the rule strikes once
		})
	}
}

func body(want, contentType string) func(*testing.T, reply) {
	return func(t *testing.T, r reply) {
		t.Helper()
		if string(r.body) != want || r.err != nil || r.header.Get("Content-Type") != contentType {
			t.Errorf("%s %q, %v; want %s %q", r.header.Get("Content-Type"), r.body, r.err, contentType, want)
		}
	}
}

func isReset(t *testing.T, r reply) {
	t.Helper()
	if !errors.Is(r.err, syscall.ECONNRESET) {
		t.Errorf("%v; want a reset", r.err)
	}
}

// cutOff expects a body that ends too early. A reset may overtake what was sent before it, so that only a prefix is sure.
func cutOff(prefix string) func(*testing.T, reply) {
	return func(t *testing.T, r reply) {
		t.Helper()
		if !errors.Is(r.err, io.ErrUnexpectedEOF) && !errors.Is(r.err, syscall.ECONNRESET) {
			t.Errorf("%v; want a body cut off", r.err)
		}
		if prefix != "" && len(r.body) > 0 && string(r.body) != prefix {
			t.Errorf("%q came; want %q", r.body, prefix)
		}
		if length := r.header.Get("Content-Length"); length == "" || length == "0" {
			t.Errorf("the headers promise %q bytes", length)
		}
	}
}

func takes(least time.Duration) func(*testing.T, reply) {
	return func(t *testing.T, r reply) {
		t.Helper()
		if r.took < least {
			t.Errorf("it took %s", r.took)
		}
		if o := r.want(201); o["status"] != "completed" {
			t.Errorf("%v", o)
		}
	}
}

// TestHanging lets the client give up.
func TestHanging(t *testing.T) {
	t.Parallel()
	for phase, committed := range map[string]bool{"before": false, "after": true} {
		s, buyer, _ := newShop(t)
		f := s.AddFault("orders.create:" + phase + ":hang")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan reply)
		go func() {
			done <- buyer.sendCtx(ctx, http.MethodPost, s.URL()+"/orders/", jsonType, `{"agent_id":"`+idSumm+`","prompt":"x"}`)
		}()
		<-f.Fired()
		if got := last(t, s); got.Status != 0 || got.Committed != committed {
			t.Errorf("%s: logged %+v before the client gave up", phase, got)
		}
		select {
		case r := <-done:
			t.Errorf("%s: an answer: %d %v", phase, r.status, r.err)
		default:
		}
		cancel()
		if r := <-done; !errors.Is(r.err, context.Canceled) {
			t.Errorf("%s: %d %v", phase, r.status, r.err)
		}
		if got := len(s.State().Orders); (got == 1) != committed {
			t.Errorf("%s: %d orders", phase, got)
		}
	}
}

// TestAClientThatLeavesDuringADelayBeforeBuysNothing holds because a request is not carried out before its delay is over.
func TestAClientThatLeavesDuringADelayBeforeBuysNothing(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	f := s.AddFault("orders.create:before:delay=1h")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-f.Fired()
		cancel()
	}()
	got := buyer.sendCtx(ctx, http.MethodPost, s.URL()+"/orders/", jsonType, `{"agent_id":"`+idSumm+`","prompt":"x"}`)
	if !errors.Is(got.err, context.Canceled) {
		t.Errorf("%d %v", got.status, got.err)
	}
	<-s.Await("orders.create", 1)
	if entry := last(t, s); entry.Committed || entry.Status != 0 || len(s.State().Orders) != 0 {
		t.Errorf("%+v", entry)
	}
}

func TestSkipAndTimes(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	s.AddFault("credits.balance:before:status=503,skip=1,times=2")
	s.AddFault("credits.balance:before:status=502,skip=4")
	s.AddFault("credits.*:before:status=501,times=0,skip=6")
	var got []int
	for range 9 {
		got = append(got, buyer.get("/credits/balance").status)
	}
	if want := []int{200, 503, 503, 200, 502, 200, 501, 501, 501}; !slices.Equal(got, want) {
		t.Errorf("%v; want %v", got, want)
	}
}

func TestRulesWithTheSameRequestsStrikeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	s.AddFault("*:before:status=503")
	s.AddFault("credits.balance:before:status=502")
	s.AddFault("credits.balance:after:status=501,skip=0")
	var got []int
	for range 4 {
		got = append(got, buyer.get("/credits/balance").status)
	}
	if want := []int{503, 502, 501, 200}; !slices.Equal(got, want) {
		t.Errorf("%v; want %v", got, want)
	}
}

func TestTwoPhasesCanStrikeOneRequest(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	s.AddFault("credits.balance:before:delay=1ms")
	s.AddFault("credits.balance:after:status=500")
	buyer.get("/credits/balance").want(500)
	if got := last(t, s).Fault; got != "credits.balance:before:delay,delay=1ms; credits.balance:after:status=500" {
		t.Errorf("logged %s", got)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	pending := buyer.post("/agents/reserve/", launchOf("PEND")).want(201)["id"].(string)
	order := buyer.order(idSumm, "x")
	for _, c := range []struct {
		ticker string
		call   func() reply
	}{
		{"SUMM", func() reply { return buyer.get("/agents/" + idSumm) }},
		{"SUMM", func() reply { return buyer.get("/agents/ticker/summ") }},
		{"NEW1", func() reply { return buyer.get("/agents/check-ticker/NEW1") }},
		{"NEW2", func() reply { return buyer.post("/agents/", launchOf("NEW2")) }},
		{"NEW3", func() reply { return buyer.post("/agents/reserve/", launchOf("NEW3")) }},
		{"PEND", func() reply { return buyer.post("/agents/"+pending+"/activate/", `{}`) }},
		{"SUMM", func() reply { return seller.patch("/agents/"+idSumm, `{"category":"x"}`) }},
		{"SUMM", func() reply { return seller.multi("/agents/"+idSumm+"/image", part{"file", "a.png", "image/png", "x"}) }},
		{"SUMM", func() reply { return buyer.post("/orders/", `{"agent_id":"`+idSumm+`","prompt":"x"}`) }},
		{"DOCS", func() reply {
			return buyer.multi("/orders/multipart", part{name: "agent_id", content: idDocs}, part{"files", "a.pdf", "", "x"})
		}},
		{"SUMM", func() reply { return buyer.get("/orders/?agent_id=" + idSumm) }},
		{"SUMM", func() reply { return buyer.get("/orders/" + order) }},
		{"SUMM", func() reply { return buyer.post("/proxy/summ", `{}`) }},
		{"SUMM", func() reply { return buyer.post("/proxy/"+idSumm, `{}`) }},
		{"SUMM", func() reply { return buyer.post("/payments/create-checkout", `{"agent_id":"`+idSumm+`"}`) }},
	} {
		other := s.AddFault("*:before:status=418,ticker=OTHER")
		mine := s.AddFault("*:before:status=418,ticker=" + strings.ToLower(c.ticker))
		got := c.call()
		if got.status != 418 || mine.Hits() != 1 || other.Hits() != 0 {
			t.Errorf("%+v: %d %s", last(t, s), got.status, got.body)
		}
		other.Remove()
		mine.Remove()
	}
	s.AddFault("credits.balance:before:status=418,user=seller")
	buyer.get("/credits/balance").want(200)
	seller.get("/credits/balance").want(418)
}

func TestFaultsStrikeBadRequestsToo(t *testing.T) {
	t.Parallel()
	s, _, _ := newShop(t)
	nobody := as(t, s, "")
	s.AddFault("none:before:status=502")
	nobody.get("/nowhere").want(502)
	s.AddFault("orders.list:after:status=500")
	nobody.get("/orders/").want(500)
	if got := last(t, s); got.Committed || got.User != "" {
		t.Errorf("%+v", got)
	}
}

// TestABodyThatIsNotThereCannotBreak keeps a rule from counting as struck where it did nothing.
func TestABodyThatIsNotThereCannotBreak(t *testing.T) {
	t.Parallel()
	s, _, seller := newShop(t)
	f := s.AddFault("*:body:truncate")
	seller.delete("/agents/" + idSumm).want(204)
	if f.Hits() != 0 {
		t.Error("it struck an empty body")
	}
	if got := seller.get("/credits/balance"); got.err == nil {
		t.Errorf("%s", got.body)
	}
}

func TestAHugeReplacement(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	const size = 5 << 20
	s.AddFault(fmt.Sprintf("agents.list:before:status=200,body_bytes=%d", size))
	got := buyer.get("/agents/")
	if len(got.body) != size || got.err != nil || strings.Trim(string(got.body), "x") != "" {
		t.Errorf("%d bytes, %v", len(got.body), got.err)
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	const latency, requests = 300 * time.Millisecond, 30
	_, buyer, _ := newShop(t, mockserver.WithLatency(latency))
	start := time.Now()
	done := make(chan reply, requests)
	for range requests {
		go func() { done <- buyer.get("/credits/balance") }()
	}
	for range requests {
		r := <-done
		if r.wantStatus(200); r.took < latency {
			t.Errorf("a request took %s", r.took)
		}
	}
	if took := time.Since(start); took > requests*latency/2 {
		t.Errorf("%d requests at once took %s: they waited for each other", requests, took)
	}
}

func TestLatencyIsNotForTheControlAPI(t *testing.T) {
	t.Parallel()
	_, buyer, _ := newShop(t, mockserver.WithLatency(time.Hour))
	buyer.control(http.MethodGet, "/health", "").want(200)
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t, mockserver.WithRateLimit(2))
	f := s.AddFault("credits.balance:before:status=503,skip=2")
	buyer.get("/credits/balance").want(200)
	buyer.get("/credits/balance").want(200)
	got := buyer.get("/credits/balance")
	if got.refused(429); got.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
	if f.Hits() != 0 {
		t.Error("a limited request counted for a rule")
	}
	seller.get("/agents/").list()
	as(t, s, "").get("/agents/").list() // those without a key share a bucket
	buyer.control(http.MethodGet, "/health", "").want(200)
	s.Advance(499 * time.Millisecond)
	buyer.get("/agents/").refused(429)
	s.Advance(time.Millisecond)
	buyer.get("/credits/balance").want(503)
	buyer.get("/credits/balance").refused(429)
	s.Advance(time.Hour)
	for _, want := range []int{200, 200, 429} {
		if got := buyer.get("/credits/balance"); got.status != want {
			t.Errorf("%d; want %d: a bucket holds a second's worth", got.status, want)
		}
	}
	entry := last(t, s)
	if entry.Status != 429 || entry.Operation != "credits.balance" || entry.User != "buyer" {
		t.Errorf("%+v", entry)
	}
}

func TestSlowRateLimit(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t, mockserver.WithRateLimit(0.1))
	buyer.get("/agents/").list()
	if got := buyer.get("/agents/"); got.status != 429 || got.header.Get("Retry-After") != "10" {
		t.Errorf("%d %q", got.status, got.header.Get("Retry-After"))
	}
	s.Advance(9500 * time.Millisecond)
	if got := buyer.get("/agents/"); got.status != 429 || got.header.Get("Retry-After") != "1" {
		t.Errorf("%d %q", got.status, got.header.Get("Retry-After"))
	}
	s.Advance(500 * time.Millisecond)
	buyer.get("/agents/").list()
	s.Reset()
	buyer.get("/agents/").list() // a new world, full buckets
}
