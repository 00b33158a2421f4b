package client_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

func against(t *testing.T, server *mockserver.Server, change ...func(*client.Config)) *client.Client {
	t.Helper()
	all := append([]func(*client.Config){func(c *client.Config) { c.APIKey = server.Key() }}, change...)
	return newClient(t, server.URL(), all...)
}

func launch(ticker string) client.AgentCreate {
	return client.AgentCreate{
		Name: "Agent " + ticker, Ticker: ticker, EndpointURL: "https://agents.example/" + ticker, ServicePrice: money.MustParse("0.25"),
		AuthTier: "jwt_default", Description: client.Of("d"), Category: client.Of("text"),
	}
}

const (
	txHash   = "0x" + "ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12"
	deployer = "0x" + "cd34cd34cd34cd34cd34cd34cd34cd34cd34cd34"
)

// TestAgentsAgainstTheMockServer leads an agent through its whole life, with every switch that concerns agents in each position.
func TestAgentsAgainstTheMockServer(t *testing.T) {
	t.Parallel()
	for _, publicURL := range []string{"false", "true"} {
		for _, patchNull := range []string{"clears", "ignored"} {
			for _, deleted := range []string{"gone", "delisted"} {
				t.Run(strings.Join([]string{publicURL, patchNull, deleted}, " "), func(t *testing.T) {
					t.Parallel()
					server := mockserver.New(t, mockserver.WithAssume("agents.public_endpoint_url", publicURL),
						mockserver.WithAssume("agents.patch_null", patchNull), mockserver.WithAssume("agents.delete", deleted))
					liveAnAgentsLife(t, server, publicURL == "true", patchNull == "clears", deleted == "gone")
				})
			}
		}
	}
}

func liveAnAgentsLife(t *testing.T, server *mockserver.Server, publicURL, clears, gone bool) {
	t.Helper()
	c := against(t, server)
	agents, ctx := c.Agents, t.Context()
	available := func(want bool) {
		t.Helper()
		ticker, err := agents.CheckTicker(ctx, "TEST")
		if err != nil {
			t.Fatal(err)
		}
		name, err := agents.CheckName(ctx, "Agent TEST")
		if err != nil {
			t.Fatal(err)
		}
		if ticker != want || name != want {
			t.Errorf("ticker and name are available: %t, %t; want %t", ticker, name, want)
		}
	}
	agent := func(agent *client.Agent, err error) *client.Agent {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return agent
	}

	available(true)
	created := agent(agents.Create(ctx, launch("TEST")))
	available(false)
	if created.Ticker != "TEST" || created.EndpointURL.Or("") != "https://agents.example/TEST" || created.Status.Or("") != "active" ||
		!created.ServicePrice.Or(money.Zero()).Equal(money.MustParse("0.25")) || !created.Provider.IsNull() {
		t.Errorf("created: %+v", created)
	}
	for name, read := range map[string]*client.Agent{
		"get": agent(agents.Get(ctx, created.ID)), "by ticker": agent(agents.GetByTicker(ctx, "test")), "mine": only(t, agents.Mine),
	} {
		if read.ID != created.ID || read.EndpointURL.Reported() != publicURL || read.Description.Or("") != "d" {
			t.Errorf("%s: %+v", name, read)
		}
	}
	if mine := only(t, agents.Mine); mine.CreatedAt.Or("") == "" || mine.TotalRequests.Or(-1) != 0 || mine.UptimePct.Or("") == "" {
		t.Errorf("figures: %+v", mine)
	}

	updated := agent(agents.Update(ctx, created.ID, client.AgentPatch{
		Name: client.Of("Renamed"), Description: client.Null[string](), ServicePrice: client.Of(money.MustParse("0.300000")), Status: client.Of("paused"),
		Manifest: client.Of(client.Manifest{SupportsSessions: client.Of(true), SessionPricePerMessage: client.Of(money.MustParse("0.01"))}),
		Profile:  client.Of(client.Profile{Tagline: client.Of("Tag"), UseCases: client.Of([]string{"a", "b"})}),
	}))
	manifest, profile := updated.Manifest.Or(client.Manifest{}), updated.Profile.Or(client.Profile{})
	if updated.Name != "Renamed" || updated.Status.Or("") != "paused" || updated.ServicePrice.Or(money.Zero()).String() != "0.3" ||
		updated.Description.IsNull() != clears || !manifest.SupportsSessions.Or(false) ||
		manifest.SessionPricePerMessage.Or(money.Zero()).String() != "0.01" ||
		manifest.Input.Or(client.ManifestInput{}).MaxSizeBytes.Or(0) == 0 || profile.Tagline.Or("") != "Tag" || len(profile.UseCases.Or(nil)) != 2 {
		t.Errorf("updated: %+v", updated)
	}

	keyed := agent(agents.SetProviderKey(ctx, created.ID, client.ProviderKey{APIKey: "sk-secret-1", Provider: "openai"}))
	if !keyed.ProviderKeyConfigured.Or(false) || keyed.Provider.Or("") != "openai" {
		t.Errorf("with a provider key: %+v", keyed)
	}
	png := []byte("\x89PNG\r\n\x1a\n" + strings.Repeat("x", 100))
	pictured := agent(agents.UploadImage(ctx, created.ID, client.Image{FileName: "a.png", ContentType: "image/png", Content: png}))
	if pictured.ImageURL.Or("") == "" {
		t.Errorf("with a picture: %+v", pictured)
	}
	if err := agents.DeleteImage(ctx, created.ID); err != nil {
		t.Error(err)
	}
	if bare := agent(agents.Get(ctx, created.ID)); !bare.ImageURL.IsNull() {
		t.Errorf("without its picture: %+v", bare)
	}

	if err := agents.Delete(ctx, created.ID); err != nil {
		t.Error(err)
	}
	if _, err := agents.Get(ctx, created.ID); client.IsNotFound(err) != gone || (err == nil) == gone {
		t.Errorf("after its removal: %v", err)
	}
	if mine, err := agents.Mine(ctx); err != nil || len(mine) != 0 {
		t.Errorf("mine after the removal: %v, %v", mine, err)
	}
	if c.Instance() != server.Instance() || c.Instance() == "" {
		t.Errorf("the instance is %q; want %q", c.Instance(), server.Instance())
	}
}

func TestThreePhaseLaunchAgainstTheMockServer(t *testing.T) {
	t.Parallel()
	server := mockserver.New(t)
	agents, ctx := against(t, server).Agents, t.Context()
	reserved, err := agents.Reserve(ctx, launch("WAIT"))
	if err != nil || reserved.Status.Or("") != "pending" {
		t.Fatalf("reserved: %+v, %v", reserved, err)
	}
	active, err := agents.Activate(ctx, reserved.ID, txHash, deployer)
	if err != nil || active.Status.Or("") != "active" || active.ID != reserved.ID {
		t.Fatalf("activated: %+v, %v", active, err)
	}
	_, err = agents.Activate(ctx, reserved.ID, txHash, deployer)
	if e := mustFail(t, err); !client.IsConflict(err) || e.Outcome != client.Refused || e.Message == "" {
		t.Errorf("activated twice: %v", err)
	}
	second, err := agents.Reserve(ctx, launch("BACK"))
	if err != nil {
		t.Fatal(err)
	}
	if err := agents.Delete(ctx, second.ID); !client.IsConflict(err) {
		t.Errorf("a reservation was deleted: %v", err)
	}
	if err := agents.CancelReservation(ctx, second.ID); err != nil {
		t.Error(err)
	}
	if free, err := agents.CheckTicker(ctx, "BACK"); err != nil || !free {
		t.Errorf("a cancelled ticker is free: %t, %v", free, err)
	}
}

func TestListAgainstTheMockServer(t *testing.T) {
	t.Parallel()
	agents, ctx := against(t, mockserver.New(t)).Agents, t.Context()
	for want, filter := range map[string]client.AgentFilter{
		"CHAT DOCREAD ECHO SUMM": {}, "DOCREAD": {Category: "documents"}, "SUMM": {Search: "summar"}, "": {Status: "paused"},
	} {
		list, err := agents.List(ctx, filter)
		if err != nil {
			t.Error(err)
			continue
		}
		var tickers []string
		for _, agent := range list {
			tickers = append(tickers, agent.Ticker)
		}
		if got := sorted(tickers); got != want {
			t.Errorf("%+v gives %s; want %s", filter, got, want)
		}
	}
	first, err := agents.List(ctx, client.AgentFilter{Sort: "new", Limit: 3})
	if err != nil || len(first) != 3 {
		t.Fatalf("%v, %v", first, err)
	}
	rest, err := agents.List(ctx, client.AgentFilter{Sort: "new", Limit: 3, Offset: 3})
	if err != nil || len(rest) != 1 || rest[0].ID == first[0].ID {
		t.Errorf("%v, %v", rest, err)
	}
	_, err = agents.List(ctx, client.AgentFilter{Sort: "odd"})
	if e := mustFail(t, err); e.Status != http.StatusUnprocessableEntity || len(e.Fields) != 1 || strings.Join(e.Fields[0].Path, ".") != "query.sort" {
		t.Errorf("%+v", e)
	}
}

func TestCreditsAgainstTheMockServer(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"available_usdc", "balance_usd"} {
		server := mockserver.New(t, mockserver.WithAssume("credits.shape", shape),
			mockserver.WithSeedJSON(`{"users": [{"id": "u", "balance_usd": "100.10", "launches_left_free": 0,
				"keys": [{"key": "autx_live_u", "scopes": ["*"]}]}]}`))
		c, ctx := against(t, server), t.Context()
		if _, err := c.Agents.Create(ctx, launch("PAID")); err != nil {
			t.Fatal(err)
		}
		balance, err := c.Credits.Balance(ctx)
		if err != nil || balance.Available.String() != "80.1" || !balance.Reserved.IsZero() {
			t.Errorf("%s: %+v, %v", shape, balance, err)
		}
		transactions, err := c.Credits.Transactions(ctx, 1)
		if err != nil || len(transactions) != 1 || transactions[0].Type != "consume" || transactions[0].Amount.String() != "20" ||
			transactions[0].ID == "" || transactions[0].CreatedAt == "" {
			t.Errorf("%s: %+v, %v", shape, transactions, err)
		}
		if all, err := c.Credits.Transactions(ctx, 0); err != nil || len(all) != 2 {
			t.Errorf("%s: %+v, %v", shape, all, err)
		}
	}
}

func TestRefusalsAgainstTheMockServer(t *testing.T) {
	t.Parallel()
	server := mockserver.New(t, mockserver.WithSeedJSON(`{"users": [
		{"id": "u", "balance_usd": "1", "launches_left_free": 0,
			"keys": [{"key": "autx_live_u", "scopes": ["*"]}, {"key": "autx_live_none", "scopes": ["proxy"]}]},
		{"id": "v", "keys": [{"key": "autx_live_v", "scopes": ["*"]}]}],
		"agents": [{"owner": "v", "ticker": "THEIRS", "name": "Theirs", "endpoint_url": "https://agents.example/x", "service_price": "1"}]}`))
	ctx := t.Context()
	mine := against(t, server).Agents
	theirs, err := mine.GetByTicker(ctx, "THEIRS")
	if err != nil {
		t.Fatal(err)
	}
	bad := launch("TOOLONGATICKER")
	bad.ServicePrice = money.MustParse("-1")
	withKey := func(key string) *client.AgentsService {
		return against(t, server, func(c *client.Config) { c.APIKey = key }).Agents
	}
	for name, test := range map[string]struct {
		err    func() error
		status int
		fields string
	}{
		"wrong key": {func() error { _, err := withKey("autx_live_wrong").Mine(ctx); return err }, 401, ""},
		"short":     {func() error { _, err := mine.Create(ctx, launch("SHORT")); return err }, 402, ""},
		"scope":     {func() error { _, err := withKey("autx_live_none").Mine(ctx); return err }, 403, ""},
		"theirs":    {func() error { return mine.Delete(ctx, theirs.ID) }, 403, ""},
		"unknown":   {func() error { _, err := mine.Get(ctx, agentID); return err }, 404, ""},
		"taken":     {func() error { _, err := mine.Create(ctx, launch("THEIRS")); return err }, 409, ""},
		"invalid":   {func() error { _, err := mine.Create(ctx, bad); return err }, 422, "service_price ticker"},
		"no picture": {func() error {
			_, err := mine.UploadImage(ctx, theirs.ID, client.Image{FileName: "a", ContentType: "image/gif"})
			return err
		}, 403, ""},
		"many at once": {func() error { _, err := withKey("autx_live_u").List(ctx, client.AgentFilter{Limit: -1}); return err }, 422, "query.limit"},
	} {
		e := mustFail(t, test.err())
		var fields []string
		for _, field := range e.Fields {
			fields = append(fields, strings.Join(field.Path, "."))
		}
		if e.Status != test.status || e.Outcome != client.Refused || e.Message == "" || sorted(fields) != test.fields {
			t.Errorf("%s: status %d, fields %s: %v", name, e.Status, sorted(fields), e)
		}
	}
}

// TestFaultsAgainstTheMockServer lets each kind of call lose its answer, get a late, replaced or broken one, and looks at what the service did.
func TestFaultsAgainstTheMockServer(t *testing.T) {
	t.Parallel()
	const none = "" // the call succeeds
	for name, test := range map[string]struct {
		rule      string
		outcome   string
		committed int
		requests  int
	}{
		"lost before":            {"agents.create:before:reset", "unknown", 0, 1},
		"lost after":             {"agents.create:after:reset", "unknown", 1, 1},
		"500 after":              {"agents.create:after:status=500", "unknown", 1, 1},
		"503 before":             {"agents.create:before:status=503", "unknown", 0, 1},
		"408 before":             {"agents.create:before:status=408", "unknown", 0, 1},
		"409 before":             {"agents.create:before:status=409", "refused", 0, 1},
		"held back twice":        {"agents.create:before:status=429,retry_after=1,times=2", none, 1, 3},
		"held back for an hour":  {"agents.create:before:status=429,retry_after=3600", "refused", 0, 1},
		"the body is cut":        {"agents.create:body:truncate,bytes=10", "unknown", 1, 1},
		"the body is reset":      {"agents.create:body:reset,bytes=10", "unknown", 1, 1},
		"no answer":              {"agents.create:after:hang", "unknown", 1, 1},
		"no answer, not done":    {"agents.create:before:hang", "unknown", 0, 1},
		"a change that is lost":  {"agents.update:after:reset", none, 1, 2},
		"a change held off":      {"agents.update:before:status=503,times=2", none, 1, 3},
		"a key that is lost":     {"agents.set_provider_key:after:reset", none, 1, 2},
		"a picture that is lost": {"agents.upload_image:after:reset", none, 1, 2},
		"a removal that is lost": {"agents.delete:after:reset", none, 1, 2},
		"a read that is lost":    {"agents.get:after:reset", none, 0, 2},
		"a read that is cut":     {"agents.get:body:truncate,bytes=10", none, 0, 2},
		"a read given up":        {"agents.get:before:status=503,times=4", "unknown", 0, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mockserver.New(t, mockserver.WithSeedJSON(`{"users": [{"id": "u", "keys": [{"key": "autx_live_u", "scopes": ["*"]}]}],
				"agents": [{"owner": "u", "id": "`+agentID+`", "ticker": "OWN", "name": "Own", "endpoint_url": "https://agents.example/x",
					"service_price": "1"}]}`),
				mockserver.WithFault(test.rule))
			c := against(t, server, retries(3), func(c *client.Config) {
				if strings.HasSuffix(test.rule, "hang") {
					c.Timeout = 2 * time.Second
				}
			})
			ctx := t.Context()
			operation, _, _ := strings.Cut(test.rule, ":")
			err := map[string]func() error{
				"agents.create": func() error { _, err := c.Agents.Create(ctx, launch("NEW")); return err },
				"agents.update": func() error {
					_, err := c.Agents.Update(ctx, agentID, client.AgentPatch{Name: client.Of("Other")})
					return err
				},
				"agents.set_provider_key": func() error {
					_, err := c.Agents.SetProviderKey(ctx, agentID, client.ProviderKey{APIKey: "sk-secret-1"})
					return err
				},
				"agents.upload_image": func() error {
					_, err := c.Agents.UploadImage(ctx, agentID, client.Image{FileName: "a.png", ContentType: "image/png", Content: []byte("\x89PNG\r\n\x1a\n")})
					return err
				},
				"agents.delete": func() error { return c.Agents.Delete(ctx, agentID) },
				"agents.get":    func() error { _, err := c.Agents.Get(ctx, agentID); return err },
			}[operation]()
			if test.outcome == none && err != nil {
				t.Error(err)
			}
			if test.outcome != none {
				if e := mustFail(t, err); e.Outcome.String() != test.outcome {
					t.Errorf("outcome %s: %v; want %s", e.Outcome, e, test.outcome)
				}
			}
			committed, requests := 0, server.Requests()
			for _, entry := range requests {
				if entry.Committed {
					committed++
				}
			}
			if len(requests) != test.requests || committed != test.committed {
				t.Errorf("%d requests, %d of them carried out; want %d and %d: %+v", len(requests), committed, test.requests, test.committed, requests)
			}
		})
	}
}

// TestRateLimitAgainstTheMockServer has 8 workers against 20 requests a second: 429s happen, and nothing fails.
func TestRateLimitAgainstTheMockServer(t *testing.T) {
	t.Parallel()
	server := mockserver.New(t, mockserver.WithRateLimit(20))
	c := against(t, server, retries(3))
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 6 {
				if _, err := c.Agents.GetByTicker(t.Context(), "ECHO"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	workers.Wait()
	held := 0
	for _, entry := range server.Requests() {
		if entry.Status == http.StatusTooManyRequests {
			held++
		}
	}
	if held == 0 {
		t.Error("nothing was held back, so nothing was tested")
	}
	t.Logf("48 calls, %d held back", held)
}

// TestOddNamesAgainstTheMockServer asks for names that a path could choke on.
func TestOddNamesAgainstTheMockServer(t *testing.T) {
	t.Parallel()
	server := mockserver.New(t)
	agents := against(t, server).Agents
	for _, name := range []string{"a/b", "..", ".", "a b", "ü", "?x=1", "#", "%2F", "a%b", "mine", "Echo"} {
		free, err := agents.CheckName(t.Context(), name)
		if err != nil || free != (name != "Echo") {
			t.Errorf("%q is free: %t, %v", name, free, err)
		}
	}
	for _, entry := range server.Requests() {
		if entry.Operation != "agents.check_name" {
			t.Errorf("%+v went astray", entry)
		}
	}
}

// only gives the one element of a listing.
func only(t *testing.T, list func(context.Context) ([]client.Agent, error)) *client.Agent {
	t.Helper()
	agents, err := list(t.Context())
	if err != nil || len(agents) != 1 {
		t.Fatalf("want one agent, have %v, %v", agents, err)
	}
	return &agents[0]
}

func sorted(words []string) string {
	slices.Sort(words)
	return strings.Join(words, " ")
}
