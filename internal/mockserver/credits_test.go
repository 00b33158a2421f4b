package mockserver_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

func jsonOf(v any) ([]byte, error) { return json.Marshal(v) }

func TestBalance(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	wantJSON(t, buyer.get("/credits/balance").want(200), `{"available_usdc":100,"reserved_usdc":0,"expires_at":"2027-02-21T12:00:00.000000Z",
		"last_deposit_at":"2026-11-23T12:00:00.000000Z","last_withdrawal_at":null}`)
	s.Advance(time.Hour)
	buyer.order(idSumm, "x")
	buyer.post("/credits/withdraw", `{"amount":0.25}`).want(200)
	wantJSON(t, buyer.get("/credits/balance").want(200), `{"available_usdc":99.25,"reserved_usdc":0,"expires_at":"2027-02-21T13:00:00.000000Z",
		"last_deposit_at":"2026-11-23T12:00:00.000000Z","last_withdrawal_at":"2026-11-23T13:00:00.000000Z"}`)
	empty := mockserver.New(t, mockserver.WithSeedJSON(`{"users":[{"id":"u","balance_usd":0,"keys":[{"key":"autx_live_u"}]}]}`))
	wantJSON(t, as(t, empty, "autx_live_u").get("/credits/balance").want(200),
		`{"available_usdc":0,"reserved_usdc":0,"expires_at":null,"last_deposit_at":null,"last_withdrawal_at":null}`)
}

func TestBalanceInTheSDKsShape(t *testing.T) {
	t.Parallel()
	_, buyer, _ := newShop(t, mockserver.WithAssume("credits.shape", "balance_usd"))
	buyer.order(idJSON, "x")
	for name, got := range map[string]object{
		"balance": buyer.get("/credits/balance").want(200), "deposit": buyer.post("/credits/deposit-test", `{"amount":"5"}`).want(200),
		"withdrawal": buyer.post("/credits/withdraw", `{"amount":"5.00"}`).want(200),
	} {
		want := map[string]string{"balance": "99.875", "deposit": "104.875", "withdrawal": "99.875"}[name]
		if name == "balance" && (got["balance_usd"] != want || got["reserved_usd"] != "0.00") {
			t.Errorf("%s: %v", name, got)
		}
		if _, other := got["available_usdc"]; other || got["balance_usd"] == nil {
			t.Errorf("%s has %v", name, keysOf(got))
		}
	}
}

func TestDepositTest(t *testing.T) {
	t.Parallel()
	s, _, seller := newShop(t)
	total := 50.0
	for body, amount := range map[string]float64{
		``: 10, `{}`: 10, `{"amount":"10.00"}`: 10, `{"amount":5}`: 5, `{"amount":10000}`: 10000, `{"amount":12.34}`: 12.34, `{"amount":"7.50"}`: 7.5,
		`{"amount":5.000}`: 5, `{"x":1}`: 10, `{"amount":1e1}`: 10,
	} {
		got := seller.post("/credits/deposit-test", body).want(200)
		total += amount
		if diff := got["available_usdc"].(float64) - total; diff > 1e-6 || diff < -1e-6 {
			t.Errorf("%s: %v; want %v", body, got["available_usdc"], total)
		}
		if tx := seller.get("/credits/transactions?limit=1").list()[0]; tx["type"] != "deposit" || tx["amount"] != amount || tx["order_id"] != nil {
			t.Errorf("%s: %v", body, tx)
		}
	}
	for _, body := range []string{
		`{"amount":4.99}`, `{"amount":10000.01}`, `{"amount":-10}`, `{"amount":0}`, `{"amount":5.001}`, `{"amount":"x"}`, `{"amount":null}`, `{"amount":true}`,
		`{"amount":[]}`, `{"amount":"1e99"}`, `{"amount":NaN}`, `[]`, `x`,
	} {
		if got := seller.post("/credits/deposit-test", body).invalid(); !strings.HasPrefix(got[0], "body") {
			t.Errorf("%s: %v", body, got)
		}
		if last(t, s).Committed {
			t.Errorf("%s is committed", body)
		}
	}
}

func TestDepositTestDisabled(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t, mockserver.WithAssume("deposit_test", "disabled"))
	buyer.post("/credits/deposit-test", `{"amount":"x"}`).refused(403) // 403 comes before 422
	wantFunds(t, s, "buyer", "100", "0")
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	for body, want := range map[string]string{
		``: "body", `{}`: "body.amount", `{"amount":0}`: "body.amount", `{"amount":-1}`: "body.amount", `{"amount":0.001}`: "body.amount",
		`{"amount":null}`: "body.amount", `{"amount":"five"}`: "body.amount",
	} {
		if got := strings.Join(buyer.post("/credits/withdraw", body).invalid(), " "); got != want {
			t.Errorf("%s: %s; want %s", body, got, want)
		}
	}
	buyer.post("/credits/withdraw", `{"amount":100.01}`).refused(402)
	if got := buyer.post("/credits/withdraw", `{"amount":"5.00"}`).want(200); got["available_usdc"] != 95.0 {
		t.Errorf("%v", got)
	}
	s.Advance(time.Hour - time.Microsecond)
	if detail := buyer.post("/credits/withdraw", `{"amount":1000}`).refused(409); !strings.Contains(detail, "2026-11-23T13:00:00") { // 409 before 402
		t.Errorf("the refusal does not say when: %s", detail)
	}
	seller.post("/credits/withdraw", `{"amount":0.01}`).want(200) // everybody has a cooldown of their own
	s.Advance(time.Microsecond)
	buyer.post("/credits/withdraw", `{"amount":95}`).want(200)
	wantFunds(t, s, "buyer", "0", "0")
	if got := moves(s, "buyer"); !slices.Equal(got, []string{"deposit 100", "withdrawal 5", "withdrawal 95"}) {
		t.Error(got)
	}
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	for i := range 4 {
		buyer.post("/credits/deposit-test", fmt.Sprintf(`{"amount":%d}`, 5+i)).want(200)
	}
	s.Advance(time.Second)
	buyer.order(idSumm, "x")
	got := buyer.get("/credits/transactions").list()
	if amounts := column(got, "amount"); !slices.Equal(amounts, []any{0.5, 8.0, 7.0, 6.0, 5.0, 100.0}) {
		t.Errorf("newest first, ties by sequence: %v", amounts)
	}
	if fields := keysOf(got[0]); !slices.Equal(fields, []string{"amount", "created_at", "id", "order_id", "session_id", "tx_hash", "type"}) {
		t.Errorf("fields %v", fields)
	}
	if got := buyer.get("/credits/transactions?limit=2").list(); len(got) != 2 || got[1]["amount"] != 8.0 {
		t.Errorf("%v", got)
	}
	if got := buyer.get("/credits/transactions?limit=500").list(); len(got) != 6 {
		t.Errorf("%d", len(got))
	}
	if got := seller.get("/credits/transactions").list(); len(got) != 1 || got[0]["amount"] != 50.0 {
		t.Errorf("%v", got)
	}
	for _, limit := range []string{"0", "501", "-1", "x", ""} {
		if got := buyer.get("/credits/transactions?limit=" + limit).invalid(); got[0] != "query.limit" {
			t.Errorf("%s: %v", limit, got)
		}
	}
}

func TestBalancesExpire(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	const ninety = 90 * 24 * time.Hour
	s.Advance(ninety - time.Microsecond)
	wantFunds(t, s, "buyer", "100", "0")
	wantFunds(t, s, "seller", "50", "0")
	buyer.order(idSumm, "x") // activity
	s.Advance(time.Microsecond)
	wantFunds(t, s, "buyer", "99.5", "0")
	wantFunds(t, s, "seller", "0", "0")
	if got := moves(s, "seller"); !slices.Equal(got, []string{"deposit 50", "expiry 50"}) {
		t.Error(got)
	}
	s.Advance(10 * ninety)
	wantFunds(t, s, "buyer", "0", "0")
	tx := buyer.get("/credits/transactions?limit=1").list()[0]
	if tx["type"] != "expiry" || tx["amount"] != 99.5 || tx["created_at"] != "2027-05-22T11:59:59.999999Z" {
		t.Errorf("%v", tx)
	}
	if got := buyer.get("/credits/balance").want(200); got["expires_at"] != nil {
		t.Errorf("%v", got)
	}
	buyer.post("/orders/", `{"agent_id":"`+idSumm+`","prompt":"x"}`).refused(402)
	buyer.post("/credits/deposit-test", "").want(200)
	wantFunds(t, s, "buyer", "10", "0")
}

// TestReadingIsNoActivity holds because what keeps a balance alive is assumed to be deposit, charge and withdrawal only.
func TestReadingIsNoActivity(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	s.Advance(89 * 24 * time.Hour)
	buyer.get("/credits/balance").want(200)
	buyer.order(idFree, "x")
	s.Advance(24 * time.Hour)
	wantFunds(t, s, "buyer", "0", "0")
}
