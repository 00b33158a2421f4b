package purchase

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// Buy makes a purchase, or finds that it was made before, and gives its id.
//
// The error is a *Refusal where the desk did not buy or can't tell whether it was bought, and the error of p.Send or p.Conduct, unchanged, where
// the service surely did not carry the purchase out: then nothing was charged and nothing stays open, and the result has what Purchase.Doubts asks
// for. Once the service has confirmed a purchase, or its id was noted, there is no error any more.
//
// Cancelling ctx stops everything before p.Send or p.Conduct. From then on they run to their end, bounded by p.Deadline, and a lost answer is looked
// up on a context of its own.
func (d *Desk) Buy(ctx context.Context, p Purchase) (Result, error) {
	underway.Add(1)
	defer underway.Add(-1)
	b := &buying{desk: d, p: &p, slot: d.slot(p.Kind, p.Key), name: d.recordName(p.Kind, p.Key)}
	release, err := b.enter(ctx)
	if err != nil {
		return Result{}, err
	}
	defer release()
	result, done, err := b.settleEarlier(ctx)
	if err != nil || done {
		return result, err
	}
	if err := b.reserve(ctx); err != nil {
		return Result{}, err
	}
	if err := b.writeIntent(ctx); err != nil {
		b.giveBack(ctx)
		return Result{}, err
	}
	return b.send(ctx)
}

// buying is one Buy under way. It holds the lock of its key.
type buying struct {
	desk *Desk
	p    *Purchase
	slot string
	name string

	rec      *record // what the journal holds under the key, nil for nothing
	previous *record // what it held before this purchase's intent
	problems []Problem
	// earlier says that what is looked up is compared with the look of an earlier run at the time before.
	earlier bool
	// endedEarly says that the earlier purchase had noted its id and was interrupted after that.
	endedEarly bool
}

// enter checks what needs no lock, takes the lock of the key and reads its record.
func (b *buying) enter(ctx context.Context) (release func(), err error) {
	d, p := b.desk, b.p
	switch {
	case p.Kind == "" || p.Key == "" || (p.Send == nil) == (p.Conduct == nil):
		return nil, refuse(ReasonCheck, nil, "Purchase is incomplete",
			fmt.Sprintf("The %s was not sent, because the provider did not say under which key, or how. This is a bug in the provider; please report "+
				"it.", p.Title))
	case d.limits != nil && d.limits.Unknown:
		return nil, refuse(ReasonSpendingOff, nil, "Limits are not known",
			fmt.Sprintf("The %s was not sent and %s, because the provider's spending block has values that are still "+
				"unknown.", p.Title, p.Kind.unharmed()))
	case !p.Kind.allowedBy(d.limits):
		return nil, refuseNotAllowed(p, d.limits)
	case !d.identified():
		return nil, refuse(ReasonCheck, nil, "Account is not known yet",
			fmt.Sprintf("The %s was not sent, because the provider's API key or base URL is not known.", p.Title))
	case ctx.Err() != nil:
		return nil, refuseCancelled(p, ctx.Err())
	}
	if err := d.store.open(ctx); err != nil {
		return nil, refuseJournal(p, "can't be created", err)
	}
	waiting, cancel := context.WithTimeout(ctx, p.deadline()+grace)
	defer cancel()
	release, err = d.store.lock(waiting, b.slot)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, refuseCancelled(p, ctx.Err())
	case waiting.Err() != nil:
		return nil, refuseBusy(p, err)
	default:
		return nil, refuseJournal(p, "can't be locked", err)
	}
	if b.rec, err = d.load(ctx, b.name); err != nil {
		release()
		return nil, refuseJournal(p, "can't be read", err)
	}
	switch r := d.walk.read(p.Kind, p.Key); {
	case r.bought != "" && !p.Repeatable:
		release()
		return nil, refuseDuplicate(p)
	case r.gaveUp && p.Kind.trait().natural:
		release()
		return nil, refuseGivenUp(p)
	}
	return release, nil
}

// reserve reads the price again and takes the purchase's amount from the limits.
func (b *buying) reserve(ctx context.Context) error {
	d, p := b.desk, b.p
	if !p.Kind.charges() {
		// It takes nothing from what may be charged, and of the balance only a withdrawal takes.
		return b.take(ctx, request{record: b.name, title: p.Title, effect: p.Kind.trait().effect, expected: p.Authorized})
	}
	if most := d.limits.MaxPerPurchase; most != nil && p.Authorized.GreaterThan(*most) {
		return refusePerPurchase(p.Kind, p.Title, p.Authorized, *most)
	}
	expected := p.Authorized
	if p.Price != nil {
		price, err := p.Price(ctx)
		if err != nil {
			return b.unread(ctx, "its price", err)
		}
		if price.GreaterThan(p.Authorized) {
			return refusePrice(p, price)
		}
		expected = price
	}
	r := request{record: b.name, title: p.Title, authorized: p.Authorized, expected: expected}
	if p.Hold != nil {
		if during, after := p.Hold(); during.GreaterThan(expected) {
			after = money.Max(after, expected)
			r.expected, r.after, r.holds = during, &after, true
		}
	}
	return b.take(ctx, r)
}

func (b *buying) take(ctx context.Context, r request) error {
	err := b.desk.ledger().reserve(ctx, r)
	if _, refused := errors.AsType[*Refusal](err); err == nil || refused {
		return err
	}
	return b.unread(ctx, "what the limits still allow", err)
}

func (b *buying) unread(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return refuseCancelled(b.p, ctx.Err())
	}
	return refuse(ReasonCheck, err, "Purchase not sent",
		fmt.Sprintf("The %s was not sent and %s, because %s could not be read: %v.\n\nApply again once that "+
			"works.", b.p.Title, b.p.Kind.unharmed(), what, err))
}

func (b *buying) giveBack(ctx context.Context) {
	// A reservation that can't be given back only refuses later purchases of the same command.
	_ = b.desk.ledger().giveBack(context.WithoutCancel(ctx), b.name)
}

// writeIntent puts into the journal, durably, what a later run needs if this one dies.
func (b *buying) writeIntent(ctx context.Context) error {
	d, p := b.desk, b.p
	rec := &record{Format: recordFormat, State: stateIntent, CreatedAt: d.timestamp()}
	if b.rec != nil {
		rec.CreatedAt, rec.Earlier = b.rec.CreatedAt, b.rec.Earlier
		if b.rec.ID != "" {
			rec.Earlier = append(slices.Clone(rec.Earlier), b.rec.ID)
		}
	}
	if b.rec != nil && b.rec.State.open() {
		// The earlier attempt was not found, but the list it was not found in may lag behind. Keeping its snapshot, a later look still sees both.
		rec.Snapshot, rec.Attempts, rec.Absent, b.earlier = b.rec.Snapshot, b.rec.Attempts, b.rec.Absent, true
		rec.LeftAlone = slices.Clone(b.rec.LeftAlone)
	} else if p.Snapshot != nil {
		snapshot, err := p.Snapshot(ctx)
		if err != nil {
			return b.unread(ctx, "what is there already", err)
		}
		rec.Snapshot = snapshot
	}
	rec.Attempts++
	b.describe(rec)
	if ctx.Err() != nil {
		return refuseCancelled(p, ctx.Err())
	}
	write := d.save
	if b.rec == nil {
		write = d.insert
	}
	if err := write(ctx, b.name, rec); err != nil {
		return refuseJournal(p, "can't be written", err)
	}
	b.previous, b.rec = b.rec, rec
	if ctx.Err() != nil {
		b.takeBack(ctx)
		return refuseCancelled(p, ctx.Err())
	}
	return nil
}

// describe fills in what the purchase says of itself.
func (b *buying) describe(rec *record) {
	d, p := b.desk, b.p
	rec.Kind, rec.Key, rec.Title, rec.Digest, rec.Scope, rec.Authorized = p.Kind, p.Key, p.Title, p.Digest, p.Scope, p.Authorized
	rec.BaseURL, rec.Namespace, rec.Owner = normalBase(d.account.BaseURL), d.namespace(), d.owner
}

// takeBack undoes writeIntent: nothing was sent under it, or nothing was made. It tells whether it did.
func (b *buying) takeBack(ctx context.Context) bool {
	ctx = context.WithoutCancel(ctx)
	// If the journal can't be written the intent stays, and a later run looks for a purchase that is not there before it buys: a look too many.
	if b.previous == nil {
		return b.desk.store.remove(ctx, b.name) == nil
	}
	return b.desk.save(ctx, b.name, b.previous) == nil
}

// send makes the purchase, detached from the CLI's cancellation: an interrupted run still learns what came of it.
func (b *buying) send(ctx context.Context) (Result, error) {
	p := b.p
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.deadline())
	id, err := b.carryOut(detached)
	cancel()
	switch {
	case b.rec.NotedID != "":
		return b.endNoted(ctx, err), nil
	case err == nil && id != "":
		b.settle(ctx, stateKnown, id)
		return b.made(id, false), nil
	case err == nil:
		b.problems = append(b.problems, warn("Purchase confirmed without an id", fmt.Sprintf("AUTX has confirmed the %s without saying its id, so "+
			"it was "+
			"looked up.", p.Title)))
		return b.findID(ctx)
	case errors.Is(err, ErrIDUnknown):
		return b.findID(ctx)
	case !mayHaveBeenCarriedOut(err):
		undone := b.takeBack(ctx)
		b.giveBack(ctx)
		if !undone {
			return Result{}, err
		}
		return b.doubt(ctx, err), err
	}
	return b.resolve(ctx, err)
}

// resolve finds out whether a purchase was made whose answer was lost. The reservation stays in each case: what a list does not show yet may still
// have been charged.
func (b *buying) resolve(ctx context.Context, lost error) (Result, error) {
	d, p := b.desk, b.p
	ctx = context.WithoutCancel(ctx)
	_ = d.ledger().settle(ctx, b.name, p.Title, stageUncertain) // in flight counts as much as uncertain does
	b.rec.State = stateUnknown
	_ = d.save(ctx, b.name, b.rec) // the intent in the journal makes a later run look as well
	found, err := b.lookUp(ctx, b.rec)
	if err != nil {
		return Result{}, refuseUnknown(p, lost, err)
	}
	b.rec.Candidates = found.candidates
	switch {
	case found.none():
		b.rec.Absent++
		_ = d.save(ctx, b.name, b.rec) // the count is for people
		return Result{}, refuseAbsent(p, lost)
	case found.ambiguous():
		b.rec.State = stateAmbiguous
		_ = d.save(ctx, b.name, b.rec) // a later run looks again in either state
		return Result{}, refuseAmbiguous(p, found, lost)
	}
	id := found.candidates[0].ID
	b.problems = append(b.problems, warn("Purchase made although its answer was lost",
		fmt.Sprintf("The answer to the %s was lost (%v). It was looked up afterwards: %s is there and nothing else fits, so it is taken for "+
			"the one that was just sent. It was sent once.", p.Title, lost, found.candidates[0])))
	b.settle(ctx, stateAdopted, id)
	return b.made(id, false), nil
}

// findID looks up the id of a purchase that the service has confirmed without saying it. Whatever the look shows, it was made.
func (b *buying) findID(ctx context.Context) (Result, error) {
	ctx = context.WithoutCancel(ctx)
	b.rec.State, b.rec.Confirmed = stateUnknown, true
	_ = b.desk.save(ctx, b.name, b.rec) // without it a later run takes the purchase for one that may not have been made, and looks as well
	found, err := b.lookUp(ctx, b.rec)
	if err != nil || found.none() || found.ambiguous() {
		return b.unnamed(ctx, found, err)
	}
	id := found.candidates[0].ID
	b.settle(ctx, stateKnown, id)
	return b.made(id, false), nil
}

// unnamed ends a purchase that the service has confirmed and whose id could not be found.
func (b *buying) unnamed(ctx context.Context, found finding, lookup error) (Result, error) {
	p := b.p
	if p.Placeholder == "" {
		if b.rec.Candidates = found.candidates; found.ambiguous() {
			b.rec.State = stateAmbiguous
		}
		_ = b.desk.save(ctx, b.name, b.rec) // a later run looks again in either state
		return Result{}, refuseNoID(p, found, lookup)
	}
	b.rec.Candidates = found.candidates
	b.problems = append(b.problems, warn("Made, but its id is not known", fmt.Sprintf("AUTX has confirmed the %s without saying its id, and it "+
		"can't be told: %s"+
		"It was made once and is not made again. The id %s only stands in for the one at AUTX.", p.Title, whyUnnamed(found, lookup), p.Placeholder)))
	b.settle(ctx, stateKnown, p.Placeholder)
	return b.made(p.Placeholder, false), nil
}

// settle writes down a purchase that was made. A failure is told as a warning: the purchase is made all the same.
func (b *buying) settle(ctx context.Context, to state, id string) {
	d, p := b.desk, b.p
	ctx = context.WithoutCancel(ctx)
	d.walk.at(p.Kind, p.Key, func(r *row) { r.bought, r.found = id, to == stateAdopted })
	b.rec.State, b.rec.ID, b.rec.Instance = to, id, d.instance()
	b.rec.NotedID, b.rec.Confirmed, b.rec.PlannedAnew, b.rec.Placeholder = "", false, false, id == p.Placeholder
	if !b.rec.Placeholder { // else what it may stand for stays
		b.rec.Candidates = nil
	}
	if err := d.save(ctx, b.name, b.rec); err != nil {
		b.problems = append(b.problems, warn("Purchase not noted in the journal",
			fmt.Sprintf("The %s was made (id %s), but %s could not be written: %v.\n\nThe state has it. Should this run lose the state as "+
				"well, the next one looks the purchase up.",
				p.Title, id, d.store.where(b.name), err)))
	}
	_ = d.ledger().settle(ctx, b.name, p.Title, stageBought) // in flight counts as much as bought does
}
