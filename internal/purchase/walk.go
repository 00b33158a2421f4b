package purchase

import "sync"

// walk remembers what one walk of the CLI over the configuration has shown of each key. A plan and an apply are walks of their own, each with a new
// desk.
type walk struct {
	mu   sync.Mutex
	rows map[walkKey]*row
}

type walkKey struct {
	kind Kind
	key  string
}

type row struct {
	stateID  string // the id under which a state holds the key; "" where none does
	digest   string // of the inputs that the state has of it, "" where they are not known
	noted    bool   // the journal agrees with stateID and digest
	created  bool   // a plan without prior state wants to buy under the key
	repeats  bool   // all that want to buy under the key are Repeatable
	doomed   bool   // a plan destroys what the state holds under the key
	giving   string // the id of what this walk is destroying
	gaveUp   bool   // this walk has destroyed what the key named
	bought   string // the id that this walk has bought under the key, or taken over
	found    bool   // it was looked up or was there before, so another resource of the state may have it
	conflict bool   // it was told already that the key is given up and taken anew
}

// at runs do with the row of a key.
func (w *walk) at(kind Kind, key string, do func(*row)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rows == nil {
		w.rows = map[walkKey]*row{}
	}
	k := walkKey{kind, key}
	if w.rows[k] == nil {
		w.rows[k] = &row{}
	}
	do(w.rows[k])
}

// read gives a copy of the row of a key.
func (w *walk) read(kind Kind, key string) row {
	var copied row
	w.at(kind, key, func(r *row) { copied = *r })
	return copied
}
