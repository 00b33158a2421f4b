package order_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// elsewhere buys an order of an agent by other means, and gives its id.
func (d *desk) elsewhere(agentID string) string {
	d.t.Helper()
	var o struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(d.outside(http.MethodPost, "/orders/", `{"agent_id": "`+agentID+`", "prompt": "from elsewhere"}`), &o); err != nil {
		d.t.Fatal(err)
	}
	return o.ID
}

// TestImport brings orders under management by id and by identity: what AUTX tells is read, the rest is filled in without a call, and nothing is bought.
func TestImport(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, c := range map[string]struct {
		agent, status string
		text          any
	}{"completed": {summ, "completed", "Echo: from elsewhere"}, "failed": {fail, "failed", nil}, "free": {free, "completed", "Echo: from elsewhere"}} {
		id := d.elsewhere(c.agent)
		d.NextWalk()
		imported := d.MustImport(orderType, id)
		if diff := cmp.Diff(values{"id": id}, d.IdentityValues(imported)); diff != "" {
			t.Errorf("%s: identity (-want +got):\n%s", name, diff)
		}
		d.NextWalk()
		byIdentity, _, diags := d.ImportIdentity(orderType, values{"id": id})
		if len(diags) > 0 || !d.MustRead(byIdentity).State.Equal(imported.State) {
			t.Errorf("%s by identity: %s", name, diags)
		}
		v := imported.Values()
		for _, unread := range []string{"idempotency_key", "prompt", "max_price", "files", "payment_method", "wait_for_completion", "timeouts"} {
			if v[unread] != nil {
				t.Errorf("%s: %s is imported as %v", name, unread, v[unread])
			}
		}
		if v["agent_id"] != c.agent || v["status"] != c.status || v["output_text"] != c.text || v["amount_paid"] == nil || v["platform_fee"] == nil || v["created_at"] == nil ||
			v["completed_at"] == nil {
			t.Errorf("%s is imported as %v", name, v)
		}
		if diff := cmp.Diff(values{"authorized_usd": "0", "charged_usd": "0"}, v["spend"]); diff != "" {
			t.Errorf("%s: spend (-want +got):\n%s", name, diff)
		}

		config := of("key of "+name, "agent_id", c.agent, "max_price", "3", "prompt", "whatever")
		d.NextWalk()
		d.silently("filling in", func() {
			plan := d.MustPlan(orderType, imported, config)
			if len(plan.Diagnostics) > 0 || len(plan.RequiresReplace) > 0 || len(plan.Unknowns()) > 0 {
				t.Errorf("%s: the plan replaces %v, unknown %v: %s", name, plan.RequiresReplace, plan.Unknowns(), plan.Diagnostics)
			}
			filled := d.MustApply(orderType, imported, config)
			if diff := cmp.Diff(with(v, "idempotency_key", "key of "+name, "prompt", "whatever", "max_price", "3", "payment_method", "credits", "wait_for_completion", true),
				filled.Values()); diff != "" {
				t.Errorf("%s: filled in (-want +got):\n%s", name, diff)
			}
			d.MustBeSettled(filled, config)

			// From now on it is bound as if it had been bought here.
			d.NextWalk()
			if diags := d.Plan(orderType, filled, with(config, "prompt", "other")).Diagnostics; !diags.Errors().Say("would buy again") {
				t.Errorf("%s: %s", name, diags)
			}
		})
	}
	if len(d.orders()) != 3 {
		t.Errorf("%d orders", len(d.orders()))
	}
}

// TestImportWithFiles fills in files without sending them; those that are gone are no trouble.
func TestImportWithFiles(t *testing.T) {
	t.Parallel()
	d := open(t)
	imported := d.MustImport(orderType, d.elsewhere(docs))
	config := of("k", "agent_id", docs, "max_price", "2", "files", files(
		file("a.txt", "source", written(t, "a.txt", "content")), file("b.txt", "source", "/does/not/exist"), file("c.txt", "content_base64", b64("c"))))
	d.silently("filling in", func() {
		filled := d.MustApply(orderType, imported, config)
		want := []any{
			values{"name": "a.txt", "source": at(config["files"].([]any)[0].(values), "source"), "content_base64": nil, "sha256": sha("content")},
			values{"name": "b.txt", "source": "/does/not/exist", "content_base64": nil, "sha256": nil},
			values{"name": "c.txt", "source": nil, "content_base64": b64("c"), "sha256": sha("c")},
		}
		if diff := cmp.Diff(want, filled.Values()["files"]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		d.MustBeSettled(filled, config)
	})
}

// TestImportPending finishes by itself.
func TestImportPending(t *testing.T) {
	t.Parallel()
	d := open(t, pendingWorld()...)
	imported := d.MustImport(orderType, d.elsewhere(summ))
	if v := imported.Values(); v["status"] != "pending" || v["amount_paid"] != "0.5" || v["agent_id"] != summ {
		t.Errorf("imported as %v", v)
	}
	d.server.Advance(time.Hour)
	d.NextWalk()
	if v := d.MustRead(imported).Values(); v["status"] != "completed" || v["output_text"] != "Echo: from elsewhere" || at(v, "spend.charged_usd") != "0" {
		t.Errorf("completed as %v", v)
	}
}

// TestImportBindsTheKey: once an imported order has its key, nothing is bought under the key any more, also where no refresh came in between.
func TestImportBindsTheKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	imported := d.MustImport(orderType, d.elsewhere(summ))
	filled, diags := d.PlanAndApply(orderType, imported, of("k"))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	again, diags := d.PlanAndApply(orderType, nil, of("k"))
	if again.ID() != filled.ID() || !diags.Warnings().Say("charges nothing") {
		t.Errorf("made %v: %s", again.Values(), diags)
	}
	d.refuse(of("k", "prompt", "other"), "idempotency_key", "other inputs", filled.ID())
	d.mustHaveCharged("$0.50", 1)
}

// TestImportOfAnotherAgent: configuration can't make it another order.
func TestImportOfAnotherAgent(t *testing.T) {
	t.Parallel()
	d := open(t)
	imported := d.MustImport(orderType, d.elsewhere(summ))
	d.NextWalk()
	said(t, "another agent", d.Plan(orderType, imported, of("k", "agent_id", free)).Diagnostics.Errors(), "agent_id", "placed with agent "+summ, free, "Nothing was bought")
	// An agent that is not known yet is compared when it is.
	d.NextWalk()
	if plan := d.MustPlan(orderType, imported, of("k", "agent_id", protocol.Unknown)); len(plan.Diagnostics) > 0 {
		t.Errorf("an unknown agent: %s", plan.Diagnostics)
	}
}

// TestImportErrors name what to do.
func TestImportErrors(t *testing.T) {
	t.Parallel()
	world := seed("100")
	world.Orders = []mockserver.SeedOrder{{ID: "00000000-0000-4000-8000-0000000000aa", User: me, AgentID: summ}, {ID: "00000000-0000-4000-8000-0000000000bb", User: seller, AgentID: free}}
	d := serve(t, world)
	for name, id := range map[string]string{"none": "00000000-0000-4000-8000-0000000000cc", "somebody else's": "00000000-0000-4000-8000-0000000000bb", "no id": "x/../y"} {
		if one, _, diags := d.Import(orderType, id); one != nil || !diags.Errors().Say("No such order", id, "autx_orders") {
			t.Errorf("%s: %s", name, diags)
		}
	}
	if one, _, diags := d.ImportIdentity(orderType, values{"id": ""}); one != nil || !diags.HasErrors() {
		t.Errorf("an empty identity: %s", diags)
	}
	d.server.AddFault("orders.get:before:status=403")
	if one, _, diags := d.Import(orderType, "00000000-0000-4000-8000-0000000000aa"); one != nil || !diags.Errors().Say("Could not import order", "403") {
		t.Errorf("forbidden: %s", diags)
	}
	d.mustOnlyRead()
}

// TestImportWhereTheListLags: what only lists tell comes with a later refresh.
func TestImportWhereTheListLags(t *testing.T) {
	t.Parallel()
	d := open(t, mockserver.WithAssume("lists.lag", "1"))
	id := d.elsewhere(summ)
	imported := d.MustImport(orderType, id)
	if v := imported.Values(); v["amount_paid"] != nil || v["agent_id"] != nil || v["output_text"] != "Echo: from elsewhere" {
		t.Errorf("imported as %v", v)
	}
	d.elsewhere(free)
	d.NextWalk()
	if v := d.MustRead(imported).Values(); v["amount_paid"] != "0.5" || v["agent_id"] != summ {
		t.Errorf("read as %v", v)
	}
}
