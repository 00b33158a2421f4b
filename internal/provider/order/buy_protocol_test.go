package order_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestBuyRefused goes through what AUTX refuses, or what is found out right before: nothing is charged, and the message leads to the argument.
func TestBuyRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config values
		rule   string
		path   string
		says   []string
	}{
		"no such agent":     {of("k", "agent_id", "00000000-0000-4000-8000-00000000ffff"), "", "agent_id", []string{"404", "no agent with the id", "autx_agent"}},
		"a ticker":          {of("k", "agent_id", "SUMM"), "", "agent_id", []string{"no agent with the id", "UUID"}},
		"a paused agent":    {of("k", "agent_id", rest), "", "", []string{"409", "paused", `order "k"`}},
		"price too high":    {of("k", "max_price", "0.49"), "", "max_price", []string{"$0.50", "$0.49", "nothing was charged"}},
		"price not told":    {of("k"), `agents.get:after:status=200,skip=2,body={"id":"x"}`, "", []string{"does not tell the price", "nothing was charged"}},
		"key not accepted":  {of("k"), "agents.get:before:status=401,times=0", "", []string{"price", "401", "nothing was charged", "AUTX_API_KEY"}},
		"key may not read":  {of("k"), "orders.list:before:status=403,times=0", "", []string{"what is there already", "403", "nothing was charged", "scope"}},
		"price not read":    {of("k"), "agents.get:before:status=500,times=0", "", []string{"price", "500", "nothing was charged"}},
		"no snapshot":       {of("k"), "orders.list:before:status=500", "", []string{"500", "nothing was charged"}},
		"402":               {of("k", "agent_id", gold, "max_price", "7"), "orders.create:before:status=402,body=broke", "", []string{"402", "broke", "Top them up", "nothing was charged"}},
		"403":               {of("k"), "orders.create:before:status=403,body=no scope", "", []string{"403", "no scope", "scope"}},
		"503 before":        {of("k"), "orders.create:before:status=429,retry_after=3600,times=0", "", []string{"429"}},
		"422 on the prompt": {of("k"), `orders.create:before:status=422,body={"detail":[{"loc":["body","prompt"],"msg":"too rude","type":"x"}]}`, "prompt", []string{"too rude", "422"}},
		"422 on the method": {of("k"), `orders.create:before:status=422,body={"detail":[{"loc":["body","payment_method"],"msg":"unheard of","type":"x"}]}`, "payment_method", []string{"unheard of"}},
		"422 on a file": {
			of("k", "agent_id", docs, "max_price", "2", "files", files(file("a.txt", "content_base64", ""), file("b.exe", "content_base64", ""))), "", "files.1", []string{"b.exe", "422"},
		},
		"422 on something else": {of("k"), `orders.create:before:status=422,body={"detail":[{"loc":["body","mood"],"msg":"too low","type":"x"}]}`, "", []string{"mood", "too low"}},
		"files not accepted":    {of("k", "files", files(file("a.txt", "content_base64", b64("x")))), "", "files.0", []string{"does not accept files"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			if c.rule != "" {
				d.server.AddFault(c.rule)
			}
			d.refuse(c.config, c.path, c.says...)
			d.mustHaveCharged("$0.00", 0)
		})
	}
}

// TestBuyPriceRace raises the price between plan and apply: nothing is bought, and both prices are told. Raised in the very moment of the purchase it is
// told afterwards.
func TestBuyPriceRace(t *testing.T) {
	t.Parallel()
	d := open(t)
	saved := d.MustPlan(orderType, nil, of("k"))
	if len(saved.Diagnostics) > 0 {
		t.Fatal(saved.Diagnostics)
	}
	d.reprice(summ, "0.51")
	d.NextWalk()
	made, diags := d.Apply(saved)
	said(t, "raised", diags.Errors(), "max_price", "$0.51", "$0.50", "nothing was charged")
	if made != nil {
		t.Errorf("made %v", made.Values())
	}
	d.mustHaveCharged("$0.00", 0)
	d.reprice(summ, "0.5")
	bought := d.buy(of("k"))
	if bought.Values()["amount_paid"] != "0.5" {
		t.Errorf("bought %v", bought.Values())
	}

	// After the price was read, and before the order came.
	gate := d.gate()
	held := gate.HoldRequest(http.MethodPost, "/orders/")
	late := d.MustPlan(orderType, nil, of("late"))
	done := make(chan struct{})
	var one *protocol.Instance
	go func() {
		defer close(done)
		one, diags = d.Apply(late)
	}()
	held.Arrived()
	d.reprice(summ, "0.75")
	held.Release()
	<-done
	said(t, "raised in that moment", diags.Warnings(), "max_price", "$0.75", "$0.50", one.ID())
	if v := one.Values(); diags.HasErrors() || v["amount_paid"] != "0.75" || at(v, "spend.charged_usd") != "0.75" || at(v, "spend.authorized_usd") != "0.5" {
		t.Errorf("made %v: %s", v, diags)
	}
}

// TestBuyLostAnswer loses the answer after the order was placed: it is found, adopted and charged once, whether or not files went with it.
func TestBuyLostAnswer(t *testing.T) {
	t.Parallel()
	withFiles := of("k", "agent_id", docs, "max_price", "2", "files", files(file("a.txt", "content_base64", b64("x"))))
	for _, operation := range []string{"orders.create", "orders.create_multipart"} {
		for _, fault := range []string{"after:reset", "after:status=500", "after:status=504", "body:truncate=10", "after:status=200,body={}", "after:status=200,content_type=text/html,body=<html>"} {
			t.Run(operation+" "+fault, func(t *testing.T) {
				t.Parallel()
				d := open(t)
				config, price := of("k"), "0.5"
				if operation != "orders.create" {
					config, price = withFiles, "1.25"
				}
				d.elsewhere(summ) // what was there before is not taken for it
				d.elsewhere(docs)
				before := len(d.orders())
				d.server.AddFault(operation + ":" + fault)
				made, diags := d.PlanAndApply(orderType, nil, config)
				if diags.HasErrors() || !diags.Warnings().Say("although its answer was lost", made.ID(), "It was sent once") {
					t.Fatal(diags)
				}
				v := made.Values()
				if v["status"] != "completed" || v["output_text"] != "Echo: Prompt of k" || v["amount_paid"] != price || v["created_at"] == nil || at(v, "spend.charged_usd") != price {
					t.Errorf("made %v", v)
				}
				orders := d.orders()
				if len(orders) != before+1 || orders[len(orders)-1].ID != made.ID() {
					t.Errorf("%d orders", len(orders))
				}
				d.MustBeSettled(made, config)
			})
		}
	}
}

// TestBuyLostRequest loses the request before it was carried out: it is said that nothing was found, and the next apply buys.
func TestBuyLostRequest(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"before:reset", "before:status=500", "before:status=503"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			d.server.AddFault("orders.create:" + fault)
			d.refuse(of("k"), "", "most likely not made", "safe to apply again")
			d.mustHaveCharged("$0.00", 0)
			d.NextWalk()
			if plan := d.MustPlan(orderType, nil, of("k")); !plan.Diagnostics.Warnings().Say("still open", "looks it up first") {
				t.Errorf("the next plan: %s", plan.Diagnostics)
			}
			made, diags := d.PlanAndApply(orderType, nil, of("k"))
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			d.MustBeSettled(made, of("k"))
			d.mustHaveCharged("$0.50", 1)
		})
	}
}

// TestBuyLostAnswerBesideAnother has the answer lost while another order of the same agent comes in by other means: which is which can't be told, so nothing
// is guessed and nothing bought again, until somebody who knows imports the right one.
func TestBuyLostAnswerBesideAnother(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	plan := d.MustPlan(orderType, nil, of("k"))
	held := gate.HoldRequest(http.MethodPost, "/orders/")
	d.server.AddFault("orders.create:after:reset,skip=1")
	done := make(chan protocol.Diagnostics)
	go func() {
		made, diags := d.Apply(plan)
		if made != nil {
			t.Errorf("made %v", made.Values())
		}
		done <- diags
	}()
	held.Arrived()
	other := d.elsewhere(summ)
	held.Release()
	diags := <-done
	ours := ""
	for _, o := range d.orders() {
		if o.ID != other {
			ours = o.ID
		}
	}
	if ours == "" || !diags.Errors().Say("can't be told", other, ours, "import {", "autx_order.NAME") {
		t.Fatalf("ours %q: %s", ours, diags)
	}
	for range 2 { // and again: it stays refused
		d.refuse(of("k"), "", "nothing was sent again", other, ours, "import {")
	}
	d.mustHaveCharged("$1.00", 2)

	d.NextWalk()
	imported := d.MustImport(orderType, ours)
	filled := d.MustApply(orderType, imported, of("k"))
	d.MustBeSettled(filled, of("k"))
	// The key is settled by that: a create under it takes the same order over.
	again, diags := d.PlanAndApply(orderType, nil, of("k"))
	if again.ID() != ours || diags.HasErrors() {
		t.Errorf("made %v: %s", again.Values(), diags)
	}
	d.mustHaveCharged("$1.00", 2)
}

// TestBuyThreeAtOnce buys three orders that differ in nothing but their keys, at once, while one of the answers is lost.
func TestBuyThreeAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("orders.create:after:reset")
	keys := []string{"k1", "k2", "k3"}
	config := func(key string) values { return of(key, "prompt", "the same") }
	plans := make([]*protocol.Plan, len(keys))
	for i, key := range keys {
		plans[i] = d.MustPlan(orderType, nil, config(key))
	}
	d.NextWalk()
	made := make([]*protocol.Instance, len(keys))
	told := make([]protocol.Diagnostics, len(keys))
	var group sync.WaitGroup
	for i := range plans {
		group.Go(func() { made[i], told[i] = d.Apply(plans[i]) })
	}
	group.Wait()
	ids, lost := map[string]bool{}, 0
	for i := range plans {
		if told[i].HasErrors() {
			t.Fatalf("%s: %s", keys[i], told[i])
		}
		ids[made[i].ID()] = true
		if told[i].Warnings().Say("although its answer was lost") {
			lost++
		}
	}
	if len(ids) != 3 || lost != 1 {
		t.Errorf("%d orders in state, %d of them found again", len(ids), lost)
	}
	d.mustHaveCharged("$1.50", 3)
	for i, key := range keys {
		d.MustBeSettled(made[i], config(key))
	}
}

// TestBuyStateLost applies again after the state was lost and the journal kept: each order is taken over for nothing, and with other inputs none is.
func TestBuyStateLost(t *testing.T) {
	t.Parallel()
	d := open(t)
	first := d.buy(of("k"))
	d.NextWalk()
	if plan := d.MustPlan(orderType, nil, of("k")); !plan.Diagnostics.Warnings().Say("used before", first.ID(), "$0.00") {
		t.Errorf("the plan: %s", plan.Diagnostics)
	}
	d.reconfigure("spending.strict_plan", true) // what it costs now does not matter, nor whether the agent takes orders
	again, diags := d.PlanAndApply(orderType, nil, of("k", "max_price", "0.01"))
	if again.ID() != first.ID() || !diags.Warnings().Say("taken over", "charges nothing") || diags.HasErrors() {
		t.Fatalf("again: %v %s", again.Values(), diags)
	}
	want := with(first.Values(), "max_price", "0.01", "spend", values{"authorized_usd": "0.01", "charged_usd": "0"})
	if diff := cmp.Diff(want, again.Values()); diff != "" {
		t.Errorf("taken over (-want +got):\n%s", diff)
	}
	for name, config := range map[string]values{
		"prompt": of("k", "prompt", "x"), "agent": of("k", "agent_id", free), "method": of("k", "payment_method", "x"),
		"files": of("k", "files", files(file("a.txt", "content_base64", b64("x")))),
	} {
		t.Log(name)
		d.refuse(config, "idempotency_key", "other inputs", first.ID())
	}
	d.mustHaveCharged("$0.50", 1)
}

// TestBuyOddAnswers has AUTX spell its answers in other ways, add to them, and leave out what it can: nothing is tainted, and what was planned stays.
func TestBuyOddAnswers(t *testing.T) {
	t.Parallel()
	edit := func(change func(map[string]any)) func(_, answer []byte) []byte {
		return func(_, answer []byte) []byte {
			var one map[string]any
			if json.Unmarshal(answer, &one) != nil {
				return answer
			}
			change(one)
			out, err := json.Marshal(one)
			if err != nil {
				panic(err)
			}
			return out
		}
	}
	for name, c := range map[string]struct {
		create, get func(map[string]any)
		want        values
	}{
		"amounts as strings": {create: func(o map[string]any) { o["amount_paid"], o["platform_fee"] = "0.5000", "0.0500" }, want: values{"amount_paid": "0.5", "platform_fee": "0.05"}},
		"empty texts": {
			create: func(o map[string]any) { o["created_at"] = "" }, get: func(o map[string]any) { o["completed_at"], o["output_hash"] = "", "" },
			want: values{"created_at": nil, "completed_at": nil, "output_hash": nil},
		},
		"more fields":           {create: func(o map[string]any) { o["mood"], o["nested"] = "good", map[string]any{"a": 1} }, get: func(o map[string]any) { o["mood"] = 7 }},
		"no created_at":         {create: func(o map[string]any) { delete(o, "created_at") }, want: values{"created_at": nil}},
		"no amounts":            {create: func(o map[string]any) { delete(o, "amount_paid"); delete(o, "platform_fee") }, want: values{"amount_paid": nil, "platform_fee": nil}},
		"amounts of no use":     {create: func(o map[string]any) { o["amount_paid"] = "a lot" }, want: values{"amount_paid": nil}},
		"only an id":            {create: func(o map[string]any) { keep(o, "id") }, want: values{"amount_paid": nil, "created_at": nil}},
		"nulls":                 {create: func(o map[string]any) { null(o) }, want: values{"amount_paid": nil}},
		"agent in other words":  {create: func(o map[string]any) { o["agent_id"] = "somebody else" }},
		"status in the answer":  {create: func(o map[string]any) { o["status"] = "queued" }},
		"a result without hash": {get: func(o map[string]any) { delete(o, "output_hash") }, want: values{"output_hash": nil}},
		"a wrong hash":          {get: func(o map[string]any) { o["output_hash"] = "beef" }, want: values{"output_hash": "beef"}},
		"a number as id":        {get: func(o map[string]any) { o["id"] = 7 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			gate := d.gate()
			if c.create != nil {
				gate.Rewrite(http.MethodPost, "/orders/", edit(c.create))
			}
			if c.get != nil {
				gate.Rewrite(http.MethodGet, "/orders/?*", edit(c.get))
			}
			made, diags := d.PlanAndApply(orderType, nil, of("k"))
			if diags.HasErrors() || made.Tainted {
				t.Fatal(diags)
			}
			v := made.Values()
			for attribute, want := range c.want {
				if v[attribute] != want {
					t.Errorf("%s is %v, want %v", attribute, v[attribute], want)
				}
			}
			if v["status"] != "completed" || v["output_text"] != "Echo: Prompt of k" || v["agent_id"] != summ {
				t.Errorf("made %v", v)
			}
			d.NextWalk()
			now := d.MustRead(made)
			if v := now.Values(); v["amount_paid"] != "0.5" || at(v, "spend.charged_usd") != "0.5" {
				t.Errorf("a refresh does not complete it: %v", v)
			}
			d.NextWalk()
			if plan := d.MustPlan(orderType, now, of("k")); !plan.Empty() {
				t.Errorf("there is something left to do: %v", plan.Values())
			}
			d.mustHaveCharged("$0.50", 1)
		})
	}
}

func keep(o map[string]any, name string) {
	for other := range o {
		if other != name {
			delete(o, other)
		}
	}
}

func null(o map[string]any) {
	for name := range o {
		if name != "id" {
			o[name] = nil
		}
	}
}

// TestBuyFailed keeps an order that failed, with a warning and without a charge, and never buys it again by itself.
func TestBuyFailed(t *testing.T) {
	t.Parallel()
	d := open(t)
	config := of("k", "agent_id", fail, "max_price", "3")
	made, diags := d.PlanAndApply(orderType, nil, config)
	said(t, "a failed order", diags.Warnings(), "", "failed and was refunded", made.ID(), "change idempotency_key")
	v := made.Values()
	if diags.HasErrors() || v["status"] != "failed" || v["output_text"] != nil || v["amount_paid"] != "2" || at(v, "spend.charged_usd") != "0" || at(v, "spend.authorized_usd") != "3" {
		t.Errorf("made %v: %s", v, diags)
	}
	d.MustBeSettled(made, config)
	if total, n := d.charges(); total != "$0.00" || n != 1 {
		t.Errorf("charged %s in %d", total, n)
	}
}

// TestBuyExactAmounts carries prices of many digits through, exactly.
func TestBuyExactAmounts(t *testing.T) {
	t.Parallel()
	for price, fee := range map[string]string{"123456789012345678.5": "12345678901234567.85", "0.000001": "0", "0.3": "0.03", "999999999999999999": "99999999999999999.9"} {
		world := seed("999999999999999999")
		amount := money.MustParse(price)
		world.Agents[0].ServicePrice = &amount
		d := serve(t, world)
		d.reconfigure("spending.max_per_apply", "999999999999999999.999999999999999999")
		short := amount.Sub(money.MustParse("0.000000000000000001"))
		d.refuse(of("short "+price, "max_price", short.String()), "max_price", amount.USD(), short.USD())
		made, diags := d.PlanAndApply(orderType, nil, of("k "+price, "max_price", price))
		if diags.HasErrors() {
			t.Errorf("%s: %s", price, diags)
			continue
		}
		if v := made.Values(); v["amount_paid"] != price || v["platform_fee"] != fee || at(v, "spend.charged_usd") != price || at(v, "spend.authorized_usd") != price {
			t.Errorf("%s: made %v", price, v)
		}
	}
}

// TestBuyRequests counts: twenty orders cost twenty POSTs and a bounded number of reads.
func TestBuyRequests(t *testing.T) {
	t.Parallel()
	d := open(t)
	if diff := cmp.Diff(map[string]int{"agents.get": 2, "credits.balance": 2}, tally(d.during(func() {
		for range 2 {
			d.NextWalk()
			for i := range 20 {
				d.MustPlan(orderType, nil, of(fmt.Sprint("k", i)))
			}
		}
	}))); diff != "" {
		t.Errorf("two plans of twenty orders (-want +got):\n%s", diff)
	}
	d.NextWalk()
	plans := make([]*protocol.Plan, 20)
	for i := range plans {
		plans[i] = d.MustPlan(orderType, nil, of(fmt.Sprint("k", i)))
	}
	made := make([]*protocol.Instance, len(plans))
	var group sync.WaitGroup
	got := tally(d.during(func() {
		d.NextWalk()
		limit := make(chan struct{}, 10) // the CLI's parallelism
		for i := range plans {
			group.Go(func() {
				limit <- struct{}{}
				defer func() { <-limit }()
				var diags protocol.Diagnostics
				if made[i], diags = d.Apply(plans[i]); len(diags) > 0 {
					t.Errorf("%d: %s", i, diags)
				}
			})
		}
		group.Wait()
	}))
	if got["orders.create"] != 20 || got["orders.get"] != 20 || got["agents.get"] > 20 || got["orders.list"] > 4 || len(got) != 4 {
		t.Errorf("twenty orders cost %v", got)
	}
	d.mustHaveCharged("$10.00", 20)
	// One after the other they still share the look at what was there before.
	d.NextWalk()
	if got := tally(d.during(func() {
		for i := range 5 {
			plan := d.MustPlan(orderType, nil, of(fmt.Sprint("more", i)))
			if _, diags := d.Apply(plan); len(diags) > 0 {
				t.Errorf("%d: %s", i, diags)
			}
		}
	})); got["orders.list"] > 2 || got["orders.create"] != 5 {
		t.Errorf("five orders in a row cost %v", got)
	}
	d.silently("a refresh of them", func() {
		d.NextWalk()
		for i := range made {
			if plan := d.MustPlan(orderType, d.MustRead(made[i]), of(fmt.Sprint("k", i))); !plan.Empty() {
				t.Errorf("%d: %v", i, plan.Values())
			}
		}
	})
}

// TestBuyLimits holds a run to its limits: at plan by the sum, at apply by reservations.
func TestBuyLimits(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.reconfigure("spending.max_per_apply", "1.50", "spending.max_per_purchase", "1.00")
	for i := range 3 {
		if plan := d.Plan(orderType, nil, of(fmt.Sprint("k", i))); len(plan.Diagnostics) > 0 {
			t.Fatalf("%d: %s", i, plan.Diagnostics)
		}
	}
	over := d.Plan(orderType, nil, of("k3", "max_price", "0.01"))
	if !over.Diagnostics.Errors().Say("Over the limit of one apply", "$1.51 in 4 purchases", "$1.50", `order "k0"`, `order "k3"`, "Nothing was bought") {
		t.Errorf("over the limit: %s", over.Diagnostics)
	}
	d.NextWalk()
	if one := d.Plan(orderType, nil, of("big", "max_price", "1.01")); !one.Diagnostics.Errors().Say("Over the limit of one purchase", "$1.01", "$1.00") {
		t.Errorf("over the limit of one: %s", one.Diagnostics)
	}

	// An apply that was planned under other limits.
	d.reconfigure("spending.max_per_apply", "100")
	plans := make([]*protocol.Plan, 4)
	for i := range plans {
		plans[i] = d.MustPlan(orderType, nil, of(fmt.Sprint("k", i)))
	}
	d.reconfigure("spending.max_per_apply", "1.00")
	bought, refused := 0, 0
	for i := range plans {
		made, diags := d.Apply(plans[i])
		switch {
		case made != nil && !diags.HasErrors():
			bought++
		case made == nil && diags.Errors().Say("Over the limit of one apply", "$1.00", fmt.Sprintf(`order "k%d"`, i)):
			refused++
		default:
			t.Errorf("%d: %v %s", i, made, diags)
		}
	}
	if bought != 2 || refused != 2 {
		t.Errorf("%d bought, %d refused", bought, refused)
	}
	d.mustHaveCharged("$1.00", 2)
}

// TestBuySpendingOff: without a spending block plans work and an apply sends nothing.
func TestBuySpendingOff(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.reconfigure("spending", nil)
	plan := d.MustPlan(orderType, nil, of("k"))
	said(t, "the plan", plan.Diagnostics.Warnings(), "", "Apply will refuse to charge", `order "k"`, "up to $0.50", "max_per_apply")
	d.silently("the apply", func() {
		d.NextWalk()
		if made, diags := d.Apply(plan); made != nil || !diags.Errors().Say("Spending is not allowed", "Nothing was sent") {
			t.Errorf("made %v: %s", made, diags)
		}
	})
	unknown := d.MustPlan(orderType, nil, of("", "idempotency_key", protocol.Unknown, "agent_id", protocol.Unknown, "max_price", protocol.Unknown))
	said(t, "an unknown order", unknown.Diagnostics.Warnings(), "", "whose key is not known yet", "an amount that is not known yet")
}

// TestBuyWhereTheListLags loses an answer while lists miss the newest order: nothing is bought again, and it is found once the list has it.
func TestBuyWhereTheListLags(t *testing.T) {
	t.Parallel()
	d := open(t, mockserver.WithAssume("lists.lag", "1"), mockserver.WithFault("orders.create:after:reset"))
	d.refuseAfterwards(of("k"), "most likely not made", "looks once more")
	d.mustHaveCharged("$0.50", 1)
	d.elsewhere(free) // the list moves on
	made, diags := d.PlanAndApply(orderType, nil, of("k"))
	if diags.HasErrors() || !diags.Warnings().Say("taken over", "charges nothing") {
		t.Fatal(diags)
	}
	if v := made.Values(); v["amount_paid"] != "0.5" || v["output_text"] != "Echo: Prompt of k" {
		t.Errorf("made %v", v)
	}
	if total, n := d.charges(); total != "$0.50" || n != 1 {
		t.Errorf("charged %s in %d", total, n)
	}
}

// refuseAfterwards is refuse for a purchase that was charged all the same.
func (d *desk) refuseAfterwards(config values, texts ...string) {
	d.t.Helper()
	made, diags := d.PlanAndApply(orderType, nil, config)
	if made != nil || !diags.Errors().Say(texts...) {
		d.t.Errorf("made %v: %s", made, diags)
	}
}

// TestBuyAfterTheJournalWasLost has a fresh runner that knows the key from a state only: what it creates under the key is still the order of the state, and
// with other inputs nothing.
func TestBuyAfterTheJournalWasLost(t *testing.T) {
	t.Parallel()
	d := open(t)
	config := of("k", "agent_id", docs, "max_price", "2", "files", files(file("a.txt", "content_base64", b64("x"))))
	made := d.buy(config)
	for name, see := range map[string]func(){
		"a refresh": func() { d.MustRead(made) }, "a plan": func() { d.MustPlan(orderType, made, config) }, "a plan of a destroy": func() { d.MustPlan(orderType, made, nil) },
	} {
		d.reconfigure("spending.journal", t.TempDir())
		see()
		d.refuse(with(config, "prompt", "other"), "idempotency_key", "other inputs", made.ID())
		again, diags := d.PlanAndApply(orderType, nil, config)
		if again.ID() != made.ID() || diags.HasErrors() || !diags.Warnings().Say("charges nothing") || diags.Say("could not be compared") {
			t.Errorf("%s: made %v: %s", name, again.Values(), diags)
		}
	}
	d.mustHaveCharged("$1.25", 1)
}

// TestBuyAgentInOtherSpelling: an agent's id in another spelling is the same agent where AUTX takes it, and what was bought from it is found again.
func TestBuyAgentInOtherSpelling(t *testing.T) {
	t.Parallel()
	world := seed("100")
	world.Agents[0].ID = "00000000-0000-4000-8000-00000000abcd"
	d := serve(t, world)
	const upper = "00000000-0000-4000-8000-00000000ABCD"
	gate := d.gate()
	gate.Answer(http.MethodGet, "/agents/"+upper, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"id": "` + world.Agents[0].ID + `", "service_price": 0.5, "status": "active"}`))
	})
	gate.Answer(http.MethodPost, "/orders/", func(w http.ResponseWriter, _ *http.Request) {
		d.elsewhere(world.Agents[0].ID) //nolint:contextcheck // the test acts here, not the request
		w.WriteHeader(http.StatusBadGateway)
	})
	made, diags := d.PlanAndApply(orderType, nil, of("k", "agent_id", upper))
	if diags.HasErrors() || !diags.Warnings().Say("although its answer was lost") {
		t.Fatal(diags)
	}
	if v := made.Values(); v["agent_id"] != upper || v["amount_paid"] != "0.5" {
		t.Errorf("made %v", v)
	}
	d.MustBeSettled(made, of("k", "agent_id", upper))
	d.mustHaveCharged("$0.50", 1)
}
