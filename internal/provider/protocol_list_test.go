package provider_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// names are what a reader sees of results.
func names(listed []protocol.Listed) []string {
	out := make([]string, len(listed))
	for i, one := range listed {
		out[i] = one.Name
	}
	return out
}

func TestListOwnAgents(t *testing.T) {
	t.Parallel()
	server := market(t, []string{"ACTV", "PAUS:paused", "PEND:pending"})
	d := protocol.NewConfigured(t, server)
	for _, c := range []struct {
		status any
		want   []string
	}{
		{nil, []string{"ACTV (Agent ACTV)", "PAUS (Agent PAUS)", "PEND (Agent PEND)"}},
		{"active", []string{"ACTV (Agent ACTV)"}},
		{"paused", []string{"PAUS (Agent PAUS)"}},
		{"pending", []string{"PEND (Agent PEND)"}},
		{"elsewhere", []string{}},
	} {
		listed := d.List(agentType, protocol.ListOptions{Config: values{"status": c.status}})
		got := names(listed)
		slices.Sort(got)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("status %v (-want +got):\n%s", c.status, diff)
		}
		for _, one := range listed {
			ticker := one.Name[:4]
			mustIdentify(t, d, "list "+ticker, one.Instance, seededID(t, server, ticker))
			if len(one.Diagnostics) > 0 {
				t.Errorf("%s: %s", ticker, one.Diagnostics)
			}
			if !one.Instance.Gone() {
				t.Errorf("%s: a resource was listed that nobody asked for: %v", ticker, one.Instance.Values())
			}
		}
	}
	if diff := cmp.Diff([]string{"agents.mine"}, calls(server)); diff != "" {
		t.Errorf("five lists made the requests (-want +got):\n%s", diff)
	}
}

func TestListNoDelistedAgent(t *testing.T) {
	t.Parallel()
	server := market(t, []string{"KEPT", "GONE"}, mockserver.WithAssume("agents.delete", "delisted"))
	asOwner(t, server, "DELETE", "/agents/"+seededID(t, server, "GONE"), "")
	got := names(protocol.NewConfigured(t, server).List(agentType, protocol.ListOptions{}))
	if diff := cmp.Diff([]string{"KEPT (Agent KEPT)"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestListNoDelistedAgentThatIsListed: a service that goes on listing what was delisted.
func TestListNoDelistedAgentThatIsListed(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"delisted", "deleted", "REMOVED"} {
		body := `[{"id":"1","ticker":"GONE","name":"g","status":"` + status + `"},{"id":"2","ticker":"KEPT","name":"k","status":"active"}]`
		server := market(t, nil, mockserver.WithFault("agents.mine:before:status=200,body="+body))
		got := names(protocol.NewConfigured(t, server).List(agentType, protocol.ListOptions{}))
		if diff := cmp.Diff([]string{"KEPT (k)"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", status, diff)
		}
	}
}

// TestListAfterAWrite: within one walk, what is shared between reads is forgotten at each write.
func TestListAfterAWrite(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	made := d.MustApply(agentType, nil, agentNamed("SUMM"))
	expect := func(step string, want ...string) {
		t.Helper()
		got := names(d.List(agentType, protocol.ListOptions{}))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("after %s the list is %v, want %v", step, got, want)
		}
	}
	apply := func(prior *protocol.Instance, config values) {
		t.Helper()
		after, diags := d.Apply(d.MustPlan(agentType, prior, config))
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if prior != nil {
			made = after
		}
	}
	expect("nothing", "SUMM (Agent SUMM)")
	apply(made, agentNamed("SUMM", "name", "Renamed"))
	expect("an update", "SUMM (Renamed)")
	if got := d.MustRead(made).Values()["name"]; got != "Renamed" {
		t.Errorf("after an update a refresh reads %v", got)
	}
	apply(nil, agentNamed("MORE"))
	expect("a create", "MORE (Agent MORE)", "SUMM (Renamed)")
	d.NextWalk()
	expect("nothing", "MORE (Agent MORE)", "SUMM (Renamed)")
	apply(made, nil)
	expect("a destroy", "MORE (Agent MORE)")
}

func TestListLimit(t *testing.T) {
	t.Parallel()
	var tickers []string
	for i := range 12 {
		tickers = append(tickers, fmt.Sprintf("AG%02d", i))
	}
	tickers = append(tickers, "PAUS:paused")
	server := market(t, tickers)
	d := protocol.NewConfigured(t, server)
	for limit, want := range map[int64]int{0: 13, 1: 1, 5: 5, 13: 13, 100: 13} {
		for _, include := range []bool{false, true} {
			if got := d.List(agentType, protocol.ListOptions{Limit: limit, IncludeResource: include}); len(got) != want {
				t.Errorf("limit %d, resources %v: %d results, want %d", limit, include, len(got), want)
			}
		}
	}
	// The limit counts results, not what was left out on the way.
	got := names(d.List(agentType, protocol.ListOptions{Config: values{"status": "paused"}, Limit: 1}))
	if diff := cmp.Diff([]string{"PAUS (Agent PAUS)"}, got); diff != "" {
		t.Errorf("limit with a filter (-want +got):\n%s", diff)
	}
}

// TestListedResourceIsTheImportedOne: what `terraform query` generates configuration from is what an import will find.
func TestListedResourceIsTheImportedOne(t *testing.T) {
	t.Parallel()
	for _, shown := range []string{"false", "true"} {
		t.Run("endpoint shown "+shown, func(t *testing.T) {
			t.Parallel()
			server := market(t, []string{"BARE", "PAUS:paused", "PEND:pending"}, mockserver.WithAssume("agents.public_endpoint_url", shown))
			d := protocol.NewConfigured(t, server)
			d.MustApply(agentType, nil, everything(t, "FULL"))

			d.NextWalk()
			listed := d.List(agentType, protocol.ListOptions{IncludeResource: true})
			if len(listed) != 4 {
				t.Fatalf("%d results: %v", len(listed), names(listed))
			}
			for _, one := range listed {
				d.NextWalk()
				imported := d.MustImport(agentType, d.IdentityValues(one.Instance)["id"].(string))
				if diff := cmp.Diff(imported.Values(), one.Instance.Values()); diff != "" {
					t.Errorf("%s: a listed resource differs from the imported one (-imported +listed):\n%s", one.Name, diff)
				}
			}
			// And it is a whole resource: a refresh changes nothing.
			for _, one := range listed {
				if diff := cmp.Diff(one.Instance.Values(), d.MustRead(one.Instance).Values()); diff != "" {
					t.Errorf("%s: a refresh changes a listed resource (-listed +read):\n%s", one.Name, diff)
				}
			}
		})
	}
}

func TestListErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule string
		says []string
	}{
		"refused":         {"agents.mine:before:status=403,body=no scope", []string{"Could not list your agents", "403", "no scope", "scope"}},
		"broken":          {"agents.mine:before:status=500,times=0", []string{"GET /agents/mine", "500"}},
		"no list":         {"agents.mine:before:status=200,body=null", []string{"null where a list is due"}},
		"one without id":  {`agents.mine:before:status=200,body=[{"name":"x"}]`, []string{"incomplete", "element 0"}},
		"connection lost": {"agents.mine:before:reset,times=0", []string{"Could not list your agents", "GET /agents/mine"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := market(t, []string{"MINE"}, mockserver.WithFault(c.rule))
			d := protocol.New(t)
			d.MustConfigure(with(protocol.ProviderValues(t, server), "max_retries", 0))
			listed := d.List(agentType, protocol.ListOptions{IncludeResource: true})
			if len(listed) != 1 || listed[0].Instance != nil {
				t.Fatalf("results %v", names(listed))
			}
			if !listed[0].Diagnostics.Errors().Say(c.says...) {
				t.Errorf("does not say %q: %s", c.says, listed[0].Diagnostics)
			}
		})
	}
}

func TestListWhereTheProviderIsNotKnown(t *testing.T) {
	t.Parallel()
	server := market(t, []string{"MINE"})
	d := protocol.New(t)
	d.MustConfigure(values{"base_url": server.URL(), "api_key": protocol.Unknown})
	listed := d.List(agentType, protocol.ListOptions{})
	if len(listed) != 1 || !listed[0].Diagnostics.Errors().Say("api_key is not known") {
		t.Errorf("%v", listed)
	}
}

func TestListStopsWhereNobodyListens(t *testing.T) {
	t.Parallel()
	server := market(t, []string{"AAAA", "BBBB", "CCCC"})
	d := protocol.NewConfigured(t, server)
	seen := 0
	d.ListWhile(agentType, protocol.ListOptions{}, func(protocol.Listed) bool {
		seen++
		return seen < 2
	})
	if seen != 2 {
		t.Errorf("%d results were pushed to one that wanted 2", seen)
	}
}

func TestListCancelled(t *testing.T) {
	t.Parallel()
	interrupted := errors.New("interrupted")

	t.Run("before", func(t *testing.T) {
		t.Parallel()
		server := market(t, []string{"MINE"})
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(interrupted)
		listed := protocol.NewConfigured(t, server).WithContext(ctx).List(agentType, protocol.ListOptions{})
		if len(listed) != 1 || !listed[0].Diagnostics.HasErrors() {
			t.Errorf("%v", listed)
		}
	})

	t.Run("while AUTX is asked", func(t *testing.T) {
		t.Parallel()
		server := market(t, []string{"MINE"}, mockserver.WithFault("agents.mine:before:hang"))
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan []protocol.Listed)
		d := protocol.NewConfigured(t, server).WithContext(ctx)
		go func() { done <- d.List(agentType, protocol.ListOptions{}) }()
		waitForRequest(t, server, "agents.mine")
		cancel(interrupted)
		if listed := <-done; len(listed) != 1 || !listed[0].Diagnostics.HasErrors() {
			t.Errorf("%v", listed)
		}
	})

	t.Run("while results are pushed", func(t *testing.T) {
		t.Parallel()
		server := market(t, []string{"AAAA", "BBBB", "CCCC"})
		ctx, cancel := context.WithCancelCause(t.Context())
		var listed []protocol.Listed
		protocol.NewConfigured(t, server).WithContext(ctx).ListWhile(agentType, protocol.ListOptions{}, func(one protocol.Listed) bool {
			listed = append(listed, one)
			cancel(interrupted)
			return true
		})
		if len(listed) != 1 {
			t.Errorf("after it was cancelled at the first result the list went on: %v", names(listed))
		}
	})
}

func TestListValidation(t *testing.T) {
	t.Parallel()
	d := protocol.New(t)
	if diags := d.ValidateList(agentType, values{"status": "paused"}); len(diags) > 0 {
		t.Error(diags)
	}
	said(t, "empty status", d.ValidateList(agentType, values{"status": ""}), "status", "at least 1")
}
