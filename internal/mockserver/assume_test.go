package mockserver_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

func TestSwitchNamesAndPositions(t *testing.T) {
	t.Parallel()
	for name, positions := range map[string][]string{
		"agents.public_endpoint_url": {"false", "true"}, "agents.patch_null": {"clears", "ignored"}, "agents.delete": {"gone", "delisted"},
		"credits.shape": {"available_usdc", "balance_usd"}, "orders.delay": {"0s", "1m30s"}, "lists.lag": {"0", "3"}, "lists.default_limit": {"0", "5"},
		"deposit_test": {"enabled", "disabled"}, "sessions.heartbeat": {"0s", "50ms"}, "sessions.billing": {"after_done", "before_done"},
		"sessions.frame": {"both", "flat", "nested"}, "sessions.on_disconnect": {"keep", "close"},
	} {
		for _, position := range positions {
			if err := mockserver.CheckAssume(name, position); err != nil {
				t.Errorf("%s=%s: %v", name, position, err)
			}
		}
		for _, position := range []string{"", "other", "-1", "-1s", "1.5"} {
			if err := mockserver.CheckAssume(name, position); err == nil {
				t.Errorf("%s=%s was taken", name, position)
			} else if !strings.Contains(err.Error(), name) {
				t.Errorf("the error does not name the switch: %v", err)
			}
		}
	}
	if err := mockserver.CheckAssume("orders.dealy", "1s"); err == nil || !strings.Contains(err.Error(), "orders.delay") {
		t.Errorf("the error does not tell the known names: %v", err)
	}
}

func TestListsLag(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t, mockserver.WithAssume("lists.lag", "1"))
	mine := buyer.post("/agents/", launchOf("ONE")).want(201)["id"].(string)
	first, second := buyer.order(idSumm, "x"), buyer.order(idFree, "x")
	if got := tickers(buyer.get("/agents/").list()); got != "SUMM FREE DOCS CHAT BROKEN PAUSED JSON"[:33] {
		// JSON is the seller's newest and ONE the buyer's.
		if strings.Contains(got, "ONE") || strings.Contains(got, "JSON") || !strings.Contains(got, "SUMM") {
			t.Errorf("agents %s", got)
		}
	}
	if got := buyer.get("/agents/mine").list(); len(got) != 0 {
		t.Errorf("mine %v", got)
	}
	if got := tickers(seller.get("/agents/mine").list()); got != "PAUSED BROKEN CHAT DOCS FREE SUMM" {
		t.Errorf("mine of the seller: %s", got)
	}
	if got := column(buyer.get("/orders/").list(), "id"); !slices.Equal(got, []any{first}) {
		t.Errorf("orders %v", got)
	}
	if got := buyer.get("/orders/?agent_id=" + idFree).list(); len(got) != 0 {
		t.Errorf("a filter shows what the list does not: %v", got)
	}
	if got := column(buyer.get("/credits/transactions").list(), "type"); !slices.Equal(got, []any{"deposit"}) {
		t.Errorf("transactions %v", got)
	}
	for _, path := range []string{"/agents/" + mine, "/agents/ticker/ONE", "/orders/" + second} {
		buyer.get(path).want(200)
	}
	buyer.order(idSumm, "x")
	if got := column(buyer.get("/orders/").list(), "id"); !slices.Equal(got, []any{second, first}) {
		t.Errorf("orders %v", got)
	}
	_ = s
}

func TestListsDefaultLimit(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t, mockserver.WithAssume("lists.default_limit", "2"))
	var ids []any
	for range 3 {
		ids = append(ids, buyer.order(idSumm, "x"))
		s.Advance(time.Second)
	}
	for path, want := range map[string]int{
		"/agents/": 2, "/agents/?limit=3": 3, "/agents/?offset=4": 2, "/agents/?offset=5": 1, "/orders/": 2, "/credits/transactions": 2,
		"/credits/transactions?limit=3": 3,
	} {
		if got := len(buyer.get(path).list()); got != want {
			t.Errorf("%s has %d; want %d", path, got, want)
		}
	}
	if got := column(buyer.get("/orders/").list(), "id"); !slices.Equal(got, []any{ids[2], ids[1]}) {
		t.Errorf("orders %v", got)
	}
	if got := len(seller.get("/agents/mine").list()); got != 2 {
		t.Errorf("mine has %d", got)
	}
}
