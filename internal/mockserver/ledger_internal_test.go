package mockserver

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// micro gives an amount of millionths of a dollar.
func micro(n int64) money.Amount {
	return money.MustParse("0.000001").Times(n)
}

// purse is the simple model of an account, in millionths of a dollar.
type purse struct {
	available, reserved int64
	activity            time.Time
}

// TestLedgerAgainstASimpleModel lets random histories happen to a ledger and to plain integers.
func TestLedgerAgainstASimpleModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, at := newLedger(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		purses := map[string]*purse{"a": {}, "b": {}}
		var lines int
		agree := func(t *rapid.T) {
			for id, p := range purses {
				a := l.account(id)
				if !a.available.Equal(micro(p.available)) || !a.reserved.Equal(micro(p.reserved)) {
					t.Fatalf("%s has %s and %s; the model has %d and %d", id, a.available, a.reserved, p.available, p.reserved)
				}
				if err := (&world{ledger: l}).sums(&user{ID: id}).balance(); err != nil {
					t.Fatal(err)
				}
				want := time.Time{}
				if p.available > 0 && !p.activity.IsZero() {
					want = p.activity.Add(balanceLifetime)
				}
				if !a.expiresAt().Equal(want) {
					t.Fatalf("%s expires at %s; the model says %s", id, a.expiresAt(), want)
				}
			}
			if len(l.entries) != lines {
				t.Fatalf("%d lines; the model has %d", len(l.entries), lines)
			}
		}
		// outcome compares what the ledger said with what the model says.
		outcome := func(t *rapid.T, err error, possible bool, n int64) bool {
			if (err == nil) != possible || (err != nil && !errors.Is(err, errShort)) {
				t.Fatalf("%v; the model says %v", err, possible)
			}
			if possible && n > 0 {
				lines++
			}
			return possible
		}
		draw := func(t *rapid.T) (string, *purse, int64) {
			user := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "user")
			at = at.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "seconds")) * time.Second)
			return user, purses[user], rapid.Int64Range(0, 3_000_000).Draw(t, "amount")
		}
		t.Repeat(map[string]func(*rapid.T){
			"": agree,
			"deposit": func(t *rapid.T) {
				user, p, n := draw(t)
				n++
				_, err := l.deposit(user, micro(n), at)
				outcome(t, err, true, n)
				p.available, p.activity = p.available+n, at
			},
			"withdraw": func(t *rapid.T) {
				user, p, n := draw(t)
				n++
				_, err := l.withdraw(user, micro(n), at)
				if outcome(t, err, n <= p.available, n) {
					p.available, p.activity = p.available-n, at
				}
			},
			"consume": func(t *rapid.T) {
				user, p, n := draw(t)
				held := rapid.Int64Range(0, n).Draw(t, "from the hold")
				err := l.consume(user, micro(n), micro(held), cause{}, at)
				if outcome(t, err, n == 0 || (n-held <= p.available && held <= p.reserved), n) && n > 0 {
					p.available, p.reserved, p.activity = p.available-(n-held), p.reserved-held, at
				}
			},
			"refund": func(t *rapid.T) {
				user, p, n := draw(t)
				held := rapid.Int64Range(0, n).Draw(t, "to the hold")
				l.refund(user, micro(n), micro(held), cause{}, at)
				outcome(t, nil, true, n)
				p.available, p.reserved = p.available+(n-held), p.reserved+held
			},
			"hold": func(t *rapid.T) {
				user, p, n := draw(t)
				if outcome(t, l.hold(user, micro(n), "s", at), n <= p.available, n) {
					p.available, p.reserved = p.available-n, p.reserved+n
				}
			},
			"release": func(t *rapid.T) {
				user, p, n := draw(t)
				n = min(n, p.reserved)
				l.release(user, micro(n), "s", at)
				outcome(t, nil, true, n)
				p.available, p.reserved = p.available+n, p.reserved-n
			},
			"expire": func(t *rapid.T) {
				user, p, _ := draw(t)
				if p.available == 0 {
					return
				}
				l.expire(user, at)
				lines++
				p.available = 0
			},
		})
		again := newLedger()
		for _, e := range l.entries {
			if _, err := again.post(e); err != nil {
				t.Fatalf("the entries do not add up again: %v", err)
			}
		}
		for user := range maps.Keys(purses) {
			if a, b := l.account(user), again.account(user); !a.available.Equal(b.available) || !a.reserved.Equal(b.reserved) {
				t.Fatalf("%s: %s and %s again", user, b.available, b.reserved)
			}
		}
	})
}

func TestLedgerRefusesWhatIsNoAmount(t *testing.T) {
	t.Parallel()
	l := newLedger()
	for _, amount := range []money.Amount{money.Zero(), money.FromInt(-1)} {
		if _, err := l.deposit("u", amount, time.Time{}); err == nil {
			t.Errorf("a deposit of %s was taken", amount)
		}
	}
	if len(l.entries) != 0 {
		t.Error("something was recorded")
	}
	defer func() {
		if recover() == nil {
			t.Error("a release of what is not held did not panic")
		}
	}()
	l.release("u", money.FromInt(1), "s", time.Time{})
}

// TestInvariantsFindWhatIsOff breaks a world in one way after the other.
func TestInvariantsFindWhatIsOff(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	build := func() *world {
		w, err := DemoSeed().world(assumptions{}, now)
		if err != nil {
			t.Fatal(err)
		}
		u := w.user("demo")
		if got := w.buy(u, w.listedByTicker("SUMM").ID, "x", "credits", nil); got.status != 201 {
			t.Fatalf("%s", got.body)
		}
		s, refused := w.openSession(u, "CHAT")
		if refused != nil {
			t.Fatalf("%s", refused.body)
		}
		if _, refused := w.startTurn(s, "x"); refused != nil {
			t.Fatalf("%s", refused.body)
		}
		if err := w.fullCheck(); err != nil {
			t.Fatal(err)
		}
		return w
	}
	one := money.FromInt(1)
	for name, spoil := range map[string]func(w *world){
		"available": func(w *world) { a := w.ledger.account("demo"); a.available = a.available.Add(one) },
		"reserved":  func(w *world) { a := w.ledger.account("demo"); a.reserved = a.reserved.Add(one) },
		"moved": func(w *world) {
			a := w.ledger.account("demo")
			a.available, a.reserved = a.available.Sub(one), a.reserved.Add(one)
		},
		"total":              func(w *world) { a := w.ledger.account("demo"); a.totals[kindConsume] = a.totals[kindConsume].Add(one) },
		"lost entry":         func(w *world) { w.ledger.entries = slices.Delete(w.ledger.entries, 1, 2) },
		"doubled entry":      func(w *world) { w.ledger.entries = append(w.ledger.entries, w.ledger.entries[1]) },
		"changed entry":      func(w *world) { w.ledger.entries[0].Available = one },
		"order price":        func(w *world) { w.orders[0].Paid = one },
		"order failed":       func(w *world) { w.orders[0].Status = statusFailed },
		"charge elsewhere":   func(w *world) { w.ledger.entries[1].Order = w.orders[1].ID },
		"hold":               func(w *world) { w.sessions[0].Hold = one },
		"hold after the end": func(w *world) { w.sessions[0].Status = statusClosed },
		"negative": func(w *world) {
			a := w.ledger.account("demo")
			a.available, a.totals[kindConsume] = money.FromInt(-1), a.totals[kindConsume].Add(a.available).Add(one)
		},
	} {
		w := build()
		spoil(w)
		if err := w.fullCheck(); err == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
}

// TestABrokenInvariantIsLoud spoils a running server.
func TestABrokenInvariantIsLoud(t *testing.T) {
	t.Parallel()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	s.mu.Lock()
	a := s.world.ledger.account("demo")
	a.available = a.available.Add(money.FromInt(1))
	broken := s.verify()
	a.available = a.available.Sub(money.FromInt(1))
	s.mu.Unlock()
	if broken == nil {
		t.Fatal("verify found nothing")
	}
	if err := s.CheckInvariants(); !errors.Is(err, errInvariant) {
		t.Errorf("%v: what was broken once stays on record", err)
	}
}

func TestTheClockNeverGoesBack(t *testing.T) {
	t.Parallel()
	c := &clock{}
	first := c.now()
	c.last = first.Add(time.Hour) // as if the real clock had been set back since
	if got := c.now(); !got.Equal(first.Add(time.Hour)) {
		t.Errorf("%s", got)
	}
	if err := c.advance(-1); err == nil {
		t.Error("it went back")
	}
}
