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
