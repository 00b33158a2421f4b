package purchase

import "context"

// Lost tells, at plan, whether the journal knows a purchase under the key that no state has: one whose outcome an earlier run could not save. An apply
// looks it up and takes it over instead of buying.
func (d *Desk) Lost(ctx context.Context, kind Kind, key string) bool {
	if !d.identified() || key == "" {
		return false
	}
	rec, err := d.load(ctx, d.recordName(kind, key))
	if err != nil || rec == nil {
		return false
	}
	return rec.State.open() || (rec.State != stateForgotten && !rec.InState)
}
