package mockserver

import (
	"net/http"
	"strings"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// sessionView is a chat session over REST; all of it is assumed. Amounts are in USD.
type sessionView struct {
	ID              string       `json:"id"`
	AgentID         string       `json:"agent_id"`
	AgentName       string       `json:"agent_name"`
	AgentTicker     string       `json:"agent_ticker"`
	Status          string       `json:"status"`
	CreditsReserved money.Amount `json:"credits_reserved"`
	CreditsConsumed money.Amount `json:"credits_consumed"`
	MessageCount    int64        `json:"message_count"`
	CreatedAt       *string      `json:"created_at"`
	ClosedAt        *string      `json:"closed_at"`
	ExpiresAt       *string      `json:"expires_at"`
}

func (s *session) view() sessionView {
	return sessionView{
		ID: s.ID, AgentID: s.AgentID, AgentName: s.AgentName, AgentTicker: s.AgentTicker, Status: s.Status, CreditsReserved: s.Hold,
		CreditsConsumed: s.Consumed, MessageCount: s.Messages, CreatedAt: formatTime(s.CreatedAt), ClosedAt: formatTime(s.ClosedAt),
		ExpiresAt: formatTime(s.ExpiresAt),
	}
}

// maxSessionMinutes keeps a session's end within what a time can hold: a century.
const maxSessionMinutes = 100 * 365 * 24 * 60

func listSessions(w *world, x *exchange) *answer {
	found := &problems{}
	status := queryChoice(x.r.URL.Query(), "status", found, statusActive, statusClosed, statusExpired)
	if refused := found.rejection(); refused != nil {
		return refused
	}
	sessions := keep(w.sessions, func(s *session) bool { return s.User == x.user.ID })
	sessions = withoutNewest(sessions, w.assume.listsLag, func(s *session) string { return s.User })
	sessions = keep(sessions, func(s *session) bool { return status == "" || s.Status == status })
	newestFirst(sessions, func(s *session) time.Time { return s.CreatedAt })
	views := make([]sessionView, 0, len(sessions))
	for _, s := range firstFew(sessions, w.assume.listsLimit) {
		views = append(views, s.view())
	}
	return jsonAnswer(http.StatusOK, views)
}

func getSession(w *world, x *exchange) *answer {
	s := w.sessionByID(x.values["session_id"])
	if s == nil || s.User != x.user.ID {
		return notFound("Session")
	}
	return jsonAnswer(http.StatusOK, s.view())
}

// closeSession ends a session from outside; a turn in flight is given back (SDK reference). Closing one that has ended changes nothing (assumed).
func closeSession(w *world, x *exchange) *answer {
	s := w.sessionByID(x.values["session_id"])
	if s == nil || s.User != x.user.ID {
		return notFound("Session")
	}
	if s.Status == statusActive {
		w.endSession(s, statusClosed)
		w.changed()
	}
	return jsonAnswer(http.StatusOK, s.view())
}

// openSession opens a session of a user with an agent, or gives the refusal. It holds the price of the least number of messages (assumed).
func (w *world) openSession(u *user, tickerOrID string) (*session, *answer) {
	a := w.listedByEither(tickerOrID)
	switch {
	case a == nil:
		return nil, notFound("Agent")
	case a.Status != statusActive:
		return nil, refuse(http.StatusConflict, "The agent is %s", a.Status)
	case a.Manifest == nil || !a.Manifest.SupportsSessions:
		return nil, refuse(http.StatusConflict, "The agent does not support sessions")
	}
	price := a.Price
	if a.Manifest.SessionPricePerMessage != nil {
		price = *a.Manifest.SessionPricePerMessage
	}
	s := &session{
		Seq: w.seq(), ID: "ses_" + strings.ReplaceAll(newID(), "-", "")[:16], User: u.ID, AgentID: a.ID, AgentName: a.Name, AgentTicker: a.Ticker,
		Status: statusActive, Price: price, Hold: price.Times(a.Manifest.SessionMinimumMessages), CreatedAt: w.now,
		ExpiresAt: w.now.Add(time.Duration(min(a.Manifest.SessionMaxDurationMinutes, maxSessionMinutes)) * time.Minute), ended: make(chan struct{}),
	}
	if err := w.ledger.hold(u.ID, s.Hold, s.ID, w.now); err != nil {
		return nil, w.short(u, "Opening a session", s.Hold)
	}
	w.sessions = append(w.sessions, s)
	w.changed()
	return s, nil
}

// endSession gives a turn in flight back, then releases what is left of the hold.
func (w *world) endSession(s *session, status string) {
	if s.turn != nil {
		w.failOrder(s.turn)
		s.turn = nil
	}
	w.ledger.release(s.User, s.Hold, s.ID, w.now)
	s.Hold, s.Status, s.ClosedAt = money.Zero(), status, w.now
	close(s.ended)
}

// startTurn charges a message and makes its order, or gives the refusal. The hold pays first, then what is available (assumed).
func (w *world) startTurn(s *session, prompt string) (*order, *answer) {
	a := w.listedByID(s.AgentID)
	u := w.user(s.User)
	switch {
	case s.Status != statusActive:
		return nil, refuse(http.StatusConflict, "The session is %s", s.Status)
	case a == nil:
		return nil, notFound("Agent")
	case a.Status != statusActive:
		return nil, refuse(http.StatusConflict, "The agent is %s", a.Status)
	}
	o := w.newOrder(s.User, a, prompt, s.Price)
	o.SessionID, o.FromHold = s.ID, money.Min(s.Hold, s.Price)
	if err := w.ledger.consume(s.User, s.Price, o.FromHold, cause{order: o.ID, session: s.ID}, w.now); err != nil {
		return nil, w.short(u, "The message", s.Price)
	}
	s.Hold, s.Consumed, s.Messages, s.turn = s.Hold.Sub(o.FromHold), s.Consumed.Add(s.Price), s.Messages+1, o
	w.orders = append(w.orders, o)
	w.changed()
	return o, nil
}

// finishTurn lets the turn in flight end as its agent would have it.
func (w *world) finishTurn(s *session) {
	if s.turn == nil {
		return
	}
	w.finishOrder(s.turn)
	s.turn = nil
	w.changed()
}
