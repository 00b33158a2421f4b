package checkout_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

const (
	checkoutType = "autx_checkout"
	me           = "me"
	agentID      = "00000000-0000-4000-8000-000000000001"
	pausedID     = "00000000-0000-4000-8000-000000000002"
)

type values = protocol.Values

func seed() mockserver.Seed {
	price := money.MustParse("0.50")
	agent := func(id, ticker, status string) mockserver.SeedAgent {
		return mockserver.SeedAgent{
			Owner: me, ID: id, Ticker: ticker, Name: "Agent " + ticker, EndpointURL: "https://agents.example.com/", ServicePrice: &price, Status: status,
		}
	}
	return mockserver.Seed{
		Users:  []mockserver.SeedUser{{ID: me, BalanceUSD: money.MustParse("100"), Keys: []mockserver.SeedKey{{Key: "autx_live_me"}}}},
		Agents: []mockserver.SeedAgent{agent(agentID, "SUMM", "active"), agent(pausedID, "REST", "paused")},
	}
}

// open starts a mock server and a provider without a spending block.
func open(t *testing.T, options ...mockserver.Option) (*protocol.Driver, *mockserver.Server) {
	t.Helper()
	server := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(seed())}, options...)...)
	d := protocol.New(t)
	d.MustConfigure(values{"base_url": server.URL(), "api_key": server.Key(), "max_retries": 0})
	return d, server
}

func launch(pairs ...string) values {
	out := values{"type": "launch", "success_url": "https://example.com/paid", "cancel_url": "http://localhost:3000/back?x=1#y"}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
		if pairs[i+1] == "" {
			out[pairs[i]] = nil
		}
	}
	return out
}

// mustBeFree fails the test if a checkout has moved money.
func mustBeFree(t *testing.T, server *mockserver.Server) {
	t.Helper()
	if got := server.State().Transactions; len(got) != 1 { // the balance of the seed
		t.Errorf("the ledger has %+v", got)
	}
}

// TestCheckout makes links for both purposes, keeps them and asks nothing about them any more.
func TestCheckout(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]values{
		"a launch":        launch(),
		"a named launch":  launch("agent_name", "My agent"),
		"a service":       launch("type", "service", "agent_id", agentID),
		"a named service": launch("type", "service", "agent_id", agentID, "agent_name", "My agent"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, server := open(t)
			made, diags := d.PlanAndApply(checkoutType, nil, config)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			checkouts := server.State().Checkouts
			if len(checkouts) != 1 {
				t.Fatalf("there are the checkouts %+v", checkouts)
			}
			want := values{"id": checkouts[0].SessionID, "checkout_url": checkouts[0].CheckoutURL, "timeouts": nil, "agent_id": nil, "agent_name": nil}
			maps.Copy(want, config)
			if diff := cmp.Diff(want, made.Values()); diff != "" {
				t.Errorf("made (-want +got):\n%s", diff)
			}
			got := values{"type": checkouts[0].Type, "success_url": checkouts[0].SuccessURL, "cancel_url": checkouts[0].CancelURL, "agent_id": text(checkouts[0].AgentID), "agent_name": text(checkouts[0].AgentName)}
			for attribute, value := range got {
				if want[attribute] != value {
					t.Errorf("AUTX has the %s %v", attribute, value)
				}
			}
			mustBeFree(t, server)
			server.ClearRequests()
			d.NextWalk()
			now := d.MustRead(made)
			if plan := d.MustPlan(checkoutType, now, config); !plan.Empty() || len(plan.Diagnostics) > 0 {
				t.Errorf("there is something left to do: %v %s", plan.Values(), plan.Diagnostics)
			}
			destroy := d.MustPlan(checkoutType, now, nil)
			if !destroy.Diagnostics.Warnings().Say("Link can't be revoked", "can still pay") {
				t.Error(destroy.Diagnostics)
			}
			if gone, diags := d.Apply(destroy); !gone.Gone() || len(diags) > 0 {
				t.Errorf("%v %s", gone, diags)
			}
			if requests := server.Requests(); len(requests) > 0 {
				t.Errorf("a link that is there costs the requests\n%s", acctest.Traffic(server))
			}
		})
	}
}

func text(of *string) any {
	if of == nil {
		return nil
	}
	return *of
}

// TestChangesMakeAnotherLink replaces with every argument, but not with timeouts.
func TestChangesMakeAnotherLink(t *testing.T) {
	t.Parallel()
	d, server := open(t)
	service := launch("type", "service", "agent_id", agentID, "agent_name", "x")
	made := d.MustApply(checkoutType, nil, service)
	for attribute, value := range map[string]any{
		"type": "launch", "success_url": "https://example.com/other", "cancel_url": "https://example.com/other", "agent_id": pausedID, "agent_name": nil,
	} {
		d.NextWalk()
		config := maps.Clone(service)
		config[attribute] = value
		plan := d.MustPlan(checkoutType, made, config)
		if len(plan.RequiresReplace) != 1 || plan.RequiresReplace[0] != attribute || !plan.Diagnostics.Warnings().Say("Link can't be revoked", made.ID()) {
			t.Errorf("%s replaces for %q: %s", attribute, plan.RequiresReplace, plan.Diagnostics)
		}
	}
	config := maps.Clone(service)
	config["timeouts"] = values{"create": "1m"}
	changed := d.MustApply(checkoutType, made, config)
	if changed.ID() != made.ID() || len(server.State().Checkouts) != 1 {
		t.Errorf("other timeouts made %v", changed.Values())
	}
}

// TestValidation refuses what can't be right before anything is planned.
func TestValidation(t *testing.T) {
	t.Parallel()
	d, server := open(t)
	for name, c := range map[string]struct {
		config values
		path   string
		says   string
	}{
		"a purpose":           {launch("type", "gift"), "type", "gift"},
		"no URL":              {launch("success_url", "paid"), "success_url", "whole URL"},
		"no host":             {launch("success_url", "https:///paid"), "success_url", "whole URL"},
		"another scheme":      {launch("cancel_url", "javascript:alert(1)"), "cancel_url", "whole URL"},
		"a file":              {launch("cancel_url", "file:///etc/passwd"), "cancel_url", "whole URL"},
		"no text of a URL":    {launch("cancel_url", "https://example.com/%zz"), "cancel_url", "whole URL"},
		"a service of nobody": {launch("type", "service"), "agent_id", "needs agent_id"},
		"an empty agent":      {values{"type": "service", "agent_id": "", "success_url": "https://a.b", "cancel_url": "https://a.b"}, "agent_id", "at least 1"},
	} {
		if diags := d.ValidateResource(checkoutType, c.config); !diags.Errors().At(c.path).Say(c.says) || len(diags) != 1 {
			t.Errorf("%s: %s", name, diags)
		}
	}
	for name, config := range map[string]values{
		"a launch": launch(), "an unknown agent": {"type": "service", "agent_id": protocol.Unknown, "success_url": protocol.Unknown, "cancel_url": protocol.Unknown},
		"an unknown type": {"type": protocol.Unknown, "success_url": "https://a.b", "cancel_url": "https://a.b"},
	} {
		if diags := d.ValidateResource(checkoutType, config); len(diags) > 0 {
			t.Errorf("%s: %s", name, diags)
		}
		if plan := d.Plan(checkoutType, nil, config); len(plan.Diagnostics) > 0 {
			t.Errorf("%s: %s", name, plan.Diagnostics)
		}
	}
	// What only the apply knows is checked then.
	late := launch("type", "service")
	if made, diags := d.Apply(d.MustPlan(checkoutType, nil, late)); made != nil || !diags.Errors().At("agent_id").Say("needs agent_id") {
		t.Errorf("%v %s", made, diags)
	}
	if len(server.Requests()) > 0 {
		t.Errorf("validation has made requests:\n%s", acctest.Traffic(server))
	}
}

// TestLiveFacts looks for the agent in a plan.
func TestLiveFacts(t *testing.T) {
	t.Parallel()
	d, server := open(t)
	for name, c := range map[string]struct{ id, says string }{
		"no such agent":  {"00000000-0000-4000-8000-00000000ffff", "No such agent"},
		"a paused agent": {pausedID, "takes no checkouts"},
	} {
		plan := d.Plan(checkoutType, nil, launch("type", "service", "agent_id", c.id))
		if !plan.Diagnostics.Warnings().At("agent_id").Say(c.says) || plan.Diagnostics.HasErrors() {
			t.Errorf("%s: %s", name, plan.Diagnostics)
		}
	}
	for _, entry := range server.Requests() {
		if entry.Method != http.MethodGet {
			t.Errorf("a plan has sent %s %s", entry.Method, entry.Path)
		}
	}
}

// TestRefused tells AUTX's reasons; a lost answer means that nobody has the link, and the next apply makes another one.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault string
		says  []string
		made  int
	}{
		"403":            {"payments.create_checkout:before:status=403", []string{"403", "scope"}, 0},
		"404":            {"payments.create_checkout:before:status=404", []string{"404"}, 0},
		"lost before":    {"payments.create_checkout:before:reset", []string{"answer was lost", "Nothing was paid", "makes another link"}, 0},
		"lost after":     {"payments.create_checkout:after:reset", []string{"answer was lost", "Nothing was paid", "makes another link"}, 1},
		"500 after":      {"payments.create_checkout:after:status=500", []string{"answer was lost", "Nothing was paid"}, 1},
		"cut off":        {"payments.create_checkout:body:truncate,bytes=10", []string{"answer was lost", "Nothing was paid"}, 1},
		"without an id":  {`payments.create_checkout:after:status=201,body={"checkout_url":"https://x"}`, []string{"answer was lost", "session_id"}, 1},
		"without a page": {`payments.create_checkout:after:status=201,body={"session_id":"x"}`, []string{"answer was lost", "checkout_url"}, 1},
		"a page in HTML": {`payments.create_checkout:after:status=200,body=<html>`, []string{"answer was lost"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, server := open(t, mockserver.WithFault(c.fault))
			made, diags := d.PlanAndApply(checkoutType, nil, launch())
			if made != nil || len(diags) != 1 || !diags.Errors().Say(c.says...) {
				t.Errorf("%v %s", made, diags)
			}
			if got := len(server.State().Checkouts); got != c.made {
				t.Errorf("there are %d checkouts", got)
			}
			if made, diags := d.PlanAndApply(checkoutType, nil, launch()); len(diags) > 0 || !strings.HasPrefix(made.ID(), "cs_test_") {
				t.Errorf("again: %v %s", made, diags)
			}
			mustBeFree(t, server)
		})
	}
}

// TestProviderNotKnownYet plans without AUTX.
func TestProviderNotKnownYet(t *testing.T) {
	t.Parallel()
	d := protocol.New(t)
	d.MustConfigure(values{"api_key": protocol.Unknown})
	plan := d.MustPlan(checkoutType, nil, launch("type", "service", "agent_id", agentID))
	if len(plan.Diagnostics) > 0 {
		t.Error(plan.Diagnostics)
	}
	if made, diags := d.Apply(plan); made != nil || !diags.Errors().Say("not known yet") {
		t.Errorf("%v %s", made, diags)
	}
}
