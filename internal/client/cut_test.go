package client_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// TestConversationCutAtEveryByte ends the connection after each byte that the service sends, from the session's frame to the last one of a turn. What
// came whole is known, and nothing is taken for less than it may be.
func TestConversationCutAtEveryByte(t *testing.T) {
	t.Parallel()
	for name, frames := range map[string][]string{
		"bill after":  {sessionFrame, heartbeatFrame, helloFrame, helloFrame, doneFrame, billFrame},
		"bill before": {sessionFrame, helloFrame, billFrame, helloFrame, heartbeatFrame, doneFrame},
	} {
		var stream []byte
		var ends []int // of the frames
		for _, frame := range frames {
			stream = append(append(stream, frameHead(opText|opFinal, uint64(len(frame)))...), frame...)
			ends = append(ends, len(stream))
		}
		for cut := range len(stream) + 1 {
			whole := 0
			for whole < len(ends) && ends[whole] <= cut {
				whole++
			}
			synctest.Test(t, func(t *testing.T) { cutAfter(t, name, stream[:cut], ends[0], frames[:whole]) })
		}
	}
}

func cutAfter(t *testing.T, name string, stream []byte, first int, whole []string) {
	t.Helper()
	world := newPeers(t)
	go func() {
		p := <-world.opened
		p.hear()
		p.raw(stream[:min(first, len(stream))])
		if len(stream) > first {
			p.hear()
			p.raw(stream[first:])
		}
		if len(whole) == 0 || len(stream) > first {
			p.cut()
		}
	}()
	conversation, err := world.client().Sessions.Open(t.Context(), "CHAT")
	if len(whole) == 0 {
		if outcomeOf(t, err) != "unknown" {
			t.Errorf("%s: %d bytes: opening: %v", name, len(stream), err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s: %d bytes: opening: %v", name, len(stream), err)
	}
	defer conversation.Abort()
	if len(stream) == first { // cut in the pause before the turn, and noticed
		conversation.Abort()
		if _, err := conversation.Send(t.Context(), "Hi", nil); outcomeOf(t, err) != "not sent" {
			t.Errorf("%s: a message to nobody: %v", name, err)
		}
		return
	}
	var want client.Turn
	for _, frame := range whole {
		switch frame {
		case helloFrame:
			want.Output += "Hello"
		case doneFrame:
			want.Done = true
		case billFrame:
			want.Billed = true
		}
	}
	turn, err := conversation.Send(t.Context(), "Hi", nil)
	outcome := "unknown"
	if want.Done {
		outcome = ""
	}
	if outcomeOf(t, err) != outcome || turn.Output != want.Output || turn.Done != want.Done || turn.Billed != want.Billed ||
		turn.Done != turn.OrderID.Reported() || turn.Billed != turn.AmountCharged.Reported() {
		t.Errorf("%s: %d bytes: %+v, %v; want %+v", name, len(stream), turn, err, want)
	}
	synctest.Wait()
	if !conversation.Lost() {
		t.Errorf("%s: %d bytes: it is not lost", name, len(stream))
	}
}

// TestOpeningKeepsToTheRate has openings wait like every other request.
func TestOpeningKeepsToTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newPeers(t)
		c, start := world.client(func(c *client.Config) { c.RequestsPerSecond = 0.5 }), time.Now()
		go func() {
			for range 3 {
				p := <-world.opened
				p.hear()
				p.send(sessionFrame)
			}
		}()
		for range 3 {
			conversation, err := c.Sessions.Open(t.Context(), "CHAT")
			if err != nil {
				t.Fatal(err)
			}
			conversation.Abort()
		}
		if took := time.Since(start); took != 4*time.Second {
			t.Errorf("three openings took %s", took)
		}
	})
}
