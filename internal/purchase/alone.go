package purchase

import "context"

// Alone keeps every other process that shares the journal from purchases of the kind at the same service until release is called, and waits for
// those that are on their way; ctx bounds the wait. It is for purchases that can only be told apart by the order in which they are made. Take it
// before Buy, never from within: whoever has it waits for keys, and whoever has a key must not wait for it.
//
// Where it fails, as the context has ended or the journal can't be used, Buy refuses for the same reason; release is never nil.
func (d *Desk) Alone(ctx context.Context, kind Kind) (release func(), err error) {
	nothing := func() {}
	if !kind.allowedBy(d.limits) || !d.identified() {
		return nothing, nil // nothing will be bought, and no file is touched
	}
	if err := d.store.open(ctx); err != nil {
		return nothing, err
	}
	// Two API keys may belong to one account, so all accounts of the service take turns.
	release, err = d.store.lock(ctx, "turn-"+slot(d.account.BaseURL, "", kind, ""))
	if err != nil {
		return nothing, err
	}
	return release, nil
}
