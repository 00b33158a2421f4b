package purchase

import (
	"context"
	"errors"
	"fmt"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// budget checks purchases against the limits, on the ledger of the command.
type budget struct {
	box     ledgerBox
	spare   *memoryBox // for plans, where the box can't be used
	limits  Limits
	account string // which account of which service
	desk    string
	process processID
	dead    func(processID) bool
	balance func(context.Context) (money.Amount, error)
}

// planResult is what planning a purchase showed.
type planResult struct {
	total     money.Amount
	purchases int
	list      string
	elsewhere bool // another desk of the command plans the same key
}

// plan enters a planned purchase; record is "" while its key is not known. The result is good for this desk even where there is an error.
func (b *budget) plan(ctx context.Context, record string, p Planned) (planResult, error) {
	var result planResult
	enter := func(l *ledger) error {
		l.beginPlan(record, b.dead)
		e := l.find(record)
		if e == nil {
			e = &entry{Record: record}
			l.Entries = append(l.Entries, e)
		}
		result.elsewhere = e.Planned != nil && e.PlannedBy != b.desk
		amount := p.Authorized
		e.Effect, e.Planned, e.PlannedBy, e.Uncounted = p.Kind.trait().effect, &amount, b.desk, p.UnknownAmount
		e.Title, e.Account, e.Desk, e.Process = p.Title, b.account, b.desk, b.process
		result.total, result.purchases = l.total(), l.charges()
		if result.total.GreaterThan(b.limits.MaxPerApply) {
			result.list = l.list((*entry).counts)
		}
		return nil
	}
	err := b.box.update(ctx, enter)
	if err != nil {
		err = errors.Join(err, b.spare.update(ctx, enter))
	}
	return result, err
}

// request is a purchase that wants to reserve.
type request struct {
	record, title string
	effect        effect
	authorized    money.Amount  // of what may be charged
	expected      money.Amount  // what it does to the balance, in the direction of its effect
	holds         bool          // expected is held for a while, and not what it may cost
	after         *money.Amount // what expected becomes once it was made, nil where it stays
}

// reserve takes a purchase's amount from the limits before it is sent, all at once: two purchases can't both see the same money as free.
// It fails with a *Refusal where a limit is in the way, and with another error where that could not be found out.
func (b *budget) reserve(ctx context.Context, r request) error {
	return b.box.update(ctx, func(l *ledger) error {
		l.forgetPlans(b.dead, func(*entry) bool { return true })
		l.detach(r.record)
		reserved := l.reserved()
		if r.effect == charges && reserved.Add(r.authorized).GreaterThan(b.limits.MaxPerApply) {
			return refusePerApply(r.title, r.authorized, reserved, b.limits.MaxPerApply, l.list((*entry).reserved))
		}
		if err := b.keepBalance(ctx, l, r); err != nil {
			return err
		}
		e := l.find(r.record)
		if e == nil {
			e = &entry{Record: r.record}
			l.Entries = append(l.Entries, e)
		}
		l.Sequence++
		amount := r.authorized
		e.Title, e.Account, e.Desk, e.Process = r.title, b.account, b.desk, b.process
		e.Effect, e.Reserved, e.Expected, e.After, e.Sequence, e.Stage = r.effect, &amount, r.expected, r.after, l.Sequence, stageInFlight
		return nil
	})
}

// keepBalance refuses what would take the available balance below the limit. The balance is read live only while nothing of this command is in
// flight for the account: otherwise nobody could tell whether the figure already counts it. Until then the last reading is used, less all that was
// reserved since.
func (b *budget) keepBalance(ctx context.Context, l *ledger, r request) error {
	keep := b.limits.KeepBalance
	if keep == nil || r.effect == movesIn {
		return nil
	}
	if b.balance == nil {
		return errors.New("the available balance can't be read")
	}
	last, have := l.Balances[b.account]
	inFlight := false
	var uncertain money.Amount
	for _, e := range l.Entries {
		if e.Account != b.account {
			continue
		}
		inFlight = inFlight || e.Stage == stageInFlight
		if e.Effect != movesIn && (e.Stage == stageInFlight || e.Stage == stageUncertain) {
			uncertain = uncertain.Add(e.Expected)
		}
	}
	if !have || !inFlight {
		available, err := b.balance(ctx)
		if err != nil {
			return fmt.Errorf("read the available balance: %w", err)
		}
		last = reading{Available: available.Sub(uncertain), Sequence: l.Sequence}
		if l.Balances == nil {
			l.Balances = map[string]reading{}
		}
		l.Balances[b.account] = last
	}
	left := last.Available
	for _, e := range l.Entries {
		if e.Account == b.account && e.Reserved != nil && e.Sequence > last.Sequence {
			left = left.Sub(e.takes())
		}
	}
	if after := left.Sub(r.expected); after.LessThan(*keep) {
		return refuseKeepBalance(r, left, *keep)
	}
	return nil
}

// giveBack ends the reservation of a purchase that was surely not made.
func (b *budget) giveBack(ctx context.Context, record string) error {
	return b.box.update(ctx, func(l *ledger) error {
		if e := l.find(record); e != nil {
			e.Reserved, e.Stage, e.Expected, e.After = nil, "", money.Amount{}, nil
		}
		return nil
	})
}

// settle notes what became of a purchase; one that was taken over without a charge has reserved nothing and is entered all the same, for the
// command to see that its key is used.
func (b *budget) settle(ctx context.Context, record, title string, to stage) error {
	return b.box.update(ctx, func(l *ledger) error {
		e := l.find(record)
		if e == nil {
			e = &entry{Record: record, Title: title}
			l.Entries = append(l.Entries, e)
		}
		e.Account, e.Desk, e.Process, e.Stage = b.account, b.desk, b.process, to
		if to == stageBought && e.After != nil {
			e.Expected, e.After = *e.After, nil
		}
		return nil
	})
}

// release notes that a purchase of this command has been destroyed again, so that its key is free. What it reserved stays spent.
func (b *budget) release(ctx context.Context, record string) error {
	return b.box.update(ctx, func(l *ledger) error {
		if e := l.find(record); e != nil && e.Stage == stageBought {
			e.Stage = stageReleased
		}
		return nil
	})
}

// usedElsewhere tells whether another desk of this command has bought under the key.
func (b *budget) usedElsewhere(ctx context.Context, record string) (bool, error) {
	var used bool
	err := b.box.update(ctx, func(l *ledger) error {
		e := l.find(record)
		used = e != nil && e.Stage == stageBought && e.Desk != b.desk
		return nil
	})
	return used, err
}
