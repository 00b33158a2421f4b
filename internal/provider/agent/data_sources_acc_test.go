package agent_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// market is a marketplace of mine and of others.
func market() world {
	price := money.MustParse("0.5")
	return world{agents: []mockserver.SeedAgent{
		{
			Owner: other, Ticker: "SUMM", Name: "Summarizer", EndpointURL: "https://summ.example.com", Description: new("Shortens text."), Category: new("text"),
			ServicePrice: &price, AuthTier: "buyer_key", Provider: new("openai"), ProviderKeyConfigured: true, UptimePct: "99.95", SuccessRate: "98.7",
			TotalRevenue: money.MustParse("1234.56"), TotalRequests: 2469, ContractAddress: new("0xabc"), Manifest: &mockserver.Manifest{SupportsSessions: true},
			Profile: &mockserver.Profile{Tagline: new("Short"), Capabilities: []string{"shorten"}}, ImageURL: "https://img.example.com/1.png",
		},
		{Owner: other, Ticker: "DRAW", Name: "Drawer", EndpointURL: "https://draw.example.com", Category: new("image"), TotalRevenue: money.MustParse("99")},
		{Owner: other, Ticker: "NAP", Name: "Napper", EndpointURL: "https://nap.example.com", Category: new("text"), Status: "paused"},
		{Owner: me, Ticker: "MINEA", Name: "Mine A", EndpointURL: "https://a.example.com", Category: new("text"), TotalRevenue: money.MustParse("5")},
		{Owner: me, Ticker: "MINEB", Name: "Mine B", EndpointURL: "https://b.example.com", Status: "paused", Description: new("Summarizes too.")},
		{Owner: me, Ticker: "MINEC", Name: "Mine C", EndpointURL: "https://c.example.com", Status: "pending"},
	}}
}

// output reads an output of the state.
func output(t *testing.T, cli *acctest.CLI, name string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(cli.MustRun("output", "-json", name).Raw), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// TestAccDataSourceAgent looks one agent up by id and by ticker, in any case, with and without a shown endpoint.
func TestAccDataSourceAgent(t *testing.T) {
	t.Parallel()
	for _, shown := range []string{"false", "true"} {
		t.Run("public_endpoint_url="+shown, func(t *testing.T) {
			t.Parallel()
			server, cli := begin(t, market(), mockserver.WithAssume("agents.public_endpoint_url", shown))
			cli.Remove("provider.tf")
			a := must(t, server, "SUMM")
			cli.Write("main.tf", fmt.Sprintf(`
data "autx_agent" "by_id" {
  id = %q
}
data "autx_agent" "by_ticker" {
  ticker = "SUMM"
}
data "autx_agent" "by_lower" {
  ticker = "summ"
}
data "autx_agent" "reserved" {
  ticker = "MINEC"
}
output "by_id" { value = data.autx_agent.by_id }
output "by_ticker" { value = data.autx_agent.by_ticker }
output "by_lower" { value = data.autx_agent.by_lower }
output "reserved" { value = data.autx_agent.reserved.status }
`, a.ID))
			cli.MustRun("apply", "-auto-approve")
			cli.MustBeSettled()
			want := map[string]any{
				"id": a.ID, "owner_id": other, "name": "Summarizer", "ticker": "SUMM", "endpoint_url": map[string]any{"true": "https://summ.example.com"}[shown],
				"description": "Shortens text.", "category": "text", "service_price": "0.5", "auth_tier": "buyer_key", "status": "active", "model_provider": "openai",
				"provider_key_configured": true, "uptime_pct": 99.95, "success_rate": 98.7, "total_revenue": "1234.56", "total_requests": 2469.0,
				"created_at": *a.CreatedAt, "contract_address": "0xabc", "dividend_splitter_address": nil, "agent_token_address": nil, "image_url": "https://img.example.com/1.png",
				"manifest": map[string]any{
					"input":             map[string]any{"type": "text", "accepts_files": false, "file_types": []any{}, "max_size_bytes": 10485760.0},
					"output":            map[string]any{"type": "json", "produces_files": false, "content_types": []any{"application/json"}, "max_size_bytes": 52428800.0},
					"supports_sessions": true, "session_price_per_message": nil, "session_minimum_messages": 5.0, "session_max_duration_minutes": 240.0, "chat_response_path": nil,
				},
				"profile": map[string]any{
					"tagline": "Short", "capabilities": []any{"shorten"}, "use_cases": nil, "output_description": nil, "best_for": nil, "limitations": nil,
				},
			}
			for _, name := range []string{"by_id", "by_ticker", "by_lower"} {
				if name == "by_lower" {
					want["ticker"] = "summ" // as it was asked for
				}
				if diff := cmp.Diff(want, output(t, cli, name)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			if got := output(t, cli, "reserved"); got != "pending" {
				t.Errorf("the reserved agent is %v", got)
			}
		})
	}
}

// TestAccDataSourceAgentNotThere looks for agents that are not there.
func TestAccDataSourceAgentNotThere(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, market())
	// The ticker comes last: the request that fails below is for it.
	for _, lookup := range [][2]string{{"id", "00000000-0000-0000-0000-000000000000"}, {"ticker", "NOBODY"}} {
		argument, wanted := lookup[0], lookup[1]
		cli.Write("main.tf", fmt.Sprintf("data \"autx_agent\" \"x\" {\n  %s = %q\n}\n", argument, wanted))
		cli.Report("plan").MustFail(argument, "No such agent", wanted, "404", "autx_agents")
	}
	cli.Write("provider.tf", "provider \"autx\" {\n  max_retries = 0\n}\n")
	server.AddFault("agents.get_by_ticker:before:status=500,times=1")
	cli.Report("plan").MustFail("", "Could not look up agent NOBODY", "GET", "500")
}

// TestAccDataSourceAgents lists by each argument.
func TestAccDataSourceAgents(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, market())
	cli.Remove("provider.tf")
	cases := map[string]struct {
		arguments string
		want      []string
	}{
		"all":      {"", []string{"SUMM", "DRAW", "MINEA"}},
		"new":      {`sort = "new"`, []string{"MINEA", "DRAW", "SUMM"}},
		"trending": {`sort = "trending"`, []string{"SUMM", "DRAW", "MINEA"}},
		"category": {`category = "text"`, []string{"SUMM", "MINEA"}},
		"search":   {`search = "summ"`, []string{"SUMM"}},
		"status":   {`status = "paused"`, []string{"NAP", "MINEB"}},
		"limit":    {`limit = 2`, []string{"SUMM", "DRAW"}},
		"limitall": {`limit = 10000`, []string{"SUMM", "DRAW", "MINEA"}},
		"several":  {"category = \"text\"\n  status = \"paused\"\n  search = \"nap\"\n  limit = 1", []string{"NAP"}},
		"none":     {`search = "no such agent"`, []string{}},
		"mine":     {"mine = true", []string{"MINEC", "MINEB", "MINEA"}},
		"minecat":  {"mine = true\n  category = \"text\"", []string{"MINEA"}},
		"minestat": {"mine = true\n  status = \"pending\"", []string{"MINEC"}},
		"minefind": {"mine = true\n  search = \"SUMMARIZES\"", []string{"MINEB"}},
		"minefew":  {"mine = true\n  limit = 2", []string{"MINEC", "MINEB"}},
		"notmine":  {"mine = false\n  sort = \"new\"", []string{"MINEA", "DRAW", "SUMM"}},
	}
	var config strings.Builder
	for name, c := range cases {
		fmt.Fprintf(&config, "data \"autx_agents\" %q {\n  %s\n}\noutput %q { value = data.autx_agents.%s.agents[*].ticker }\n", name, c.arguments, name, name)
	}
	cli.Write("main.tf", config.String()+"output \"whole\" { value = data.autx_agents.search.agents[0] }\noutput \"one\" { value = data.autx_agent.one }\ndata \"autx_agent\" \"one\" {\n  ticker = \"SUMM\"\n}\n")
	server.ClearRequests()
	cli.MustRun("apply", "-auto-approve")
	if n := acctest.Sent(server)["agents.mine"]; n != 1 {
		t.Errorf("own agents were listed %d times", n)
	}
	for name, c := range cases {
		var got []string
		for _, ticker := range output(t, cli, name).([]any) {
			got = append(got, ticker.(string))
		}
		if !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
	// A list tells the same of an agent as a look-up.
	if diff := cmp.Diff(output(t, cli, "one"), output(t, cli, "whole")); diff != "" {
		t.Errorf("look-up and list differ (-look-up +list):\n%s", diff)
	}

	// A status that AUTX does not know is AUTX's to refuse, at the argument.
	cli.Write("main.tf", "data \"autx_agents\" \"x\" {\n  status = \"sleeping\"\n}\n")
	cli.Report("plan").MustFail("status", "Could not list agents", "422")
}

// TestAccDataSourceAgentsPages lists 250 agents of a service that gives at most so many at a time as it is asked for.
func TestAccDataSourceAgentsPages(t *testing.T) {
	t.Parallel()
	all := fleet(250)
	server, cli := begin(t, world{agents: all.seeded}, mockserver.WithAssume("lists.default_limit", "40"))
	cli.Remove("provider.tf")
	for limit, want := range map[string]int{"": 250, "limit = 1": 1, "limit = 99": 99, "limit = 100": 100, "limit = 101": 101, "limit = 249": 249, "limit = 250": 250, "limit = 251": 250} {
		cli.Write("main.tf", fmt.Sprintf("data \"autx_agents\" \"x\" {\n  %s\n}\noutput \"tickers\" { value = data.autx_agents.x.agents[*].ticker }\n", limit))
		server.ClearRequests()
		report := cli.Report("apply", "-auto-approve").MustSucceed().MustNotWarn()
		tickers := map[string]bool{}
		for _, ticker := range output(t, cli, "tickers").([]any) {
			tickers[ticker.(string)] = true
		}
		if len(tickers) != want {
			t.Errorf("%q lists %d agents, want %d", limit, len(tickers), want)
		}
		if n := len(server.Requests()); n > 2*(want/100+2) {
			t.Errorf("%q took %d requests: %v", limit, n, report.Diagnostics)
		}
	}
}

// TestAccDataSourceAvailability asks for tickers and names.
func TestAccDataSourceAvailability(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, market())
	cli.Remove("provider.tf")
	cases := map[string]struct {
		arguments string
		want      []any // ticker_available, name_available, available
	}{
		"free":      {`ticker = "FREE"`, []any{true, nil, true}},
		"taken":     {`ticker = "SUMM"`, []any{false, nil, false}},
		"lower":     {`ticker = "summ"`, []any{false, nil, false}},
		"own":       {`ticker = "MINEC"`, []any{false, nil, false}},
		"name":      {`name = "Some name/with ünï? #%"`, []any{nil, true, true}},
		"nametaken": {`name = "summarizer"`, []any{nil, false, false}},
		"both":      {"ticker = \"FREE\"\n  name = \"Free\"", []any{true, true, true}},
		"half":      {"ticker = \"FREE\"\n  name = \"Drawer\"", []any{true, false, false}},
		"otherhalf": {"ticker = \"DRAW\"\n  name = \"Free\"", []any{false, true, false}},
	}
	var config strings.Builder
	for name, c := range cases {
		of := "data.autx_availability." + name
		fmt.Fprintf(&config, "data \"autx_availability\" %q {\n  %s\n}\noutput %q { value = [%s.ticker_available, %s.name_available, %s.available] }\n", name, c.arguments, name, of, of, of)
	}
	cli.Write("main.tf", config.String())
	cli.MustRun("apply", "-auto-approve")
	for name, c := range cases {
		if diff := cmp.Diff(c.want, output(t, cli, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	cli.Write("main.tf", "data \"autx_availability\" \"x\" {\n  ticker = \"FREE\"\n}\n")
	cli.Write("provider.tf", "provider \"autx\" {\n  max_retries = 0\n}\n")
	server.AddFault("agents.check_ticker:before:status=500,times=1")
	cli.Report("plan").MustFail("", "Could not look up whether the ticker is free", "500")
}

// TestAccDataSourcesWait reads data sources whose arguments come from another resource, at apply.
func TestAccDataSourcesWait(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, market())
	cli.Write("main.tf", agent("new", args{"description": `"found me"`})+`
data "autx_agent" "one" {
  id = autx_agent.new.id
}
data "autx_agents" "all" {
  search     = autx_agent.new.description
  depends_on = [autx_agent.new]
}
output "both" { value = [data.autx_agent.one.ticker, data.autx_agents.all.agents[*].ticker] }
`)
	cli.Look().MustDo(actions{address("new"): "create", "data.autx_agent.one": "read", "data.autx_agents.all": "read"})
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if diff := cmp.Diff([]any{"NEW", []any{"NEW"}}, output(t, cli, "both")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(acctest.Writes(server)) != 1 {
		t.Errorf("it sent %v", acctest.Writes(server))
	}
}
