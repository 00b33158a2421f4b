package client

import (
	"encoding/json"
	"fmt"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// Session is a chat session as AUTX shows it, over REST or in the first frame of a conversation. Only the id is certain to be there. The fields are
// those of the session frame (client 0.4.1) and, for REST, where client 0.4.1 passes on whatever comes, assumed.
type Session struct {
	// ID identifies the session.
	ID string
	// AgentID, AgentName and AgentTicker say with whom the session is.
	AgentID, AgentName, AgentTicker Field[string]
	// Status is active, closed or expired (assumed). The session frame has none.
	Status Field[string]
	// CreditsReserved is what is still held for the session, and CreditsConsumed what it has cost so far, in USD.
	CreditsReserved, CreditsConsumed Field[money.Amount]
	// ServicePrice is the agent's price of an order, in USD; only the session frame has it.
	ServicePrice Field[money.Amount]
	// MessageCount is how many messages were accepted.
	MessageCount Field[int64]
	// CreatedAt, ClosedAt and ExpiresAt are ISO 8601 times, as the service spells them.
	CreatedAt, ClosedAt, ExpiresAt Field[string]

	problems []string
}

// sessionWire is a session in each of its spellings: the id as "id" (REST, assumed) or "session_id" (session frame), the agent flat (client 0.4.1) or
// as an object (public chat page).
type sessionWire struct {
	ID              Field[string]       `json:"id"`
	SessionID       Field[string]       `json:"session_id"`
	AgentID         Field[string]       `json:"agent_id"`
	AgentName       Field[string]       `json:"agent_name"`
	AgentTicker     Field[string]       `json:"agent_ticker"`
	Agent           Field[sessionAgent] `json:"agent"`
	Status          Field[string]       `json:"status"`
	CreditsReserved Field[money.Amount] `json:"credits_reserved"`
	CreditsConsumed Field[money.Amount] `json:"credits_consumed"`
	ServicePrice    Field[money.Amount] `json:"service_price"`
	MessageCount    Field[int64]        `json:"message_count"`
	CreatedAt       Field[string]       `json:"created_at"`
	ClosedAt        Field[string]       `json:"closed_at"`
	ExpiresAt       Field[string]       `json:"expires_at"`
}

type sessionAgent struct {
	ID     Field[string] `json:"id"`
	Name   Field[string] `json:"name"`
	Ticker Field[string] `json:"ticker"`
}

// UnmarshalJSON reads a session. It fails only when there is no id.
func (s *Session) UnmarshalJSON(data []byte) error {
	session, err := readSession(data)
	if err != nil {
		return err
	}
	*s = session
	if s.ID == "" {
		return incomplete("the session has no id")
	}
	return nil
}

// readSession reads a session that need not have an id.
func readSession(data []byte) (Session, error) {
	var wire sessionWire
	if err := json.Unmarshal(data, &wire); err != nil {
		return Session{}, fmt.Errorf("read a session: %w", describeJSONError(err))
	}
	agent := wire.Agent.Or(sessionAgent{})
	s := Session{
		ID:      firstText(wire.ID, wire.SessionID).Or(""),
		AgentID: firstText(wire.AgentID, agent.ID), AgentName: firstText(wire.AgentName, agent.Name),
		AgentTicker: firstText(wire.AgentTicker, agent.Ticker),
		Status:      wire.Status, CreditsReserved: wire.CreditsReserved, CreditsConsumed: wire.CreditsConsumed, ServicePrice: wire.ServicePrice,
		MessageCount: wire.MessageCount, CreatedAt: wire.CreatedAt, ClosedAt: wire.ClosedAt, ExpiresAt: wire.ExpiresAt,
		problems: problemsOf(map[string]Field[string]{"id": wire.ID, "session_id": wire.SessionID}),
	}
	if problem := wire.Agent.readProblem(); problem != "" {
		s.problems = append(s.problems, "agent: "+problem)
	}
	return s, nil
}

func (s Session) ownProblems() []string { return s.problems }

// firstText is the first of two fields that has a text, else the first one.
func firstText(a, b Field[string]) Field[string] {
	if a.Or("") == "" && b.Or("") != "" {
		return b
	}
	return a
}

// SessionFilter narrows a listing. Zero values are not sent.
type SessionFilter struct {
	// Status selects the sessions with exactly this status.
	Status string
}
