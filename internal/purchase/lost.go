package purchase

import "context"

// Lost tells, at plan, whether the journal knows a purchase under the key that no state has: an earlier run made it or may have made it, and could
// not save it. An apply looks for it and takes it over instead of buying. Lost reads the journal only.
func (d *Desk) Lost(ctx context.Context, kind Kind, key string) bool {
	if key == "" || !d.identified() {
		return false
	}
	rec, err := d.load(ctx, d.recordName(kind, key))
	if err != nil || rec == nil {
		return false
	}
	return rec.State.open() || (rec.State != stateForgotten && !rec.InState)
}

// UsedBefore tells, at plan, whether the journal knows what was bought under a key that is used once for ever. An apply takes that over, or
// refuses: it buys nothing under the key any more. UsedBefore reads the journal only.
func (d *Desk) UsedBefore(ctx context.Context, kind Kind, key string) bool {
	if key == "" || d.limits == nil || !d.identified() || kind.trait().natural {
		return false
	}
	rec, err := d.load(ctx, d.recordName(kind, key))
	return err == nil && rec != nil && (rec.State.settled() || rec.noted())
}
