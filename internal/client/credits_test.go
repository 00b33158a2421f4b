package client_test

import (
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

func TestBalance(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"available_usdc": 9.95, "reserved_usdc": 0.05, "expires_at": "2026-03-01T00:00:00Z", "last_deposit_at": null}`: "9.95 0.05",
		`{"balance_usd": "9.95", "reserved_usd": "0.05"}`:                                                                "9.95 0.05",
		`{"available_usdc": "0.30000000000000004", "reserved_usdc": 1e-2}`:                                               "0.30000000000000004 0.01",
		`{"balance_usd": 10}`: "10 0",
		`{"available_usdc": null, "balance_usd": "7", "reserved_usdc": null}`:                         "7 0",
		`{"available_usdc": 1, "balance_usd": 2, "reserved_usdc": 3, "reserved_usd": 4, "extra": {}}`: "1 3",
	} {
		server := serveJSON(t, 200, body)
		balance, err := server.client(t).Credits.Balance(t.Context())
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if got := balance.Available.String() + " " + balance.Reserved.String(); got != want {
			t.Errorf("%s reads as %s; want %s", body, got, want)
		}
		timesOK := balance.ExpiresAt.Or("") == "2026-03-01T00:00:00Z" && balance.LastDepositAt.IsNull() && !balance.LastWithdrawalAt.Reported()
		if strings.Contains(body, "expires_at") && !timesOK {
			t.Errorf("times: %+v", balance)
		}
		if got := server.last(t); got.method != "GET" || got.uri != "/api/v1/credits/balance" || got.body != "" {
			t.Errorf("%+v", got)
		}
	}
	for body, says := range map[string]string{
		`{}`: "neither available_usdc nor balance_usd", `null`: "neither", `[]`: "unexpected JSON array", `{"reserved_usdc": 1}`: "neither",
		`{"available_usdc": "lots", "balance_usd": 5}`: "available_usdc: ", `{"available_usdc": 5, "reserved_usd": {}}`: "reserved_usd: ",
		`{"balance_usd": true}`: "balance_usd: ", `{"balance_usd": "NaN"}`: "balance_usd: ",
	} {
		balance, err := serveJSON(t, 200, body).client(t).Credits.Balance(t.Context())
		if e := mustFail(t, err); balance != nil || e.Status != 200 || !strings.Contains(e.Error(), says) {
			t.Errorf("%s: %v, %v; want %q", body, balance, err, says)
		}
	}
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	const body = `[{"id": 17, "type": "consume", "amount": 0.50, "order_id": "o1", "session_id": null, "created_at": "2026-01-01T00:00:00Z", "x": 1},
		{"id": "t2", "type": "brand_new", "amount": "10.00", "tx_hash": "0x1", "order_id": 5}]`
	server := serveJSON(t, 200, body)
	got, err := server.client(t).Credits.Transactions(t.Context(), 25)
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	first, second := got[0], got[1]
	if first.ID != "17" || first.Type != "consume" || first.Amount.String() != "0.5" || first.OrderID.Or("") != "o1" || !first.SessionID.IsNull() ||
		first.TxHash.Reported() || first.CreatedAt != "2026-01-01T00:00:00Z" {
		t.Errorf("%+v", first)
	}
	if second.ID != "t2" || second.Type != "brand_new" || second.Amount.String() != "10" || second.TxHash.Or("") != "0x1" ||
		second.OrderID.Or("") != "5" || second.CreatedAt != "" {
		t.Errorf("%+v", second)
	}
	if server.last(t).uri != "/api/v1/credits/transactions?limit=25" {
		t.Errorf("%s", server.last(t).uri)
	}
	if _, err := server.client(t).Credits.Transactions(t.Context(), 0); err != nil || server.last(t).uri != "/api/v1/credits/transactions" {
		t.Errorf("%s, %v", server.last(t).uri, err)
	}
	for body, says := range map[string]string{
		`[{"id": "1", "amount": 1}, {"amount": 1}]`: "element 1: the transaction has no id", `[{"id": "1"}]`: "element 0: the transaction 1 has no amount",
		`[{"id": "1", "amount": "much"}]`: "element 0: the transaction 1 has no amount", `null`: "null where a list is due",
	} {
		_, err := serveJSON(t, 200, body).client(t).Credits.Transactions(t.Context(), 0)
		if e := mustFail(t, err); e.Outcome != client.Unknown || !strings.Contains(e.Error(), says) {
			t.Errorf("%s: %v; want %q", body, err, says)
		}
	}
}
