package mockserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Server is a running mock of AUTX.
type Server struct {
	seed     Seed
	clock    *clock
	latency  time.Duration
	routes   []route
	faults   faults
	fatal    func(format string, args ...any) // of the test that started it; nil otherwise
	listener net.Listener
	http     *http.Server
	handler  http.Handler
	store    *store // nil without a state file

	closing   chan struct{}
	closeOnce sync.Once
	closeErr  error
	busy      sync.WaitGroup // requests and sockets in flight

	mu       sync.Mutex // guards all below
	world    *world
	limit    rateLimit
	log      requestLog
	instance string
	breaches []string // invariants that broke
	stopped  bool
}

// Start runs a server on a free loopback port, with the demo's world unless an option says otherwise. Close ends it.
func Start(opts ...Option) (*Server, error) {
	set := settings{listen: "127.0.0.1:0"}
	for _, opt := range opts {
		if err := opt(&set); err != nil {
			return nil, err
		}
	}
	if set.seed == nil {
		demo := DemoSeed()
		set.seed = &demo
	}
	s := &Server{
		seed: *set.seed, clock: &clock{fixed: set.clock}, latency: set.latency, routes: routes(), closing: make(chan struct{}),
		limit: rateLimit{perSecond: set.perSecond}, instance: newInstance(),
	}
	if err := s.firstWorld(set); err != nil {
		return nil, err
	}
	for _, r := range set.rules {
		s.faults.add(s, r)
	}
	s.handler = s.newHandler()
	if err := s.listen(set.listen); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) firstWorld(set settings) error {
	if set.stateFile != "" {
		s.store = &store{path: set.stateFile}
		stored, err := s.store.load()
		if err != nil && !errors.Is(err, errNoState) {
			return err
		}
		if err == nil {
			s.clock.resume(stored.Clock.Advanced, stored.Clock.Last)
			s.world, err = stored.world(set.assume, s.clock.now())
			return err
		}
	}
	var err error
	s.world, err = s.seed.world(set.assume, s.clock.now())
	return err
}

func (s *Server) listen(address string) error {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.listener = listener
	s.http = &http.Server{Handler: s.handler, ReadHeaderTimeout: 30 * time.Second}
	s.busy.Go(func() { _ = s.http.Serve(listener) }) // ends with ErrServerClosed
	return nil
}

func newInstance() string { return uuid.NewString() }

// newHandler is the server's whole HTTP interface.
func (s *Server) newHandler() http.Handler {
	control := s.newControl()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			panic(http.ErrAbortHandler)
		}
		defer s.busy.Done()
		w.Header().Set(instanceHeader, s.Instance())
		// What a client reckons with, such as the end of a cooldown, it reckons from the clock by which it is judged.
		w.Header().Set("Date", s.Now().Format(http.TimeFormat))
		if r.URL.Path == controlPath || strings.HasPrefix(r.URL.Path, controlPath+"/") {
			control.ServeHTTP(w, r)
			return
		}
		s.serveAPI(w, r)
	})
}

// enter counts a request in; false when the server is closing.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.busy.Add(1)
	return true
}

// tick lets everything happen that is due. The caller holds the lock.
func (s *Server) tick() { s.world.runDue(s.clock.now()) }

// URL is the API's base URL, http://127.0.0.1:PORT/api/v1.
func (s *Server) URL() string { return s.origin() + apiPath }

// ControlURL is the control API's base URL, http://127.0.0.1:PORT/_mock/v1.
func (s *Server) ControlURL() string { return s.origin() + controlPath }

func (s *Server) origin() string {
	host, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return "http://" + s.listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Key is the seed's first API key.
func (s *Server) Key() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.firstKey()
}

func (w *world) firstKey() string {
	for _, u := range w.users {
		for _, k := range u.Keys {
			return k.Key
		}
	}
	return ""
}

// Handler is the server's whole HTTP interface, to be served elsewhere as well.
func (s *Server) Handler() http.Handler { return s.handler }

// Instance is what every answer carries as x-autx-mock-instance: new at each start and reset.
func (s *Server) Instance() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.instance
}

// Now is the time of the server's clock.
func (s *Server) Now() time.Time { return s.clock.now() }

// Advance moves the clock on and lets everything happen that is due by then: sessions expire, cooldowns end, pending orders finish, balances
// expire. The clock never goes back; a negative step panics.
func (s *Server) Advance(by time.Duration) {
	if err := s.advance(by); err != nil {
		s.failf("mockserver: advance: %v", err)
	}
}

func (s *Server) advance(by time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.clock.advance(by); err != nil {
		return err
	}
	s.tick()
	if err := s.verify(); err != nil {
		return err
	}
	s.saveUnlocked()
	return nil
}

// AddFault adds a rule in the form of the command line, like orders.create:after:reset. A bad rule ends the test, or panics without one.
func (s *Server) AddFault(rule string) *Fault {
	r, err := ParseRule(rule)
	if err != nil {
		s.failf("mockserver: %v", err)
	}
	return s.faults.add(s, r)
}

// AddFaultRule adds a rule. A rule that Check refuses is an error.
func (s *Server) AddFaultRule(rule Rule) (*Fault, error) {
	if err := rule.Check(); err != nil {
		return nil, err
	}
	return s.faults.add(s, rule), nil
}

// UnfiredFaults names the rules that have never struck, in the form of the command line.
func (s *Server) UnfiredFaults() []string { return s.faults.unfired() }

// Requests is the request log, as GET requests answers it.
func (s *Server) Requests() []RequestEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.all()
}

// Await gives a channel that is closed when the n-th request of an operation has been logged. It counts from the last ClearRequests. A name that is
// none of Operations ends the test, or panics without one.
func (s *Server) Await(operation string, n int) <-chan struct{} {
	if !slices.Contains(operationNames(), operation) {
		s.failf("mockserver: unknown operation %q", operation)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.await(operation, n)
}

// ClearRequests empties the request log.
func (s *Server) ClearRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.clear()
}

// State is the whole world, as GET state answers it.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	return s.world.state(s.origin())
}

// Reset goes back to the start seed, as a new instance. The clock, the rules and the request log stay.
func (s *Server) Reset() {
	if err := s.replace(s.seed, true); err != nil {
		s.failf("mockserver: reset: %v", err) // the seed has been a world before
	}
}

// PutSeed replaces the world by a seed's. A seed that makes no world is an error, and changes nothing.
func (s *Server) PutSeed(seed Seed) error { return s.replace(seed, false) }

func (s *Server) replace(seed Seed, newStart bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	world, err := seed.world(s.world.assume, s.clock.now())
	if err != nil {
		return err
	}
	close(s.world.gone)
	world.version = s.world.version + 1
	s.world = world
	s.limit.reset()
	if newStart {
		s.instance = newInstance()
	}
	s.saveUnlocked()
	return nil
}

func (s *Server) failf(format string, args ...any) {
	if s.fatal != nil {
		s.fatal(format, args...)
	}
	panic(fmt.Sprintf(format, args...))
}

// Close ends the server: connections are cut, and it waits until every request and socket is done with. It gives the error of the last save to the
// state file.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		s.mu.Lock()
		s.stopped = true
		s.mu.Unlock()
		close(s.closing)
		err := s.http.Close()
		s.busy.Wait()
		s.closeErr = errors.Join(err, s.saveLast())
	})
	return s.closeErr
}
