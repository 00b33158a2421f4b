package credit_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

const (
	balanceType      = "autx_credit_balance"
	transactionsType = "autx_credit_transactions"
)

func (d *desk) readData(typeName string, config values) values {
	d.t.Helper()
	read, deferred, diags := d.ReadDataSource(typeName, config)
	if deferred != nil || len(diags) > 0 {
		d.t.Fatalf("%s: %v %s", typeName, deferred, diags)
	}
	return read
}

func TestBalance(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"available_usdc", "balance_usd"} {
		d := open(t, mockserver.WithClock(noon), mockserver.WithAssume("credits.shape", shape))
		want := values{
			"available_usd": "100", "reserved_usd": "0", "expires_at": "2027-02-22T12:00:00.000000Z", "last_deposit_at": "2026-11-24T12:00:00.000000Z",
			"last_withdrawal_at": nil, "next_withdrawal_at": nil,
		}
		got := d.readData(balanceType, nil)
		for _, name := range []string{"available_usd", "reserved_usd"} { // each shape spells amounts in its own way
			if !money.MustParse(got[name].(string)).Equal(money.MustParse(want[name].(string))) {
				t.Errorf("%s: %s = %v", shape, name, got[name])
			}
			want[name] = got[name]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", shape, diff)
		}
		d.server.Advance(90*time.Minute + 1500*time.Millisecond)
		d.withdraw("0.01")
		got = d.readData(balanceType, nil)
		if got["available_usd"] != "99.99" || got["last_withdrawal_at"] != "2026-11-24T13:30:01.500000Z" || got["next_withdrawal_at"] != "2026-11-24T14:30:02Z" {
			t.Errorf("%s, after a withdrawal: %v", shape, got)
		}
		d.server.Advance(90 * 24 * time.Hour)
		if got := d.readData(balanceType, nil); !money.MustParse(got["available_usd"].(string)).IsZero() || got["expires_at"] != nil {
			t.Errorf("%s, after 90 days: %v", shape, got)
		}
	}
}

// TestOddBalances are those that another service might give.
func TestOddBalances(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	for body, want := range map[string]values{
		`{"available_usdc": "0.123456789012345678"}`: {
			"available_usd": "0.123456789012345678", "reserved_usd": "0", "expires_at": nil, "last_deposit_at": nil, "last_withdrawal_at": nil, "next_withdrawal_at": nil,
		},
		`{"balance_usd": 1.50, "reserved_usd": "0.05", "last_withdrawal_at": "2026-11-24 12:00:00.25", "more": [1]}`: {
			"available_usd": "1.5", "reserved_usd": "0.05", "expires_at": nil, "last_deposit_at": nil, "last_withdrawal_at": "2026-11-24 12:00:00.25",
			"next_withdrawal_at": "2026-11-24T13:00:01Z",
		},
		`{"available_usdc": -3, "reserved_usdc": 1e1, "last_withdrawal_at": "yesterday", "expires_at": ""}`: {
			"available_usd": "-3", "reserved_usd": "10", "expires_at": "", "last_deposit_at": nil, "last_withdrawal_at": "yesterday", "next_withdrawal_at": nil,
		},
		`{"available_usdc": 2, "last_withdrawal_at": "2026-11-24T12:00:00+02:00"}`: {
			"available_usd": "2", "reserved_usd": "0", "expires_at": nil, "last_deposit_at": nil, "last_withdrawal_at": "2026-11-24T12:00:00+02:00",
			"next_withdrawal_at": "2026-11-24T11:00:00Z",
		},
	} {
		gate.Clear()
		gate.Answer(http.MethodGet, "/credits/balance", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body))
		})
		if diff := cmp.Diff(want, d.readData(balanceType, nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	for _, body := range []string{`{}`, `{"available_usdc": null}`, `{"available_usdc": "a lot"}`, `[]`, `null`, `<html>`} {
		gate.Clear()
		gate.Answer(http.MethodGet, "/credits/balance", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body))
		})
		_, _, diags := d.ReadDataSource(balanceType, nil)
		said(t, body, diags.Errors(), "", "Could not read the credit balance", "GET /credits/balance")
	}
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	d := open(t)
	for range 60 {
		d.deposit("5")
	}
	d.withdraw("0.50")
	entries := d.entries()
	read := func(config values) []any {
		t.Helper()
		list, _ := d.readData(transactionsType, config)["transactions"].([]any)
		return list
	}
	if got := read(nil); len(got) != 50 {
		t.Errorf("%d entries by default", len(got))
	}
	got := read(values{"limit": 2})
	newest, before := entries[61], entries[60]
	want := []any{
		values{"id": newest.ID, "type": "withdrawal", "amount": "0.5", "session_id": nil, "order_id": nil, "tx_hash": nil, "created_at": *newest.CreatedAt},
		values{"id": before.ID, "type": "deposit", "amount": "5", "session_id": nil, "order_id": nil, "tx_hash": nil, "created_at": *before.CreatedAt},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the newest two (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		config values
		want   int
	}{
		{values{"limit": 500}, 62},
		{values{"limit": 500, "type": "withdrawal"}, 1},
		{values{"limit": 500, "type": "deposit"}, 61},
		{values{"limit": 1, "type": "deposit"}, 0}, // among the newest one
		{values{"type": "nothing of the kind"}, 0},
	} {
		if got := read(c.config); len(got) != c.want || got == nil {
			t.Errorf("%v: %d entries, want %d", c.config, len(got), c.want)
		}
	}
	for limit, ok := range map[int64]bool{-1: false, 0: false, 1: true, 500: true, 501: false} {
		if diags := d.ValidateDataSource(transactionsType, values{"limit": limit}); diags.HasErrors() == ok {
			t.Errorf("limit = %d: %s", limit, diags)
		}
	}
	said(t, "an empty type", d.ValidateDataSource(transactionsType, values{"type": ""}).Errors(), "type", "at least 1")
	if diags := d.ValidateDataSource(transactionsType, values{"type": protocol.Unknown, "limit": protocol.Unknown}); len(diags) > 0 {
		t.Error(diags)
	}
	d.server.AddFault(`credits.transactions:before:status=422,body={"detail":[{"loc":["query","limit"],"msg":"too many","type":"value_error"}]}`)
	_, _, diags := d.ReadDataSource(transactionsType, values{"limit": 400})
	said(t, "a limit that AUTX refuses", diags.Errors(), "limit", "Too many")
}

// TestOddTransactions are those that another service might give.
func TestOddTransactions(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	gate.Answer(http.MethodGet, "/credits/transactions", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`[{"id": "a", "type": "bonus", "amount": "-0.10", "order_id": "o", "session_id": "s", "tx_hash": "0x1", "x": {}}, {"id": 7, "amount": 1}]`))
	})
	read, _, diags := d.ReadDataSource(transactionsType, nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	list, _ := read["transactions"].([]any)
	want := values{"id": "a", "type": "bonus", "amount": "-0.1", "session_id": "s", "order_id": "o", "tx_hash": "0x1", "created_at": nil}
	if diff := cmp.Diff(want, list[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDataSourcesWhereTheProviderIsNotKnown can't be put off by this CLI.
func TestDataSourcesWhereTheProviderIsNotKnown(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.reconfigure("base_url", protocol.Unknown)
	for _, typeName := range []string{balanceType, transactionsType} {
		_, _, diags := d.ReadDataSource(typeName, nil)
		said(t, typeName, diags.Errors(), "", "base_url is not known")
	}
}
