package purchase_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

const movesOff = "Apply will refuse to move money"

// movement moves $25 into the account or out of it; the service's list shows ids and no keys.
func (b *buyer) movement(kind purchase.Kind, key string) purchase.Purchase {
	s := b.service
	amount := money.FromInt(25)
	in := money.Zero().Sub(amount)
	if kind == purchase.Deposit {
		in = amount
	}
	p := b.order(key, amount.String())
	p.Kind, p.Title, p.Authorized, p.Price, p.Lasting = kind, fmt.Sprintf("%s %s of $25.00", kind, key), amount, nil, true
	p.Snapshot = func(context.Context) (json.RawMessage, error) {
		matches, err := s.find(b.apiKey, kind, "credits", nil)
		ids := []string{}
		for _, m := range matches {
			ids = append(ids, m.ID)
		}
		return must(json.Marshal(ids)), err
	}
	p.Send = func(context.Context) (string, error) {
		before := s.chargesOf(kind, key)
		id, err := s.send(b.apiKey, kind, key, "credits")
		if s.chargesOf(kind, key) > before {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.balance = s.balance.Add(s.price).Add(in)
		}
		return id, err
	}
	p.Find = func(_ context.Context, snapshot json.RawMessage) ([]purchase.Match, error) {
		var known []string
		if err := json.Unmarshal(snapshot, &known); err != nil {
			return nil, err
		}
		return s.find(b.apiKey, kind, "credits", known)
	}
	return p
}

func must(data []byte, err error) json.RawMessage {
	if err != nil {
		panic(err)
	}
	return data
}

var movements = map[purchase.Kind]string{purchase.Deposit: "allow_deposits", purchase.Withdrawal: "allow_withdrawals"}

func allowMoves(b *buyer) { b.limits.AllowDeposits, b.limits.AllowWithdrawals = true, true }

func planOf(p purchase.Purchase) purchase.Planned {
	return purchase.Planned{Kind: p.Kind, Key: p.Key, Title: p.Title, Authorized: p.Authorized}
}

// wantNoCharge fails where a text about a movement of money speaks of buying or charging.
func wantNoCharge(t *testing.T, text string) {
	t.Helper()
	for _, wrong := range []string{"charged", "charges nothing", "buy ", "bought", "cost"} {
		if strings.Contains(text, wrong) {
			t.Errorf("a movement of money is said to be %q: %s", wrong, text)
		}
	}
}

func TestMovementsNeedTheirOwnSwitch(t *testing.T) {
	t.Parallel()
	for kind, on := range movements {
		for name, limits := range map[string]*purchase.Limits{
			"no spending block": nil,
			"off":               {MaxPerApply: money.FromInt(1000)},
			"the other one is on": {
				MaxPerApply: money.FromInt(1000), AllowDeposits: kind != purchase.Deposit, AllowWithdrawals: kind != purchase.Withdrawal,
			},
		} {
			t.Run(fmt.Sprint(kind, ", ", name), func(t *testing.T) {
				t.Parallel()
				b := newBuyer(t)
				b.limits = limits
				p := b.movement(kind, "k")
				refusal := b.refuse(p, purchase.ReasonSpendingOff)
				problems := b.desk().PlanCreate(t.Context(), planOf(p))
				for _, want := range []string{p.Title, "spending." + on + " is not on", on + " = true"} {
					wantProblem(t, problems, purchase.SeverityWarning, movesOff, want)
					if !strings.Contains(refusal.Detail, want) {
						t.Errorf("%q is missing in: %s", want, refusal.Detail)
					}
				}
				// Where there is a spending block, another one is not to be pasted over it.
				if block := strings.Contains(refusal.Detail, "max_per_apply"); block != (limits == nil) {
					t.Errorf("detail: %s", refusal.Detail)
				}
				wantNoCharge(t, refusal.Detail)
				wantNothingDone(t, b)
			})
		}
	}
}

func TestMovementsTakeNothingFromTheLimits(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	most := money.FromInt(30)
	b.limits = &purchase.Limits{MaxPerApply: money.FromInt(30), MaxPerPurchase: &most}
	allowMoves(b)
	b.hooks.Command, b.hooks.Process = "7-1", "8-1"
	d := b.desk()
	for i := range 3 {
		for kind := range movements {
			p := b.movement(kind, fmt.Sprint("k", i))
			p.Authorized = money.FromInt(500) // more than the limits of charges
			wantNone(t, d.PlanCreate(t.Context(), planOf(p)))
			if result, err := d.Buy(t.Context(), p); err != nil || result.ID == "" {
				t.Fatalf("%s: %+v, %v", p.Title, result, err)
			}
		}
	}
	if reserved, err := purchase.Reserved(b.journal, "7-1"); err != nil || reserved != "0" {
		t.Errorf("reserved %s, %v; want 0", reserved, err)
	}
	// The limit is whole for charges, and what is over it names them alone.
	charge := b.order("o", "d")
	wantNone(t, d.PlanCreate(t.Context(), planOf(charge)))
	problems := d.PlanCreate(t.Context(), planOf(b.order("p", "d")))
	wantProblem(t, problems, purchase.SeverityError, perApply, "$60.00 in 2 purchases")
	for _, p := range problems {
		wantNoMovement(t, p.Detail)
	}
	if _, err := d.Buy(t.Context(), charge); err != nil {
		t.Fatal(err)
	}
	_, err := d.Buy(t.Context(), b.order("p", "d"))
	refusal := wantRefusal(t, err, purchase.ReasonLimit)
	wantNoMovement(t, refusal.Detail)
	if !strings.Contains(refusal.Detail, "  - order o: $30.00") {
		t.Errorf("what was sent is not named: %s", refusal.Detail)
	}
	// A limit that is used up, or that another provider block has smaller, is none for a movement.
	b.limits = &purchase.Limits{AllowDeposits: true, AllowWithdrawals: true}
	b.hooks.Process = "9-1"
	for kind := range movements {
		p := b.movement(kind, "last")
		wantNone(t, b.desk().PlanCreate(t.Context(), planOf(p)))
		b.must(p)
	}
}

func wantNoMovement(t *testing.T, detail string) {
	t.Helper()
	if strings.Contains(detail, "credit_") {
		t.Errorf("a movement of money is among the charges: %s", detail)
	}
}

func TestOneKeyOfAMovementTwice(t *testing.T) {
	t.Parallel()
	for kind := range movements {
		b := newBuyer(t)
		allowMoves(b)
		b.hooks.Command, b.hooks.Process = "7-1", "8-1"
		p := b.movement(kind, "k")
		wantNone(t, b.desk().PlanCreate(t.Context(), planOf(p)))
		b.hooks.Process = "9-1"
		wantProblem(t, b.desk().PlanCreate(t.Context(), planOf(p)), purchase.SeverityError, sameKey, `idempotency_key "k"`)
		b.must(p)
		b.hooks.Process = "10-1"
		wantNoCharge(t, b.refuse(p, purchase.ReasonDuplicate).Detail)
		b.wantCharges(kind, "k", 1)
	}
}

// TestMovementsInTheirOwnWords follows a movement through what can go wrong with it. No text may call it a charge.
func TestMovementsInTheirOwnWords(t *testing.T) {
	t.Parallel()
	for kind := range movements {
		b := newBuyer(t)
		allowMoves(b)
		p := b.movement(kind, "k")
		var texts []string
		told := func(refusal *purchase.Refusal) { texts = append(texts, refusal.Summary+": "+refusal.Detail) }

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.desk().Buy(ctx, p)
		told(wantRefusal(t, err, purchase.ReasonCancelled))

		broken := p
		broken.Snapshot = func(context.Context) (json.RawMessage, error) { return nil, errScripted }
		told(b.refuse(broken, purchase.ReasonCheck))

		b.hooks.FailWrites = func(string) error { return errScripted }
		told(b.refuse(p, purchase.ReasonJournal))
		b.hooks.FailWrites = nil

		b.service.script = []fate{lostAfter}
		b.service.during = func() {
			b.service.mu.Lock()
			defer b.service.mu.Unlock()
			b.service.findErrs = purchase.LookupPauses()
		}
		told(b.refuse(p, purchase.ReasonUnknown))
		b.service.during, b.service.findErrs = nil, purchase.LookupPauses()
		told(b.refuse(p, purchase.ReasonUnknown))
		result := b.must(p)
		if !result.Adopted {
			t.Errorf("%s: result %+v; want the lost one taken over", kind, result)
		}
		other := p
		other.Digest = "30"
		told(b.refuse(other, purchase.ReasonBound))
		for _, problem := range append(result.Problems, b.desk().PlanCreate(t.Context(), planOf(p))...) {
			texts = append(texts, problem.Summary+": "+problem.Detail)
		}
		gone := p
		gone.Lasting = false
		b.service.remove(result.ID)
		told(b.refuse(gone, purchase.ReasonBound))

		b.service.script = []fate{lostBefore}
		told(b.refuse(b.movement(kind, "absent"), purchase.ReasonAbsent))
		b.service.script = []fate{lostAfter}
		b.service.during = func() { b.service.add(b.apiKey, kind, "credits") }
		told(b.refuse(b.movement(kind, "ambiguous"), purchase.ReasonAmbiguous))

		if len(texts) < 11 {
			t.Errorf("%d texts; want one of each kind", len(texts))
		}
		for _, text := range texts {
			wantNoCharge(t, text)
		}
		b.wantCharges(kind, "k", 1)
	}
}

func TestKeepBalanceHoldsForWithdrawals(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	keep := money.FromInt(50)
	b.limits.KeepBalance = &keep
	allowMoves(b)
	b.service.balance = money.FromInt(99)
	d := b.desk()
	if _, err := d.Buy(t.Context(), b.movement(purchase.Withdrawal, "a")); err != nil { // leaves 74
		t.Fatal(err)
	}
	_, err := d.Buy(t.Context(), b.movement(purchase.Withdrawal, "b")) // would leave 49
	refusal := wantRefusal(t, err, purchase.ReasonLimit)
	for _, want := range []string{"takes $25.00", "$74.00 is available", "$50.00", "no money was moved"} {
		if !strings.Contains(refusal.Detail, want) {
			t.Errorf("%q is missing in: %s", want, refusal.Detail)
		}
	}
	wantNoCharge(t, refusal.Detail)
	b.wantCharges(purchase.Withdrawal, "b", 0)
}

func TestKeepBalanceIsNoConcernOfADeposit(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	keep := money.FromInt(50)
	b.limits.KeepBalance = &keep
	allowMoves(b)
	b.service.balance = money.FromInt(1)
	b.must(b.movement(purchase.Deposit, "a"))
	if b.service.reads != 0 {
		t.Errorf("the balance was read %d times for a deposit; want 0", b.service.reads)
	}
}

// TestADepositCountsOnceItWasMade: while an order is under way the balance is not read again, and a deposit of the same run is known all the same.
func TestADepositCountsOnceItWasMade(t *testing.T) {
	t.Parallel()
	for _, made := range []bool{true, false} {
		t.Run(fmt.Sprint("made ", made), func(t *testing.T) {
			t.Parallel()
			b := newBuyer(t)
			keep := money.FromInt(50)
			b.limits.KeepBalance = &keep
			allowMoves(b)
			b.service.balance, b.service.price = money.FromInt(85), money.FromInt(20)
			arrived, leave := make(chan struct{}), make(chan struct{})
			b.service.during = func() { arrived <- struct{}{}; <-leave }
			d := b.desk()
			done := make(chan error, 1)
			go func() {
				_, err := d.Buy(t.Context(), b.order("first", "d")) // 85 - 20 = 65 for the rest
				done <- err
			}()
			<-arrived
			b.service.mu.Lock()
			b.service.during = nil
			if !made {
				b.service.script = []fate{lostBefore}
			}
			b.service.mu.Unlock()
			if _, err := d.Buy(t.Context(), b.movement(purchase.Deposit, "k")); (err == nil) != made {
				t.Errorf("the deposit: %v", err)
			}
			_, err := d.Buy(t.Context(), b.order("second", "d")) // 65 + 25 - 20 = 70, or 45 without the deposit
			if made && err != nil {
				t.Errorf("the deposit does not count: %v", err)
			}
			if !made {
				if refusal := wantRefusal(t, err, purchase.ReasonLimit); !strings.Contains(refusal.Detail, "$65.00") {
					t.Errorf("detail: %s", refusal.Detail)
				}
			}
			close(leave)
			if err := <-done; err != nil {
				t.Error(err)
			}
			if b.service.reads != 1 {
				t.Errorf("the balance was read %d times; want once, before anything was under way", b.service.reads)
			}
		})
	}
}

func TestMovementsAndOrdersOfOneKeyAreApart(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	allowMoves(b)
	ids := map[string]bool{}
	for _, p := range []purchase.Purchase{b.order("k", "d"), b.movement(purchase.Deposit, "k"), b.movement(purchase.Withdrawal, "k")} {
		ids[b.must(p).ID] = true
	}
	if len(ids) != 3 {
		t.Errorf("ids %v; want three purchases", ids)
	}
	if entries, err := os.ReadDir(b.journal + "/records"); err != nil || len(entries) != 3 {
		t.Errorf("records %v, %v; want 3", entries, err)
	}
}

func TestDefiniteRefusalOfAMovement(t *testing.T) {
	t.Parallel()
	for kind := range movements {
		b := newBuyer(t)
		allowMoves(b)
		b.service.script = []fate{refused}
		_, err, _ := b.buy(b.movement(kind, "k"))
		if _, typed := errors.AsType[*failure](err); !typed {
			t.Errorf("error is %v; want the service's own", err)
		}
		b.wantState(kind, "k", "none")
		b.must(b.movement(kind, "k"))
		b.wantCharges(kind, "k", 1)
	}
}

// TestALostDepositTakesNothing: whether or not it was made, it takes nothing from what is there.
func TestALostDepositTakesNothing(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	keep := money.FromInt(50)
	b.limits.KeepBalance = &keep
	allowMoves(b)
	b.service.balance, b.service.price = money.FromInt(70), money.FromInt(20)
	b.service.script = []fate{lostBefore}
	d := b.desk()
	_, err := d.Buy(t.Context(), b.movement(purchase.Deposit, "k"))
	wantRefusal(t, err, purchase.ReasonAbsent)
	if _, err := d.Buy(t.Context(), b.order("o", "d")); err != nil { // leaves 50
		t.Error(err)
	}
}
