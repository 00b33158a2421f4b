package client_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

const closeFrame = `{"type":"close"}`

// TestCloseInEachWay ends a session against services that take it differently.
func TestCloseInEachWay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service func(p *peer)
		outcome string
		message string
		took    time.Duration
	}{
		"closed by the service": {func(p *peer) { p.close(1000, "bye") }, "", "", 0},
		"without a code":        {func(p *peer) { p.frame(opClose|opFinal, nil) }, "", "", 0},
		"waits for the client":  {func(*peer) {}, "", "", 3 * time.Second},
		"late":                  {func(p *peer) { p.pause(2 * time.Second); p.close(1000, "") }, "", "", 2 * time.Second},
		"frames in between": {func(p *peer) {
			p.send(heartbeatFrame, helloFrame, doneFrame, billFrame, sessionFrame)
			p.frame(opPing|opFinal, nil)
			p.close(1000, "")
		}, "", "", 0},
		"refused":              {func(p *peer) { p.send(`{"type":"error","message":"Not now"}`) }, "refused", "Not now", 0},
		"refused, then closed": {func(p *peer) { p.send(`{"type":"error","message":"Not now"}`); p.close(1000, "") }, "refused", "Not now", 0},
		"restarted":            {func(p *peer) { p.close(1012, "restart") }, "unknown", "code 1012: restart", 0},
		"broken":               {func(p *peer) { p.send("x") }, "unknown", "not confirmed", 0},
		"cut":                  {(*peer).cut, "unknown", "not confirmed", 0},
		"pings instead": {func(p *peer) {
			p.deaf.Store(true)
			p.pause(4 * time.Second)
			p.frame(opPing|opFinal, []byte("x"))
			p.close(1000, "")
		}, "", "", 4 * time.Second},
		"never": {func(p *peer) { p.deaf.Store(true) }, "unknown", "not confirmed", 8 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				conversation, p := newPeers(t).converse()
				go func() {
					if said := p.hear(); said != closeFrame {
						t.Errorf("the client said %s", said)
					}
					test.service(p)
				}()
				start := time.Now()
				err := conversation.Close(t.Context())
				if outcomeOf(t, err) != test.outcome || (err != nil && !strings.Contains(err.Error(), test.message)) {
					t.Errorf("%v; want %s: %s", err, test.outcome, test.message)
				}
				if took := time.Since(start); took > test.took {
					t.Errorf("it took %s; want %s", took, test.took)
				}
				if again := conversation.Close(t.Context()); (again == nil) != (err == nil) || !conversation.Lost() {
					t.Errorf("once more: %v", again)
				}
			})
		})
	}
}

// TestCloseIsGivenUp bounds a Close by its context.
func TestCloseIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conversation, p := newPeers(t).converse()
		p.deaf.Store(true)
		brief, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := conversation.Close(brief)
		if outcomeOf(t, err) != "unknown" || !strings.Contains(err.Error(), "given up while the session was closed") || time.Since(start) != time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		second, _ := newPeers(t).converse()
		if err := second.Close(brief); outcomeOf(t, err) != "not sent" {
			t.Errorf("with an ended context: %v", err)
		}
	})
}

// TestCloseOfALostConversation sends nothing.
func TestCloseOfALostConversation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conversation, p := newPeers(t).converse()
		p.close(1001, "restart")
		synctest.Wait()
		err := conversation.Close(t.Context())
		if outcomeOf(t, err) != "not sent" || !strings.Contains(err.Error(), "code 1001: restart") {
			t.Error(err)
		}
	})
}

// TestEndedInMidstream ends a conversation while a turn runs: from the turn's own piece of code and from another goroutine, by Close and by Abort.
func TestEndedInMidstream(t *testing.T) {
	t.Parallel()
	closing := func(t *testing.T, conversation *client.Conversation) {
		t.Helper()
		if err := conversation.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	aborting := func(_ *testing.T, conversation *client.Conversation) { conversation.Abort() }
	for name, end := range map[string]func(*testing.T, *client.Conversation){"closed": closing, "cut": aborting} {
		for _, within := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					conversation, p := newPeers(t).converse()
					go func() {
						p.hear()
						p.send(helloFrame)
						for p.hear() == closeFrame {
							p.send(helloFrame)
							p.close(1000, "")
						}
					}()
					ended := make(chan struct{})
					turn, err := conversation.Send(t.Context(), "Hi", func(string) {
						if within {
							end(t, conversation)
							close(ended)
							return
						}
						go func() {
							defer close(ended)
							<-time.After(time.Second)
							end(t, conversation)
						}()
					})
					<-ended
					if outcomeOf(t, err) != "unknown" || !strings.Contains(err.Error(), name+" by this side") {
						t.Errorf("%v", err)
					}
					if turn.Output != "Hello" || turn.Done || !conversation.Lost() {
						t.Errorf("%+v", turn)
					}
				})
			})
		}
	}
}
