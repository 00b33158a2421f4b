package mockserver

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	// maxFrame bounds a frame from the client, in bytes (chat page: frames are below 1 MiB).
	maxFrame = 1 << 20
	// authPatience is how long a client may take to send its auth frame.
	authPatience = 10 * time.Second
	// writePatience is how long a client may take to accept a frame.
	writePatience = 30 * time.Second
	// maxWaiting is how many frames may wait for the end of a turn.
	maxWaiting = 64
)

// socket is one WebSocket connection. The goroutine of its request owns it; a second one reads frames into the inbox.
type socket struct {
	s       *Server
	x       *exchange // the request that opened it, with the user once that is known
	conn    *websocket.Conn
	raw     net.Conn
	ctx     context.Context //nolint:containedctx // it is the connection's life, which ends when the client has gone or the server closes
	stop    context.CancelFunc
	inbox   chan inbound  // closed when the client has gone
	resume  chan struct{} // after a close frame nothing is read before this, so that the closing handshake is not answered too early
	reading sync.WaitGroup
	waiting []inbound // frames that came during a turn
	beat    <-chan time.Time

	world   *world
	session *session
}

// serveSocket serves the WebSocket, from its opening to its end.
func (s *Server) serveSocket(ctx context.Context, w http.ResponseWriter, x *exchange) {
	if !strings.EqualFold(x.r.Header.Get("Upgrade"), "websocket") {
		out := s.handle(ctx, x, func(*world) *answer {
			return refuse(http.StatusUpgradeRequired, "This is a WebSocket").with("Upgrade", "websocket").with("Connection", "Upgrade")
		})
		s.deliver(w, x.r, out)
		return
	}
	hijacked := &hijackRecorder{ResponseWriter: w}
	conn, err := websocket.Accept(hijacked, x.r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // browsers are welcome from anywhere
	if err != nil {
		s.mu.Lock()
		s.note(x, http.StatusBadRequest, false)
		s.mu.Unlock()
		return
	}
	conn.SetReadLimit(maxFrame)
	ctx, stop := context.WithCancel(ctx)
	k := &socket{
		s: s, x: x, conn: conn, raw: hijacked.conn, ctx: ctx, stop: stop, inbox: make(chan inbound, maxWaiting), resume: make(chan struct{}, 1),
	}
	defer k.finish()
	unwatch := context.AfterFunc(ctx, func() { _ = conn.CloseNow() })
	defer unwatch()
	s.busy.Go(func() { // counted already through this request, so the server cannot be closed before
		select {
		case <-s.closing:
			stop()
		case <-ctx.Done():
		}
	})
	k.reading.Go(k.read)
	if k.authenticate() && k.open() { //nolint:contextcheck // the socket has the context
		k.talk() //nolint:contextcheck // the socket has the context
	}
}

// hijackRecorder keeps the connection that the WebSocket library takes over, so that it can be reset.
type hijackRecorder struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack takes the connection over.
func (h *hijackRecorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.conn = conn
	return conn, rw, err
}

func (k *socket) finish() {
	k.stop()
	_ = k.conn.CloseNow()
	k.reading.Wait()
}

// read passes frames on until the client has gone.
func (k *socket) read() {
	defer k.stop()
	defer close(k.inbox)
	for {
		kind, data, err := k.conn.Read(k.ctx)
		if err != nil {
			return
		}
		f := readFrame(kind, data)
		select {
		case k.inbox <- f:
		case <-k.ctx.Done():
			return
		}
		if f.kind == "close" {
			select {
			case <-k.resume:
			case <-k.ctx.Done():
				return
			}
		}
	}
}

// write sends a frame; false when the client has gone.
func (k *socket) write(frame any) bool {
	ctx, cancel := context.WithTimeout(k.ctx, writePatience)
	defer cancel()
	return k.conn.Write(ctx, websocket.MessageText, encode(frame)) == nil
}

func (k *socket) complain(message string) bool { return k.write(errorFrame{"error", message}) }

// refuse says why, and closes.
func (k *socket) refuse(message string) {
	k.complain(message)
	_ = k.conn.Close(websocket.StatusPolicyViolation, "refused")
}

// cut ends the connection without a closing handshake.
func (k *socket) cut(reset bool) { closeConn(k.raw, reset) }

// hang says nothing any more until the client goes away or the server closes.
func (k *socket) hang() {
	for {
		select {
		case k.resume <- struct{}{}:
		case _, ok := <-k.inbox:
			if !ok {
				return
			}
		case <-k.ctx.Done():
			return
		}
	}
}

// authenticate takes the first frame, which must be auth; its token is the key, with or without "Bearer" (client 0.4.1; public chat page).
func (k *socket) authenticate() bool {
	patience := time.NewTimer(authPatience)
	defer patience.Stop()
	var f inbound
	select {
	case first, ok := <-k.inbox:
		if !ok {
			return false
		}
		f = first
	case <-patience.C:
	}
	if f.kind != "auth" {
		k.s.mu.Lock()
		k.s.tick()
		k.s.note(k.x, http.StatusUnauthorized, false)
		k.s.mu.Unlock()
		k.refuse("The first frame must be auth, with a token")
		return false
	}
	token := strings.TrimSpace(f.token)
	if scheme, _, ok := strings.Cut(token, " "); !ok || !strings.EqualFold(scheme, "Bearer") {
		token = "Bearer " + token
	}
	k.x.r.Header.Set("Authorization", token)
	return true
}

// open makes the session, and sends its frame. False when the connection is done with.
func (k *socket) open() bool {
	k.s.pause(k.ctx, k.s.latency)
	var made *session
	var first sessionFrame
	out := k.s.handle(k.ctx, k.x, func(w *world) *answer {
		if refused := k.x.authorize(); refused != nil {
			return refused
		}
		s, refused := w.openSession(k.x.user, k.x.values["ticker_or_id"])
		if refused != nil {
			return refused
		}
		k.world, made = w, s
		first = s.frame(w.assume.frame, w.agentByID(s.AgentID).Price)
		return emptyAnswer(http.StatusSwitchingProtocols)
	})
	k.session = made
	switch done, rule := out.gone, out.rule; {
	case done:
		return false
	case rule != nil && rule.Action == actionStatus:
		k.refuse(rule.replacement().detail())
	case rule != nil && rule.Action == actionReset:
		k.cut(true)
	case rule != nil && rule.Action == actionHang:
		k.hang()
	case made == nil:
		k.refuse(out.answer.detail())
	default:
		if rule != nil { // after:delay
			k.s.pause(k.ctx, time.Duration(rule.Delay))
		}
		if k.write(first) {
			return true
		}
	}
	if made != nil {
		k.lost()
	}
	return false
}

// talk serves an open session to its end.
func (k *socket) talk() {
	if every := k.world.assume.heartbeat; every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		k.beat = ticker.C
	}
	if !k.s.clock.stands() { // a clock that stands ends the session when it is advanced
		expiry := time.AfterFunc(k.session.ExpiresAt.Sub(k.s.Now()), func() { _ = k.s.State() })
		defer expiry.Stop()
	}
	for {
		f, event := k.next()
		if event == nothing {
			event = k.take(f)
		}
		switch event {
		case nothing:
		case clientGone, clientCloses: // closing is served where the frame is taken
			k.lost()
			return
		case endedOutside:
			k.complain("The session has ended")
			_ = k.conn.Close(websocket.StatusNormalClosure, "the session has ended")
			return
		case over:
			return
		}
	}
}

// event is what may end a session.
type event int

const (
	nothing      event = iota
	clientGone         // the socket is lost
	clientCloses       // a close frame came
	endedOutside       // the session was closed over REST, has expired, or its world is gone
	over               // everything is done with
)

// take does what a frame asks for.
func (k *socket) take(f inbound) event {
	switch f.kind {
	case "message":
		event := k.turn(f.prompt)
		if event == clientCloses {
			return k.end()
		}
		return event
	case "close":
		return k.end()
	case "auth":
		f.fault = "The session is authenticated already"
	}
	if !k.complain(f.fault) {
		return clientGone
	}
	return nothing
}

// next waits for a frame.
func (k *socket) next() (inbound, event) {
	if len(k.waiting) > 0 {
		f := k.waiting[0]
		k.waiting = k.waiting[1:]
		return f, nothing
	}
	for {
		select { // what a client said before it went away counts
		case f, ok := <-k.inbox:
			return received(f, ok)
		default:
		}
		select {
		case f, ok := <-k.inbox:
			return received(f, ok)
		case <-k.session.ended:
			return inbound{}, endedOutside
		case <-k.world.gone:
			return inbound{}, endedOutside
		case <-k.beat:
			if !k.write(heartbeatFrame{"heartbeat"}) {
				return inbound{}, clientGone
			}
		case <-k.ctx.Done():
			return inbound{}, clientGone
		}
	}
}

func received(f inbound, ok bool) (inbound, event) {
	if !ok {
		return inbound{}, clientGone
	}
	return f, nothing
}

// wait lets time pass within a turn; frames other than close wait for its end. With no time to pass it only looks what has happened.
func (k *socket) wait(d time.Duration) event {
	timer := time.NewTimer(max(0, d))
	defer timer.Stop()
	for {
		select { // what ends the turn goes before what goes on with it
		case <-k.session.ended:
			return endedOutside
		case <-k.world.gone:
			return endedOutside
		case f, ok := <-k.inbox:
			if event := k.keep(f, ok); event != nothing {
				return event
			}
			continue
		default:
		}
		select {
		case <-timer.C:
			return nothing
		case <-k.session.ended:
			return endedOutside
		case <-k.world.gone:
			return endedOutside
		case f, ok := <-k.inbox:
			if event := k.keep(f, ok); event != nothing {
				return event
			}
		case <-k.beat:
			if !k.write(heartbeatFrame{"heartbeat"}) {
				return clientGone
			}
		case <-k.ctx.Done():
			return clientGone
		}
	}
}

func (k *socket) keep(f inbound, ok bool) event {
	switch {
	case !ok || len(k.waiting) >= maxWaiting:
		return clientGone
	case f.kind == "close":
		return clientCloses
	}
	k.waiting = append(k.waiting, f)
	return nothing
}

// lost notes that the socket is gone without a close frame: a turn in flight finishes and the session stays (assumed), or the session ends, as the
// switch says.
func (k *socket) lost() {
	s := k.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	if s.world != k.world || k.session.Status != statusActive {
		return
	}
	if s.world.assume.closeOnDisconnect {
		s.world.endSession(k.session, statusClosed)
		s.world.changed()
		_ = s.verify()
		s.note(k.message(opEnd), 0, true)
	} else {
		s.world.finishTurn(k.session)
		_ = s.verify()
	}
	s.saveUnlocked()
}

// message is a frame of this socket on its way through the server, for rules and the log.
func (k *socket) message(operation string) *exchange {
	x := *k.x
	x.op.name, x.faults = operation, ""
	return &x
}

// end serves a close frame: the hold is released before the closing handshake goes on (assumed).
func (k *socket) end() event {
	k.s.pause(k.ctx, k.s.latency)
	out := k.s.handle(k.ctx, k.message(opEnd), func(w *world) *answer {
		if w == k.world && k.session.Status == statusActive {
			w.endSession(k.session, statusClosed)
			w.changed()
		}
		return emptyAnswer(http.StatusOK)
	})
	rule := out.rule
	switch {
	case out.gone:
		return clientGone
	case rule == nil:
	case rule.Action == actionReset:
		k.cut(true)
		return clientGone
	case rule.Action == actionHang:
		k.hang()
		return clientGone
	case rule.Action == actionStatus:
		if !k.complain(rule.replacement().detail()) {
			return clientGone
		}
		if rule.Phase == phaseBefore {
			k.resume <- struct{}{}
			return nothing
		}
	default: // after:delay
		k.s.pause(k.ctx, time.Duration(rule.Delay))
	}
	_ = k.conn.Close(websocket.StatusNormalClosure, "")
	return over
}
