package agent_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// drift is an agent that somebody changes outside of Terraform.
type drift struct {
	name   string
	config args
	patch  client.AgentPatch
	// mend is what the next plan changes: from what was made of it outside, back to what is configured.
	mend map[string][2]any
	// hidden tells that the change can't be seen.
	hidden bool
}

// TestAccDriftIsShownAndMended changes every attribute outside of Terraform, each of an agent of its own.
func TestAccDriftIsShownAndMended(t *testing.T) {
	t.Parallel()
	text, none := client.Of[string], client.Null[string]
	full := args{"manifest": fullManifest, "profile": fullProfile}
	cases := []drift{
		{name: "name", patch: client.AgentPatch{Name: text("Outside")}, mend: map[string][2]any{"name": {"Outside", "Agent name"}}},
		{name: "price", patch: client.AgentPatch{ServicePrice: client.Of(money.MustParse("0.51"))}, mend: map[string][2]any{"service_price": {"0.51", "0.50"}}},
		{name: "free", patch: client.AgentPatch{ServicePrice: client.Of(money.Zero())}, mend: map[string][2]any{"service_price": {"0", "0.50"}}},
		{name: "descother", config: args{"description": `"ours"`}, patch: client.AgentPatch{Description: text("theirs")}, mend: map[string][2]any{"description": {"theirs", "ours"}}},
		{name: "descgone", config: args{"description": `"ours"`}, patch: client.AgentPatch{Description: none()}, mend: map[string][2]any{"description": {nil, "ours"}}},
		{name: "descempty", config: args{"description": `"ours"`}, patch: client.AgentPatch{Description: text("")}, mend: map[string][2]any{"description": {nil, "ours"}}},
		{name: "descnew", patch: client.AgentPatch{Description: text("theirs")}, mend: map[string][2]any{"description": {"theirs", nil}}},
		{name: "descnewem", config: args{"description": `""`}, patch: client.AgentPatch{Description: text("theirs")}, mend: map[string][2]any{"description": {"theirs", ""}}},
		{name: "catother", config: args{"category": `"ours"`}, patch: client.AgentPatch{Category: text("theirs")}, mend: map[string][2]any{"category": {"theirs", "ours"}}},
		{name: "catgone", config: args{"category": `"ours"`}, patch: client.AgentPatch{Category: none()}, mend: map[string][2]any{"category": {nil, "ours"}}},
		{name: "catnew", patch: client.AgentPatch{Category: text("theirs")}, mend: map[string][2]any{"category": {"theirs", nil}}},
		{name: "tier", patch: client.AgentPatch{AuthTier: text("buyer_key")}, mend: map[string][2]any{"auth_tier": {"buyer_key", "jwt_default"}}},
		{name: "paused", patch: client.AgentPatch{Status: text("paused")}, mend: map[string][2]any{"status": {"paused", "active"}}},
		{name: "active", config: args{"status": `"paused"`}, patch: client.AgentPatch{Status: text("active")}, mend: map[string][2]any{"status": {"active", "paused"}}},
		{
			name: "maniother", config: args{"manifest": `{ input = { type = "json" } }`},
			patch: client.AgentPatch{Manifest: client.Of(client.Manifest{SupportsSessions: client.Of(true), Input: client.Of(client.ManifestInput{FileTypes: client.Of([]string{"x"})})})},
			mend:  map[string][2]any{"manifest.input.type": {"text", "json"}, "manifest.input.file_types": {[]any{"x"}, []any{}}, "manifest.supports_sessions": {true, false}},
		},
		{name: "manigone", config: args{"manifest": `{ chat_response_path = "p" }`}, patch: client.AgentPatch{Manifest: client.Null[client.Manifest]()}, mend: map[string][2]any{
			"manifest.chat_response_path": {nil, "p"}, "manifest.input.accepts_files": {nil, false}, "manifest.input.file_types": {nil, []any{}},
			"manifest.input.max_size_bytes": {nil, 10485760.0}, "manifest.input.type": {nil, "text"}, "manifest.output.content_types": {nil, []any{"application/json"}},
			"manifest.output.max_size_bytes": {nil, 52428800.0}, "manifest.output.produces_files": {nil, false}, "manifest.output.type": {nil, "json"},
			"manifest.session_max_duration_minutes": {nil, 240.0}, "manifest.session_minimum_messages": {nil, 5.0}, "manifest.supports_sessions": {nil, false},
		}},
		{
			name: "manisesspr", config: args{"manifest": `{ session_price_per_message = "0.10" }`},
			patch: client.AgentPatch{Manifest: client.Of(client.Manifest{SessionPricePerMessage: client.Of(money.MustParse("0.2"))})},
			mend:  map[string][2]any{"manifest.session_price_per_message": {"0.2", "0.10"}},
		},
		{name: "manidefault", patch: client.AgentPatch{Manifest: client.Of(client.Manifest{})}, hidden: true}, // as good as no manifest
		{name: "profother", config: full, patch: client.AgentPatch{Profile: client.Of(client.Profile{
			Tagline: text("theirs"), Capabilities: client.Of([]string{"reading"}), UseCases: client.Of([]string{"mail"}), OutputDescription: text("Text."), BestFor: text("Offices"),
		})}, mend: map[string][2]any{
			"profile.tagline": {"theirs", "Reads for you"}, "profile.capabilities": {[]any{"reading"}, []any{"reading", "writing"}}, "profile.limitations": {nil, "English only"},
		}},
		{
			name: "profgone", config: args{"profile": `{ tagline = "t" }`}, patch: client.AgentPatch{Profile: client.Null[client.Profile]()},
			mend: map[string][2]any{"profile.tagline": {nil, "t"}},
		},
		{name: "profnew", patch: client.AgentPatch{Profile: client.Of(client.Profile{Tagline: text("theirs")})}, mend: map[string][2]any{"profile.tagline": {"theirs", nil}}},
	}
	for _, shown := range []string{"false", "true"} {
		t.Run("public_endpoint_url="+shown, func(t *testing.T) {
			t.Parallel()
			server, cli := begin(t, world{}, mockserver.WithAssume("agents.public_endpoint_url", shown))
			all := append([]drift{}, cases...)
			endpoint := drift{name: "endpoint", patch: client.AgentPatch{EndpointURL: text("https://theirs.example.com")}, hidden: true}
			if shown == "true" {
				endpoint.hidden, endpoint.mend = false, map[string][2]any{"endpoint_url": {"https://theirs.example.com", "https://endpoint.example.com/run"}}
			}
			checkDrift(t, server, cli, append(all, endpoint))
		})
	}
}

func checkDrift(t *testing.T, server *mockserver.Server, cli *acctest.CLI, cases []drift) {
	t.Helper()
	var config strings.Builder
	created, drifted := actions{}, actions{}
	for _, c := range cases {
		if c.name == "manidefault" {
			config.WriteString(agent("manidef", args{"name": `"Agent manidefault"`}, c.config))
			created[address("manidef")] = "create"
			continue
		}
		config.WriteString(agent(c.name, c.config))
		created[address(c.name)] = "create"
		if !c.hidden {
			drifted[address(c.name)] = "update"
		}
	}
	cli.Write("main.tf", config.String())
	cli.Settle(created)
	before := map[string]mockserver.AgentState{}
	api := clientFor(t, server, server.Key())
	for _, a := range server.State().Agents {
		before[a.Name] = a
		for _, c := range cases {
			if a.Name != "Agent "+c.name {
				continue
			}
			if _, err := api.Agents.Update(t.Context(), a.ID, c.patch); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
	}

	cli.Look().MustDo(drifted).MustDrift(drifted).MustNotWarn()
	plan := cli.ShowPlan()
	for _, c := range cases {
		if c.hidden {
			continue
		}
		if diff := cmp.Diff(c.mend, changed(changeOf(t, plan, address(c.name)))); diff != "" {
			t.Errorf("%s: what the plan mends (-want +got):\n%s", c.name, diff)
		}
	}
	server.ClearRequests()
	cli.ApplyPlan().MustSucceed().MustNotWarn()
	if n := acctest.Sent(server)["agents.update"]; n != len(drifted) || len(acctest.Writes(server)) != n {
		t.Errorf("mending took other writes than one update each:\n%s", acctest.Traffic(server))
	}
	cli.MustBeSettled()
	for _, now := range server.State().Agents {
		was := before[now.Name]
		for _, c := range cases {
			if now.Name != "Agent "+c.name || c.hidden {
				continue
			}
			if diff := cmp.Diff(plain(was), plain(now)); diff != "" {
				t.Errorf("%s: it was not mended (-before +now):\n%s", c.name, diff)
			}
		}
	}
}

// plain is what two agents are compared by.
func plain(a mockserver.AgentState) map[string]any {
	out := map[string]any{
		"id": a.ID, "name": a.Name, "endpoint": a.EndpointURL, "price": a.ServicePrice.String(), "tier": a.AuthTier, "status": a.Status,
		"description": a.Description, "category": a.Category, "profile": a.Profile, "manifest": "none",
	}
	if m := a.Manifest; m != nil {
		out["manifest"] = []any{m.Input, m.Output, m.SupportsSessions, m.SessionMinimumMessages, m.SessionMaxDurationMinutes, m.ChatResponsePath}
		if m.SessionPricePerMessage != nil {
			out["message"] = m.SessionPricePerMessage.String()
		}
	}
	return out
}
