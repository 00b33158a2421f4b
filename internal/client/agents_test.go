package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

const agentID = "11111111-2222-4333-8444-555555555555"

const fullAgent = `{
  "id": "11111111-2222-4333-8444-555555555555", "owner_id": "u1", "name": "Summer", "ticker": "SUMM", "description": null, "category": "text",
  "service_price": 0.30000000000000004, "auth_tier": "jwt_default", "provider_key_configured": true, "status": "active",
  "uptime_pct": 99.95, "success_rate": null, "total_revenue": "12.50", "total_requests": 17.0, "created_at": "2026-01-02T03:04:05Z",
  "endpoint_url": "https://a.example/x", "image_url": "https://a.example/i.png", "contract_address": "0x1",
  "manifest": {"input": {"type": "text", "accepts_files": true, "file_types": ["pdf"], "max_size_bytes": 10485760},
    "output": {"type": "json", "produces_files": false, "content_types": ["application/json"], "max_size_bytes": 52428800},
    "supports_sessions": true, "session_price_per_message": 0.05, "session_minimum_messages": 5, "session_max_duration_minutes": 240,
    "chat_response_path": null, "future": {}},
  "profile": {"tagline": "t", "capabilities": ["a", "b"], "use_cases": [], "output_description": null},
  "something_new": [1, 2]}`

func TestAgentIsReadExactly(t *testing.T) {
	t.Parallel()
	agent, err := serveJSON(t, http.StatusOK, fullAgent).client(t).Agents.Get(t.Context(), agentID)
	if err != nil {
		t.Fatal(err)
	}
	manifest, profile := agent.Manifest.Or(client.Manifest{}), agent.Profile.Or(client.Profile{})
	for name, ok := range map[string]bool{
		"id":                     agent.ID == agentID,
		"owner":                  agent.OwnerID.Or("") == "u1",
		"name":                   agent.Name == "Summer" && agent.Ticker == "SUMM",
		"null is reported":       agent.Description.Reported() && agent.Description.IsNull(),
		"absent is not reported": !agent.Provider.Reported(),
		"price by its digits":    agent.ServicePrice.Or(money.Zero()).String() == "0.30000000000000004",
		"revenue from a string":  agent.TotalRevenue.Or(money.Zero()).String() == "12.5",
		"requests":               agent.TotalRequests.Or(0) == 17,
		"uptime":                 agent.UptimePct.Or("") == json.Number("99.95"),
		"success rate":           agent.SuccessRate.IsNull(),
		"key configured":         agent.ProviderKeyConfigured.Or(false),
		"endpoint":               agent.EndpointURL.Or("") == "https://a.example/x",
		"max input":              manifest.Input.Or(client.ManifestInput{}).MaxSizeBytes.Or(0) == 10485760,
		"content types":          strings.Join(manifest.Output.Or(client.ManifestOutput{}).ContentTypes.Or(nil), ",") == "application/json",
		"session price":          manifest.SessionPricePerMessage.Or(money.Zero()).String() == "0.05",
		"chat path":              manifest.ChatResponsePath.IsNull(),
		"capabilities":           len(profile.Capabilities.Or(nil)) == 2,
		"empty list is a value":  profile.UseCases.Reported() && !profile.UseCases.IsNull() && profile.UseCases.Or(nil) != nil,
	} {
		if !ok {
			t.Errorf("%s: wrong in %+v", name, agent)
		}
	}
}

func create() client.AgentCreate {
	return client.AgentCreate{
		Name: "Summer", Ticker: "SUMM", EndpointURL: "https://a.example/x?a=1&b=2", ServicePrice: money.MustParse("0.30"), AuthTier: "jwt_default",
		Description: client.Of(""), Category: client.Null[string](), ProviderAPIKey: client.Of("sk-secret-1"),
		Manifest: client.Of(client.Manifest{
			Input:                  client.Of(client.ManifestInput{FileTypes: client.Of([]string{})}),
			SessionPricePerMessage: client.Of(money.MustParse("0.050")),
		}),
		Profile: client.Of(client.Profile{Tagline: client.Of("t")}),
		TxHash:  client.Of("0xaa"), DeployerAddress: client.Of("0xbb"),
	}
}

func TestAgentCalls(t *testing.T) {
	t.Parallel()
	const body = `{"name": "Summer", "ticker": "SUMM", "endpoint_url": "https://a.example/x?a=1&b=2", "service_price": 0.3, "auth_tier": "jwt_default",
		"description": "", "category": null, "provider_api_key": "sk-secret-1",
		"manifest": {"input": {"file_types": []}, "session_price_per_message": 0.05}, "profile": {"tagline": "t"}`
	calls := map[string]struct {
		call         func(ctx context.Context, s *client.AgentsService) error
		method, path string
		body, answer string
	}{
		"list": {
			func(ctx context.Context, s *client.AgentsService) error {
				agents, err := s.List(ctx, client.AgentFilter{Sort: "new", Category: "a b", Search: "x&y", Status: "active", Limit: 5, Offset: 10})
				if err == nil && (len(agents) != 1 || agents[0].ID != agentID) {
					t.Errorf("list: %+v", agents)
				}
				return err
			}, "GET", "/agents/?category=a+b&limit=5&offset=10&search=x%26y&sort=new&status=active", "", "[" + fullAgent + "]",
		},
		"list all": {
			func(ctx context.Context, s *client.AgentsService) error {
				agents, err := s.List(ctx, client.AgentFilter{})
				if err == nil && (agents == nil || len(agents) != 0) {
					t.Errorf("list all: %+v", agents)
				}
				return err
			}, "GET", "/agents/", "", "[]",
		},
		"mine": {
			func(ctx context.Context, s *client.AgentsService) error {
				agents, err := s.Mine(ctx)
				if err == nil && len(agents) != 1 {
					t.Errorf("mine: %+v", agents)
				}
				return err
			}, "GET", "/agents/mine", "", "[" + fullAgent + "]",
		},
		"get by ticker": {
			func(ctx context.Context, s *client.AgentsService) error {
				return agentOrError(t)(s.GetByTicker(ctx, "a/b ü?"))
			},
			"GET", "/agents/ticker/a%2Fb%20%C3%BC%3F", "", fullAgent,
		},
		"check ticker": {
			func(ctx context.Context, s *client.AgentsService) error {
				free, err := s.CheckTicker(ctx, "SUMM")
				if err == nil && !free {
					t.Error("check ticker: not free")
				}
				return err
			}, "GET", "/agents/check-ticker/SUMM", "", `{"available": true}`,
		},
		"check name": {
			func(ctx context.Context, s *client.AgentsService) error {
				free, err := s.CheckName(ctx, "..")
				if err == nil && free {
					t.Error("check name: free")
				}
				return err
			}, "GET", "/agents/check-name/%2E%2E", "", `{"available": false}`,
		},
		"create": {
			func(ctx context.Context, s *client.AgentsService) error {
				return agentOrError(t)(s.Create(ctx, create()))
			},
			"POST", "/agents/", body + `, "tx_hash": "0xaa", "deployer_address": "0xbb"}`, fullAgent,
		},
		"reserve": {
			func(ctx context.Context, s *client.AgentsService) error {
				return agentOrError(t)(s.Reserve(ctx, create()))
			},
			"POST", "/agents/reserve/", body + `}`, fullAgent,
		},
		"activate": {
			func(ctx context.Context, s *client.AgentsService) error {
				return agentOrError(t)(s.Activate(ctx, agentID, "0xaa", "0xbb"))
			},
			"POST", "/agents/" + agentID + "/activate/", `{"tx_hash": "0xaa", "deployer_address": "0xbb"}`, fullAgent,
		},
		"cancel reservation": {
			func(ctx context.Context, s *client.AgentsService) error { return s.CancelReservation(ctx, agentID) },
			"DELETE", "/agents/" + agentID + "/reservation/", "", "",
		},
		"update": {
			func(ctx context.Context, s *client.AgentsService) error {
				return agentOrError(t)(s.Update(ctx, agentID, client.AgentPatch{
					Name: client.Of("New"), Description: client.Null[string](), ServicePrice: client.Of(money.Zero()), Profile: client.Null[client.Profile](),
				}))
			}, "PATCH", "/agents/" + agentID, `{"name": "New", "description": null, "service_price": 0, "profile": null}`, fullAgent,
		},
		"provider key": {
			func(ctx context.Context, s *client.AgentsService) error {
				return agentOrError(t)(s.SetProviderKey(ctx, agentID, client.ProviderKey{APIKey: "sk-secret-1"}))
			}, "PUT", "/agents/" + agentID + "/provider-key", `{"api_key": "sk-secret-1"}`, fullAgent,
		},
		"delete image": {
			func(ctx context.Context, s *client.AgentsService) error { return s.DeleteImage(ctx, agentID) },
			"DELETE", "/agents/" + agentID + "/image", "", `not json`,
		},
		"delete": {
			func(ctx context.Context, s *client.AgentsService) error { return s.Delete(ctx, agentID) },
			"DELETE", "/agents/" + agentID, "", "",
		},
	}
	for name, test := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serveJSON(t, http.StatusOK, test.answer)
			if err := test.call(t.Context(), server.client(t).Agents); err != nil {
				t.Fatal(err)
			}
			got := server.last(t)
			if server.count() != 1 || got.method != test.method || got.uri != "/api/v1"+test.path {
				t.Errorf("%d requests, the last %s %s; want %s %s", server.count(), got.method, got.uri, test.method, test.path)
			}
			for header, want := range map[string]string{
				"Authorization": "Bearer " + testKey, "User-Agent": "test/1", "Accept": "application/json",
				"Idempotency-Key": "", "X-Idempotency-Key": "",
			} {
				if got.header.Get(header) != want {
					t.Errorf("%s: %q; want %q", header, got.header.Get(header), want)
				}
			}
			if test.body == "" {
				if got.body != "" || got.header.Get("Content-Type") != "" {
					t.Errorf("sent %q as %q; want no body", got.body, got.header.Get("Content-Type"))
				}
			} else if !sameJSON(t, got.body, test.body) || got.header.Get("Content-Type") != "application/json" {
				t.Errorf("sent %s as %s; want %s", got.body, got.header.Get("Content-Type"), test.body)
			}
		})
	}
}

// agentOrError checks the agent of a call that succeeded.
func agentOrError(t *testing.T) func(*client.Agent, error) error {
	t.Helper()
	return func(agent *client.Agent, err error) error {
		t.Helper()
		if err == nil && agent.ID != agentID {
			t.Errorf("the agent is %+v", agent)
		}
		return err
	}
}

func TestUploadImage(t *testing.T) {
	t.Parallel()
	server := serveJSON(t, http.StatusOK, fullAgent)
	content := strings.Repeat("\x89PNG\x00\r\n", 1000)
	_, err := server.client(t).Agents.UploadImage(t.Context(), agentID,
		client.Image{FileName: `a "b" ü.png`, ContentType: "image/png", Content: []byte(content)})
	if err != nil {
		t.Fatal(err)
	}
	got := server.last(t)
	_, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	reader := multipart.NewReader(strings.NewReader(got.body), params["boundary"])
	part, err := reader.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	received, err := io.ReadAll(part)
	if err != nil {
		t.Fatal(err)
	}
	if part.FormName() != "file" || part.FileName() != `a "b" ü.png` || part.Header.Get("Content-Type") != "image/png" || string(received) != content {
		t.Errorf("the part is %q %q, %v, %d bytes", part.FormName(), part.FileName(), part.Header, len(received))
	}
	if _, err := reader.NextPart(); !errors.Is(err, io.EOF) {
		t.Errorf("a second part: %v", err)
	}
	if got.method != http.MethodPost || got.uri != "/api/v1/agents/"+agentID+"/image" {
		t.Errorf("%s %s", got.method, got.uri)
	}
}

func TestWhatCannotBeAskedIsNotSent(t *testing.T) {
	t.Parallel()
	server := serveJSON(t, http.StatusOK, fullAgent)
	agents := server.client(t).Agents
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"get":          func() error { _, err := agents.Get(ctx, ""); return err },
		"ticker":       func() error { _, err := agents.GetByTicker(ctx, ""); return err },
		"check ticker": func() error { _, err := agents.CheckTicker(ctx, ""); return err },
		"check name":   func() error { _, err := agents.CheckName(ctx, ""); return err },
		"delete":       func() error { return agents.Delete(ctx, "") },
		"delete image": func() error { return agents.DeleteImage(ctx, "") },
		"cancel":       func() error { return agents.CancelReservation(ctx, "") },
		"update":       func() error { _, err := agents.Update(ctx, "", client.AgentPatch{Name: client.Of("x")}); return err },
		"empty update": func() error { _, err := agents.Update(ctx, agentID, client.AgentPatch{}); return err },
		"activate":     func() error { _, err := agents.Activate(ctx, "", "0x", "0x"); return err },
		"key":          func() error { _, err := agents.SetProviderKey(ctx, "", client.ProviderKey{APIKey: "sk-1"}); return err },
		"image":        func() error { _, err := agents.UploadImage(ctx, "", client.Image{}); return err },
	} {
		if e := mustFail(t, call()); e.Outcome != client.NotSent || e.MayHaveBeenCarriedOut() {
			t.Errorf("%s: outcome %s", name, e.Outcome)
		}
	}
	if server.count() != 0 {
		t.Errorf("%d requests were sent", server.count())
	}
}

func TestSegmentsSurviveTheWay(t *testing.T) {
	t.Parallel()
	server := serveJSON(t, http.StatusOK, `{"available": true}`)
	agents := server.client(t).Agents
	for _, name := range []string{
		".", "..", "...", "a/b", "a b", "a+b", "ü", "日本", "?", "#", "%", "%2F", "a;b,c", "a\\b", "\"", "a\nb", "../mine", "&=@:$!",
	} {
		if _, err := agents.CheckName(t.Context(), name); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		raw := strings.TrimPrefix(server.last(t).uri, "/api/v1/agents/check-name/")
		back, err := url.PathUnescape(raw)
		if err != nil || back != name || strings.ContainsAny(raw, "/?#") || strings.Trim(raw, ".") == "" {
			t.Errorf("%q was sent as %q, which reads as %q, %v", name, raw, back, err)
		}
	}
}
