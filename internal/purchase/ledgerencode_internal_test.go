package purchase

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// TestLedgerEncoderIsJSON compares what is encoded piece by piece with json.Marshal, over random histories of a ledger.
func TestLedgerEncoderIsJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, encoder := &ledger{Format: 1, Host: `a "entries":[] host`, Entries: []*entry{}}, &ledgerEncoder{}
		amount := func(t *rapid.T) *money.Amount {
			a := money.FromInt(int64(rapid.IntRange(0, 3).Draw(t, "amount")))
			return &a
		}
		some := func(t *rapid.T) *entry {
			if len(l.Entries) == 0 {
				l.Entries = append(l.Entries, &entry{})
			}
			return rapid.SampledFrom(l.Entries).Draw(t, "entry")
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				want, err := json.Marshal(l)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := encoder.encode(l); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("encoded as %s, %v; want %s", got, err, want)
				}
			},
			"add": func(t *rapid.T) {
				l.Entries = append(l.Entries, &entry{Record: strconv.Itoa(len(l.Entries)), Title: rapid.String().Draw(t, "title"), Planned: amount(t)})
			},
			"reserve": func(t *rapid.T) {
				e := some(t)
				l.Sequence++
				e.Reserved, e.Expected, e.Sequence, e.Stage = amount(t), *amount(t), l.Sequence, stageInFlight
			},
			"give back": func(t *rapid.T) { e := some(t); e.Reserved, e.Stage = nil, "" },
			"settle":    func(t *rapid.T) { some(t).Stage = stageBought },
			"balance":   func(t *rapid.T) { l.Balances = map[string]reading{"a": {Available: *amount(t), Sequence: l.Sequence}} },
			"forget": func(t *rapid.T) {
				gone := some(t)
				l.Entries = slices.DeleteFunc(l.Entries, func(e *entry) bool { return e == gone })
			},
			"turn round": func(*rapid.T) { slices.Reverse(l.Entries) },
			"read anew": func(t *rapid.T) {
				text, err := json.Marshal(l)
				if err != nil {
					t.Fatal(err)
				}
				l = &ledger{}
				if err := json.Unmarshal(text, l); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}

// BenchmarkLedgerEncode encodes a ledger of 2000 purchases of which one has changed.
func BenchmarkLedgerEncode(b *testing.B) {
	l, encoder := &ledger{}, &ledgerEncoder{}
	for i := range 2000 {
		amount := money.MustParse("20")
		l.Entries = append(l.Entries, &entry{Record: strconv.Itoa(i), Title: fmt.Sprint("agent T", i), Reserved: &amount, Expected: amount, Stage: stageBought})
	}
	for b.Loop() {
		l.Entries[7].Sequence++
		if _, err := encoder.encode(l); err != nil {
			b.Fatal(err)
		}
	}
}
