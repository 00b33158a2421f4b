package order_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// b64 is a content_base64.
func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// written writes a file of the test's own, and gives its path.
func written(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPlanOfNewOrder says what is known before anything is bought: all that follows from the configuration, what it authorises above all.
func TestPlanOfNewOrder(t *testing.T) {
	t.Parallel()
	d := open(t)
	computed := []string{"amount_paid", "completed_at", "created_at", "id", "output_hash", "output_text", "platform_fee", "spend.charged_usd", "status"}
	source := written(t, "a.txt", "content")
	for name, c := range map[string]struct {
		config     values
		authorized any
		unknown    []string
	}{
		"bare":          {of("k1"), "0.5", nil},
		"number":        {of("k2", "max_price", "7.00"), "7", nil},
		"unknown price": {of("k3", "max_price", protocol.Unknown), protocol.Unknown, []string{"max_price", "spend.authorized_usd"}},
		"unknown key":   {of("", "idempotency_key", protocol.Unknown), "0.5", []string{"idempotency_key"}},
		"unknown rest": {
			of("k4", "agent_id", protocol.Unknown, "prompt", protocol.Unknown, "payment_method", protocol.Unknown, "wait_for_completion", protocol.Unknown, "timeouts", protocol.Unknown),
			"0.5",
			[]string{"agent_id", "payment_method", "prompt", "timeouts", "wait_for_completion"},
		},
		"files": {of("k5", "agent_id", docs, "max_price", "1.25", "files", files(file("a.txt", "source", source), file("b.txt", "content_base64", b64("b")))), "1.25", nil},
		"files that are not known": {
			of("k6", "agent_id", docs, "max_price", "1.25", "files", files(file("a.txt", "source", protocol.Unknown), file("b.txt", "content_base64", protocol.Unknown))),
			"1.25",
			[]string{"files.0.sha256", "files.0.source", "files.1.content_base64", "files.1.sha256"},
		},
		"a file that is not known": {of("k7", "agent_id", docs, "max_price", "1.25", "files", []any{protocol.Unknown}), "1.25", []string{"files.0"}},
		"a list that is not known": {of("k8", "files", protocol.Unknown), "0.5", []string{"files"}},
	} {
		d.NextWalk()
		plan := d.MustPlan(orderType, nil, c.config)
		if len(plan.Diagnostics) > 0 {
			t.Errorf("%s: %s", name, plan.Diagnostics)
		}
		if got := at(plan.Values(), "spend.authorized_usd"); got != c.authorized {
			t.Errorf("%s authorises %v, want %v", name, got, c.authorized)
		}
		if diff := cmp.Diff(sorted(slices.Concat(computed, c.unknown)), plan.Unknowns()); diff != "" {
			t.Errorf("%s: unknown values (-want +got):\n%s", name, diff)
		}
		if name == "files" {
			list, _ := plan.Values()["files"].([]any)
			if got := []any{list[0].(values)["sha256"], list[1].(values)["sha256"]}; got[0] != sha("content") || got[1] != sha("b") {
				t.Errorf("digests %v", got)
			}
		}
	}
	d.mustOnlyRead()
}

// TestPlanChangesInPlace changes what is not bound to the key: it is noted without a call, and the order stays the same.
func TestPlanChangesInPlace(t *testing.T) {
	t.Parallel()
	first, second := written(t, "a.txt", "content"), written(t, "b.txt", "content")
	base := of("k", "agent_id", docs, "max_price", "2.50", "files", files(file("a.txt", "source", first)))
	for name, config := range map[string]values{
		"higher max_price":            with(base, "max_price", "9"),
		"max_price below what it was": with(base, "max_price", "0.01"),
		"wait_for_completion":         with(base, "wait_for_completion", false),
		"timeouts":                    with(base, "timeouts", values{"create": "1m"}),
		"another path":                with(base, "files", files(file("a.txt", "source", second))),
		"content instead of a path":   with(base, "files", files(file("a.txt", "content_base64", b64("content")))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			made := d.buy(base)
			d.NextWalk()
			d.silently(name, func() {
				plan := d.MustPlan(orderType, d.MustRead(made), config)
				if plan.Empty() || len(plan.RequiresReplace) > 0 || len(plan.Unknowns()) > 0 || len(plan.Diagnostics) > 0 {
					t.Errorf("empty %v, replaces %v, unknown %v: %s", plan.Empty(), plan.RequiresReplace, plan.Unknowns(), plan.Diagnostics)
				}
				changed := d.MustApply(orderType, made, config)
				want := made.Values()
				for argument := range config {
					want[argument] = changed.Values()[argument]
				}
				if diff := cmp.Diff(want, changed.Values()); diff != "" {
					t.Errorf("it changed more (-want +got):\n%s", diff)
				}
				d.MustBeSettled(changed, config)
			})
			d.mustHaveCharged("$1.25", 1)
		})
	}
}

// TestPlanSameInOtherWords: another spelling of the same is no change at all.
func TestPlanSameInOtherWords(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k"))
	for name, config := range map[string]values{
		"max_price": of("k", "max_price", "0.5"), "defaults": of("k", "payment_method", "credits", "wait_for_completion", true),
	} {
		d.NextWalk()
		if plan := d.MustPlan(orderType, made, config); !plan.Empty() || len(plan.Diagnostics) > 0 {
			t.Errorf("%s: %v %s", name, plan.Values(), plan.Diagnostics)
		}
	}
	// An agent's id in upper case is the same agent; it is only noted.
	d.NextWalk()
	upper := of("k", "agent_id", strings.ToUpper(summ))
	if plan := d.MustPlan(orderType, made, upper); len(plan.Diagnostics) > 0 || len(plan.RequiresReplace) > 0 {
		t.Errorf("upper case: %s", plan.Diagnostics)
	}
}

// TestPlanBoundInputs changes what is bound to the key: the plan fails at the argument, names both ways out, and asks AUTX nothing.
func TestPlanBoundInputs(t *testing.T) {
	t.Parallel()
	d := open(t)
	source := written(t, "a.txt", "content")
	one, two := file("a.txt", "source", source), file("b.txt", "content_base64", b64("b"))
	bare, full := of("bare"), of("full", "agent_id", docs, "max_price", "2", "files", files(one, two))
	boughtBare, boughtFull := d.buy(bare), d.buy(full)
	for name, c := range map[string]struct {
		bought *protocol.Instance
		config values
		path   string
		says   []string
	}{
		"agent":             {boughtBare, with(bare, "agent_id", free), "agent_id", []string{summ, free}},
		"prompt":            {boughtBare, with(bare, "prompt", "Another"), "prompt", []string{"another text"}},
		"empty prompt":      {boughtBare, with(bare, "prompt", ""), "prompt", nil},
		"payment method":    {boughtBare, with(bare, "payment_method", "stripe"), "payment_method", []string{"credits", "stripe"}},
		"first file":        {boughtBare, with(bare, "files", files(two)), "files", []string{"no files", "1 file"}},
		"a file less":       {boughtFull, with(full, "files", files(one)), "files", []string{"2 files", "1 file"}},
		"no files any more": {boughtFull, with(full, "files", nil), "files", []string{"2 files", "no files"}},
		"name":              {boughtFull, with(full, "files", files(file("x.txt", "source", source), two)), "files.0.name", []string{"a.txt", "x.txt"}},
		"content":           {boughtFull, with(full, "files", files(one, file("b.txt", "content_base64", b64("c")))), "files.1.content_base64", []string{sha("b"), sha("c")}},
		"content of a file": {
			boughtFull, with(full, "files", files(file("a.txt", "source", written(t, "c.txt", "other")), two)), "files.0.source", []string{sha("content"), sha("other")},
		},
		"order of files": {boughtFull, with(full, "files", files(two, one)), "files.0.name", nil},
	} {
		d.NextWalk()
		d.silently(name, func() {
			diags := d.Plan(orderType, c.bought, c.config).Diagnostics
			said(t, name, diags.Errors(), c.path, append(c.says, "would buy again", "change idempotency_key too", "put the old value back", "destroy -refresh=false", c.bought.ID())...)
		})
		// With another key it is a replacement.
		d.NextWalk()
		other := d.MustPlan(orderType, c.bought, with(c.config, "idempotency_key", "other"))
		if diff := cmp.Diff([]string{"idempotency_key"}, other.RequiresReplace); diff != "" || other.Diagnostics.HasErrors() {
			t.Errorf("%s with another key: replaces (-want +got):\n%s%s", name, diff, other.Diagnostics)
		}
	}
	// The same empty: a null list and an empty one.
	d.NextWalk()
	if plan := d.MustPlan(orderType, boughtBare, with(bare, "files", files())); len(plan.Diagnostics) > 0 || len(plan.RequiresReplace) > 0 {
		t.Errorf("an empty list: %s", plan.Diagnostics)
	}
	d.mustHaveCharged("$1.75", 2)
}

// TestPlanPromptIsNotQuoted: a prompt may be marked as sensitive, which a provider is not told.
func TestPlanPromptIsNotQuoted(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k", "prompt", "swordfish"))
	d.NextWalk()
	if diags := d.Plan(orderType, made, of("k", "prompt", "open sesame")).Diagnostics; diags.Say("swordfish") || diags.Say("sesame") || !diags.HasErrors() {
		t.Errorf("%s", diags)
	}
}

// TestPlanUnknownInputs has inputs under an unchanged key that only the apply will know: the plan warns, the apply takes the same value without a call and
// refuses another one before anything is sent.
func TestPlanUnknownInputs(t *testing.T) {
	t.Parallel()
	d := open(t)
	source := written(t, "a.txt", "content")
	base := of("k", "agent_id", docs, "max_price", "2", "files", files(file("a.txt", "source", source)))
	made := d.buy(base)
	for name, c := range map[string]struct {
		path           string
		unknown, other values
	}{
		"agent_id":       {"agent_id", with(base, "agent_id", protocol.Unknown), with(base, "agent_id", summ)},
		"prompt":         {"prompt", with(base, "prompt", protocol.Unknown), with(base, "prompt", "other")},
		"payment_method": {"payment_method", with(base, "payment_method", protocol.Unknown), with(base, "payment_method", "other")},
		"files":          {"files", with(base, "files", protocol.Unknown), with(base, "files", nil)},
		"a file":         {"files.0", with(base, "files", []any{protocol.Unknown}), with(base, "files", files(file("b.txt", "source", source)))},
		"a name": {
			"files.0.name", with(base, "files", files(file("", "name", protocol.Unknown, "source", source))), with(base, "files", files(file("b.txt", "source", source))),
		},
		"a source": {
			"files.0.source", with(base, "files", files(file("a.txt", "source", protocol.Unknown))),
			with(base, "files", files(file("a.txt", "source", written(t, "b.txt", "other")))),
		},
	} {
		d.NextWalk()
		d.silently(name, func() {
			saved := d.MustPlan(orderType, made, c.unknown)
			said(t, name, saved.Diagnostics.Warnings(), c.path, "not known yet", "idempotency_key", "the apply refuses it before anything is sent")
			if len(saved.RequiresReplace) > 0 {
				t.Errorf("%s replaces %v", name, saved.RequiresReplace)
			}

			d.NextWalk()
			same := d.MustPlan(orderType, made, base)
			for _, broken := range protocol.CheckApplied(saved.Planned, same.Planned) {
				t.Errorf("%s: the plan in the apply contradicts the first: %s", name, broken)
			}
			after, diags := d.Apply(same)
			if len(diags) > 0 || !after.State.Equal(made.State) {
				t.Errorf("%s: the same value gives %v\n%s", name, after.Values(), diags)
			}

			d.NextWalk()
			if diags := d.Plan(orderType, made, c.other).Diagnostics; !diags.Errors().Say("would buy again") {
				t.Errorf("%s: another value is not refused: %s", name, diags)
			}
		})
	}
	d.mustHaveCharged("$1.25", 1)
}

// TestPlanAnotherKey replaces the order and says what is given up for what.
func TestPlanAnotherKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k", "agent_id", docs, "max_price", "2"))
	failed, _ := d.PlanAndApply(orderType, nil, of("f", "agent_id", fail, "max_price", "2"))
	for name, c := range map[string]struct {
		made *protocol.Instance
		key  any
		most any
		says []string
	}{
		"another key":     {made, "next", "3.00", []string{`"next"`, "up to $3.00", `"k"`, made.ID(), "$1.25 is not refunded"}},
		"an unknown key":  {made, protocol.Unknown, "3.00", []string{"not known yet", "up to $3.00", "$1.25 is not refunded"}},
		"an unknown cost": {made, "next", protocol.Unknown, []string{"an amount that is not known yet", "$1.25"}},
		"one that failed": {failed, "next", "3.00", []string{"$0.00 was paid", "AUTX has refunded it"}},
	} {
		d.NextWalk()
		plan := d.MustPlan(orderType, c.made, with(of(""), "idempotency_key", c.key, "max_price", c.most))
		said(t, name, plan.Diagnostics.Warnings(), "idempotency_key", c.says...)
		if diff := cmp.Diff([]string{"idempotency_key"}, plan.RequiresReplace); diff != "" {
			t.Errorf("%s replaces (-want +got):\n%s", name, diff)
		}
	}
}

// TestPlanDestroy says what is given up, asks nothing, and makes no call; the key stays used.
func TestPlanDestroy(t *testing.T) {
	t.Parallel()
	d := open(t)
	config := of("k", "agent_id", docs, "max_price", "2")
	made := d.buy(config)
	failed, _ := d.PlanAndApply(orderType, nil, of("f", "agent_id", fail, "max_price", "2"))
	d.silently("destroying", func() {
		plan := d.MustPlan(orderType, made, nil)
		said(t, "destroy", plan.Diagnostics.Warnings(), "", "forgets", `"k"`, made.ID(), "$1.25 is not refunded")
		d.NextWalk()
		if after, diags := d.Apply(plan); !after.Gone() || len(diags) > 0 {
			t.Errorf("destroyed: %v %s", after.Values(), diags)
		}
		said(t, "destroy of a failed one", d.MustPlan(orderType, failed, nil).Diagnostics.Warnings(), "", "it failed, and AUTX has refunded it")
	})

	// Under the same key and inputs the old order comes back for nothing, under others nothing does.
	d.NextWalk()
	again, diags := d.PlanAndApply(orderType, nil, config)
	if again.ID() != made.ID() || !diags.Warnings().Say("taken over", "charges nothing") || at(again.Values(), "spend.charged_usd") != "0" {
		t.Errorf("again: %v\n%s", again.Values(), diags)
	}
	if again.Values()["output_text"] != "Echo: Prompt of k" || again.Values()["amount_paid"] != "1.25" {
		t.Errorf("again: %v", again.Values())
	}
	d.refuse(with(config, "prompt", "something else"), "idempotency_key", "another order was made before", made.ID())
	if total, n := d.charges(); total != "$1.25" || n != 2 {
		t.Errorf("charged %s in %d", total, n)
	}
}

// TestPlanTwoOrdersWithOneKey: a key names one purchase.
func TestPlanTwoOrdersWithOneKey(t *testing.T) {
	t.Parallel()
	d := open(t)

	// Both are new.
	if first := d.Plan(orderType, nil, of("k")); len(first.Diagnostics) > 0 {
		t.Fatal(first.Diagnostics)
	}
	second := d.Plan(orderType, nil, of("k", "prompt", "another"))
	if !second.Diagnostics.Errors().Say("Two resources of this plan", `idempotency_key "k"`, "each.key") {
		t.Errorf("two new ones: %s", second.Diagnostics)
	}

	// Both are new, and their keys were not known at plan.
	d.NextWalk()
	one := d.MustPlan(orderType, nil, of("k"))
	d.NextWalk()
	two := d.MustPlan(orderType, nil, of("k", "prompt", "another"))
	d.NextWalk()
	made, diags := d.Apply(one)
	if made == nil || len(diags) > 0 {
		t.Fatal(diags)
	}
	if other, diags := d.Apply(two); other != nil {
		t.Errorf("bought twice under one key: %s", diags)
	} else {
		said(t, "the second apply", diags.Errors(), "idempotency_key", "One key bought for two resources")
	}

	// The state has both.
	d.NextWalk()
	if plan := d.MustPlan(orderType, made, of("k")); len(plan.Diagnostics) > 0 {
		t.Fatal(plan.Diagnostics)
	}
	said(t, "the same order twice in state", d.Plan(orderType, made, of("k")).Diagnostics.Errors(), "idempotency_key", "Two resources of the state", made.ID(), "state rm")
	other := d.buy(of("other"))
	d.NextWalk()
	if plan := d.Plan(orderType, made, of("k")); len(plan.Diagnostics) > 0 {
		t.Fatal(plan.Diagnostics)
	}
	stored := d.Stored(orderType, with(other.Values(), "idempotency_key", "k"))
	said(t, "two orders under one key", d.Plan(orderType, stored, of("k", "prompt", "Prompt of other")).Diagnostics.Errors(), "idempotency_key",
		"orders "+made.ID()+" and "+other.ID(), "state rm")
	d.mustHaveCharged("$1.00", 2)
}
