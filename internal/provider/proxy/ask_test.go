package proxy_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestAsk asks an agent that costs something: the answer is kept, the charge is the ledger's, and nothing is asked again.
func TestAsk(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.elsewhere("SUMM") // what was charged before is not taken for it
	d.server.ClearRequests()
	plan := d.MustPlan(requestType, nil, of("k"))
	if at(plan.Values(), "spend.authorized_usd") != "0.5" || at(plan.Values(), "spend.charged_usd") != protocol.Unknown {
		t.Errorf("planned %v", plan.Values()["spend"])
	}
	if diff := cmp.Diff(map[string]int{"agents.get_by_ticker": 1, "agents.mine": 1, "credits.balance": 1}, acctest.Sent(d.server)); diff != "" {
		t.Errorf("requests of a plan (-want +got):\n%s", diff)
	}
	d.server.ClearRequests()
	made, diags := d.Apply(plan)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	v := made.Values()
	want := values{
		"idempotency_key": "k", "agent": "SUMM", "prompt": "Prompt of k", "body": nil, "max_price": "0.50", "timeouts": nil,
		"status_code": int64(200), "content_type": "text/plain; charset=utf-8", "response_text": "Echo: Prompt of k", "response_base64": nil,
		"latency_ms": int64(0), "headers": values{"x-autx-agent": "SUMM"}, "spend": values{"authorized_usd": "0.5", "charged_usd": "0.5"},
		"id": d.entries()[1].ID, "request_id": v["request_id"],
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
	if id, _ := v["request_id"].(string); len(id) != 8 {
		t.Errorf("the request id is %q", id)
	}
	// The price is read before the request takes its turn and in it; the ledger is read before and after.
	if diff := cmp.Diff(map[string]int{"agents.get_by_ticker": 2, "credits.transactions": 2, "proxy.call": 1}, acctest.Sent(d.server)); diff != "" {
		t.Errorf("requests of an apply (-want +got):\n%s", diff)
	}
	d.mustHaveCharged("0.5", "0.5")
	d.mustBeSettled(made, of("k"))
}

// TestAskForFree asks agents that cost nothing, which touches the ledger in no way.
func TestAskForFree(t *testing.T) {
	t.Parallel()
	for _, agent := range []string{"FREE", "MINE", "mine", "00000000-0000-4000-8000-000000000004"} {
		t.Run(agent, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			made := d.ask(to(agent, "k", "0"))
			v := made.Values()
			if v["response_text"] != "Echo: Prompt of k" || at(v, "spend.charged_usd") != "0" || !strings.HasPrefix(made.ID(), "free-") {
				t.Errorf("made %v", v)
			}
			d.mustHaveCharged()
			if sent := acctest.Sent(d.server); sent["credits.transactions"] != 0 || sent["credits.balance"] != 0 || sent["proxy.call"] != 1 {
				t.Errorf("requests %v", sent)
			}
			d.mustBeSettled(made, to(agent, "k", "0"))
		})
	}
}

// TestAskWithABody sends JSON as it is written, by id.
func TestAskWithABody(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	sent := ""
	gate.Rewrite(http.MethodPost, "/proxy/*", func(request, answer []byte) []byte { sent = string(request); return answer })
	body := `{ "b": [1, 2.50, 1e3], "a": "<é>" }`
	config := to("00000000-0000-4000-8000-000000000007", "k", "1", "prompt", nil, "body", body)
	made := d.ask(config)
	if v := made.Values(); sent != body || v["response_text"] != `{"answer":42}` || v["content_type"] != "application/json" || v["body"] != body {
		t.Errorf("sent %s, made %v", sent, v)
	}
	d.mustBeSettled(made, config)
	// The same in another spelling is no change at all.
	d.NextWalk()
	again := with(config, "body", "{\"a\":\"<\\u00e9>\",\"b\":[1,2.50,1e3]}")
	if plan := d.MustPlan(requestType, made, again); !plan.Empty() || len(plan.Diagnostics) > 0 {
		t.Errorf("planned %v %s", plan.Values(), plan.Diagnostics)
	}
	// A prompt that sends the same as a body is the same.
	first := d.ask(of("p"))
	quoted, err := json.Marshal(map[string]string{"prompt": "Prompt of p"})
	if err != nil {
		t.Fatal(err)
	}
	moved := of("p", "prompt", nil, "body", string(quoted))
	if plan := d.MustPlan(requestType, first, moved); len(plan.RequiresReplace) > 0 || len(plan.Diagnostics) > 0 {
		t.Errorf("planned %v %s", plan.Values(), plan.Diagnostics)
	}
	filled := d.MustApply(requestType, first, moved)
	d.mustBeSettled(filled, moved)
	d.mustHaveCharged("0.25", "0.5")
}

// TestAskRefused are requests that are refused before anything is charged.
func TestAskRefused(t *testing.T) {
	t.Parallel()
	unknownID := "00000000-0000-4000-8000-00000000ffff"
	for name, c := range map[string]struct {
		config values
		fault  string
		path   string
		says   []string
	}{
		"no such ticker":      {to("NONE", "k", "1"), "", "agent", []string{"ticker \"NONE\"", "nothing was charged", "autx_agents"}},
		"no such id":          {to(unknownID, "k", "1"), "", "agent", []string{unknownID, "nothing was charged", "autx_agent"}},
		"a paused agent":      {to("REST", "k", "0.50"), "", "", []string{"409", "paused", `proxy request "k" to agent REST`}},
		"price too high":      {of("k", "max_price", "0.49"), "", "max_price", []string{"$0.50", "$0.49", "nothing was charged"}},
		"not free":            {of("k", "max_price", "0"), "", "max_price", []string{"$0.50", "nothing was charged"}},
		"price not told":      {of("k"), `agents.get_by_ticker:after:status=200,skip=2,times=0,body={"id":"x"}`, "", []string{"does not tell the price", "nothing was charged"}},
		"price not read":      {of("k"), "agents.get_by_ticker:before:status=500,times=0", "", []string{"price", "500", "nothing was charged"}},
		"owner not read":      {of("k"), "agents.mine:before:status=500,times=0", "", []string{"whose agent SUMM is", "500", "nothing was charged"}},
		"no snapshot":         {of("k"), "credits.transactions:before:status=500", "", []string{"what is there already", "500", "nothing was charged"}},
		"402":                 {of("k"), "proxy.call:before:status=402,body=broke", "", []string{"402", "broke", "Top them up", "nothing was charged"}},
		"429":                 {of("k"), "proxy.call:before:status=429", "", []string{"429"}},
		"422 of the body":     {of("k"), `proxy.call:before:status=422,content_type=application/json,body={"detail":[{"loc":["body","prompt"],"msg":"too long"}]}`, "prompt", []string{"refused the value of prompt", "Too long"}},
		"the agent fails":     {to("FAIL", "k", "2"), "", "", []string{"502", "The agent failed", "not there"}},
		"a free agent fails":  {to("LAMB", "k", "0"), "", "", []string{"502", "The agent failed", "nothing was charged", "Apply again"}},
		"not enough money":    {to("GOLD", "k", "7"), "", "", []string{"402", "nothing was charged"}},
		"key is not accepted": {of("k"), "agents.get_by_ticker:before:status=401,times=0", "", []string{"401", "AUTX_API_KEY", "nothing was charged"}},
		"key lacks a scope":   {of("k"), "proxy.call:before:status=403", "", []string{"403", "scope"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			balance := "100"
			if name == "not enough money" {
				balance = "6.99"
			}
			d := serve(t, seed(balance))
			if c.fault != "" {
				d.server.AddFault(c.fault)
			}
			d.refuse(c.config, c.path, c.says...)
			d.mustHaveCharged()
		})
	}
}

// TestAskAfterARefusal asks again under the key: it is not used up.
func TestAskAfterARefusal(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("proxy.call:before:status=402")
	d.refuse(of("k"), "", "402")
	d.ask(of("k"))
	d.mustHaveCharged("0.5")
	d.server.AddFault("proxy.call:before:status=503")
	d.refuse(to("FREE", "f", "0"), "", "503", "nothing was charged")
	d.ask(to("FREE", "f", "0"))
}

// TestPriceRace raises the price between the plan and the charge, and in the very moment of the charge.
func TestPriceRace(t *testing.T) {
	t.Parallel()
	t.Run("before it is read", func(t *testing.T) {
		t.Parallel()
		d := open(t)
		plan := d.MustPlan(requestType, nil, of("k"))
		d.reprice(summID, "0.51")
		made, diags := d.Apply(plan)
		said(t, "the apply", diags.Errors(), "max_price", "$0.51", "$0.50", "nothing was charged")
		if made != nil {
			t.Errorf("made %v", made.Values())
		}
		d.mustHaveSent(0)
		d.reprice(summID, "0.30")
		made, diags = d.Apply(plan) // the price is not what was read at plan, but what it is now
		if diags.HasErrors() || at(made.Values(), "spend.charged_usd") != "0.3" {
			t.Errorf("%v %s", made, diags)
		}
		d.mustHaveCharged("0.3")
	})
	t.Run("while it takes its turn", func(t *testing.T) {
		t.Parallel()
		d := open(t)
		gate := d.gate()
		plan := d.MustPlan(requestType, nil, of("k"))
		held := gate.HoldAnswer(http.MethodGet, "/agents/ticker/SUMM")
		done := make(chan protocol.Diagnostics, 1)
		go func() { _, diags := d.Apply(plan); done <- diags }()
		held.Arrived()
		d.reprice(summID, "0.51")
		held.Release()
		said(t, "the apply", (<-done).Errors(), "max_price", "$0.51", "nothing was charged")
		d.mustHaveSent(0)
	})
	for name, c := range map[string]struct{ fault, says string }{
		"as it is charged":            {"", "More was charged than max_price"},
		"and the answer is lost then": {"proxy.call:after:reset", "although its answer was lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			gate := d.gate()
			plan := d.MustPlan(requestType, nil, of("k"))
			held := gate.HoldRequest(http.MethodPost, "/proxy/*")
			if c.fault != "" {
				d.server.AddFault(c.fault)
			}
			type outcome struct {
				made  *protocol.Instance
				diags protocol.Diagnostics
			}
			done := make(chan outcome, 1)
			go func() { made, diags := d.Apply(plan); done <- outcome{made, diags} }()
			held.Arrived()
			d.reprice(summID, "0.75")
			held.Release()
			got := <-done
			if got.diags.HasErrors() || !got.diags.Warnings().Say(c.says) || !got.diags.Warnings().Say("More was charged than max_price", "$0.75", "$0.50") {
				t.Fatal(got.diags)
			}
			if charged := at(got.made.Values(), "spend.charged_usd"); charged != "0.75" {
				t.Errorf("charged %v", charged)
			}
			d.mustHaveCharged("0.75")
			d.mustHaveSent(1)
		})
	}
}

// TestLimits holds what is charged to the spending block; what is free needs its room as well, since max_price is what is authorised.
func TestLimits(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.reconfigure("spending.max_per_apply", "1.20")
	first, second, third := d.MustPlan(requestType, nil, of("a")), d.MustPlan(requestType, nil, of("b")), d.Plan(requestType, nil, of("c"))
	said(t, "the plan", third.Diagnostics.Errors(), "", "$1.50", "max_per_apply is $1.20", "destroy -refresh=false")
	d.NextWalk()
	var wait sync.WaitGroup
	for _, plan := range []*protocol.Plan{first, second} {
		wait.Go(func() {
			if made, diags := d.Apply(plan); diags.HasErrors() || made == nil {
				t.Error(diags)
			}
		})
	}
	wait.Wait()
	d.mustHaveCharged("0.5", "0.5")

	d.reconfigure("spending.max_per_purchase", "0.40")
	said(t, "the plan", d.Plan(requestType, nil, of("d")).Diagnostics.Errors(), "", "max_per_purchase is $0.40")
	d.reconfigure("spending.max_per_purchase", nil, "spending.keep_balance", "98.60")
	d.refuse(of("d"), "", "keep_balance", "$98.60")
	d.reconfigure("spending", nil)
	plan := d.MustPlan(requestType, nil, of("d"))
	said(t, "the plan", plan.Diagnostics.Warnings(), "", "Apply will refuse to charge", "$0.50")
	made, diags := d.Apply(plan)
	said(t, "the apply", diags.Errors(), "", "Spending is not allowed", "nothing was charged")
	if made != nil {
		t.Errorf("made %v", made.Values())
	}
	d.mustHaveCharged("0.5", "0.5")
}

// TestLiveFacts looks at AUTX in a plan: what it finds warns, with strict_plan it fails the plan.
func TestLiveFacts(t *testing.T) {
	t.Parallel()
	d := serve(t, seed("6"))
	for name, c := range map[string]struct {
		config values
		path   string
		says   []string
	}{
		"no such agent":  {to("NONE", "k", "0"), "agent", []string{"No such agent", "NONE"}},
		"a paused agent": {to("REST", "k", "0.50"), "agent", []string{"takes no requests", "REST", "paused"}},
		"a higher price": {of("k", "max_price", "0.49"), "max_price", []string{"With agent SUMM a request costs $0.50 now", "max_price is $0.49", "at least 0.5"}},
		"balance":        {to("SUMM", "k", "7"), "max_price", []string{"authorise $7.00", "$6.00 is available"}},
	} {
		d.reconfigure("spending.strict_plan", false)
		plan := d.Plan(requestType, nil, c.config)
		said(t, name, plan.Diagnostics.Warnings(), c.path, c.says...)
		if plan.Diagnostics.HasErrors() || len(plan.Diagnostics) != 1 {
			t.Errorf("%s: %s", name, plan.Diagnostics)
		}
		d.reconfigure("spending.strict_plan", true)
		said(t, name+", strictly", d.Plan(requestType, nil, c.config).Diagnostics.Errors(), c.path, append(c.says, "strict_plan")...)
	}
	for name, config := range map[string]values{
		"my own agent":      to("MINE", "k", "0"),
		"a free agent":      to("FREE", "k", "100"),
		"price to the cent": of("k"),
		"nothing is known":  of("", "idempotency_key", protocol.Unknown, "agent", protocol.Unknown, "max_price", protocol.Unknown, "prompt", protocol.Unknown),
		"body not known":    of("k", "prompt", nil, "body", protocol.Unknown),
	} {
		d.NextWalk()
		if plan := d.Plan(requestType, nil, config); len(plan.Diagnostics) > 0 {
			t.Errorf("%s: %s", name, plan.Diagnostics)
		}
	}
	for _, entry := range d.server.Requests() {
		if entry.Method != http.MethodGet {
			t.Errorf("a plan has sent %s", fmt.Sprint(entry))
		}
	}
}

// TestUnknownUntilTheApply asks with values that only the apply tells.
func TestUnknownUntilTheApply(t *testing.T) {
	t.Parallel()
	d := open(t)
	unknown := of("", "idempotency_key", protocol.Unknown, "agent", protocol.Unknown, "max_price", protocol.Unknown, "prompt", protocol.Unknown)
	if plan := d.MustPlan(requestType, nil, unknown); len(plan.Diagnostics) > 0 || at(plan.Values(), "spend.authorized_usd") != protocol.Unknown {
		t.Errorf("planned %v %s", plan.Values(), plan.Diagnostics)
	}
	d.ask(of("k"))
	for name, c := range map[string]struct {
		config values
		path   string
	}{
		"neither": {of("n", "prompt", nil), "prompt"},
		"both":    {of("b", "body", "{}"), "prompt"},
		"nobody":  {of("a", "agent", ""), "agent"},
		"no sum":  {of("s", "max_price", "much"), "max_price"},
	} {
		d.NextWalk()
		made, diags := d.Apply(d.MustPlan(requestType, nil, c.config)) // a CLI validates only what is known
		said(t, name, diags.Errors(), c.path, "othing was")
		if made != nil {
			t.Errorf("%s: made %v", name, made.Values())
		}
	}
	d.mustHaveSent(1)
}
