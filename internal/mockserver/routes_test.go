package mockserver_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

func TestPaths(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	for _, c := range []struct {
		method, path string
		status       int
		header, want string
	}{
		{http.MethodGet, "/agents", 307, "Location", "/api/v1/agents/"},
		{http.MethodGet, "/agents?sort=new&x=%2F", 307, "Location", "/api/v1/agents/?sort=new&x=%2F"},
		{http.MethodPost, "/agents", 307, "Location", "/api/v1/agents/"},
		{http.MethodPost, "/orders", 307, "Location", "/api/v1/orders/"},
		{http.MethodGet, "/sessions/", 307, "Location", "/api/v1/sessions"},
		{http.MethodGet, "/agents/mine/", 307, "Location", "/api/v1/agents/mine"},
		{http.MethodPost, "/agents/x/activate", 307, "Location", "/api/v1/agents/x/activate/"},
		{http.MethodDelete, "/agents/x/reservation", 307, "Location", "/api/v1/agents/x/reservation/"},
		{http.MethodGet, "/agents/a%2Fb/", 307, "Location", "/api/v1/agents/a%2Fb"},
		{http.MethodGet, "/nowhere", 404, "", ""},
		{http.MethodGet, "/agents/x/y/z", 404, "", ""},
		{http.MethodGet, "", 404, "", ""},
		{http.MethodGet, "//agents/", 404, "", ""},
		{http.MethodPut, "/agents/", 405, "Allow", "GET, POST"},
		{http.MethodPost, "/agents/mine", 405, "Allow", "GET, PATCH, DELETE"},
		{http.MethodHead, "/agents/", 405, "Allow", "GET, POST"},
		{http.MethodGet, "/credits/withdraw", 405, "Allow", "POST"},
		{http.MethodGet, "/ws/agent/CHAT", 426, "Upgrade", "websocket"},
	} {
		s.ClearRequests()
		got := buyer.send(c.method, s.URL()+c.path, jsonType, "")
		if got.err != nil || got.status != c.status || (c.header != "" && got.header.Get(c.header) != c.want) {
			t.Errorf("%s %s: %d, %s %q, %v; want %d, %q", c.method, c.path, got.status, c.header, got.header.Get(c.header), got.err, c.status, c.want)
			continue
		}
		entry := last(t, s)
		if want := map[bool]string{true: "sessions.open", false: "none"}[c.status == 426]; entry.Operation != want || entry.Status != c.status {
			t.Errorf("%s %s is logged as %s with %d", c.method, c.path, entry.Operation, entry.Status)
		}
		if entry.Committed {
			t.Errorf("%s %s changed something", c.method, c.path)
		}
	}
}

func TestOtherSlashFormKeepsMethodAndBody(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	buyer.http.CheckRedirect = nil
	buyer.post("/orders", `{"agent_id":"`+idSumm+`","prompt":"x"}`).want(201)
	if got := moves(s, "buyer"); !slices.Equal(got, []string{"deposit 100", "consume 0.5"}) {
		t.Error(got)
	}
}

func TestOperationsAreTheDocumentedOnes(t *testing.T) {
	t.Parallel()
	want := []string{
		"agents.activate", "agents.cancel_reservation", "agents.check_name", "agents.check_ticker", "agents.create", "agents.delete",
		"agents.delete_image", "agents.get", "agents.get_by_ticker", "agents.list", "agents.mine", "agents.reserve", "agents.set_provider_key",
		"agents.update", "agents.upload_image", "credits.balance", "credits.deposit_test", "credits.transactions", "credits.withdraw", "none",
		"orders.create", "orders.create_multipart", "orders.get", "orders.list", "payments.create_checkout", "proxy.call", "sessions.close",
		"sessions.end", "sessions.get", "sessions.list", "sessions.message", "sessions.open",
	}
	if got := mockserver.Operations(); !slices.Equal(got, want) {
		t.Errorf("operations %v; want %v", got, want)
	}
}

// calls is one call of each operation over HTTP, with the scope that it needs; "" for none.
var calls = []struct{ operation, scope, method, path, body string }{
	{"agents.list", "", http.MethodGet, "/agents/", ""},
	{"agents.get", "", http.MethodGet, "/agents/" + idSumm, ""},
	{"agents.get_by_ticker", "", http.MethodGet, "/agents/ticker/SUMM", ""},
	{"agents.check_ticker", "", http.MethodGet, "/agents/check-ticker/SUMM", ""},
	{"agents.check_name", "", http.MethodGet, "/agents/check-name/Free", ""},
	{"agents.mine", "agents", http.MethodGet, "/agents/mine", ""},
	{"agents.create", "agents", http.MethodPost, "/agents/", `{}`},
	{"agents.update", "agents", http.MethodPatch, "/agents/" + idSumm, `{}`},
	{"agents.delete", "agents", http.MethodDelete, "/agents/" + idSumm, ""},
	{"agents.reserve", "agents", http.MethodPost, "/agents/reserve/", `{}`},
	{"agents.activate", "agents", http.MethodPost, "/agents/" + idSumm + "/activate/", `{}`},
	{"agents.cancel_reservation", "agents", http.MethodDelete, "/agents/" + idSumm + "/reservation/", ""},
	{"agents.set_provider_key", "agents", http.MethodPut, "/agents/" + idSumm + "/provider-key", `{}`},
	{"agents.upload_image", "agents", http.MethodPost, "/agents/" + idSumm + "/image", `{}`},
	{"agents.delete_image", "agents", http.MethodDelete, "/agents/" + idSumm + "/image", ""},
	{"proxy.call", "proxy", http.MethodPost, "/proxy/SUMM", `{"prompt":"x"}`},
	{"orders.create", "orders", http.MethodPost, "/orders/", `{}`},
	{"orders.create_multipart", "orders", http.MethodPost, "/orders/multipart", `{}`},
	{"orders.get", "orders", http.MethodGet, "/orders/x", ""},
	{"orders.list", "orders", http.MethodGet, "/orders/", ""},
	{"payments.create_checkout", "*", http.MethodPost, "/payments/create-checkout", `{}`},
	{"sessions.list", "*", http.MethodGet, "/sessions", ""},
	{"sessions.get", "*", http.MethodGet, "/sessions/x", ""},
	{"sessions.close", "*", http.MethodDelete, "/sessions/x", ""},
	{"credits.balance", "*", http.MethodGet, "/credits/balance", ""},
	{"credits.deposit_test", "*", http.MethodPost, "/credits/deposit-test", ""},
	{"credits.withdraw", "*", http.MethodPost, "/credits/withdraw", `{}`},
	{"credits.transactions", "*", http.MethodGet, "/credits/transactions", ""},
}

func TestKeysAndScopes(t *testing.T) {
	t.Parallel()
	s, _, _ := newShop(t)
	covered := []string{"none", "sessions.end", "sessions.message", "sessions.open"}
	for _, c := range calls {
		covered = append(covered, c.operation)
		for key, has := range map[string]string{
			"": "no key", "autx_live_wrong": "a wrong key", "autx_live_none": "", "autx_live_orders": "orders", "autx_live_agents": "agents",
			"autx_live_proxy": "proxy", "autx_live_buyer": "*",
		} {
			s.ClearRequests()
			got := as(t, s, key).send(c.method, s.URL()+c.path, jsonType, c.body)
			entry := last(t, s)
			if entry.Operation != c.operation || entry.Status != got.status {
				t.Errorf("%s is logged as %s with %d; the answer was %d", c.operation, entry.Operation, entry.Status, got.status)
			}
			switch unauthorized := got.status == 401; {
			case key == "autx_live_wrong" && !unauthorized, key == "" && unauthorized != (c.scope != ""):
				t.Errorf("%s with %s: %d", c.operation, has, got.status)
			case key == "" || key == "autx_live_wrong":
				if unauthorized && got.header.Get("WWW-Authenticate") != "Bearer" {
					t.Errorf("%s: a 401 without WWW-Authenticate", c.operation)
				}
			default:
				may := c.scope == "" || has == "*" || has == c.scope
				missing := got.status == 403 && string(got.body) == `{"detail":"API key lacks the scope '`+c.scope+`'"}`
				if missing == may || unauthorized {
					t.Errorf("%s with the scope %q: %d %s", c.operation, has, got.status, got.body)
				}
				if entry.User != "buyer" {
					t.Errorf("%s is logged for the user %q", c.operation, entry.User)
				}
			}
		}
	}
	slices.Sort(covered)
	if !slices.Equal(covered, mockserver.Operations()) {
		t.Errorf("covered %v", covered)
	}
}

func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	for header, status := range map[string]int{
		"Bearer autx_live_buyer": 200, "bearer autx_live_buyer": 200, "autx_live_buyer": 401, "Basic autx_live_buyer": 401, "Bearer": 401,
		"Bearer autx_live_buyer2": 401, "Bearer AUTX_LIVE_BUYER": 401,
	} {
		req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/credits/balance", http.NoBody))
		req.Header.Set("Authorization", header)
		resp, err := buyer.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%q: %d; want %d", header, resp.StatusCode, status)
		}
	}
}
