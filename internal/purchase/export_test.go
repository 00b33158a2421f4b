package purchase

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Hooks are what tests replace of the world.
type Hooks struct {
	// Now is the clock.
	Now func() time.Time
	// Sleep replaces waiting.
	Sleep func(context.Context, time.Duration) error
	// Command names the CLI's process, "" for none.
	Command string
	// Process names this process, "" for the real one.
	Process string
	// Dead tells whether a process has ended; nil means that none has.
	Dead func(process string) bool
	// OnLock is called with the slot before a lock is waited for.
	OnLock func(slot string)
	// FailWrites is asked before each write of a record; an error of it is that of the write.
	FailWrites func(data string) error
	// OnRead is called before each read of a record.
	OnRead func()
	// AfterWrite is called after each write of a record.
	AfterWrite func()
	// Memory replaces the directory.
	Memory *MemoryStore
	// RealProcesses leaves the identity of processes to the system.
	RealProcesses bool
}

// WithHooks gives a configuration for tests.
func WithHooks(config Config, h Hooks) Config {
	config.hooks = hooks{now: h.Now, sleep: h.Sleep}
	if !h.RealProcesses {
		config.hooks.command = func() (processID, bool) { return processID(h.Command), h.Command != "" }
		config.hooks.dead = func(id processID) bool { return h.Dead != nil && h.Dead(string(id)) }
	}
	if h.Process != "" {
		config.hooks.process = func() processID { return processID(h.Process) }
	}
	config.hooks.store = &dirStore{root: config.JournalDir}
	if h.Memory != nil {
		config.hooks.store = h.Memory
	}
	config.hooks.store = &hookedStore{store: config.hooks.store, hooks: h}
	return config
}

type hookedStore struct {
	store
	hooks Hooks
}

func (s *hookedStore) lock(ctx context.Context, name string) (func(), error) {
	if s.hooks.OnLock != nil {
		s.hooks.OnLock(name)
	}
	return s.store.lock(ctx, name)
}

func (s *hookedStore) read(ctx context.Context, name string) ([]byte, error) {
	if s.hooks.OnRead != nil {
		s.hooks.OnRead()
	}
	return s.store.read(ctx, name)
}

func (s *hookedStore) create(ctx context.Context, name string, data []byte) error {
	return s.write(string(data), func() error { return s.store.create(ctx, name, data) })
}

func (s *hookedStore) replace(ctx context.Context, name string, data []byte) error {
	return s.write(string(data), func() error { return s.store.replace(ctx, name, data) })
}

func (s *hookedStore) remove(ctx context.Context, name string) error {
	return s.write("", func() error { return s.store.remove(ctx, name) })
}

func (s *hookedStore) write(data string, write func() error) error {
	if s.hooks.FailWrites != nil {
		if err := s.hooks.FailWrites(data); err != nil {
			return err
		}
	}
	err := write()
	if s.hooks.AfterWrite != nil {
		s.hooks.AfterWrite()
	}
	return err
}

// MemoryStore is a journal without a disk, the size of what another store needs.
type MemoryStore struct {
	mu        sync.Mutex
	documents map[string][]byte
	locks     map[string]turnstile
}

// NewMemoryStore makes an empty one.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{documents: map[string][]byte{}, locks: map[string]turnstile{}}
}

func (s *MemoryStore) open(context.Context) error { return nil }

func (s *MemoryStore) create(_ context.Context, name string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.documents[name]; exists {
		return errExists
	}
	s.documents[name] = data
	return nil
}

func (s *MemoryStore) read(_ context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, exists := s.documents[name]; exists {
		return data, nil
	}
	return nil, errAbsent
}

func (s *MemoryStore) replace(_ context.Context, name string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.documents[name] = data
	return nil
}

func (s *MemoryStore) remove(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.documents, name)
	return nil
}

func (s *MemoryStore) list(_ context.Context, prefix string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range s.documents {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, nil
}

func (s *MemoryStore) turn(name string) turnstile {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locks[name] == nil {
		s.locks[name] = newTurnstile()
	}
	return s.locks[name]
}

func (s *MemoryStore) lock(ctx context.Context, name string) (func(), error) {
	turn := s.turn(name)
	if err := turn.enter(ctx); err != nil {
		return nil, err
	}
	return turn.leave, nil
}

func (s *MemoryStore) tryLock(name string) (func(), bool, error) {
	turn := s.turn(name)
	select {
	case turn <- struct{}{}:
		return turn.leave, true, nil
	default:
		return nil, false, nil
	}
}

func (s *MemoryStore) where(name string) string { return "memory:" + name }

// RecordView is what tests look at in a journal record.
type RecordView struct {
	State      string
	ID         string
	InState    bool
	Attempts   int
	Absent     int
	Digest     string
	Owner      string
	Snapshot   string
	Candidates int
	NotedID    string
	Notes      string
	LeftAlone  string
}

// RecordOf reads the record of a key, false where there is none.
func (d *Desk) RecordOf(kind Kind, key string) (RecordView, bool) {
	rec, err := d.load(context.Background(), d.recordName(kind, key))
	if err != nil {
		panic(err)
	}
	if rec == nil {
		return RecordView{}, false
	}
	return RecordView{
		State: string(rec.State), ID: rec.ID, InState: rec.InState, Attempts: rec.Attempts, Absent: rec.Absent, Digest: rec.Digest,
		Owner: rec.Owner, Snapshot: string(rec.Snapshot), Candidates: len(rec.Candidates),
		NotedID: rec.NotedID, Notes: string(rec.lastNotes()), LeftAlone: strings.Join(rec.LeftAlone, " "),
	}, true
}

// RecordFile is where the record of a key is.
func (d *Desk) RecordFile(kind Kind, key string) string {
	return d.store.where(d.recordName(kind, key))
}

// HoldKey takes the lock of a key, as another process would.
func (d *Desk) HoldKey(ctx context.Context, kind Kind, key string) (release func(), err error) {
	if err := d.store.open(ctx); err != nil {
		return nil, err
	}
	return d.store.lock(ctx, d.slot(kind, key))
}

// Reserved gives what the ledger of a command has reserved, read from its file.
func Reserved(journal, command string) (string, error) {
	data, err := os.ReadFile(filepath.Join(journal, "runs", command+".json"))
	if err != nil {
		return "", err
	}
	var l ledger
	if err := json.Unmarshal(data, &l); err != nil {
		return "", err
	}
	return l.reserved().String(), nil
}

// RunFile names the ledger file of the command that started this process.
func RunFile(journal string) string {
	id, _ := identify(os.Getppid())
	return filepath.Join(journal, "runs", string(id)+".json")
}

// ThisProcess is the identity of the running process.
func ThisProcess() string { return string(thisProcess()) }

// Alive tells whether a process runs.
func Alive(process string) bool { return processID(process).alive() }

// Identify gives the identity of a process.
func Identify(pid int) (string, bool) {
	id, ok := identify(pid)
	return string(id), ok
}

// KeepElsewhere is how many ledgers of other machines are kept.
const KeepElsewhere = keepElsewhere

// MostContenders is how many open purchases are looked into, to tell whose a candidate is.
const MostContenders = mostContenders

// HoldFile takes a file's lock, as another process would.
func HoldFile(path string) (release func(), err error) {
	return lockFile(context.Background(), path, ledgerPoll)
}

// LookupPauses is how often, and after which pauses, a lost purchase is looked for.
func LookupPauses() int { return len(lookupPauses) }

// DefaultJournalDir is where the journal is when nothing else is said.
func DefaultJournalDir() string { return defaultJournalDir() }

// DecodeRecord reads a record and writes it again.
func DecodeRecord(data []byte) ([]byte, error) {
	rec, err := decodeRecord(data)
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	return rec.encode()
}
