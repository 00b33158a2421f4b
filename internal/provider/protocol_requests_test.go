package provider_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestSilentCalls: what a CLI does without a network, in `validate` and in an editor, makes no request. Neither does Configure.
func TestSilentCalls(t *testing.T) {
	t.Parallel()
	server := market(t, []string{"MINE"})
	d := protocol.New(t)
	config := protocol.ProviderValues(t, server)
	steps := map[string]func() protocol.Diagnostics{
		"ValidateProviderConfig":  func() protocol.Diagnostics { return d.ValidateProvider(config) },
		"Configure":               func() protocol.Diagnostics { return d.Configure(config) },
		"ValidateResourceConfig":  func() protocol.Diagnostics { return d.ValidateResource(agentType, everything(t, "MINE")) },
		"validation of one by id": func() protocol.Diagnostics { return d.ValidateDataSource("autx_agent", values{"id": "x"}) },
		"validation of all":       func() protocol.Diagnostics { return d.ValidateDataSource("autx_agents", values{"mine": true}) },
		"validation of availability": func() protocol.Diagnostics {
			return d.ValidateDataSource("autx_availability", values{"ticker": "MINE"})
		},
		"validation of a list":          func() protocol.Diagnostics { return d.ValidateList(agentType, values{}) },
		"validation of an empty config": func() protocol.Diagnostics { d.ValidateResource(agentType, values{}); return nil },
		"an upgrade of state": func() protocol.Diagnostics {
			_, diags := d.Upgrade(agentType, 0, `{"id": "x"}`)
			return diags
		},
	}
	for range 2 { // the second time the provider is configured
		for name, step := range steps {
			silently(t, server, name, func() {
				if diags := step(); len(diags) > 0 {
					t.Errorf("%s: %s", name, diags)
				}
			})
		}
	}
}

// TestReadingCalls: whatever a plan meets, it changes nothing at AUTX.
func TestReadingCalls(t *testing.T) {
	t.Parallel()
	server := market(t, []string{"MINE", "PEND:pending"}, mockserver.WithAssume("agents.delete", "delisted"))
	d := protocol.NewConfigured(t, server)
	made := d.MustApply(agentType, nil, everything(t, "FULL"))
	pending := d.MustImport(agentType, "PEND")
	gone := d.MustApply(agentType, nil, agentNamed("GONE"))
	asOwner(t, server, "DELETE", "/agents/"+gone.ID(), "")
	asOwner(t, server, "PATCH", "/agents/"+made.ID(), `{"description": "drift", "status": "active", "manifest": null}`)

	full := everything(t, "FULL")
	steps := map[string]func(){
		"create":                                 func() { d.Plan(agentType, nil, agentNamed("NEWW")) },
		"create of everything":                   func() { d.Plan(agentType, nil, everything(t, "NEWW")) },
		"create under a ticker that is taken":    func() { d.Plan(agentType, nil, agentNamed("OTHR")) },
		"create under a ticker that is ours":     func() { d.Plan(agentType, nil, agentNamed("MINE")) },
		"no change":                              func() { d.Plan(agentType, made, full) },
		"update":                                 func() { d.Plan(agentType, made, with(full, "description", "x", "provider_key.value_wo_version", 2)) },
		"another ticker":                         func() { d.Plan(agentType, made, with(full, "ticker", "ELSE")) },
		"activation":                             func() { d.Plan(agentType, pending, with(agentNamed("PEND"), "activation", proof)) },
		"removal of everything optional":         func() { d.Plan(agentType, made, agentNamed("FULL")) },
		"destroy":                                func() { d.Plan(agentType, gone, nil) },
		"destroy of a protected agent":           func() { d.Plan(agentType, made, nil) },
		"refresh":                                func() { d.Read(made) },
		"refresh of a reservation":               func() { d.Read(pending) },
		"refresh of one that is delisted":        func() { d.Read(gone) },
		"refresh of one that never was":          func() { d.Read(d.Stored(agentType, values{"id": "5b0c1f0e-0000-0000-0000-000000000000"})) },
		"refresh of one that has no id":          func() { d.Read(d.Stored(agentType, values{})) },
		"import by id":                           func() { d.Import(agentType, made.ID()) },
		"import by ticker":                       func() { d.Import(agentType, "MINE") },
		"import of somebody else's":              func() { d.Import(agentType, "OTHR") },
		"import of none":                         func() { d.Import(agentType, "NONE") },
		"list":                                   func() { d.List(agentType, protocol.ListOptions{IncludeResource: true}) },
		"data source by ticker":                  func() { d.ReadDataSource("autx_agent", values{"ticker": "OTHR"}) },
		"data source of all":                     func() { d.ReadDataSource("autx_agents", values{"search": "agent"}) },
		"data source of mine":                    func() { d.ReadDataSource("autx_agents", values{"mine": true}) },
		"availability":                           func() { d.ReadDataSource("autx_availability", values{"ticker": "MINE", "name": "x"}) },
		"create where the name holds a path":     func() { d.Plan(agentType, nil, agentNamed("NEWW", "name", "../../agents/reserve/?a=b#c")) },
		"create where everything is yet unknown": func() { d.Plan(agentType, nil, allUnknown()) },
		"update where everything is yet unknown": func() { d.Plan(agentType, made, allUnknown()) },
	}
	for name, step := range steps {
		d.NextWalk()
		readingOnly(t, server, name, step)
	}
}

// TestRequestsOfAPlan counts, as a plan of many agents must stay cheap.
func TestRequestsOfAPlan(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	made := d.MustApply(agentType, nil, agentNamed("SUMM"))
	for name, c := range map[string]struct {
		step func()
		want []string
	}{
		"refresh and no change": {func() { d.Plan(agentType, d.MustRead(made), agentNamed("SUMM")) }, []string{"agents.get"}},
		"update":                {func() { d.Plan(agentType, d.MustRead(made), agentNamed("SUMM", "service_price", "9")) }, []string{"agents.get"}},
		"destroy":               {func() { d.Plan(agentType, d.MustRead(made), nil) }, []string{"agents.get"}},
		"create":                {func() { d.Plan(agentType, nil, agentNamed("NEWW")) }, []string{"agents.check_ticker", "agents.check_name", "credits.balance"}},
		"create of unknowns":    {func() { d.Plan(agentType, nil, allUnknown()) }, nil},
	} {
		d.NextWalk()
		server.ClearRequests()
		c.step()
		if diff := cmp.Diff(c.want, calls(server)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	d.NextWalk()
	server.ClearRequests()
	d.MustImport(agentType, made.ID())
	if got := calls(server); len(got) > 2 {
		t.Errorf("an import and its refresh made the requests %v", got)
	}
}
