package agent_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccLaunchesAndTheirCost launches a free agent and one that costs, and destroys both: plan, state and ledger agree on the money.
func TestAccLaunchesAndTheirCost(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{balance: "100", free: 1})

	for i, c := range []struct {
		label, charged, balance string
	}{{"free", "0", "100"}, {"paid", "20", "80"}, {"third", "20", "60"}} {
		cli.Write(c.label+".tf", agent(c.label))
		cli.Look().MustDo(each("create", c.label)).MustNotWarn()
		change := changeOf(t, cli.ShowPlan(), address(c.label))
		planned := changed(change)
		want := map[string][2]any{"spend.authorized_usd": {nil, "20"}, "spend.charged_usd": {nil, unknown}, "status": {nil, "active"}, "id": {nil, unknown}}
		for path, both := range want {
			if planned[path] != both {
				t.Errorf("%s: the plan has %s as %v, want %v", c.label, path, planned[path], both)
			}
		}
		cli.ApplyPlan().MustSucceed().MustNotWarn()
		cli.MustBeSettled()

		attributes := cli.Attributes(address(c.label))
		spend := map[string]any{"authorized_usd": "20", "charged_usd": c.charged}
		if diff := cmp.Diff(spend, attributes["spend"]); diff != "" {
			t.Errorf("%s: spend in state (-want +got):\n%s", c.label, diff)
		}
		if got := available(t, server); got != c.balance {
			t.Errorf("%s: the balance is %s, want %s", c.label, got, c.balance)
		}
		if len(server.State().Agents) != i+1 {
			t.Errorf("%s: there are %d agents", c.label, len(server.State().Agents))
		}
	}
	if diff := cmp.Diff([]string{"consume 20", "consume 20"}, ledger(server)); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	if got := acctest.Sent(server)["agents.create"]; got != 3 {
		t.Errorf("%d launches were sent", got)
	}

	cli.Look("-destroy").MustDo(each("delete", "free", "paid", "third")).MustWarn("", "is delisted", "not refunded")
	cli.ApplyPlan().MustSucceed()
	if state := server.State(); len(state.Agents) != 0 || available(t, server) != "60" {
		t.Errorf("after the destroy there are %d agents and %s", len(state.Agents), available(t, server))
	}
	if cli.Attributes(address("free")) != nil {
		t.Error("a destroyed agent is still in state")
	}
}

// TestAccStateAfterLaunch compares everything that a launch leaves in state with what the service has.
func TestAccStateAfterLaunch(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("full", args{
		"description": `"What it does."`, "category": `"text"`, "auth_tier": `"buyer_key"`, "status": `"paused"`, "manifest": fullManifest, "profile": fullProfile,
		"timeouts": `{ create = "3m" }`, "launch": `{}`, "service_price": "0.5",
	})+agent("bare"))
	cli.Settle(each("create", "full", "bare"))

	full, bare := must(t, server, "FULL"), must(t, server, "BARE")
	manifest := map[string]any{
		"input":             map[string]any{"type": "multipart", "accepts_files": true, "file_types": []any{"pdf", "txt"}, "max_size_bytes": float64(1048576)},
		"output":            map[string]any{"type": "text", "produces_files": true, "content_types": []any{"text/plain", "application/pdf"}, "max_size_bytes": float64(2097152)},
		"supports_sessions": true, "session_price_per_message": "0.05", "session_minimum_messages": float64(2), "session_max_duration_minutes": float64(30),
		"chat_response_path": "$.answer",
	}
	profile := map[string]any{
		"tagline": "Reads for you", "capabilities": []any{"reading", "writing"}, "use_cases": []any{"mail"}, "output_description": "Text.", "best_for": "Offices",
		"limitations": "English only",
	}
	for label, want := range map[string]map[string]any{
		"full": {
			"id": full.ID, "owner_id": me, "name": "Agent full", "ticker": "FULL", "endpoint_url": "https://full.example.com/run", "service_price": "0.5",
			"description": "What it does.", "category": "text", "auth_tier": "buyer_key", "status": "paused", "manifest": manifest, "profile": profile,
			"provider_key_configured": false, "image_url": nil, "contract_address": nil, "dividend_splitter_address": nil, "agent_token_address": nil,
			"created_at": *full.CreatedAt, "deletion_protection": false, "image": nil, "provider_key": nil, "activation": nil,
			"launch": map[string]any{"reserve": false, "stripe_session_id": nil}, "spend": map[string]any{"authorized_usd": "20", "charged_usd": "20"},
			"timeouts": map[string]any{"create": "3m", "read": nil, "update": nil, "delete": nil},
		},
		"bare": {
			"id": bare.ID, "owner_id": me, "name": "Agent bare", "ticker": "BARE", "endpoint_url": "https://bare.example.com/run", "service_price": "0.50",
			"description": nil, "category": nil, "auth_tier": "jwt_default", "status": "active", "manifest": nil, "profile": nil,
			"provider_key_configured": false, "image_url": nil, "contract_address": nil, "dividend_splitter_address": nil, "agent_token_address": nil,
			"created_at": *bare.CreatedAt, "deletion_protection": false, "image": nil, "provider_key": nil, "activation": nil, "launch": nil, "timeouts": nil,
			"spend": map[string]any{"authorized_usd": "20", "charged_usd": "20"},
		},
	} {
		if diff := cmp.Diff(want, cli.Attributes(address(label))); diff != "" {
			t.Errorf("%s in state (-want +got):\n%s", label, diff)
		}
	}
	if full.EndpointURL != "https://full.example.com/run" || full.ServicePrice.String() != "0.5" || full.Status != "paused" || full.Manifest.Input.Type != "multipart" ||
		full.Manifest.SessionPricePerMessage.String() != "0.05" || *full.Profile.BestFor != "Offices" || full.AuthTier != "buyer_key" {
		t.Errorf("the service has %+v", full)
	}
	if bare.Manifest != nil || bare.Profile != nil || bare.Description != nil {
		t.Errorf("the service has %+v", bare)
	}
}

const (
	fullManifest = `{
    input = {
      type           = "multipart"
      accepts_files  = true
      file_types     = ["pdf", "txt"]
      max_size_bytes = 1048576
    }
    output = {
      type           = "text"
      produces_files = true
      content_types  = ["text/plain", "application/pdf"]
      max_size_bytes = 2097152
    }
    supports_sessions            = true
    session_price_per_message    = "0.05"
    session_minimum_messages     = 2
    session_max_duration_minutes = 30
    chat_response_path           = "$.answer"
  }`
	fullProfile = `{
    tagline            = "Reads for you"
    capabilities       = ["reading", "writing"]
    use_cases          = ["mail"]
    output_description = "Text."
    best_for           = "Offices"
    limitations        = "English only"
  }`
)
