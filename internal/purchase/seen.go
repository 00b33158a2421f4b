package purchase

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// forgetPatience is how long Forget waits for another process that has the key.
const forgetPatience = 5 * time.Second

// SawInState is to be called by every read and every plan that has the state of something bought, with its id. It teaches the journal what the state
// knows, so that a create under the same key can be told from a new purchase: a create sees no state. It answers with warnings at worst.
//
// The journal is written only where it says something else, and read once for each key.
func (d *Desk) SawInState(ctx context.Context, kind Kind, key, id string) []Problem {
	return d.SawInputs(ctx, kind, key, id, "")
}

// SawInputs is SawInState for a state that knows the inputs as well, as Purchase.Digest has them. A run that learns a key from the state alone then
// holds it to its inputs; "" compares nothing. Inputs that the journal has from the purchase itself are not replaced: after an import a state has
// what a configuration says of it.
func (d *Desk) SawInputs(ctx context.Context, kind Kind, key, id, digest string) []Problem {
	if key == "" || id == "" {
		return nil
	}
	var problems []Problem
	var noted bool
	d.walk.at(kind, key, func(r *row) {
		switch {
		case r.stateID != "" && r.stateID != id && !r.doomed:
			noted = true // two resources: neither is the journal's business
			problems = []Problem{warn(summarySameKey, fmt.Sprintf("Two resources of the state have the %s %q: ids %s and %s. Remove one of "+
				"them from the configuration, or give it a %s of its own.",
				kind.trait().keyName, key, r.stateID, id, kind.trait().keyName))}
			return
		case r.stateID == id:
			noted = r.noted && (digest == "" || digest == r.digest)
		default:
			r.digest = ""
		}
		r.stateID, r.noted = id, true
		if digest != "" {
			r.digest = digest
		}
		if !noted {
			told := r.conflict
			problems = asWarnings(r.clash(kind, key))
			r.conflict = told // a warning does not take the place of the error that a plan of a destroy gives
		}
	})
	if noted || d.limits == nil || !d.identified() {
		return problems
	}
	if err := d.noteState(ctx, kind, key, id, digest); err != nil {
		problems = append(problems, d.journalWarning(err)...)
	}
	return problems
}

// asWarnings softens problems: a read must not fail for them. A plan that comes later tells them again, or else the apply does.
func asWarnings(problems []Problem) []Problem {
	for i := range problems {
		problems[i].Severity = SeverityWarning
	}
	return problems
}

// noteState writes into the journal what a state says, where it does not say so yet.
func (d *Desk) noteState(ctx context.Context, kind Kind, key, id, digest string) error {
	name := d.recordName(kind, key)
	rec, err := d.load(ctx, name)
	if err != nil || rec.agrees(id, digest) || rec.newerThan(id) {
		return err
	}
	if err := d.store.open(ctx); err != nil {
		return err
	}
	release, free, err := d.store.tryLock(d.slot(kind, key))
	if err != nil || !free {
		return err
	}
	defer release()
	if rec, err = d.load(ctx, name); err != nil || rec.agrees(id, digest) || rec.newerThan(id) {
		return err
	}
	if rec == nil {
		rec = &record{
			Format: recordFormat, Kind: kind, Key: key, Title: kind.trait().noun + " " + key,
			BaseURL: normalBase(d.account.BaseURL), Namespace: d.namespace(), Owner: d.owner,
			State: stateKnown, ID: id, InState: true, Digest: digest, DigestClaimed: digest != "", CreatedAt: d.timestamp(),
		}
		return d.insert(ctx, name, rec)
	}
	if rec.State.settled() && rec.ID != id {
		// Of what the key named before.
		rec.Digest, rec.DigestClaimed, rec.Instance, rec.Placeholder, rec.Notes = "", false, "", false, nil
	}
	if rec.learnsFrom(digest) {
		rec.Digest, rec.DigestClaimed = digest, true
	}
	rec.InState, rec.ID, rec.NotedID, rec.Confirmed, rec.PlannedAnew = true, id, "", false, false
	if !rec.Placeholder {
		rec.Candidates = nil
	}
	if rec.State != stateAdopted {
		rec.State = stateKnown
	}
	return d.save(ctx, name, rec)
}

// agrees tells whether the record says what a state says.
func (r *record) agrees(id, digest string) bool {
	return r.bindsTo(id) && r.InState && !r.PlannedAnew && !r.learnsFrom(digest)
}

// learnsFrom tells whether the record is to take over the inputs that a state has.
func (r *record) learnsFrom(digest string) bool {
	return digest != "" && digest != r.Digest && (r.Digest == "" || r.DigestClaimed)
}

// newerThan tells whether the record is of a purchase that no state has got yet, while a state still has an earlier one under the key. Overwritten,
// it would be lost.
func (r *record) newerThan(id string) bool {
	switch {
	case r == nil:
		return false
	case r.noted():
		return r.NotedID != id
	case r.State.open():
		return slices.Contains(r.Earlier, id)
	}
	return r.ID != id && !r.InState && r.State != stateForgotten
}

// BeforeDestroy is to be called by every destroy before its request. It stops the destruction of what this very run has taken over for another
// resource: with create_before_destroy a replacement may have adopted the object that it replaces. And it stops that of what a plan wants to buy
// anew: the plan of a tainted object that may not look at the state shows the desk only the purchase.
func (d *Desk) BeforeDestroy(ctx context.Context, kind Kind, key, id string) []Problem {
	if key == "" || id == "" {
		return nil
	}
	var taken bool
	d.walk.at(kind, key, func(r *row) {
		if taken = r.found && r.bought == id; !taken {
			r.giving = id
		}
	})
	t := kind.trait()
	if !taken {
		if t.natural && d.plannedAnew(ctx, kind, key, id) {
			return []Problem{fail(summaryRelaunch, fmt.Sprintf("The %s %q (id %s) was to be destroyed, and the last plan makes it anew under the "+
				"same %s: AUTX would charge again. It was left as it is, and nothing was charged. %s", t.noun, key, id, t.keyName, waysOut(kind, id)))}
		}
		return nil
	}
	return []Problem{fail("Not destroyed, because it was just taken over", fmt.Sprintf("The %s %q (id %s) was to be destroyed after its "+
		"replacement, but the replacement has taken it over: there is only this one. It was left as it is, and nothing was charged.\n\n"+
		"Use a plan with refresh, which finds this before it applies.", t.noun, key, id))}
}

// Forget is to be called when what was bought under a key has been destroyed, or was surely seen to be gone. It marks the record, which stays: the
// key of a live object is free again, other keys stay used, also where the journal did not know them yet. It answers with warnings at worst.
func (d *Desk) Forget(ctx context.Context, kind Kind, key, id string) []Problem {
	if key == "" {
		return nil
	}
	d.walk.at(kind, key, func(r *row) {
		if r.stateID == id {
			r.stateID, r.digest, r.noted, r.doomed, r.conflict = "", "", false, false, false
		}
		r.gaveUp = r.gaveUp || r.giving == id && id != ""
		if r.bought == id {
			r.bought, r.found = "", false
		}
	})
	if d.limits == nil || !d.identified() {
		return nil
	}
	ctx = context.WithoutCancel(ctx) // it is gone whether or not the run was interrupted
	if err := d.noteGone(ctx, kind, key, id); err != nil {
		return []Problem{warn("Purchase journal not up to date", fmt.Sprintf("The %s %q (id %s) is gone, but the journal could not note it: "+
			"%v. Should it be bought again, AUTX is asked whether it is still there.",
			kind.trait().noun, key, id, err))}
	}
	return nil
}

func (d *Desk) noteGone(ctx context.Context, kind Kind, key, id string) error {
	name := d.recordName(kind, key)
	rec, err := d.load(ctx, name)
	if rec == nil && err == nil && id != "" && !kind.trait().natural {
		// A key that is used once for ever stays used. Where the journal is lost, a destroy is the last to know it.
		if err := d.noteState(ctx, kind, key, id, ""); err != nil {
			return err
		}
		rec, err = d.load(ctx, name)
	}
	if err != nil || !rec.bindsTo(id) {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, forgetPatience)
	defer cancel()
	release, err := d.store.lock(waiting, d.slot(kind, key))
	if err != nil {
		return err
	}
	defer release()
	if rec, err = d.load(ctx, name); err != nil || !rec.bindsTo(id) {
		return err
	}
	rec.State, rec.InState, rec.PlannedAnew = stateForgotten, false, false
	if err := d.save(ctx, name, rec); err != nil {
		return err
	}
	return d.ledger().release(ctx, name)
}

// bindsTo tells whether the record still gives the key to the object.
func (r *record) bindsTo(id string) bool {
	return r != nil && r.ID == id && (r.State == stateKnown || r.State == stateAdopted)
}

// plannedAnew tells whether the last plan that spoke of the key wanted to buy it, while the object is there. A journal that can't be read says
// nothing.
func (d *Desk) plannedAnew(ctx context.Context, kind Kind, key, id string) bool {
	if d.limits == nil || !d.identified() {
		return false
	}
	rec, err := d.load(ctx, d.recordName(kind, key))
	return err == nil && rec.bindsTo(id) && rec.PlannedAnew
}

// notePlannedAnew writes into the journal that a plan wants to buy what is live already. A plan or a read that has the state of it takes that back.
func (d *Desk) notePlannedAnew(ctx context.Context, kind Kind, key string) error {
	name := d.recordName(kind, key)
	release, free, err := d.store.tryLock(d.slot(kind, key))
	if err != nil || !free {
		return err
	}
	defer release()
	rec, err := d.load(ctx, name)
	if err != nil || rec == nil || !rec.bindsTo(rec.ID) || rec.PlannedAnew {
		return err
	}
	rec.PlannedAnew = true
	return d.save(ctx, name, rec)
}
