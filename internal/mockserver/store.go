package mockserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver/atomicfile"
)

// storeVersion is the format of the state file.
const storeVersion = 1

// store keeps the world in a file. Changes that come in while one save is under way are saved together by the next.
type store struct {
	path string

	mu    sync.Mutex // held during a save
	saved int64      // the version that is in the file
	err   error      // of the last save
}

// storedWorld is the state file.
type storedWorld struct {
	Version   int              `json:"version"`
	Clock     storedClock      `json:"clock"`
	Users     []*user          `json:"users"`
	Agents    []*agent         `json:"agents"`
	Orders    []*order         `json:"orders"`
	Sessions  []*session       `json:"sessions"`
	Checkouts []*checkout      `json:"checkouts"`
	Images    map[string]image `json:"images"`
	Ledger    []entry          `json:"ledger"`
	NextSeq   int64            `json:"next_seq"`
	// Activity is each user's last activity, which a seed may have set later than its transactions.
	Activity map[string]time.Time `json:"activity"`
}

type storedClock struct {
	Advanced time.Duration `json:"advanced"`
	Last     time.Time     `json:"last"`
}

// errNoState is returned when there is no state file yet.
var errNoState = errors.New("no state file yet")

// load reads the file.
func (s *store) load() (*storedWorld, error) {
	data, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoState
	}
	if err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	var stored storedWorld
	if err := strictly(data, &stored); err != nil {
		return nil, fmt.Errorf("state file %s: %w", s.path, err)
	}
	if stored.Version != storeVersion {
		return nil, fmt.Errorf("state file %s has the format %d; this server knows %d", s.path, stored.Version, storeVersion)
	}
	return &stored, nil
}

// world takes a stored world up again. Nobody is attached to its sessions any more, so a turn that was in flight finishes.
func (d *storedWorld) world(assume assumptions, now time.Time) (*world, error) {
	w := newWorld(assume)
	w.now, w.nextSeq = now, d.NextSeq
	w.users, w.agents, w.orders, w.sessions, w.checkouts = d.Users, d.Agents, d.Orders, d.Sessions, d.Checkouts
	if d.Images != nil {
		w.images = d.Images
	}
	for _, u := range w.users {
		for _, k := range u.Keys {
			k.owner = u
			w.keys[k.Key] = k
		}
	}
	for _, e := range d.Ledger {
		if _, err := w.ledger.post(e); err != nil {
			return nil, fmt.Errorf("state file: ledger entry %d: %w", e.Seq, err)
		}
	}
	for id, at := range d.Activity {
		w.ledger.account(id).lastActivity = at
	}
	for _, s := range w.sessions {
		s.ended = make(chan struct{})
		if s.Status != statusActive {
			close(s.ended)
		}
	}
	for _, o := range w.orders {
		if o.Status == statusPending && o.DueAt.IsZero() {
			w.finishOrder(o)
			w.changed()
		}
	}
	if err := w.fullCheck(); err != nil {
		return nil, fmt.Errorf("state file: %w", err)
	}
	return w, nil
}

// snapshot is the whole world as it is written to the file. The caller holds the server's lock.
func (s *Server) snapshot() ([]byte, int64) {
	w := s.world
	activity := map[string]time.Time{}
	for _, u := range w.users {
		activity[u.ID] = w.account(u).lastActivity
	}
	data := encode(storedWorld{
		Version: storeVersion, Clock: storedClock{Advanced: s.clock.advanced(), Last: w.now}, Users: w.users, Agents: w.agents, Orders: w.orders,
		Sessions: w.sessions, Checkouts: w.checkouts, Images: w.images, Ledger: w.ledger.entries, NextSeq: w.nextSeq, Activity: activity,
	})
	return data, w.version
}

// saveUnlocked saves the world, without the server's lock while it writes, so that a change is in the file before its answer goes out.
func (s *Server) saveUnlocked() {
	if s.store == nil {
		return
	}
	wanted := s.world.version
	s.mu.Unlock()
	defer s.mu.Lock()
	s.save(wanted)
}

func (s *Server) save(wanted int64) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if s.store.saved >= wanted && s.store.err == nil {
		return // another save has taken it along
	}
	s.mu.Lock()
	data, version := s.snapshot()
	s.mu.Unlock()
	if err := atomicfile.Write(s.store.path, data); err != nil {
		s.store.err = fmt.Errorf("save the state: %w", err)
		return
	}
	s.store.saved, s.store.err = version, nil
}

// saveLast saves the world once more when all requests are done with, and gives the error if that fails.
func (s *Server) saveLast() error {
	if s.store == nil {
		return nil
	}
	s.mu.Lock()
	wanted := s.world.version + 1
	s.mu.Unlock()
	s.save(wanted)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return s.store.err
}
