package agent_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// change is an agent whose configuration changes from one set of arguments to another.
type change struct {
	name          string
	before, after args
	// plan is what the plan of the change touches, with the values before and after.
	plan map[string][2]any
	// at picks what the service has after it, want is that; calls tells that a request changes it there.
	at    func(*mockserver.AgentState) any
	want  any
	calls bool
}

// changes are all ways to change an agent in place but for those that need files, secrets or reservations.
func changes() []change {
	text := func(p *string) any {
		if p == nil {
			return nil
		}
		return *p
	}
	description := func(a *mockserver.AgentState) any { return text(a.Description) }
	category := func(a *mockserver.AgentState) any { return text(a.Category) }
	price := func(a *mockserver.AgentState) any { return a.ServicePrice.String() }
	status := func(a *mockserver.AgentState) any { return a.Status }
	tier := func(a *mockserver.AgentState) any { return a.AuthTier }
	manifest := func(pick func(*mockserver.Manifest) any) func(*mockserver.AgentState) any {
		return func(a *mockserver.AgentState) any {
			if a.Manifest == nil {
				return "no manifest"
			}
			return pick(a.Manifest)
		}
	}
	profile := func(pick func(*mockserver.Profile) any) func(*mockserver.AgentState) any {
		return func(a *mockserver.AgentState) any {
			if a.Profile == nil {
				return "no profile"
			}
			return pick(a.Profile)
		}
	}
	minimal := `{ tagline = "t" }`
	list := func(values ...any) []any { return append([]any{}, values...) }
	return []change{
		{"name", nil, args{"name": `"Renamed"`}, map[string][2]any{"name": {"Agent name", "Renamed"}}, func(a *mockserver.AgentState) any { return a.Name }, "Renamed", true},
		{
			"endpoint", nil,
			args{"endpoint_url": `"https://new.example.com"`},
			map[string][2]any{"endpoint_url": {"https://endpoint.example.com/run", "https://new.example.com"}},
			func(a *mockserver.AgentState) any { return a.EndpointURL }, "https://new.example.com", true,
		},
		{"price", args{"service_price": `"5"`}, args{"service_price": `"5.000001"`}, map[string][2]any{"service_price": {"5", "5.000001"}}, price, "5.000001", true},
		{"pricezero", nil, args{"service_price": "0"}, map[string][2]any{"service_price": {"0.50", "0"}}, price, "0", true},
		{"spelling", args{"service_price": `"5"`}, args{"service_price": `"5.00"`}, nil, price, "5", false},
		{"number", args{"service_price": `"5.0"`}, args{"service_price": "5"}, nil, price, "5", false},
		{"tickercase", nil, args{"ticker": `"tickercase"`}, nil, func(a *mockserver.AgentState) any { return a.Ticker }, "TICKERCASE", false},

		{"descset", nil, args{"description": `"new"`}, map[string][2]any{"description": {nil, "new"}}, description, "new", true},
		{
			"descother",
			args{"description": `"old"`},
			args{"description": `"new ünï \"x\" <&>\nline"`},
			map[string][2]any{"description": {"old", "new ünï \"x\" <&>\nline"}},
			description, "new ünï \"x\" <&>\nline", true,
		},
		{"descunset", args{"description": `"old"`}, nil, map[string][2]any{"description": {"old", nil}}, description, nil, true},
		{"descempty", args{"description": `"old"`}, args{"description": `""`}, map[string][2]any{"description": {"old", ""}}, description, nil, true},
		{"descnullem", nil, args{"description": `""`}, map[string][2]any{"description": {nil, ""}}, description, nil, false},
		{"descemnull", args{"description": `""`}, args{"description": "null"}, map[string][2]any{"description": {"", nil}}, description, nil, false},
		{"catset", nil, args{"category": `"new"`}, map[string][2]any{"category": {nil, "new"}}, category, "new", true},
		{"catunset", args{"category": `"old"`}, nil, map[string][2]any{"category": {"old", nil}}, category, nil, true},
		{"catempty", args{"category": `"old"`}, args{"category": `""`}, map[string][2]any{"category": {"old", ""}}, category, nil, true},

		{"tier", nil, args{"auth_tier": `"buyer_key"`}, map[string][2]any{"auth_tier": {"jwt_default", "buyer_key"}}, tier, "buyer_key", true},
		{"tierunset", args{"auth_tier": `"buyer_key"`}, nil, map[string][2]any{"auth_tier": {"buyer_key", "jwt_default"}}, tier, "jwt_default", true},
		{"paused", nil, args{"status": `"paused"`}, map[string][2]any{"status": {"active", "paused"}}, status, "paused", true},
		{"active", args{"status": `"paused"`}, args{"status": `"active"`}, map[string][2]any{"status": {"paused", "active"}}, status, "active", true},
		{"stunset", args{"status": `"paused"`}, nil, map[string][2]any{"status": {"paused", "active"}}, status, "active", true},
		{"stsame", nil, args{"status": `"active"`}, nil, status, "active", false},

		{"maniset", nil, args{"manifest": `{}`}, map[string][2]any{
			"manifest.chat_response_path": {nil, nil}, "manifest.input.accepts_files": {nil, false}, "manifest.input.file_types": {nil, list()},
			"manifest.input.max_size_bytes": {nil, 10485760.0}, "manifest.input.type": {nil, "text"}, "manifest.output.content_types": {nil, list("application/json")},
			"manifest.output.max_size_bytes": {nil, 52428800.0}, "manifest.output.produces_files": {nil, false}, "manifest.output.type": {nil, "json"},
			"manifest.session_max_duration_minutes": {nil, 240.0}, "manifest.session_minimum_messages": {nil, 5.0}, "manifest.supports_sessions": {nil, false},
		}, manifest(func(m *mockserver.Manifest) any { return m.Input.Type }), "text", true},
		{"maniunset", args{"manifest": `{}`}, nil, nil, func(a *mockserver.AgentState) any { return a.Manifest == nil }, true, true},
		{
			"manitype",
			args{"manifest": `{}`},
			args{"manifest": `{ input = { type = "json" } }`},
			map[string][2]any{"manifest.input.type": {"text", "json"}},
			manifest(func(m *mockserver.Manifest) any { return m.Input.Type }), "json", true,
		},
		{
			"manifiles",
			args{"manifest": `{}`},
			args{"manifest": `{ input = { accepts_files = true } }`},
			map[string][2]any{"manifest.input.accepts_files": {false, true}},
			manifest(func(m *mockserver.Manifest) any { return m.Input.AcceptsFiles }), true, true,
		},
		{
			"manikinds",
			args{"manifest": `{ input = { file_types = ["pdf", "txt"] } }`},
			args{"manifest": `{ input = { file_types = ["txt"] } }`},
			map[string][2]any{"manifest.input.file_types": {list("pdf", "txt"), list("txt")}},
			manifest(func(m *mockserver.Manifest) any { return m.Input.FileTypes }),
			[]string{"txt"},
			true,
		},
		{
			"manibytes",
			args{"manifest": `{}`},
			args{"manifest": `{ input = { max_size_bytes = 1 } }`},
			map[string][2]any{"manifest.input.max_size_bytes": {10485760.0, 1.0}},
			manifest(func(m *mockserver.Manifest) any { return m.Input.MaxSizeBytes }), int64(1), true,
		},
		{
			"maniout",
			args{"manifest": `{}`},
			args{"manifest": `{ output = { type = "text" } }`},
			map[string][2]any{"manifest.output.type": {"json", "text"}},
			manifest(func(m *mockserver.Manifest) any { return m.Output.Type }), "text", true,
		},
		{
			"manioutf",
			args{"manifest": `{ output = { produces_files = true } }`},
			args{"manifest": `{ output = {} }`},
			map[string][2]any{"manifest.output.produces_files": {true, false}},
			manifest(func(m *mockserver.Manifest) any { return m.Output.ProducesFiles }), false, true,
		},
		{
			"maniouttyp",
			args{"manifest": `{}`},
			args{"manifest": `{ output = { content_types = [] } }`},
			map[string][2]any{"manifest.output.content_types": {list("application/json"), list()}},
			manifest(func(m *mockserver.Manifest) any { return m.Output.ContentTypes }),
			[]string{},
			true,
		},
		{
			"manioutmax",
			args{"manifest": `{}`},
			args{"manifest": `{ output = { max_size_bytes = 7 } }`},
			map[string][2]any{"manifest.output.max_size_bytes": {52428800.0, 7.0}},
			manifest(func(m *mockserver.Manifest) any { return m.Output.MaxSizeBytes }), int64(7), true,
		},
		{
			"manisess",
			args{"manifest": `{}`},
			args{"manifest": `{ supports_sessions = true }`},
			map[string][2]any{"manifest.supports_sessions": {false, true}},
			manifest(func(m *mockserver.Manifest) any { return m.SupportsSessions }), true, true,
		},
		{
			"maniprice",
			args{"manifest": `{}`},
			args{"manifest": `{ session_price_per_message = "0.010" }`},
			map[string][2]any{"manifest.session_price_per_message": {nil, "0.010"}},
			manifest(func(m *mockserver.Manifest) any { return m.SessionPricePerMessage.String() }), "0.01", true,
		},
		{
			"manipspell",
			args{"manifest": `{ session_price_per_message = "0.010" }`},
			args{"manifest": `{ session_price_per_message = 0.01 }`},
			nil,
			manifest(func(m *mockserver.Manifest) any { return m.SessionPricePerMessage.String() }), "0.01", false,
		},
		{
			"manipunset",
			args{"manifest": `{ session_price_per_message = "1" }`},
			args{"manifest": `{}`},
			map[string][2]any{"manifest.session_price_per_message": {"1", nil}},
			manifest(func(m *mockserver.Manifest) any { return m.SessionPricePerMessage == nil }), true, true,
		},
		{
			"manimin",
			args{"manifest": `{}`},
			args{"manifest": `{ session_minimum_messages = 1 }`},
			map[string][2]any{"manifest.session_minimum_messages": {5.0, 1.0}},
			manifest(func(m *mockserver.Manifest) any { return m.SessionMinimumMessages }), int64(1), true,
		},
		{
			"manimax",
			args{"manifest": `{ session_max_duration_minutes = 9 }`},
			args{"manifest": `{}`},
			map[string][2]any{"manifest.session_max_duration_minutes": {9.0, 240.0}},
			manifest(func(m *mockserver.Manifest) any { return m.SessionMaxDurationMinutes }), int64(240), true,
		},
		{
			"manichat",
			args{"manifest": `{}`},
			args{"manifest": `{ chat_response_path = "a.b" }`},
			map[string][2]any{"manifest.chat_response_path": {nil, "a.b"}},
			manifest(func(m *mockserver.Manifest) any { return text(m.ChatResponsePath) }), "a.b", true,
		},
		{
			"manichatun",
			args{"manifest": `{ chat_response_path = "a.b" }`},
			args{"manifest": `{ chat_response_path = "" }`},
			map[string][2]any{"manifest.chat_response_path": {"a.b", ""}},
			manifest(func(m *mockserver.Manifest) any { return text(m.ChatResponsePath) }), nil, true,
		},
		{
			"maniinun",
			args{"manifest": `{ input = { type = "json", max_size_bytes = 3 } }`},
			args{"manifest": `{}`},
			map[string][2]any{"manifest.input.type": {"json", "text"}, "manifest.input.max_size_bytes": {3.0, 10485760.0}},
			manifest(func(m *mockserver.Manifest) any { return m.Input.Type }), "text", true,
		},

		{"profset", nil, args{"profile": minimal}, map[string][2]any{"profile.tagline": {nil, "t"}}, profile(func(p *mockserver.Profile) any { return text(p.Tagline) }), "t", true},
		{"profunset", args{"profile": minimal}, nil, map[string][2]any{"profile.tagline": {"t", nil}}, func(a *mockserver.AgentState) any { return a.Profile == nil }, true, true},
		{
			"proftag",
			args{"profile": minimal},
			args{"profile": `{ tagline = "u" }`},
			map[string][2]any{"profile.tagline": {"t", "u"}},
			profile(func(p *mockserver.Profile) any { return text(p.Tagline) }), "u", true,
		},
		{
			"profcap",
			args{"profile": minimal},
			args{"profile": `{ tagline = "t", capabilities = ["b", "a", "b"] }`},
			map[string][2]any{"profile.capabilities": {nil, list("b", "a", "b")}},
			profile(func(p *mockserver.Profile) any { return p.Capabilities }),
			[]string{"b", "a", "b"},
			true,
		},
		{
			"profcapord",
			args{"profile": `{ tagline = "t", capabilities = ["b", "a"] }`},
			args{"profile": `{ tagline = "t", capabilities = ["a", "b"] }`},
			map[string][2]any{"profile.capabilities": {list("b", "a"), list("a", "b")}},
			profile(func(p *mockserver.Profile) any { return p.Capabilities }),
			[]string{"a", "b"},
			true,
		},
		{
			"profcapun",
			args{"profile": `{ tagline = "t", capabilities = ["b"] }`},
			args{"profile": minimal},
			map[string][2]any{"profile.capabilities": {list("b"), nil}},
			profile(func(p *mockserver.Profile) any { return p.Capabilities }),
			[]string{},
			true,
		},
		{
			"profcapnul",
			args{"profile": minimal},
			args{"profile": `{ tagline = "t", capabilities = [] }`},
			map[string][2]any{"profile.capabilities": {nil, list()}},
			profile(func(p *mockserver.Profile) any { return p.Capabilities }),
			[]string{},
			false,
		},
		{
			"profuse",
			args{"profile": minimal},
			args{"profile": `{ tagline = "t", use_cases = ["x"] }`},
			map[string][2]any{"profile.use_cases": {nil, list("x")}},
			profile(func(p *mockserver.Profile) any { return p.UseCases }),
			[]string{"x"},
			true,
		},
		{
			"profout",
			args{"profile": minimal},
			args{"profile": `{ tagline = "t", output_description = "o" }`},
			map[string][2]any{"profile.output_description": {nil, "o"}},
			profile(func(p *mockserver.Profile) any { return text(p.OutputDescription) }), "o", true,
		},
		{
			"profbest",
			args{"profile": `{ tagline = "t", best_for = "b" }`},
			args{"profile": `{ tagline = "t", best_for = "" }`},
			map[string][2]any{"profile.best_for": {"b", ""}},
			profile(func(p *mockserver.Profile) any { return text(p.BestFor) }), nil, true,
		},
		{
			"proflim",
			args{"profile": `{ tagline = "t", limitations = "l" }`},
			args{"profile": minimal},
			map[string][2]any{"profile.limitations": {"l", nil}},
			profile(func(p *mockserver.Profile) any { return text(p.Limitations) }), nil, true,
		},

		{"protected", nil, args{"deletion_protection": ""}, map[string][2]any{"deletion_protection": {false, true}}, status, "active", false},
		{"timeouts", nil, args{"timeouts": `{ update = "1m" }`}, map[string][2]any{"timeouts.update": {nil, "1m"}}, status, "active", false},
		{"launch", nil, args{"launch": `{ reserve = true }`}, map[string][2]any{"launch.reserve": {nil, true}}, status, "active", false},
		{
			"activation", nil,
			args{"activation": fmt.Sprintf(`{ tx_hash = %q, deployer_address = %q }`, txHash, deployer)},
			map[string][2]any{"activation.tx_hash": {nil, txHash}, "activation.deployer_address": {nil, deployer}},
			func(a *mockserver.AgentState) any { return a.TxHash }, "", false,
		},
	}
}

// TestAccUpdatesInPlace changes every argument, each of an agent of its own: the plan shows exactly that change and no computed attribute as unknown, one
// request makes it, and nothing is left to do after it.
func TestAccUpdatesInPlace(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cases := changes()
	write := func(pick func(change) args) {
		var config strings.Builder
		for _, c := range cases {
			config.WriteString(agent(c.name, pick(c)))
		}
		cli.Write("main.tf", config.String())
	}
	write(func(c change) args { return c.before })
	var created []string
	for _, c := range cases {
		created = append(created, c.name)
	}
	cli.Settle(each("create", created...))
	ids := map[string]string{}
	for _, c := range cases {
		ids[c.name] = must(t, server, tickerOf(c.name)).ID
	}

	write(func(c change) args { return c.after })
	want, sent := actions{}, 0
	for _, c := range cases {
		if c.plan != nil || c.calls {
			want[address(c.name)] = "update"
		}
		if c.calls {
			sent++
		}
	}
	cli.Look().MustDo(want).MustNotWarn()
	plan := cli.ShowPlan()
	for _, c := range cases {
		if c.plan == nil {
			continue
		}
		expected := maps.Clone(c.plan)
		maps.DeleteFunc(expected, func(_ string, both [2]any) bool { return both == [2]any{} })
		if diff := cmp.Diff(expected, changed(changeOf(t, plan, address(c.name)))); diff != "" {
			t.Errorf("%s: the plan's change (-want +got):\n%s", c.name, diff)
		}
	}
	server.ClearRequests()
	cli.ApplyPlan().MustSucceed().MustNotWarn()
	if writes := acctest.Writes(server); len(writes) != sent || acctest.Sent(server)["agents.update"] != sent {
		t.Errorf("%d requests changed something, want %d updates:\n%s", len(writes), sent, acctest.Traffic(server))
	}
	cli.MustBeSettled()
	for _, c := range cases {
		a := must(t, server, tickerOf(c.name))
		if diff := cmp.Diff(c.want, c.at(a)); diff != "" {
			t.Errorf("%s: the service has (-want +got):\n%s", c.name, diff)
		}
		if a.ID != ids[c.name] {
			t.Errorf("%s: it is another agent now", c.name)
		}
	}

	// Back to where it was: what was set is removed again.
	write(func(c change) args { return c.before })
	cli.Settle(want)

	// Everything goes, protected or not, as it is a test against a loopback address that says so.
	write(func(c change) args { return c.after })
	cli.Settle(want)
	cli.Env = append(cli.Env, "AUTX_DELETION_PROTECTION=off")
	cli.MustRun("destroy", "-auto-approve")
	if left := server.State().Agents; len(left) != 0 {
		t.Errorf("%d agents are left after the destroy", len(left))
	}
	if n := len(slices.DeleteFunc(ledger(server), func(entry string) bool { return entry == "consume 20" })); n != 0 {
		t.Errorf("the ledger has more than launches: %v", ledger(server))
	}
}
