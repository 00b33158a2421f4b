package purchase

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ledgerEncoder encodes a ledger over and over, and each entry only when it has changed: an apply of many purchases writes its ledger a few times for
// each of them. Entries are told apart by their address, and by their fields; amounts are replaced, never changed.
type ledgerEncoder struct{ written, spare []writtenEntry }

// writtenEntry is an entry as it was encoded last.
type writtenEntry struct {
	entry *entry
	was   entry
	text  []byte
}

// noEntries is where the entries go in a ledger that was encoded without them. A text can't contain it: its quotes would be escaped.
var noEntries = []byte(`"entries":[]`)

// encode gives the same as json.Marshal.
func (c *ledgerEncoder) encode(l *ledger) ([]byte, error) {
	frame := *l
	frame.Entries = []*entry{}
	around, err := json.Marshal(frame)
	if err != nil {
		return nil, fmt.Errorf("encode the ledger: %w", err)
	}
	before, after, _ := bytes.Cut(around, noEntries)

	// Entries keep their order, so those that were written before are met one after the other. A stranger costs its own encoding, and that of those
	// after it, no more.
	earlier, size := c.written, len(around)
	written := c.spare[:0]
	for _, e := range l.Entries {
		for len(earlier) > 0 && earlier[0].entry != e {
			earlier = earlier[1:]
		}
		var w writtenEntry
		if len(earlier) > 0 && earlier[0].was == *e {
			w = earlier[0]
		} else {
			text, err := json.Marshal(e)
			if err != nil {
				return nil, fmt.Errorf("encode the ledger: %w", err)
			}
			w = writtenEntry{e, *e, text}
		}
		written = append(written, w)
		size += len(w.text) + 1
	}
	c.written, c.spare = written, c.written

	out := make([]byte, 0, size)
	out = append(append(out, before...), noEntries[:len(noEntries)-1]...)
	for i, w := range written {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, w.text...)
	}
	return append(append(out, ']'), after...), nil
}
