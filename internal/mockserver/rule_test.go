package mockserver_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

//go:fix inline
func TestParseRule(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]mockserver.Rule{
		"orders.create:after:reset": {Operation: "orders.create", Phase: "after", Action: "reset"},
		"orders.create:before:status=429,retry_after=1,times=2": {
			Operation: "orders.create", Phase: "before", Action: "status", Status: 429, RetryAfter: "1", Times: new(2),
		},
		"*:before:hang,skip=3,times=0": {Operation: "*", Phase: "before", Action: "hang", Skip: 3, Times: new(0)},
		"agents.*:after:delay=1m30s,user=buyer,ticker=SUMM": {
			Operation: "agents.*", Phase: "after", Action: "delay", Delay: 90e9, Match: mockserver.Match{User: "buyer", Ticker: "SUMM"},
		},
		"none:before:delay,delay=5ms":                 {Operation: "none", Phase: "before", Action: "delay", Delay: 5e6},
		"proxy.call:body:truncate=10":                 {Operation: "proxy.call", Phase: "body", Action: "truncate", Bytes: 10},
		"proxy.call:body:reset,bytes=3":               {Operation: "proxy.call", Phase: "body", Action: "reset", Bytes: 3},
		"proxy.call:body:delay=1s,bytes=3":            {Operation: "proxy.call", Phase: "body", Action: "delay", Delay: 1e9, Bytes: 3},
		"sessions.message:body:truncate":              {Operation: "sessions.message", Phase: "body", Action: "truncate"},
		`agents.get:before:status=502,body=a,b=c:"d"`: {Operation: "agents.get", Phase: "before", Action: "status", Status: 502, Body: `a,b=c:"d"`},
		`agents.get:after:status=200,body="a,\"b\"",content_type="text/html; a=\"1,2\"",body_bytes=9`: {
			Operation: "agents.get", Phase: "after", Action: "status", Status: 200, Body: `a,"b"`, ContentType: `text/html; a="1,2"`, BodyBytes: 9,
		},
		`agents.get:before:status=429,retry_after="Wed, 21 Oct 2026 07:28:00 GMT"`: {
			Operation: "agents.get", Phase: "before", Action: "status", Status: 429, RetryAfter: "Wed, 21 Oct 2026 07:28:00 GMT",
		},
	} {
		got, err := mockserver.ParseRule(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
		again, err := mockserver.ParseRule(got.String())
		if diff := cmp.Diff(got, again); err != nil || diff != "" {
			t.Errorf("%s is written as %s, which reads as %v, %s", text, got, err, diff)
		}
	}
}

func TestParseRuleRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "orders.create", "orders.create:after", "orders.invent:after:reset", "orders:after:reset", "orders.:after:reset", "orders.c*:after:reset",
		"invent.*:after:reset", "**:after:reset", "orders.create:during:reset", "orders.create:after:explode", "orders.create:before:truncate",
		"orders.create:after:truncate", "orders.create:body:status=500", "orders.create:body:hang", "orders.create:after:status", "orders.create:after:status=x",
		"orders.create:after:status=199", "orders.create:after:status=600", "orders.create:after:reset=1", "orders.create:after:hang=1",
		"orders.create:after:reset,status=500", "orders.create:after:reset,retry_after=1", "orders.create:after:reset,body=x", "orders.create:after:delay",
		"orders.create:after:delay=0s", "orders.create:after:delay=-1s", "orders.create:after:delay=soon", "orders.create:after:reset,delay=1s",
		"orders.create:after:reset,bytes=1", "orders.create:body:truncate=-1", "orders.create:after:reset,skip=-1", "orders.create:after:reset,times=-1",
		"orders.create:after:reset,times=x", "orders.create:after:reset,times=1,times=1", "orders.create:after:reset,colour=red",
		"orders.create:after:reset,times", "orders.create:after:status=500,body_bytes=-1", "sessions.open:body:truncate", "sessions.end:body:reset",
		`orders.create:after:status=500,body="x"y`, `orders.create:after:status=500,body="x`, `orders.create:after:status=500,content_type="a\nb"`,
	} {
		if r, err := mockserver.ParseRule(text); err == nil {
			t.Errorf("%q reads as %+v", text, r)
		} else if text != "" && !strings.Contains(err.Error(), "rule ") {
			t.Errorf("%q: the error does not name the rule: %v", text, err)
		}
	}
}

func TestRuleJSON(t *testing.T) {
	t.Parallel()
	var got mockserver.Rule
	if err := json.Unmarshal([]byte(`{"operation":"orders.create","phase":"before","action":"status","status":429,"retry_after":2,"body":{"detail": "no"}}`),
		&got); err != nil {
		t.Fatal(err)
	}
	want := mockserver.Rule{Operation: "orders.create", Phase: "before", Action: "status", Status: 429, RetryAfter: "2", Body: `{"detail":"no"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{`{"retry_after":true}`, `{"body":5}`, `{"delay":5}`, `{"delay":"-1s"}`, `{"delay":"soon"}`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

// drawRule draws any rule that Check takes.
func drawRule(t *rapid.T) mockserver.Rule {
	operations := append([]string{"*", "orders.*", "sessions.*"}, mockserver.Operations()...)
	r := mockserver.Rule{
		Operation: rapid.SampledFrom(operations).Draw(t, "operation"), Phase: rapid.SampledFrom([]string{"before", "after", "body"}).Draw(t, "phase"),
		Skip: rapid.IntRange(0, 5).Draw(t, "skip"), Match: mockserver.Match{User: rapid.String().Draw(t, "user"), Ticker: rapid.String().Draw(t, "ticker")},
	}
	if rapid.Bool().Draw(t, "with times") {
		r.Times = new(rapid.IntRange(0, 5).Draw(t, "times"))
	}
	if r.Phase == "body" {
		r.Action = rapid.SampledFrom([]string{"truncate", "reset", "delay"}).Draw(t, "action")
		r.Bytes = rapid.Int64Range(0, 100).Draw(t, "bytes")
	} else {
		r.Action = rapid.SampledFrom([]string{"status", "reset", "hang", "delay"}).Draw(t, "action")
	}
	switch r.Action {
	case "delay":
		r.Delay = mockserver.Duration(rapid.Int64Range(1, 1e12).Draw(t, "delay"))
	case "status":
		r.Status = rapid.IntRange(200, 599).Draw(t, "status")
		r.RetryAfter = mockserver.HeaderText(rapid.StringMatching(`[ -~é]*`).Draw(t, "retry_after"))
		r.ContentType = rapid.StringMatching(`[ -~]*`).Draw(t, "content_type")
		r.Body = mockserver.BodyText(rapid.String().Draw(t, "body"))
		r.BodyBytes = rapid.Int64Range(0, 100).Draw(t, "body_bytes")
	}
	if r.Phase == "body" && (r.Operation == "sessions.open" || r.Operation == "sessions.end") {
		r.Operation = "*"
	}
	return r
}

func TestEveryRuleReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRule(t)
		if err := r.Check(); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		got, err := mockserver.ParseRule(r.String())
		if diff := cmp.Diff(r, got); err != nil || diff != "" {
			t.Fatalf("%s reads as %v %s", r, err, diff)
		}
		var decoded mockserver.Rule
		if err := json.Unmarshal(must(json.Marshal(r)), &decoded); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, decoded); diff != "" && !strings.HasPrefix(string(r.Body), "{") && !strings.HasPrefix(string(r.Body), "[") {
			t.Fatalf("JSON: %s", diff)
		}
	})
}

func FuzzParseRule(f *testing.F) {
	for _, seed := range []string{"orders.create:after:reset", `*:before:status=500,body="a,b",times=0`, "a:b:c,d=e", `agents.get:body:truncate=5,skip=1`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := mockserver.ParseRule(text)
		if err != nil {
			return
		}
		again, err := mockserver.ParseRule(r.String())
		if diff := cmp.Diff(r, again); err != nil || diff != "" {
			t.Fatalf("%q reads as %+v, is written as %s and read as %v %s", text, r, r, err, diff)
		}
	})
}
