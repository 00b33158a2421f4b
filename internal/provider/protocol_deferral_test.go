package provider_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestDeferral: everything is put off where the CLI can do that and the provider's key or address is not known, and nowhere else.
func TestDeferral(t *testing.T) { //nolint:paralleltest // the environment is one for all
	environment(t, nil)
	server := market(t, []string{"MINE"})
	made := protocol.NewConfigured(t, server).MustApply(agentType, nil, agentNamed("SUMM"))
	known := protocol.ProviderValues(t, server)
	for name, c := range map[string]struct {
		allowed bool
		config  values
		want    bool
	}{
		"allowed, nothing unknown":    {true, known, false},
		"allowed, address unknown":    {true, with(known, "base_url", protocol.Unknown), true},
		"allowed, key unknown":        {true, with(known, "api_key", protocol.Unknown), true},
		"allowed, spending unknown":   {true, with(known, "spending", protocol.Unknown), false},
		"allowed, timeout unknown":    {true, with(known, "timeout", protocol.Unknown), false},
		"not allowed, all is known":   {false, known, false},
		"not allowed, key unknown":    {false, with(known, "api_key", protocol.Unknown), false},
		"not allowed, both unknown":   {false, with(known, "api_key", protocol.Unknown, "base_url", protocol.Unknown), false},
		"not allowed, spend. unknown": {false, with(known, "spending", protocol.Unknown), false},
	} {
		d := protocol.New(t)
		d.DeferralAllowed = c.allowed
		d.MustConfigure(c.config)
		_, read, _ := d.Read(made)
		_, source, _ := d.ReadDataSource("autx_agent", values{"ticker": "OTHR"})
		_, imported, _ := d.Import(agentType, made.ID())
		create := d.Plan(agentType, nil, agentNamed("NEWW"))
		update := d.Plan(agentType, made, agentNamed("SUMM", "description", "x"))
		for call, deferred := range map[string]*tfprotov6.Deferred{
			"read": read, "data source": source, "import": imported, "plan of a create": create.Deferred, "plan of an update": update.Deferred,
		} {
			if (deferred != nil) != c.want {
				t.Errorf("%s: %s is put off: %v, want %v", name, call, deferred != nil, c.want)
			}
			if deferred != nil && deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
				t.Errorf("%s: %s is put off because of %s", name, call, deferred.Reason)
			}
		}
	}
}

// TestUnknownProviderWithoutDeferral is the way of every CLI today: a plan goes on with what is in state.
func TestUnknownProviderWithoutDeferral(t *testing.T) { //nolint:paralleltest // the environment is one for all
	environment(t, map[string]string{"AUTX_API_KEY": otherKey, "AUTX_BASE_URL": "http://127.0.0.1:1"}) // neither may be used in place of what is unknown
	server := market(t, []string{"MINE"})
	known := protocol.ProviderValues(t, server)
	d := protocol.New(t)
	d.MustConfigure(known)
	config := agentNamed("SUMM")
	made := d.MustApply(agentType, nil, config)
	for name, unknown := range map[string]values{
		"api_key":              with(known, "api_key", protocol.Unknown),
		"base_url":             with(known, "base_url", protocol.Unknown),
		"api_key and base_url": with(known, "api_key", protocol.Unknown, "base_url", protocol.Unknown),
	} {
		d := protocol.New(t)
		d.MustConfigure(unknown)
		verb := " is not known"
		if strings.Contains(name, " and ") {
			verb = " are not known"
		}
		silently(t, server, name, func() {
			first, _, diags := d.Read(made)
			if diff := cmp.Diff(made.Values(), first.Values()); diff != "" {
				t.Errorf("%s: the state is not kept (-before +after):\n%s", name, diff)
			}
			said(t, name+": first read", diags.Warnings(), "", name+verb)
			for range 3 {
				if _, _, diags := d.Read(made); len(diags) > 0 {
					t.Errorf("%s: it is told twice: %s", name, diags)
				}
			}
			if plan := d.MustPlan(agentType, made, config); !plan.Empty() || len(plan.Diagnostics) > 0 {
				t.Errorf("%s: the plan of no change is %v, %s", name, plan.Values(), plan.Diagnostics)
			}
			if plan := d.MustPlan(agentType, made, with(config, "description", "x")); len(plan.Unknowns()) > 0 {
				t.Errorf("%s: an update leaves %v open", name, plan.Unknowns())
			}
			if plan := d.MustPlan(agentType, nil, agentNamed("NEWW")); len(plan.Diagnostics) > 0 {
				t.Errorf("%s: a create says %s", name, plan.Diagnostics)
			}
			d.NextWalk()
			if plan := d.MustPlan(agentType, made, nil); !plan.Diagnostics.Warnings().Say("SUMM", "not refunded") {
				t.Errorf("%s: a destroy says %s", name, plan.Diagnostics)
			}
			// What can't be done without AUTX says why, and what to do.
			_, _, diags = d.Import(agentType, made.ID())
			said(t, name+": import", diags.Errors(), "", name+verb, "-target")
			_, _, diags = d.ReadDataSource("autx_agent", values{"ticker": "MINE"})
			said(t, name+": data source", diags.Errors(), "", name+verb, "-target")
			_, _, diags = d.ReadDataSource("autx_agents", values{"mine": true})
			said(t, name+": data source of all", diags.Errors(), "", name+verb, "-target")
			_, _, diags = d.ReadDataSource("autx_availability", values{"ticker": "MINE"})
			said(t, name+": availability", diags.Errors(), "", name+verb, "-target")
		})
	}
}

// TestUnknownKeyIsNobodysAccount: while the key is not known, the journal of the environment's account says nothing of the purchase.
func TestUnknownKeyIsNobodysAccount(t *testing.T) { //nolint:paralleltest // the environment is one for all
	server := market(t, nil)
	known := protocol.ProviderValues(t, server)
	environment(t, map[string]string{"AUTX_API_KEY": server.Key()})
	d := protocol.New(t)
	d.MustConfigure(known)
	made := d.MustApply(agentType, nil, agentNamed("SUMM"))
	d.MustRead(made) // so that the journal has it as one that a state knows
	d.NextWalk()
	if plan := d.Plan(agentType, nil, agentNamed("SUMM")); !plan.Diagnostics.Say("may already be yours") {
		t.Fatalf("the journal of the account says nothing, so this test shows nothing: %s", plan.Diagnostics)
	}
	d = protocol.New(t)
	d.MustConfigure(with(known, "api_key", protocol.Unknown))
	if plan := d.Plan(agentType, nil, agentNamed("SUMM")); len(plan.Diagnostics) > 0 {
		t.Errorf("with an unknown key the plan says %s", plan.Diagnostics)
	}
}
