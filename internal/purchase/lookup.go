package purchase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// finding is what a look for a lost purchase found.
type finding struct {
	candidates []Match
	// rivals are other purchases of which it isn't known either whether they were made, and to which the candidates may belong as well.
	rivals []string
}

func (f finding) none() bool { return len(f.candidates) == 0 }

func (f finding) ambiguous() bool {
	return len(f.candidates) > 1 || len(f.candidates) == 1 && len(f.rivals) > 0
}

// lookUp looks for the purchase of a record among what is new against its snapshot and is not another purchase of the journal.
func (b *buying) lookUp(ctx context.Context, rec *record) (finding, error) {
	if b.p.Find == nil {
		return finding{}, errors.New("the service has no way to look this up")
	}
	var failure error
	misses := 0
	for _, pause := range lookupPauses {
		if pause > 0 {
			if err := b.desk.hooks.sleep(ctx, pause); err != nil {
				return finding{}, err
			}
		}
		matches, err := b.look(ctx, rec)
		if err != nil {
			failure = err
			continue
		}
		if len(matches) == 0 {
			misses++
			continue
		}
		found, err := b.unclaimed(ctx, matches)
		if err != nil || !found.none() {
			return found, err
		}
		misses++
	}
	if failure != nil && misses < len(lookupPauses)-1 {
		return finding{}, failure
	}
	return finding{}, nil
}

// look gives what may be the purchase of a record.
func (b *buying) look(ctx context.Context, rec *record) ([]Match, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupDeadline)
	defer cancel()
	matches, err := b.p.Find(ctx, rec.Snapshot)
	return slices.DeleteFunc(matches, func(m Match) bool { return slices.Contains(rec.LeftAlone, m.ID) }), err
}

// unclaimed leaves out the matches that the journal knows as other purchases. It reads the journal after the service: whatever was bought before the
// service answered has its record by now.
func (b *buying) unclaimed(ctx context.Context, matches []Match) (finding, error) {
	if err := b.awaitOthers(ctx); err != nil {
		return finding{}, err
	}
	claimed := map[string]bool{}
	var open []*record // of purchases of which it isn't known what they are
	err := b.others(ctx, func(_ string, other *record) error {
		if other.noted() {
			claimed[other.NotedID] = true
			return nil
		}
		claimed[other.ID] = other.State.settled() || claimed[other.ID]
		if (other.State.open() || b.mayStandFor(other, matches)) && b.rivals(other) {
			open = append(open, other)
		}
		return nil
	})
	if err != nil {
		return finding{}, err
	}
	isClaimed := func(m Match) bool { return claimed[m.ID] }
	found := finding{candidates: slices.DeleteFunc(slices.Clone(matches), isClaimed)}
	if !found.none() {
		found.rivals = b.contenders(ctx, found.candidates, open)
	}
	return found, nil
}

// mayStandFor tells whether a placeholder may stand for what was found: it could not be told from it before, or was not listed then. In another run
// it is listed by now, so it is not what is new against a look of that run, but may be what is new against the look of an earlier one.
func (b *buying) mayStandFor(other *record, matches []Match) bool {
	if !other.Placeholder {
		return false
	}
	if len(other.Candidates) > 0 {
		return slices.ContainsFunc(other.Candidates, func(was Match) bool {
			return slices.ContainsFunc(matches, func(is Match) bool { return is.ID == was.ID })
		})
	}
	return b.earlier || b.desk.walk.read(other.Kind, other.Key).bought == other.ID
}

// mostContenders bounds how many other open purchases are looked into, with a request each. Where there are more, each may be a rival.
const mostContenders = 10

// contenders names the open purchases that what was found may belong to as well. What was there before one of them was sent is not that one's.
func (b *buying) contenders(ctx context.Context, candidates []Match, open []*record) []string {
	var titles []string
	if len(candidates) > 1 || len(open) > mostContenders {
		for _, other := range open {
			titles = append(titles, other.Title)
		}
		return titles
	}
	for _, other := range open {
		matches, err := b.look(ctx, other)
		if err == nil && !slices.ContainsFunc(matches, func(m Match) bool { return m.ID == candidates[0].ID }) {
			continue
		}
		titles = append(titles, other.Title)
	}
	return titles
}

// awaitOthers waits until no other purchase that could be mistaken for this one is on its way. It can't wait in a circle: this purchase is not on
// its way any more.
func (b *buying) awaitOthers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, b.p.deadline()+grace)
	defer cancel()
	return b.others(ctx, func(name string, other *record) error {
		if err := b.await(ctx, name, other); err != nil {
			return fmt.Errorf("wait for the %s: %w", other.Title, err)
		}
		return nil
	})
}

// await waits until another purchase is not on its way any more, or can't be mistaken for this one, as it has noted its id.
func (b *buying) await(ctx context.Context, name string, other *record) error {
	for other != nil && other.State == stateIntent && !other.noted() && b.rivals(other) {
		free, err := b.awaitKey(ctx, slotOf(name))
		if free || err != nil {
			return err
		}
		if other, err = b.desk.load(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// notedPoll is how often a purchase that is waited for is asked whether it has noted its id: a conversation may go on for an hour after that.
const notedPoll = 500 * time.Millisecond

// awaitKey waits for a key to be free. It is false where that took longer than notedPoll.
func (b *buying) awaitKey(ctx context.Context, slot string) (free bool, err error) {
	waiting, cancel := context.WithTimeout(ctx, notedPoll)
	defer cancel()
	release, err := b.desk.store.lock(waiting, slot)
	switch {
	case err == nil:
		release()
		return true, nil
	case ctx.Err() == nil && waiting.Err() != nil:
		return false, nil
	}
	return false, err
}

// rivals tells whether the service's answers could mean the other purchase instead of this one.
func (b *buying) rivals(other *record) bool {
	return b.p.Settled == AdoptIfSameInputs && other.Kind == b.p.Kind && other.Scope == b.p.Scope
}

// others goes through the records of other keys of the same kind, whatever their namespace and owner: an id has one purchase only.
func (b *buying) others(ctx context.Context, visit func(name string, other *record) error) error {
	d := b.desk
	names, err := d.store.list(ctx, "")
	if err != nil {
		return err
	}
	for _, name := range names {
		if slotOf(name) == b.slot {
			continue
		}
		other, err := d.load(ctx, name)
		if err != nil {
			return err
		}
		if other == nil || other.Kind != b.p.Kind || other.BaseURL != normalBase(d.account.BaseURL) {
			continue
		}
		if err := visit(name, other); err != nil {
			return err
		}
	}
	return nil
}

// slotOf is the slot in a record's name.
func slotOf(name string) string {
	s, _, _ := strings.Cut(name, ".")
	return s
}
