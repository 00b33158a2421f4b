package purchase

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// carryOut calls what makes the purchase.
func (b *buying) carryOut(ctx context.Context) (string, error) {
	if b.p.Conduct == nil {
		return b.p.Send(ctx)
	}
	n := &notebook{b: b}
	defer n.close()
	id, err := b.p.Conduct(ctx, func(id string, notes json.RawMessage) error { return n.note(ctx, id, notes) })
	if b.rec.NotedID == "" {
		b.rec.NotedID = id // as good as noted: with an id there is a purchase, whatever else the error says
	}
	return id, err
}

// notebook takes the notes of one purchase of several steps into its record.
type notebook struct {
	b *buying

	mu     sync.Mutex
	closed bool
}

var errNotesClosed = errors.New("the purchase has ended")

func (n *notebook) note(ctx context.Context, id string, notes json.RawMessage) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	rec := n.b.rec
	switch {
	case n.closed:
		return fmt.Errorf("note in the journal: %w", errNotesClosed) // another process may have the key by now
	case notes != nil && !json.Valid(notes):
		return errors.New("note in the journal: the notes are no JSON")
	case id != "" && rec.NotedID != "" && id != rec.NotedID:
		return fmt.Errorf("note in the journal: the %s is %s already and can't become %s", n.b.p.Title, rec.NotedID, id)
	}
	// What can't be written is kept all the same: this process knows it, and may be able to write it later.
	if id != "" {
		rec.NotedID = id
	}
	if notes != nil {
		rec.Notes = bytes.Clone(notes)
	}
	if err := n.b.desk.save(context.WithoutCancel(ctx), n.b.name, rec); err != nil {
		return fmt.Errorf("note in the journal: %w", err)
	}
	return nil
}

func (n *notebook) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
}

// endNoted ends a purchase that has noted its id: whatever came after, it is made.
func (b *buying) endNoted(ctx context.Context, failure error) Result {
	id := b.rec.NotedID
	if failure != nil {
		b.problems = append(b.problems, warn("Purchase made, but not to its end", fmt.Sprintf("The %s was made (id %s) and then ended early: "+
			"%v.\n\nIt is made once and is not made again.", b.p.Title, id, failure)))
	}
	b.settle(ctx, stateKnown, id)
	return b.made(id, false)
}

// made is the result of a purchase that is settled.
func (b *buying) made(id string, adopted bool) Result {
	return Result{ID: id, Adopted: adopted, Notes: b.rec.lastNotes(), Problems: b.problems}
}

// lastNotes gives what was noted, without the spaces that the journal adds.
func (r *record) lastNotes() json.RawMessage {
	if len(r.Notes) == 0 {
		return nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, r.Notes); err != nil {
		return bytes.Clone(r.Notes)
	}
	return compact.Bytes()
}

// noted tells whether the record is open and has its id all the same. It is asked of records whose process has ended as well as of others.
func (r *record) noted() bool { return r.State.open() && r.NotedID != "" }

// endedEarly makes of an open record with a noted id one that is settled, in memory. Its process has ended, as this one has the lock of its key.
func (r *record) endedEarly() {
	r.State, r.ID, r.NotedID, r.Candidates, r.Confirmed = stateKnown, r.NotedID, "", nil, false
}
