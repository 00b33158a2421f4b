package mockserver

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	instanceHeader = "X-Autx-Mock-Instance"
	// maxBody bounds a request's body, in bytes; it is read into memory before anything else.
	maxBody = 64 << 20
)

// exchange is a request on its way through the server.
type exchange struct {
	r      *http.Request
	op     operation
	values map[string]string // of the path
	body   []byte
	form   *form // of a multipart body, read once
	base   string
	hasKey bool
	key    *key
	user   *user
	faults string // the rules that struck
}

// outcome is an answer and what is to become of it.
type outcome struct {
	answer *answer
	rule   *Rule // strikes the delivery
	gone   bool  // nobody waits for the answer any more
}

// serveAPI serves a request to the AUTX API.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	m := matchRoute(s.routes, r.Method, r.URL)
	x := &exchange{r: r, op: m.operation, values: m.values, base: s.origin()}
	if m.socket {
		s.serveSocket(r.Context(), w, x)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		s.mu.Lock()
		s.tick()
		x.identify(s.world)
		s.note(x, 0, false)
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	x.body = body
	run := func(world *world) *answer { return s.carryOut(world, x) }
	switch {
	case err != nil:
		run = func(*world) *answer {
			return refuse(http.StatusRequestEntityTooLarge, "The body has more than %d bytes", int64(maxBody))
		}
	case m.answer != nil:
		run = func(*world) *answer { return m.answer }
	}
	s.pause(r.Context(), s.latency)
	out := s.handle(r.Context(), x, run)
	if out.gone {
		panic(http.ErrAbortHandler)
	}
	s.deliver(w, r, out)
}

// handle takes a request through rate limit, faults and its operation, and logs it. When it returns everything that the client may observe is
// settled.
func (s *Server) handle(ctx context.Context, x *exchange, run func(*world) *answer) outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	x.identify(s.world)
	if x.op.name != opMessage && x.op.name != opEnd { // frames are no requests of their own
		if limited := s.limit.take(x.bucket(), s.world.now); limited != nil {
			s.note(x, limited.status, false)
			return outcome{answer: limited}
		}
	}
	if rule := s.strike(phaseBefore, x); rule != nil {
		switch rule.Action {
		case actionDelay:
			if !s.pauseUnlocked(ctx, x, time.Duration(rule.Delay)) {
				s.note(x, 0, false)
				return outcome{gone: true}
			}
		case actionStatus:
			s.note(x, rule.Status, false)
			return outcome{rule: rule}
		default:
			s.note(x, 0, false)
			return outcome{rule: rule}
		}
	}
	if x.op.delay != nil {
		if d := x.op.delay(s.world, x); d > 0 {
			s.pauseUnlocked(ctx, x, d) // AUTX carries on when its client has gone
		}
	}
	world, version := s.world, s.world.version
	out := outcome{answer: run(world)}
	committed := world.version != version
	if err := s.verify(); err != nil {
		out.answer = refuse(http.StatusInternalServerError, "mock server: %v", err)
	}
	out.rule = s.strike(phaseAfter, x)
	if out.rule == nil && out.hasBody(x) {
		out.rule = s.strike(phaseBody, x)
	}
	s.note(x, seenStatus(out), committed)
	if committed {
		s.saveUnlocked()
	}
	return out
}

// hasBody tells whether there is a body that could break. On the WebSocket only a turn's answer is one.
func (out outcome) hasBody(x *exchange) bool {
	return len(out.answer.body) > 0 && (!x.op.socket || out.answer.status == http.StatusOK)
}

// seenStatus is the status that the client gets to see; 0 for none.
func seenStatus(out outcome) int {
	switch {
	case out.rule == nil || out.rule.Phase == phaseBody || out.rule.Action == actionDelay:
		return out.answer.status
	case out.rule.Action == actionStatus:
		return out.rule.Status
	}
	return 0
}

// carryOut runs an operation for whoever may.
func (s *Server) carryOut(w *world, x *exchange) *answer {
	if refused := x.authorize(); refused != nil {
		return refused
	}
	return x.op.run(w, x)
}

// strike finds the rule that strikes a request at a phase, and notes it for the log.
func (s *Server) strike(phase string, x *exchange) *Rule {
	t := target{operation: x.op.name, ticker: x.concerns(s.world)}
	if x.user != nil {
		t.user = x.user.ID
	}
	rule := s.faults.strike(phase, t)
	if rule != nil {
		if x.faults != "" {
			x.faults += "; "
		}
		x.faults += rule.String()
	}
	return rule
}

// note logs a request.
func (s *Server) note(x *exchange, status int, committed bool) {
	e := RequestEntry{
		Operation: x.op.name, Method: x.r.Method, Path: redactPath(x.r.URL.EscapedPath()), Query: redactQuery(x.r.URL.RawQuery),
		Status: status, Fault: x.faults, Committed: committed,
	}
	if x.op.socket {
		e.Method = "WS"
	}
	if x.user != nil {
		e.User = x.user.ID
	}
	s.log.add(e, s.world.now)
}

// bucket names the rate limit's bucket of a request.
func (x *exchange) bucket() string {
	if x.key == nil {
		return ""
	}
	return x.key.Key
}

// pauseUnlocked waits without the lock; false when nobody waits for the answer any more. The world may be another one afterwards.
func (s *Server) pauseUnlocked(ctx context.Context, x *exchange, d time.Duration) bool {
	s.mu.Unlock()
	stayed := s.pause(ctx, d)
	s.mu.Lock()
	s.tick()
	x.identify(s.world)
	return stayed
}

// pause waits in real time; false when the client went away or the server closed meanwhile.
func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.closing:
	}
	return false
}

// deliver writes an answer, or does to it what a rule says.
func (s *Server) deliver(w http.ResponseWriter, r *http.Request, out outcome) {
	rule := out.rule
	switch {
	case rule == nil:
		write(w, out.answer)
	case rule.Phase == phaseBody:
		s.deliverBroken(w, r, out.answer, rule)
	case rule.Action == actionStatus:
		writeReplacement(w, rule)
	case rule.Action == actionDelay: // after; before has had it already
		if rule.Phase == phaseAfter {
			s.pause(r.Context(), time.Duration(rule.Delay))
		}
		write(w, out.answer)
	case rule.Action == actionReset:
		cut(w, true)
	default:
		select {
		case <-r.Context().Done():
		case <-s.closing:
		}
		panic(http.ErrAbortHandler)
	}
}

func write(w http.ResponseWriter, a *answer) {
	writeHead(w, a, int64(len(a.body)))
	_, _ = w.Write(a.body) //nolint:gosec // no page for a browser; and the client may have gone, which is its own affair
}

func writeHead(w http.ResponseWriter, a *answer, length int64) {
	maps.Copy(w.Header(), a.header)
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	}
	w.WriteHeader(a.status)
}

func writeReplacement(w http.ResponseWriter, rule *Rule) {
	a := rule.replacement()
	if rule.BodyBytes == 0 {
		write(w, a)
		return
	}
	writeHead(w, a, rule.BodyBytes)
	pattern := a.body
	if len(pattern) == 0 {
		pattern = []byte("x")
	}
	block := make([]byte, 0, 32<<10+len(pattern))
	for len(block) < 32<<10 {
		block = append(block, pattern...)
	}
	for left := rule.BodyBytes; left > 0; {
		n := min(left, int64(len(block)))
		if _, err := w.Write(block[:n]); err != nil {
			return
		}
		left -= n
	}
}

// deliverBroken sends the headers and the first bytes of the body; then it cuts the connection, or waits before the rest.
func (s *Server) deliverBroken(w http.ResponseWriter, r *http.Request, a *answer, rule *Rule) {
	writeHead(w, a, int64(len(a.body)))
	n := min(rule.Bytes, int64(len(a.body)-1)) // a body that is all there would not be broken
	_, _ = w.Write(a.body[:n])
	_ = http.NewResponseController(w).Flush()
	if rule.Action == actionDelay {
		s.pause(r.Context(), time.Duration(rule.Delay))
		_, _ = w.Write(a.body[n:])
		return
	}
	cut(w, rule.Action == actionReset)
}

// cut ends a connection: with a TCP reset, or as if all had been said.
func cut(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // a recorder rather than a connection
		panic(http.ErrAbortHandler)
	}
	closeConn(conn, reset)
}

func closeConn(conn net.Conn, reset bool) {
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0) // makes Close send RST
	}
	_ = conn.Close()
}
