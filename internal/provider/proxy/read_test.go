package proxy_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// reading is a way to ask without keeping anything: the data source or the ephemeral resource.
type reading func(d *desk, config values) (values, protocol.Diagnostics)

var readings = map[string]reading{
	"data source": func(d *desk, config values) (values, protocol.Diagnostics) {
		got, _, diags := d.ReadDataSource(readType, config)
		return got, diags
	},
	"ephemeral resource": func(d *desk, config values) (values, protocol.Diagnostics) {
		opened, _, diags := d.OpenEphemeral(readType, config)
		if opened == nil {
			return nil, diags
		}
		if len(opened.Private) > 0 || !opened.RenewAt.IsZero() {
			d.t.Errorf("an answer is kept: %s, renewed at %s", opened.Private, opened.RenewAt)
		}
		if diags := d.CloseEphemeral(opened); len(diags) > 0 {
			d.t.Error(diags)
		}
		return opened.Values, diags
	},
}

// each runs a test for each way to read, in a world of its own.
func each(t *testing.T, test func(t *testing.T, d *desk, read reading)) {
	t.Helper()
	for name, read := range readings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t), read)
		})
	}
}

// TestReadForFree asks where that costs nothing, each time anew, without a spending block.
func TestReadForFree(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *desk, read reading) {
		t.Helper()
		d.reconfigure("spending", nil)
		for _, agent := range []string{"FREE", "free", "MINE", "00000000-0000-4000-8000-000000000003"} {
			got, diags := read(d, values{"agent": agent, "prompt": "hello"})
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			want := values{
				"agent": agent, "prompt": "hello", "body": nil, "status_code": int64(200), "content_type": "text/plain; charset=utf-8",
				"headers": values{"x-autx-agent": got["headers"].(values)["x-autx-agent"]}, "response_text": "Echo: hello", "response_base64": nil,
				"request_id": got["request_id"], "latency_ms": int64(0),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", agent, diff)
			}
		}
		got, diags := read(d, values{"agent": "FREE", "body": `{"a": [1]}`})
		if len(diags) > 0 || got["response_text"] != `Echo: {"a":[1]}` {
			t.Errorf("%v %s", got, diags)
		}
		d.mustHaveCharged()
		d.mustHaveSent(5)
	})
}

// TestReadRefused sends nothing where it would cost something, or where that is not known.
func TestReadRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		agent, fault string
		path         string
		says         []string
		sent         int
	}{
		"not free":       {agent: "SUMM", path: "agent", says: []string{"Agent is not free", "$0.50", "autx_proxy_request"}},
		"no such agent":  {agent: "NONE", path: "agent", says: []string{"No such agent", "NONE"}},
		"price not told": {agent: "FREE", fault: `agents.get_by_ticker:after:status=200,body={"id":"x"}`, says: []string{"does not tell the price", "Nothing was sent"}},
		"price not read": {agent: "FREE", fault: "agents.get_by_ticker:before:status=500", says: []string{"Could not look up what agent FREE costs", "500"}},
		"owner not read": {agent: "MINE", fault: "agents.mine:before:status=500", says: []string{"Could not look up what agent MINE costs", "500"}},
		"a paused agent": {agent: "REST", path: "agent", says: []string{"Agent is not free"}},
		"agent fails":    {agent: "LAMB", says: []string{"Could not ask agent LAMB", "502"}, sent: 1},
		"answer lost":    {agent: "FREE", fault: "proxy.call:after:reset", says: []string{"Could not ask agent FREE"}, sent: 1},
		"too large": {
			agent: "FREE", fault: "proxy.call:after:status=200,body_bytes=" + strconv.Itoa(16<<20+1), says: []string{"larger than 16 MiB"}, sent: 1,
		},
		"cut off": {agent: "FREE", fault: "proxy.call:body:truncate,bytes=2", says: []string{"breaks off after 2 bytes"}, sent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, d *desk, read reading) {
				t.Helper()
				if c.fault != "" {
					d.server.AddFault(c.fault)
				}
				got, diags := read(d, values{"agent": c.agent, "prompt": "hello"})
				said(t, "reading", diags.Errors(), c.path, c.says...)
				if got["status_code"] != nil || len(diags.Errors()) != 1 {
					t.Errorf("%v %s", got, diags)
				}
				d.mustHaveCharged()
				d.mustHaveSent(c.sent)
			})
		})
	}
}

// TestReadValidation wants exactly one of prompt and body.
func TestReadValidation(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, config := range map[string]values{
		"neither": {"agent": "FREE"}, "both": {"agent": "FREE", "prompt": "a", "body": "{}"}, "no agent": {"agent": "", "prompt": "a"},
		"no JSON": {"agent": "FREE", "body": "{"},
	} {
		if diags := d.ValidateEphemeral(readType, config); !diags.HasErrors() {
			t.Errorf("%s: an ephemeral resource is valid", name)
		}
		if diags := d.ValidateDataSource(readType, config); !diags.HasErrors() {
			t.Errorf("%s: a data source is valid", name)
		}
		action := with(config, "idempotency_key", "k", "max_price", "1")
		if diags := d.ValidateAction(readType, action); !diags.HasErrors() {
			t.Errorf("%s: an action is valid", name)
		}
		if diags := d.ValidateResource(requestType, action); !diags.HasErrors() {
			t.Errorf("%s: a resource is valid", name)
		}
	}
	for name, config := range map[string]values{
		"a prompt": {"agent": "FREE", "prompt": ""}, "a body": {"agent": "FREE", "body": "[]"}, "unknown": {"agent": protocol.Unknown, "body": protocol.Unknown},
	} {
		if diags := d.ValidateEphemeral(readType, config); len(diags) > 0 {
			t.Errorf("%s: %s", name, diags)
		}
	}
	d.mustHaveSent(0)
}

// TestReadWithoutAProvider reads while the provider's own configuration is not known.
func TestReadWithoutAProvider(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *desk, read reading) {
		t.Helper()
		d.reconfigure("api_key", protocol.Unknown)
		if got, diags := read(d, values{"agent": "FREE", "prompt": "hello"}); !diags.Errors().Say("not known yet", "api_key") {
			t.Errorf("%v %s", got, diags)
		}
		if plan := d.Plan(requestType, nil, of("k")); plan.Diagnostics.HasErrors() {
			t.Error(plan.Diagnostics)
		}
		if _, diags := d.PlanAction(readType, to("FREE", "l", "0")); diags.HasErrors() {
			t.Error(diags)
		}
	})
}

// TestAction asks once, tells how that goes, and keeps nothing.
func TestAction(t *testing.T) {
	t.Parallel()
	d := open(t)
	out := d.MustInvoke(readType, of("k"))
	if diff := cmp.Diff([]string{
		"Asking agent SUMM, for up to $0.50", "Agent SUMM answered 200 with 17 bytes of text/plain; charset=utf-8, charged $0.50", "Echo: Prompt of k",
	}, out.Progress); diff != "" || len(out.Diagnostics) > 0 {
		t.Errorf("progress (-want +got):\n%s\n%s", diff, out.Diagnostics)
	}
	if _, diags := d.PlanAction(readType, of("k")); !diags.Warnings().Say("Key was used before", "takes it over for $0.00") {
		t.Errorf("the plan: %s", diags)
	}
	again := d.MustInvoke(readType, of("k"))
	if last := again.Progress[len(again.Progress)-1]; !strings.Contains(last, "Nothing was sent") || !again.Diagnostics.Warnings().Say("taken over") {
		t.Errorf("%q %s", again.Progress, again.Diagnostics)
	}
	other := d.PlanAndInvoke(readType, of("k", "prompt", "another"))
	said(t, "other inputs", other.Diagnostics.Errors(), "idempotency_key", "another purchase")
	// The resource and the action have their keys in common.
	d.ask(of("r"))
	if last := d.MustInvoke(readType, of("r")).Progress; !strings.Contains(last[len(last)-1], "Nothing was sent") {
		t.Errorf("under the key of a resource: %q", last)
	}
	d.mustHaveCharged("0.5", "0.5")
	d.mustHaveSent(2)
}

// TestActionTwiceInOneRun is triggered by two events: it asks for the first.
func TestActionTwiceInOneRun(t *testing.T) {
	t.Parallel()
	d := open(t)
	for range 2 {
		if _, diags := d.PlanAction(readType, of("k")); len(diags) > 0 {
			t.Error(diags)
		}
	}
	first, second := d.Invoke(readType, of("k")), d.Invoke(readType, of("k"))
	if first.Diagnostics.HasErrors() || second.Diagnostics.HasErrors() || !strings.Contains(second.Progress[1], "Nothing was sent") {
		t.Errorf("%s\n%q %s", first.Diagnostics, second.Progress, second.Diagnostics)
	}
	// With something else to ask it is another one's key, which is no reason to ask nothing without a word.
	third := d.Invoke(readType, of("k", "prompt", "something else"))
	said(t, "another prompt", third.Diagnostics.Errors(), "idempotency_key", "another purchase")
	d.mustHaveCharged("0.5")
}

// TestActionLimits tells, at plan, of the limits that an apply would refuse the request for, and counts a key once.
func TestActionLimits(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.reconfigure("spending", values{"max_per_apply": "0.60", "max_per_purchase": "0.50", "journal": t.TempDir()})
	for range 2 {
		if _, diags := d.PlanAction(readType, of("k")); len(diags) > 0 {
			t.Error(diags)
		}
	}
	_, diags := d.PlanAction(readType, of("l", "max_price", "0.51"))
	said(t, "the limit of one", diags.Errors(), "", "max_per_purchase is $0.50")
	said(t, "the limit of all", diags.Errors(), "", "$1.01 in 2 purchases", "max_per_apply is $0.60")
}

// TestActionPlannedTwice is triggered by two events: the balance has to cover it once.
func TestActionPlannedTwice(t *testing.T) {
	t.Parallel()
	d := serve(t, seed("0.75"))
	for range 2 {
		if _, diags := d.PlanAction(readType, of("k")); len(diags) > 0 {
			t.Error(diags)
		}
	}
	_, diags := d.PlanAction(readType, of("l"))
	said(t, "another key", diags.Warnings(), "max_price", "$1.00 together", "$0.75 is available")
}

// TestActionAnswers shows what can be shown.
func TestActionAnswers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 500)
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"empty":  {"", []string{"Agent FREE answered 200 with 0 bytes of text/plain; charset=utf-8, charged $0.00"}},
		"binary": {"\xff\x00", []string{"Agent FREE answered 200 with 2 bytes of text/plain; charset=utf-8, charged $0.00"}},
		"long":   {long, []string{"Agent FREE answered 200 with 1000 bytes of text/plain; charset=utf-8, charged $0.00", strings.Repeat("é", 400) + "…"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			gate := d.gate()
			gate.Rewrite(http.MethodPost, "/proxy/*", func(_, _ []byte) []byte { return []byte(c.body) })
			out := d.MustInvoke(readType, to("FREE", "k", "0"))
			if diff := cmp.Diff(c.want, out.Progress[1:]); diff != "" || len(out.Diagnostics) > 0 {
				t.Errorf("(-want +got):\n%s\n%s", diff, out.Diagnostics)
			}
		})
	}
}

// TestActionRefused charges nothing.
func TestActionRefused(t *testing.T) {
	t.Parallel()
	d := open(t)
	said(t, "the price", d.PlanAndInvoke(readType, of("k", "max_price", "0.49")).Diagnostics.Errors(), "max_price", "$0.50", "nothing was charged")
	said(t, "the agent", d.PlanAndInvoke(readType, to("NONE", "k", "1")).Diagnostics.Errors(), "agent", "nothing was charged")
	said(t, "a failure", d.PlanAndInvoke(readType, to("LAMB", "k", "0")).Diagnostics.Errors(), "", "nothing was charged")
	d.NextWalk()
	if _, diags := d.PlanAction(readType, of("k", "max_price", "0.49")); !diags.Warnings().At("max_price").Say("costs $0.50") {
		t.Error(diags)
	}
	d.reconfigure("spending", nil)
	if _, diags := d.PlanAction(readType, of("k")); !diags.Warnings().Say("Apply will refuse to charge") {
		t.Error(diags)
	}
	said(t, "no spending", d.Invoke(readType, of("k")).Diagnostics.Errors(), "", "Spending is not allowed")
	d.reconfigure("spending", values{"max_per_apply": "0.4", "journal": t.TempDir()})
	said(t, "the limit", d.Invoke(readType, of("k")).Diagnostics.Errors(), "", "max_per_apply is $0.40")
	d.mustHaveCharged()
}

// TestActionWithALostAnswer is charged once, and says so.
func TestActionWithALostAnswer(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("proxy.call:after:reset")
	out := d.MustInvoke(readType, of("k"))
	if !out.Diagnostics.Warnings().Say("Answer is lost", "$0.50") {
		t.Error(out.Diagnostics)
	}
	d.MustInvoke(readType, of("k"))
	d.mustHaveCharged("0.5")
	d.mustHaveSent(1)
}

// TestActionWhoseCLIHasGone is carried out to its end, whether or not anybody listens.
func TestActionWhoseCLIHasGone(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.InvokeWhile(readType, of("k"), func(string) bool { return false })
	<-d.server.Await("proxy.call", 1)
	again := d.MustInvoke(readType, of("k"))
	if !strings.Contains(fmt.Sprint(again.Progress), "Nothing was sent") {
		t.Errorf("%q %s", again.Progress, again.Diagnostics)
	}
	d.mustHaveCharged("0.5")
}
