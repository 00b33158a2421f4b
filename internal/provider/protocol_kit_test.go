package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// The kit of the tests below, which drive the provider through the plugin protocol.

const (
	agentType = "autx_agent"
	otherKey  = "autx_live_other"
)

type values = protocol.Values

// What the tests of every domain call alike.
var (
	with = protocol.With
	at   = protocol.At
	said = protocol.Said
)

// market is a server with two accounts: ours, with $1,000 and one free launch, and another one that owns the agent OTHR. More agents of ours may be
// given, by ticker; "TICK:paused" gives one in that status.
func market(t testing.TB, ours []string, options ...mockserver.Option) *mockserver.Server {
	t.Helper()
	seed, err := mockserver.ParseSeed([]byte(`{
		"users": [
			{"id": "us", "balance_usd": "1000", "keys": [{"key": "autx_live_us"}]},
			{"id": "other", "balance_usd": "1000", "keys": [{"key": "` + otherKey + `"}]}
		],
		"agents": [{"owner": "other", "ticker": "OTHR", "name": "Somebody else's", "endpoint_url": "https://other.example/run"}]
	}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, ticker := range ours {
		ticker, status, _ := strings.Cut(ticker, ":")
		seed.Agents = append(seed.Agents, mockserver.SeedAgent{Owner: "us", Ticker: ticker, Name: "Agent " + ticker, EndpointURL: "https://us.example/" + ticker, Status: status})
	}
	return mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(seed)}, options...)...)
}

// seededID finds the id that the server gave to an agent.
func seededID(t testing.TB, server *mockserver.Server, ticker string) string {
	t.Helper()
	for _, a := range server.State().Agents {
		if a.Ticker == ticker {
			return a.ID
		}
	}
	t.Fatalf("the server has no agent %s", ticker)
	return ""
}

// agentNamed is the configuration of an agent. Pairs of a path, like "manifest.input.type", and a value may follow.
func agentNamed(ticker string, pairs ...any) values {
	return with(values{
		"ticker": ticker, "name": "Agent " + ticker, "endpoint_url": "https://us.example/" + ticker, "service_price": "0.50", "deletion_protection": false,
	}, pairs...)
}

// everything is the configuration of an agent with every argument set.
func everything(t testing.TB, ticker string) values {
	t.Helper()
	return agentNamed(ticker,
		"description", "Summarizes.", "category", "text", "auth_tier", "buyer_key", "status", "paused", "deletion_protection", true,
		"manifest", values{
			"input":             values{"type": "multipart", "accepts_files": true, "file_types": []string{"pdf"}, "max_size_bytes": 1000},
			"output":            values{"type": "text", "produces_files": true, "content_types": []string{"text/plain"}, "max_size_bytes": 2000},
			"supports_sessions": true, "session_price_per_message": "0.05", "session_minimum_messages": 3, "session_max_duration_minutes": 60, "chat_response_path": "$.text",
		},
		"profile", values{
			"tagline": "Short is good", "capabilities": []string{"short"}, "use_cases": []string{"mail"}, "output_description": "Text", "best_for": "You", "limitations": "Poetry",
		},
		"image", values{"source": imageFile(t)},
		"provider_key", values{"provider": "openai", "value_wo": "sk-secret", "value_wo_version": 1},
		"launch", values{"reserve": false},
		"timeouts", values{"create": "1m", "read": "1m", "update": "1m", "delete": "1m"},
	)
}

// calls are the operations that the server was asked for, such as agents.mine, in order.
func calls(server *mockserver.Server) []string {
	var out []string
	for _, r := range server.Requests() {
		out = append(out, r.Operation)
	}
	return out
}

// writes are the requests that could have changed something.
func writes(server *mockserver.Server) []string {
	var out []string
	for _, r := range server.Requests() {
		if r.Method != http.MethodGet || r.Committed {
			out = append(out, r.Method+" "+r.Path)
		}
	}
	return out
}

// silently runs a step and fails the test if it made a request.
func silently(t testing.TB, server *mockserver.Server, what string, step func()) {
	t.Helper()
	before := len(server.Requests())
	step()
	if made := server.Requests()[before:]; len(made) > 0 {
		t.Errorf("%s made %d requests, the first %s %s", what, len(made), made[0].Method, made[0].Path)
	}
}

// readingOnly runs a step and fails the test if it made a request other than GET.
func readingOnly(t testing.TB, server *mockserver.Server, what string, step func()) {
	t.Helper()
	before := len(writes(server))
	step()
	if made := writes(server)[before:]; len(made) > 0 {
		t.Errorf("%s made the requests %v", what, made)
	}
}

// proof is an activation.
var proof = values{
	"tx_hash":          "0x" + strings.Repeat("ab", 32),
	"deployer_address": "0x" + strings.Repeat("cd", 20),
}

// allUnknown is the configuration of an agent of which nothing is known yet, as when all of it comes from other resources.
func allUnknown() values {
	out := values{}
	for _, name := range []string{
		"ticker", "name", "endpoint_url", "service_price", "description", "category", "auth_tier", "status", "manifest", "profile", "image", "provider_key", "launch", "activation",
		"deletion_protection", "timeouts",
	} {
		out[name] = protocol.Unknown
	}
	return out
}
