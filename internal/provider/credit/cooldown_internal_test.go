package credit

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// balanceWith is a balance whose last withdrawal was at a time, as AUTX might write it in JSON.
func balanceWith(t *testing.T, lastWithdrawal string) *client.Balance {
	t.Helper()
	var b client.Balance
	if err := json.Unmarshal([]byte(`{"available_usdc": 1, "last_withdrawal_at": `+lastWithdrawal+`}`), &b); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestCoolingDown(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		last string
		now  time.Time
		next string // "" where nothing stands against a withdrawal
	}{
		{`"2026-11-24T12:00:00Z"`, noon, "2026-11-24T13:00:00Z"},
		{`"2026-11-24T12:00:00Z"`, noon.Add(time.Hour - time.Nanosecond), "2026-11-24T13:00:00Z"},
		{`"2026-11-24T12:00:00Z"`, noon.Add(time.Hour), ""},
		{`"2026-11-24T12:00:00.000001Z"`, noon.Add(time.Hour), "2026-11-24T13:00:01Z"},
		{`"2026-11-24T12:00:00.000000"`, noon, "2026-11-24T13:00:00Z"},
		{`"2026-11-24 12:00:00"`, noon, "2026-11-24T13:00:00Z"},
		{`"2026-11-24 12:00:00.25+00:00"`, noon, "2026-11-24T13:00:01Z"},
		{`"2026-11-24T23:30:00+12:00"`, noon, "2026-11-24T12:30:00Z"},
		{`"2026-11-24T23:30:00+12:00"`, noon.Add(30 * time.Minute), ""},
		{`"in a while"`, noon, ""},
		{`null`, noon, ""},
		{`""`, noon, ""},
	} {
		got := coolingDown(balanceWith(t, c.last), c.now)
		if (got == "") != (c.next == "") || !strings.Contains(got, "possible again at "+c.next) && c.next != "" {
			t.Errorf("%s at %s: %q, want %q", c.last, c.now, got, c.next)
		}
	}
}

func TestExplained(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		listed []string
		last   string
		want   bool
	}{
		{nil, "2026-11-24T12:00:00Z", false},
		{[]string{"2026-11-24T12:00:00Z"}, "2026-11-24T12:00:00Z", true},
		{[]string{"2026-11-24T12:00:00.5Z"}, "2026-11-24T12:00:01Z", true}, // one written after the other
		{[]string{"2026-11-24T11:59:58Z"}, "2026-11-24T12:00:00Z", false},  // an older one
		{[]string{"2026-11-24T12:00:09Z"}, "2026-11-24T12:00:00Z", true},   // a newer one
		{[]string{"2026-11-24T11:00:00Z", "2026-11-24T14:00:00+02:00"}, "2026-11-24T12:00:00Z", true},
		{[]string{""}, "2026-11-24T12:00:00Z", true}, // nothing can be said, so the list is believed
		{[]string{"2026-11-24T11:00:00Z"}, "just now", true},
		{[]string{"just now"}, "just now", true},
	} {
		entries := make([]client.Transaction, len(c.listed))
		for i, at := range c.listed {
			entries[i].CreatedAt = at
		}
		if got := explained(entries, c.last); got != c.want {
			t.Errorf("%v explain %s: %v, want %v", c.listed, c.last, got, c.want)
		}
	}
}

func TestDepositKeys(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, name := range []string{"a", "a/1", "a/1/1", "", "/", "1"} {
		for n := range int64(12) {
			key := depositKey(name, n)
			if other, taken := seen[key]; taken {
				t.Errorf("the floors %q and %q share the key %q", name, other, key)
			}
			seen[key] = name
		}
	}
}
