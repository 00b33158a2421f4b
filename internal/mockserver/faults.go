package mockserver

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Fault is a rule at work.
type Fault struct {
	server *Server
	id     int64
	rule   Rule
	seen   int // matching requests
	hits   int
	fired  chan struct{} // closed at the first hit
}

// Fired is closed when the rule strikes for the first time: in the phase after once the change is made, before its answer is lost or late.
func (f *Fault) Fired() <-chan struct{} { return f.fired }

// Hits is how often the rule has struck.
func (f *Fault) Hits() int {
	f.server.faults.mu.Lock()
	defer f.server.faults.mu.Unlock()
	return f.hits
}

// Remove takes the rule back. A removed rule need not have struck.
func (f *Fault) Remove() {
	f.server.faults.mu.Lock()
	defer f.server.faults.mu.Unlock()
	f.server.faults.list = slices.DeleteFunc(f.server.faults.list, func(other *Fault) bool { return other == f })
}

// faults are the rules at work, in the order in which they were added. Its lock is taken within the server's, never around it.
type faults struct {
	mu     sync.Mutex
	list   []*Fault
	nextID int64
}

func (l *faults) add(s *Server, r Rule) *Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nextID++
	f := &Fault{server: s, id: l.nextID, rule: r, fired: make(chan struct{})}
	l.list = append(l.list, f)
	return f
}

func (l *faults) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// target is what rules match against.
type target struct{ operation, user, ticker string }

// strike finds the rule that strikes at a phase: the first that matches, has let its share of requests through and is not used up. Every matching
// rule counts the request, so that skip is the number of a request and not of a miss.
func (l *faults) strike(phase string, t target) *Rule {
	l.mu.Lock()
	defer l.mu.Unlock()
	var struck *Rule
	for _, f := range l.list {
		r := f.rule
		if r.Phase != phase || !r.names(t.operation) || (r.Match.User != "" && r.Match.User != t.user) ||
			(r.Match.Ticker != "" && !strings.EqualFold(r.Match.Ticker, t.ticker)) {
			continue
		}
		f.seen++
		if struck == nil && f.seen > r.Skip && (r.times() == 0 || f.hits < r.times()) {
			f.hits++
			if f.hits == 1 {
				close(f.fired)
			}
			struck = &r
		}
	}
	return struck
}

// unfired names the rules that have never struck.
func (l *faults) unfired() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for _, f := range l.list {
		if f.hits == 0 {
			names = append(names, fmt.Sprintf("%s (matching requests: %d)", f.rule, f.seen))
		}
	}
	return names
}

// faultView is a rule as the control API shows it.
type faultView struct {
	ID int64 `json:"id"`
	Rule
	Hits      int  `json:"hits"`
	Remaining *int `json:"remaining"` // null: for ever
}

func (f *Fault) view() faultView {
	v := faultView{ID: f.id, Rule: f.rule, Hits: f.hits}
	times := f.rule.times()
	v.Times = &times
	if times > 0 {
		remaining := times - f.hits
		v.Remaining = &remaining
	}
	return v
}

func (l *faults) views() []faultView {
	l.mu.Lock()
	defer l.mu.Unlock()
	views := make([]faultView, len(l.list))
	for i, f := range l.list {
		views[i] = f.view()
	}
	return views
}
