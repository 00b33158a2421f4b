package agent

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// book is a ledger of credits in memory, newest entry first, as AUTX lists it.
type book struct {
	mu      sync.Mutex
	entries []client.Transaction
	reads   int
	broken  bool
}

func (b *book) read(_ context.Context, limit int) ([]client.Transaction, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads++
	if b.broken {
		return nil, errors.New("the ledger can't be read")
	}
	return append([]client.Transaction(nil), b.entries[:min(limit, len(b.entries))]...), nil
}

func (b *book) add(entry client.Transaction) {
	b.mu.Lock()
	defer b.mu.Unlock()
	entry.ID = strconv.Itoa(len(b.entries))
	b.entries = append([]client.Transaction{entry}, b.entries...)
}

func consume(amount string) client.Transaction {
	return client.Transaction{Type: "consume", Amount: money.MustParse(amount)}
}

func TestFeeOfALaunch(t *testing.T) {
	t.Parallel()
	order := consume("20")
	order.OrderID = client.Of("order-1")
	turn := consume("20")
	turn.SessionID = client.Of("ses_1")
	deposit := client.Transaction{Type: "deposit", Amount: money.MustParse("20")}
	for name, c := range map[string]struct {
		before, during []client.Transaction
		want           string // "" is null
	}{
		"charged":                          {before: []client.Transaction{consume("20")}, during: []client.Transaction{consume("20")}, want: "20"},
		"free":                             {before: []client.Transaction{consume("20")}, want: "0"},
		"a fee that is spelled otherwise":  {during: []client.Transaction{consume("20.000000")}, want: "20"},
		"a negative entry":                 {during: []client.Transaction{consume("-20")}, want: "20"},
		"orders, turns and deposits aside": {during: []client.Transaction{order, turn, deposit}, want: "0"},
		"another fee than documented":      {during: []client.Transaction{consume("25")}, want: "25"},
		"a proxy call at the same time":    {during: []client.Transaction{consume("0.50"), consume("20")}, want: "20"},
		"two that might be it":             {during: []client.Transaction{consume("20"), consume("20")}, want: ""},
		"two that can't be told":           {during: []client.Transaction{consume("0.50"), consume("25")}, want: ""},
	} {
		b := &book{}
		for _, entry := range c.before {
			b.add(entry)
		}
		var m feeMeter
		got, err := m.measure(t.Context(), false, b.read, func() error {
			for _, entry := range c.during {
				b.add(entry)
			}
			return nil
		})
		if err != nil || got.ValueString() != c.want || got.IsNull() != (c.want == "") {
			t.Errorf("%s: %s, %v; want %q", name, got, err, c.want)
		}
	}
}

func TestFeeMeterReadsLittle(t *testing.T) {
	t.Parallel()
	b := &book{}
	var m feeMeter
	free := 2
	var mu sync.Mutex
	launch := func() error {
		mu.Lock()
		defer mu.Unlock()
		if free > 0 {
			free--
			return nil
		}
		b.add(consume("20"))
		return nil
	}
	total := make(chan string, 50)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			got, err := m.measure(t.Context(), false, b.read, launch)
			if err != nil {
				t.Error(err)
			}
			total <- got.ValueString()
		})
	}
	group.Wait()
	close(total)
	count := map[string]int{}
	for cost := range total {
		count[cost]++
	}
	if count["0"] != 2 || count["20"] != 48 {
		t.Errorf("2 of 50 launches were free, but the costs are told as %v", count)
	}
	if b.reads > 4 {
		t.Errorf("50 launches read the ledger %d times, want 4: before the first, and after each until one was charged", b.reads)
	}
}

func TestFeeUnknownWhereTheLedgerFails(t *testing.T) {
	t.Parallel()
	b := &book{broken: true}
	var m feeMeter
	got, err := m.measure(t.Context(), false, b.read, func() error { return nil })
	if err != nil || !got.IsNull() {
		t.Errorf("the ledger can't be read, but the cost is told as %s, %v", got, err)
	}
	b.broken = false
	got, err = m.measure(t.Context(), false, b.read, func() error { b.add(consume("20")); return nil })
	if err != nil || got.ValueString() != "20" {
		t.Errorf("after it can be read again the cost is %s, %v", got, err)
	}
}

func TestFeeOfAFailedLaunch(t *testing.T) {
	t.Parallel()
	b := &book{}
	var m feeMeter
	refused := errors.New("refused")
	if got, err := m.measure(t.Context(), false, b.read, func() error { return refused }); !errors.Is(err, refused) || !got.IsNull() {
		t.Errorf("a failed launch: %s, %v", got, err)
	}
}

func TestFeePaidElsewhereIsMeasured(t *testing.T) {
	t.Parallel()
	b := &book{}
	m := feeMeter{charged: true}
	got, err := m.measure(t.Context(), true, b.read, func() error { return nil })
	if err != nil || got.ValueString() != "0" {
		t.Errorf("a launch that Stripe paid for costs %s, %v", got, err)
	}
}

// TestFeePaidElsewhereBesideOthers has launches that go unmetered, because they cost the fee, before and while one is paid elsewhere: theirs are not taken
// for its cost.
func TestFeePaidElsewhereBesideOthers(t *testing.T) {
	t.Parallel()
	b := &book{}
	m := feeMeter{charged: true}
	costs := func() error { b.add(consume("20")); return nil }
	paid := func() error { return nil }
	for round := range 20 {
		if _, err := m.measure(t.Context(), false, b.read, costs); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if got, err := m.measure(t.Context(), false, b.read, costs); err != nil || got.ValueString() != "20" {
					t.Errorf("a launch that costs the fee is told as %s, %v", got, err)
				}
			})
			group.Go(func() {
				if got, err := m.measure(t.Context(), true, b.read, paid); err != nil || got.ValueString() != "0" {
					t.Errorf("round %d: a launch that was paid elsewhere is told as %s, %v", round, got, err)
				}
			})
		}
		group.Wait()
	}
}
