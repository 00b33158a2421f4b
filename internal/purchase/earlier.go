package purchase

import (
	"context"
	"fmt"
)

// settleEarlier deals with what the journal holds under the key. It answers done where that ends the purchase, with an earlier one that is taken
// over; else the key is free and nothing of an earlier attempt was found.
func (b *buying) settleEarlier(ctx context.Context) (result Result, done bool, err error) {
	if b.rec == nil {
		return b.settleForeign(ctx)
	}
	if b.takeNoted(b.rec); b.rec.State.open() {
		return b.settleOpen(ctx, b.rec, false)
	}
	return b.settleBound(ctx, b.rec)
}

// takeNoted makes an earlier purchase that has noted its id one of which nothing has to be looked up.
func (b *buying) takeNoted(rec *record) {
	if rec.noted() {
		rec.endedEarly()
		b.endedEarly = true
	}
}

// settleForeign deals with records under the same key that another API key has written: of another account, which is none of our business, or of this
// one before its key was changed.
func (b *buying) settleForeign(ctx context.Context) (Result, bool, error) {
	d, p := b.desk, b.p
	names, err := d.store.list(ctx, b.slot+".")
	if err != nil {
		return Result{}, false, refuseJournal(p, "can't be read", err)
	}
	for _, name := range names {
		if name == b.name {
			continue
		}
		rec, err := d.load(ctx, name)
		if err != nil {
			return Result{}, false, refuseJournal(p, "can't be read", err)
		}
		if rec == nil {
			continue
		}
		if b.takeNoted(rec); rec.State.open() || rec.Placeholder {
			if result, done, err := b.settleOpen(ctx, rec, true); err != nil || done {
				return result, done, err
			}
			continue
		}
		ours, err := b.confirm(ctx, rec)
		if err != nil {
			return Result{}, false, err
		}
		if !ours {
			continue
		}
		if err := b.takeRecordOver(ctx, rec); err != nil {
			return Result{}, false, err
		}
		return b.settleBound(ctx, b.rec)
	}
	return Result{}, false, nil
}

// takeRecordOver makes the record of an earlier API key ours. The old one stays, and is not read any more.
func (b *buying) takeRecordOver(ctx context.Context, rec *record) error {
	rec.Owner = b.desk.owner
	if err := b.desk.insert(ctx, b.name, rec); err != nil {
		return refuseJournal(b.p, "can't be written", err)
	}
	b.rec = rec
	return nil
}

// settleOpen deals with an earlier attempt of which it isn't known what came of it: it is looked up before anything is sent.
func (b *buying) settleOpen(ctx context.Context, rec *record, foreign bool) (Result, bool, error) {
	d, p := b.desk, b.p
	if rec.State == stateIntent {
		// Others that look for theirs wait for whoever has an intent. Its process has ended, as this one holds the lock; left as it is, two that look for
		// theirs would wait for each other.
		rec.State = stateUnknown
		if err := d.save(ctx, b.slot+"."+rec.Owner, rec); err != nil {
			return Result{}, false, refuseJournal(p, "can't be written", err)
		}
	}
	b.earlier = true
	found, err := b.lookUp(ctx, rec)
	b.earlier = false
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return Result{}, false, refuseCancelled(p, ctx.Err())
	case rec.Confirmed && !foreign:
		return Result{}, false, refuseNoID(p, found, err)
	default:
		return Result{}, false, refuseStillUnknown(rec, err)
	}
	otherService := b.otherInstance(rec)
	// A live object that was made may be gone by now, which frees its key; what is used once for ever is there, listed or not.
	if rec.Confirmed && p.Settled == AdoptIfSameInputs && !foreign && !otherService && (found.none() || found.ambiguous()) {
		result, err := b.settleConfirmed(ctx, found)
		return result, err == nil, err
	}
	if found.none() {
		switch {
		case foreign:
		case otherService:
			// Nothing of it is to be carried over into the next attempt.
			if err := d.store.remove(ctx, b.name); err != nil {
				return Result{}, false, refuseJournal(p, "can't be written", err)
			}
			b.rec = nil
		default:
			rec.Absent++
		}
		return Result{}, false, nil
	}
	// What another account's snapshot, or one of another server, does not list is not new for that reason.
	guess := p.Settled == AdoptIfSameInputs && (foreign || otherService)
	if guess || found.ambiguous() {
		if !foreign {
			rec.State, rec.Candidates = stateAmbiguous, found.candidates
			_ = d.save(ctx, b.name, rec) // a later run looks again in either state
		}
		return Result{}, false, refuseAmbiguous(p, found, nil)
	}
	if foreign {
		if err := b.takeRecordOver(ctx, rec); err != nil {
			return Result{}, false, err
		}
	}
	id := found.candidates[0].ID
	if p.Settled == AdoptIfSameInputs && differs(rec.Digest, p.Digest) {
		b.rec.State, b.rec.ID, b.rec.Candidates = stateAdopted, id, nil
		_ = d.save(ctx, b.name, b.rec) // a later run looks again if the record stays open
		return Result{}, false, refuseOtherInputs(p, id)
	}
	return b.adopt(ctx, id, fmt.Sprintf("An earlier run sent the %s and did not live to see the answer, or lost it. It was looked up: %s is "+
		"there and nothing else fits, so it is taken over. %s.", p.Title, found.candidates[0], sentence(p.Kind.free()))), true, nil
}

// settleConfirmed deals with an earlier attempt that the service has confirmed, and whose id can't be found.
func (b *buying) settleConfirmed(ctx context.Context, found finding) (Result, error) {
	if differs(b.rec.Digest, b.p.Digest) {
		return Result{}, refuseOtherInputs(b.p, "")
	}
	result, err := b.unnamed(ctx, found, nil)
	result.Adopted = err == nil
	return result, err
}

// settleBound deals with a key under which something was bought.
func (b *buying) settleBound(ctx context.Context, rec *record) (Result, bool, error) {
	d, p := b.desk, b.p
	if rec.State == stateForgotten && p.Settled == AdoptUnlessInState {
		return Result{}, false, nil
	}
	there, err := b.confirm(ctx, rec)
	switch {
	case err != nil:
		return Result{}, false, err
	case !there && (p.Settled == AdoptUnlessInState || b.otherInstance(rec)):
		return Result{}, false, nil
	case !there && !p.Lasting:
		return Result{}, false, refuseGone(p, rec.ID)
	}
	used, err := d.ledger().usedElsewhere(ctx, b.name)
	switch {
	case err != nil:
		return Result{}, false, b.unread(ctx, "what this run has bought already", err)
	case used && !p.Repeatable:
		return Result{}, false, refuseDuplicate(p)
	case p.Settled == AdoptUnlessInState && rec.InState:
		return Result{}, false, refuseInState(p, rec.ID)
	case p.Settled == AdoptIfSameInputs && differs(rec.Digest, p.Digest):
		return Result{}, false, refuseOtherInputs(p, rec.ID)
	}
	why := fmt.Sprintf("%s is already there (id %s): an earlier run made the %s, and no state of this configuration had it. It is taken over, "+
		"and %s.",
		sentence(p.Kind.trait().noun+" "+p.Key), rec.ID, p.Title, p.Kind.free())
	if p.Settled == AdoptIfSameInputs {
		why = fmt.Sprintf("The %s was made before under the key %q (id %s). It is taken over, and %s. To %s, "+
			"change %s.",
			p.Title, p.Key, rec.ID, p.Kind.free(), p.Kind.again(), p.Kind.trait().keyName)
		if p.Digest != "" && rec.Digest == "" {
			why += "\n\nThe journal does not know with which inputs it was made, so they could not be compared with the configuration."
		}
	}
	if b.endedEarly {
		why = fmt.Sprintf("An earlier run made the %s (id %s) under the %s %q, and was interrupted while it was going on. It is taken over as far as it "+
			"got, and %s. To %s, change %s.",
			p.Title, rec.ID, p.Kind.trait().keyName, p.Key, p.Kind.free(), p.Kind.again(), p.Kind.trait().keyName)
	}
	return b.adopt(ctx, rec.ID, why), true, nil
}

// confirm asks the service for what a record says was bought.
func (b *buying) confirm(ctx context.Context, rec *record) (bool, error) {
	if b.p.Confirm == nil {
		return true, nil
	}
	there, err := b.p.Confirm(ctx, rec.ID)
	if err != nil {
		return false, b.unread(ctx, fmt.Sprintf("whether %s, which was bought earlier, is still there", rec.ID), err)
	}
	return there, nil
}

// otherInstance tells whether the record is of another mock server than the one that answers now, or of the same one before it was reset. Ask it only
// after a request.
func (b *buying) otherInstance(rec *record) bool {
	now := b.desk.instance()
	return rec.Instance != "" && now != "" && rec.Instance != now
}

// adopt takes an earlier purchase over.
func (b *buying) adopt(ctx context.Context, id, why string) Result {
	if b.rec.Digest == "" {
		b.rec.Digest, b.rec.DigestClaimed = b.p.Digest, b.p.Digest != ""
	}
	b.problems = append(b.problems, warn("Earlier purchase taken over", why))
	b.settle(ctx, stateAdopted, id)
	return b.made(id, true)
}

func differs(recorded, wanted string) bool {
	return recorded != "" && wanted != "" && recorded != wanted
}
