package purchase

import "context"

// SawInputs is SawInState for kinds whose keys are bound to inputs, with the digest of those that the state holds; "" where the state does not know them.
// A journal that was lost and learned its keys from a state then still tells a create with other inputs from the purchase that the state had.
func (d *Desk) SawInputs(ctx context.Context, kind Kind, key, id, digest string) []Problem {
	problems := d.SawInState(ctx, kind, key, id)
	if key == "" || id == "" || digest == "" || d.limits == nil || !d.identified() {
		return problems
	}
	var known bool
	d.walk.at(kind, key, func(r *row) { known, r.inputs = r.inputs, true })
	if known {
		return problems
	}
	if err := d.noteInputs(ctx, kind, key, id, digest); err != nil {
		problems = append(problems, d.journalWarning(err)...)
	}
	return problems
}

// noteInputs completes a record that does not know with which inputs its purchase was made. What a purchase itself has written is never replaced.
func (d *Desk) noteInputs(ctx context.Context, kind Kind, key, id, digest string) error {
	name := d.recordName(kind, key)
	rec, err := d.load(ctx, name)
	if err != nil || !rec.lacksInputs(id) {
		return err
	}
	release, free, err := d.store.tryLock(d.slot(kind, key))
	if err != nil || !free {
		return err
	}
	defer release()
	if rec, err = d.load(ctx, name); err != nil || !rec.lacksInputs(id) {
		return err
	}
	rec.Digest = digest
	return d.save(ctx, name, rec)
}

// lacksInputs tells whether the record is of this object and does not know with which inputs it was bought.
func (r *record) lacksInputs(id string) bool {
	return r != nil && r.State.settled() && r.ID == id && r.Digest == ""
}

// UsedBefore tells, at plan, whether the journal knows what was bought under a key that is used once for ever. An apply takes that over, or refuses: it
// buys nothing under the key any more. UsedBefore reads the journal only.
func (d *Desk) UsedBefore(ctx context.Context, kind Kind, key string) bool {
	if key == "" || d.limits == nil || !d.identified() || kind.trait().natural {
		return false
	}
	rec, err := d.load(ctx, d.recordName(kind, key))
	return err == nil && rec != nil && rec.State.settled()
}
