package mockserver

import (
	"encoding/json"

	"github.com/coder/websocket"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// The frames of the WebSocket are JSON texts told apart by their type (client 0.4.1). Amounts are USD as text, as in the documented session frame.

// inbound is a frame from the client.
type inbound struct {
	kind   string // auth, message or close; "" for one that cannot be understood
	token  string
	prompt string
	fault  string // what is wrong with it
}

func readFrame(kind websocket.MessageType, data []byte) inbound {
	if kind != websocket.MessageText {
		return inbound{fault: "Frames must be JSON texts"}
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) != nil || object == nil {
		return inbound{fault: "The frame is not a JSON object"}
	}
	text := func(name string) (string, bool) {
		var value *string
		if json.Unmarshal(object[name], &value) != nil || value == nil {
			return "", false
		}
		return *value, true
	}
	name, _ := text("type")
	f := inbound{kind: name}
	switch name {
	case "auth":
		f.token, _ = text("token")
	case "message":
		var ok bool
		if f.prompt, ok = text("prompt"); !ok {
			return inbound{fault: "A message needs a prompt"}
		}
	case "close":
	default:
		return inbound{fault: "Unknown frame type"}
	}
	return f
}

type errorFrame struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// nestedAgent is the agent as the chat page shows it in the session frame.
type nestedAgent struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Ticker string `json:"ticker"`
}

type sessionFrame struct {
	Type            string       `json:"type"`
	SessionID       string       `json:"session_id"`
	AgentID         string       `json:"agent_id,omitempty"`
	AgentName       string       `json:"agent_name,omitempty"`
	AgentTicker     string       `json:"agent_ticker,omitempty"`
	Agent           *nestedAgent `json:"agent,omitempty"`
	ServicePrice    money.Amount `json:"service_price"`
	CreditsReserved string       `json:"credits_reserved"`
}

// frame is the first frame of a session, in the shape that the switch asks for.
func (s *session) frame(shape string, price money.Amount) sessionFrame {
	f := sessionFrame{Type: "session", SessionID: s.ID, ServicePrice: price, CreditsReserved: cents(s.Hold)}
	if shape != "nested" {
		f.AgentID, f.AgentName, f.AgentTicker = s.AgentID, s.AgentName, s.AgentTicker
	}
	if shape != "flat" {
		f.Agent = &nestedAgent{ID: s.AgentID, Name: s.AgentName, Ticker: s.AgentTicker}
	}
	return f
}

type chunkFrame struct {
	Type string `json:"type"`
	Data string `json:"data"`
}

type doneFrame struct {
	Type       string `json:"type"`
	OrderID    string `json:"order_id"`
	OutputHash string `json:"output_hash"`
}

type billingFrame struct {
	Type          string `json:"type"`
	AmountCharged string `json:"amount_charged"`
	PlatformFee   string `json:"platform_fee"`
}

type heartbeatFrame struct {
	Type string `json:"type"`
}

// detail is the text of a refusal, for an error frame.
func (a *answer) detail() string {
	var refusal struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(a.body, &refusal) == nil && refusal.Detail != "" {
		return refusal.Detail
	}
	return string(a.body)
}
