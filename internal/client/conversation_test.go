package client_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// open opens a conversation with the mock server's CHAT agent.
func open(t *testing.T, c *client.Client) *client.Conversation {
	t.Helper()
	conversation, err := c.Sessions.Open(t.Context(), "CHAT")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conversation.Abort)
	return conversation
}

func amount(f client.Field[money.Amount]) string {
	value, ok := f.Value()
	if !ok {
		return "none"
	}
	return value.String()
}

// TestConversationInEachPosition leads a conversation through its life, with each position of the switches that concern sessions.
func TestConversationInEachPosition(t *testing.T) {
	t.Parallel()
	for _, billing := range []string{"after_done", "before_done"} {
		for _, frame := range []string{"both", "flat", "nested"} {
			for _, heartbeat := range []string{"0s", "1ms"} {
				for _, lost := range []string{"keep", "close"} {
					t.Run(strings.Join([]string{billing, frame, heartbeat, lost}, " "), func(t *testing.T) {
						t.Parallel()
						_, c := buyer(t, mockserver.WithAssume("sessions.billing", billing), mockserver.WithAssume("sessions.frame", frame),
							mockserver.WithAssume("sessions.heartbeat", heartbeat), mockserver.WithAssume("sessions.on_disconnect", lost))
						liveASessionsLife(t, c, lost == "close")
					})
				}
			}
		}
	}
}

func liveASessionsLife(t *testing.T, c *client.Client, endsWhenLost bool) {
	t.Helper()
	conversation := open(t, c)
	session := conversation.Session()
	if session.ID == "" || session.AgentTicker.Or("") != "CHAT" || session.AgentName.Or("") == "" || session.AgentID.Or("") != idOf(t, c, "CHAT") ||
		amount(session.CreditsReserved) == "none" || amount(session.ServicePrice) == "none" {
		t.Fatalf("the session is %+v", session)
	}
	orders := map[string]bool{}
	for _, prompt := range []string{"Grüße 😀 <&>", "", "\"\\\u2028\x00"} {
		var pieces []string
		turn, err := conversation.Send(t.Context(), prompt, func(text string) { pieces = append(pieces, text) })
		want := "Echo: " + prompt
		hash := sha256.Sum256([]byte(want))
		if err != nil || !turn.Done || !turn.Billed || turn.Output != want || turn.OutputHash.Or("") != hex.EncodeToString(hash[:]) ||
			amount(turn.AmountCharged) != "0.05" || amount(turn.PlatformFee) != "0.005" || strings.Join(pieces, "") != want {
			t.Fatalf("%q is answered by %+v, %q, %v", prompt, turn, pieces, err)
		}
		orders[turn.OrderID.Or("")] = true
	}
	if len(orders) != 3 || orders[""] {
		t.Errorf("the orders are %v", orders)
	}
	shown, err := c.Sessions.Get(t.Context(), session.ID)
	if err != nil || shown.Status.Or("") != "active" || shown.MessageCount.Or(0) != 3 || amount(shown.CreditsConsumed) != "0.15" {
		t.Errorf("over REST it is %+v, %v", shown, err)
	}
	if err := conversation.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := conversation.Close(t.Context()); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	if !conversation.Lost() {
		t.Error("a closed conversation is not lost")
	}
	if _, err := conversation.Send(t.Context(), "x", nil); mustFail(t, err).Outcome != client.NotSent {
		t.Errorf("a message after the end: %v", err)
	}
	closed, err := c.Sessions.List(t.Context(), client.SessionFilter{Status: "closed"})
	if err != nil || len(closed) != 1 || closed[0].ID != session.ID || amount(closed[0].CreditsReserved) != "0" {
		t.Errorf("closed sessions: %+v, %v", closed, err)
	}

	second := open(t, c)
	second.Abort()
	second.Abort()
	if err := second.Close(t.Context()); mustFail(t, err).Outcome != client.NotSent {
		t.Errorf("closing a conversation that was cut: %v", err)
	}
	if !endsWhenLost {
		ended, err := c.Sessions.Close(t.Context(), second.Session().ID)
		if err != nil || ended.Status.Or("") != "closed" || ended.ID != second.Session().ID {
			t.Errorf("closing it over REST: %+v, %v", ended, err)
		}
	}
}

// TestCutAtEachFrame breaks a conversation of two turns at each point where the mock server can.
func TestCutAtEachFrame(t *testing.T) {
	t.Parallel()
	const none = "none"
	for _, test := range []struct {
		rule               string
		open, send, closed string // the outcomes; none without an error, empty when it does not come to that
		output             string
		lost               bool // after the turn
		orders             int  // that stay charged
	}{
		{"sessions.open:before:reset", "unknown", "", "", "", false, 0},
		{"sessions.open:before:status=402", "refused", "", "", "", false, 0},
		{"sessions.open:after:reset", "unknown", "", "", "", false, 0},
		{"sessions.open:after:status=500", "refused", "", "", "", false, 0},
		{"sessions.open:after:delay=1ms", none, none, none, "Echo: Hello", false, 1},
		{"sessions.message:before:reset", none, "unknown", "not sent", "", true, 0},
		{"sessions.message:before:status=402", none, "refused", none, "", false, 0},
		{"sessions.message:before:delay=1ms", none, none, none, "Echo: Hello", false, 1},
		{"sessions.message:after:reset", none, "unknown", "not sent", "", true, 1},
		{"sessions.message:after:status=500", none, "refused", none, "", false, 1},
		{"sessions.message:after:delay=1ms", none, none, none, "Echo: Hello", false, 1},
		{"sessions.message:body:reset,bytes=0", none, "unknown", "not sent", "", true, 1},
		{"sessions.message:body:truncate,bytes=0", none, "unknown", "not sent", "", true, 1},
		{"sessions.message:body:truncate,bytes=1", none, "unknown", "not sent", "E", true, 1},
		{"sessions.message:body:truncate,bytes=7", none, "unknown", "not sent", "Echo: H", true, 1},
		{"sessions.message:body:truncate,bytes=11", none, "unknown", "not sent", "Echo: Hello", true, 1},
		{"sessions.message:body:truncate,bytes=99", none, "unknown", "not sent", "Echo: Hello", true, 1},
		{"sessions.message:body:delay=1ms,bytes=3", none, none, none, "Echo: Hello", false, 1},
		{"sessions.end:before:reset", none, none, "unknown", "Echo: Hello", false, 1},
		{"sessions.end:before:status=500", none, none, "refused", "Echo: Hello", false, 1},
		{"sessions.end:after:reset", none, none, "unknown", "Echo: Hello", false, 1},
		{"sessions.end:after:status=500", none, none, "refused", "Echo: Hello", false, 1},
		{"sessions.end:after:delay=1ms", none, none, none, "Echo: Hello", false, 1},
	} {
		t.Run(test.rule, func(t *testing.T) {
			t.Parallel()
			server, c := buyer(t, mockserver.WithFault(test.rule))
			outcome := func(err error) string {
				if err == nil {
					return none
				}
				return mustFail(t, err).Outcome.String()
			}
			conversation, err := c.Sessions.Open(t.Context(), "CHAT")
			if got := outcome(err); got != test.open {
				t.Fatalf("opening: %s, %v", got, err)
			}
			if err != nil {
				return
			}
			t.Cleanup(conversation.Abort)
			turn, err := conversation.Send(t.Context(), "Hello", nil)
			if got := outcome(err); got != test.send || turn.Output != test.output || turn.Done != (err == nil) || turn.Billed != (err == nil) {
				t.Errorf("the turn: %s, %+v, %v", got, turn, err)
			}
			if conversation.Lost() != test.lost {
				t.Errorf("lost: %t", conversation.Lost())
			}
			err = conversation.Close(t.Context())
			if got := outcome(err); got != test.closed {
				t.Errorf("closing: %s, %v", got, err)
			}
			if _, err := c.Sessions.Close(t.Context(), conversation.Session().ID); err != nil {
				t.Error(err)
			}
			charged := 0
			for _, order := range server.State().Orders {
				if order.Status == "completed" {
					charged++
				}
			}
			if charged != test.orders {
				t.Errorf("%d turns stay charged; want %d", charged, test.orders)
			}
		})
	}
}

// TestTurnIsRefusedAndTheNextOneIsNot has the agent's refusal end a turn and not the conversation.
func TestTurnIsRefusedAndTheNextOneIsNot(t *testing.T) {
	t.Parallel()
	_, c := buyer(t, mockserver.WithFault(`sessions.message:before:status=402,body={"detail": "Not enough credits"}`))
	conversation := open(t, c)
	_, err := conversation.Send(t.Context(), "Hello", nil)
	if e := mustFail(t, err); e.Outcome != client.Refused || e.Message != "Not enough credits" || e.Method != "WS" || e.Path != "/ws/agent/CHAT" {
		t.Errorf("%+v", e)
	}
	if turn, err := conversation.Send(t.Context(), "Hello", nil); err != nil || turn.Output != "Echo: Hello" {
		t.Errorf("%+v, %v", turn, err)
	}
	if err := conversation.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestSessionClosedOutside has the session end over REST while the conversation pauses.
func TestSessionClosedOutside(t *testing.T) {
	t.Parallel()
	_, c := buyer(t)
	conversation := open(t, c)
	if _, err := c.Sessions.Close(t.Context(), conversation.Session().ID); err != nil {
		t.Fatal(err)
	}
	_, err := conversation.Send(t.Context(), "Hello", nil)
	if e := mustFail(t, err); e.Outcome == client.Unknown && !strings.Contains(e.Error(), "closed the connection") {
		t.Errorf("%v", e)
	}
	conversation.Abort()
	if !conversation.Lost() {
		t.Error("it is not lost")
	}
}
