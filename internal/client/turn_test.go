package client_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

const (
	heartbeatFrame = `{"type":"heartbeat"}`
	helloFrame     = `{"type":"chunk","data":"Hello"}`
	doneFrame      = `{"type":"done","order_id":"ord_1","output_hash":"abc"}`
	billFrame      = `{"type":"billing","amount_charged":"0.05","platform_fee":0.005}`
)

// inTurn answers one message of a conversation in a bubble, where time stands still while nobody waits.
func inTurn(t *testing.T, service func(p *peer), check func(t *testing.T, conversation *client.Conversation, turn turned), change ...func(*client.Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		world := newPeers(t)
		conversation, p := world.converse(change...)
		defer conversation.Abort()
		go func() {
			p.hear()
			service(p)
		}()
		start := time.Now()
		how := turned{}
		how.Turn, how.err = conversation.Send(t.Context(), "Hi", func(text string) { how.pieces = append(how.pieces, text) })
		how.took = time.Since(start)
		check(t, conversation, how)
	})
}

// turned is a turn and how it went.
type turned struct {
	client.Turn
	pieces []string
	took   time.Duration
	err    error
}

// TestTurnFrameByFrame answers a message with every order of frames that a service may send, and many that it may not.
func TestTurnFrameByFrame(t *testing.T) {
	t.Parallel()
	const noBill = 10 * time.Second
	sends := func(texts ...string) func(*peer) { return func(p *peer) { p.send(texts...) } }
	thenCut := func(texts ...string) func(*peer) { return func(p *peer) { p.send(texts...); p.cut() } }
	for name, test := range map[string]struct {
		service func(p *peer)
		outcome string // "" without an error
		message string
		output  string
		flags   string // d for done, b for billed, l for lost
		took    time.Duration
	}{
		"bill after":             {sends(helloFrame, doneFrame, billFrame), "", "", "Hello", "db", 0},
		"bill before":            {sends(helloFrame, billFrame, doneFrame), "", "", "Hello", "db", 0},
		"bill first":             {sends(billFrame, helloFrame, doneFrame), "", "", "Hello", "db", 0},
		"bill between chunks":    {sends(helloFrame, billFrame, helloFrame, doneFrame), "", "", "HelloHello", "db", 0},
		"no chunk":               {sends(doneFrame, billFrame), "", "", "", "db", 0},
		"heartbeats":             {sends(heartbeatFrame, helloFrame, heartbeatFrame, doneFrame, heartbeatFrame, billFrame), "", "", "Hello", "db", 0},
		"unknown frames":         {sends(`{"type":"typing"}`, helloFrame, `{"type":"usage","data":7}`, doneFrame, billFrame), "", "", "Hello", "db", 0},
		"two bills":              {sends(helloFrame, billFrame, `{"type":"billing","amount_charged":9}`, doneFrame), "", "", "Hello", "db", 0},
		"no bill":                {sends(helloFrame, doneFrame), "", "", "Hello", "d", noBill},
		"cut before the bill":    {thenCut(helloFrame, doneFrame), "", "", "Hello", "dl", 0},
		"error before the bill":  {sends(helloFrame, doneFrame, `{"type":"error","message":"Over"}`), "", "", "Hello", "dl", 0},
		"empty chunk":            {sends(`{"type":"chunk","data":""}`, doneFrame, billFrame), "", "", "", "db", 0},
		"a refusal":              {sends(`{"type":"error","message":"No credits"}`), "refused", "No credits", "", "", 0},
		"a refusal in midstream": {sends(helloFrame, `{"type":"error","message":"Agent died"}`), "refused", "Agent died", "Hello", "", 0},
		"a refusal that is billed": {
			sends(helloFrame, billFrame, `{"type":"error","message":"Agent died"}`), "refused", "Agent died", "Hello", "b", 0,
		},
		"done twice":             {sends(helloFrame, doneFrame, doneFrame), "unknown", `a second "done" frame`, "Hello", "dl", 0},
		"a chunk after done":     {sends(helloFrame, doneFrame, helloFrame), "unknown", `a "chunk" frame after the turn was done`, "Hello", "dl", 0},
		"a second session":       {sends(helloFrame, sessionFrame), "unknown", `a "session" frame in a turn`, "Hello", "l", 0},
		"a chunk without data":   {sends(helloFrame, `{"type":"chunk"}`), "unknown", "a chunk has no text", "Hello", "l", 0},
		"a chunk that is null":   {sends(`{"type":"chunk","data":null}`), "unknown", "a chunk has no text", "", "l", 0},
		"a chunk of a number":    {sends(`{"type":"chunk","data":7}`), "unknown", "a chunk has no text", "", "l", 0},
		"a type of a number":     {sends(helloFrame, `{"type":[]}`), "unknown", "has no type", "Hello", "l", 0},
		"no JSON":                {sends(helloFrame, `{"type":"chunk","data":"x`), "unknown", "not a JSON object", "Hello", "l", 0},
		"empty":                  {sends(helloFrame, ""), "unknown", "not a JSON object", "Hello", "l", 0},
		"no UTF-8":               {sends(helloFrame, "{\"type\":\"chunk\",\"data\":\"\xc3\"}"), "unknown", "not valid UTF-8", "Hello", "l", 0},
		"binary":                 {func(p *peer) { p.frame(opBinary|opFinal, []byte(helloFrame)) }, "unknown", "a binary frame of 31 bytes", "", "l", 0},
		"cut at once":            {thenCut(), "unknown", "the connection was lost", "", "l", 0},
		"cut in midstream":       {thenCut(helloFrame), "unknown", "the connection was lost", "Hello", "l", 0},
		"cut after the bill":     {thenCut(helloFrame, billFrame), "unknown", "the connection was lost", "Hello", "bl", 0},
		"closed normally":        {func(p *peer) { p.send(helloFrame); p.close(1000, "") }, "unknown", "with code 1000", "Hello", "l", 0},
		"going away":             {func(p *peer) { p.close(1001, "restart") }, "unknown", "with code 1001: restart", "", "l", 0},
		"a private code":         {func(p *peer) { p.close(4999, "") }, "unknown", "with code 4999", "", "l", 0},
		"an impossible code":     {func(p *peer) { p.close(1005, "") }, "unknown", "the connection was lost", "", "l", 0},
		"a close of one byte":    {func(p *peer) { p.frame(opClose|opFinal, []byte{3}) }, "unknown", "the connection was lost", "", "l", 0},
		"cut in a frame's head":  {func(p *peer) { p.raw([]byte{opText | opFinal}); p.cut() }, "unknown", "the connection was lost", "", "l", 0},
		"cut in a frame":         {func(p *peer) { p.raw(append(frameHead(opText|opFinal, 100), 'x')); p.cut() }, "unknown", "the connection was lost", "", "l", 0},
		"reserved bits":          {func(p *peer) { p.frame(opText|opFinal|0x40, []byte(helloFrame)) }, "unknown", "the connection was lost", "", "l", 0},
		"an unknown opcode":      {func(p *peer) { p.frame(0x3|opFinal, []byte(helloFrame)) }, "unknown", "the connection was lost", "", "l", 0},
		"a long ping":            {func(p *peer) { p.frame(opPing|opFinal, make([]byte, 126)) }, "unknown", "the connection was lost", "", "l", 0},
		"a negative length":      {func(p *peer) { p.raw(frameHead(opText|opFinal, 1<<63)) }, "unknown", "the connection was lost", "", "l", 0},
		"only a continuation":    {func(p *peer) { p.frame(opContinuation|opFinal, []byte(helloFrame)) }, "unknown", "the connection was lost", "", "l", 0},
		"a message in a message": {func(p *peer) { p.frame(opText, []byte(`{"type":`)); p.send(helloFrame) }, "unknown", "the connection was lost", "", "l", 0},
		"fragments around a ping": {func(p *peer) {
			p.frame(opText, []byte(helloFrame[:9]))
			p.frame(opPing|opFinal, []byte("x"))
			p.frame(opContinuation, nil)
			p.frame(opContinuation|opFinal, []byte(helloFrame[9:]))
			p.send(doneFrame, billFrame)
		}, "", "", "Hello", "db", 0},
		"halves of a character": {sends(`{"type":"chunk","data":"a\ud83d"}`, heartbeatFrame, `{"type":"chunk","data":"\ude00b"}`, doneFrame, billFrame), "", "", "a😀b", "db", 0},
		"half a character":      {sends(`{"type":"chunk","data":"a\ud83d"}`, doneFrame, billFrame), "", "", "a\uFFFD", "db", 0},
		"half, then a refusal":  {sends(`{"type":"chunk","data":"a\ud83d"}`, `{"type":"error","message":"No"}`), "refused", "No", "a\uFFFD", "", 0},
		"half, then cut":        {thenCut(`{"type":"chunk","data":"a\ud83d"}`), "unknown", "the connection was lost", "a\uFFFD", "l", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTurn(t, test.service, func(t *testing.T, conversation *client.Conversation, turn turned) {
				t.Helper()
				if outcomeOf(t, turn.err) != test.outcome || (turn.err != nil && !strings.Contains(turn.err.Error(), test.message)) {
					t.Errorf("%v; want %s: %s", turn.err, test.outcome, test.message)
				}
				flags := flag("d", turn.Done) + flag("b", turn.Billed) + flag("l", conversation.Lost())
				if flags != test.flags || turn.Output != test.output {
					t.Errorf("flags %s, output %q; want %s, %q", flags, turn.Output, test.flags, test.output)
				}
				if pieces := strings.Join(turn.pieces, ""); !strings.HasPrefix(turn.Output, pieces) || slices.Contains(turn.pieces, "") {
					t.Errorf("pieces %q of %q", turn.pieces, turn.Output)
				}
				if turn.Done != (turn.OrderID.Or("") == "ord_1") || turn.Done != (turn.OutputHash.Or("") == "abc") ||
					turn.Billed != (amount(turn.AmountCharged) == "0.05") || turn.Billed != (amount(turn.PlatformFee) == "0.005") {
					t.Errorf("the turn is %+v", turn.Turn)
				}
				if turn.took != test.took {
					t.Errorf("it took %s; want %s", turn.took, test.took)
				}
			})
		})
	}
}

func flag(letter string, set bool) string {
	if set {
		return letter
	}
	return ""
}

// TestBreachCutsTheConnection has no further word with a service that breaks the protocol.
func TestBreachCutsTheConnection(t *testing.T) {
	t.Parallel()
	for _, breach := range []string{sessionFrame, `{"type":"chunk"}`, "x"} {
		synctest.Test(t, func(t *testing.T) {
			conversation, p := newPeers(t).converse()
			go func() {
				p.hear()
				p.send(helloFrame, breach)
			}()
			if _, err := conversation.Send(t.Context(), "Hi", nil); outcomeOf(t, err) != "unknown" {
				t.Errorf("%s: %v", breach, err)
			}
			<-p.left
			conversation.Abort()
		})
	}
}

// TestChunksComeWhileTheTurnRuns has the service wait for each chunk to be noticed before it sends the next frame.
func TestChunksComeWhileTheTurnRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conversation, p := newPeers(t).converse()
		defer conversation.Abort()
		noticed := make(chan string)
		go func() {
			p.hear()
			for _, piece := range []string{"one", "two", "three"} {
				p.send(`{"type":"chunk","data":"` + piece + `"}`)
				if got := <-noticed; got != piece {
					t.Errorf("noticed %q", got)
				}
			}
			p.send(doneFrame, billFrame)
		}()
		turn, err := conversation.Send(t.Context(), "Hi", func(text string) { noticed <- text })
		if err != nil || turn.Output != "onetwothree" {
			t.Errorf("%+v, %v", turn, err)
		}
	})
}

// TestTurnWithoutEnd has services that never come to an end, each in a way of its own.
func TestTurnWithoutEnd(t *testing.T) {
	t.Parallel()
	beating := func(every time.Duration, what string) func(*peer) {
		return func(p *peer) {
			for p.pause(every) {
				p.send(what)
			}
		}
	}
	short := func(c *client.Config) { c.TurnSilence, c.TurnTimeout = 5*time.Second, time.Minute }
	for name, test := range map[string]struct {
		service func(p *peer)
		message string
		took    time.Duration
		change  []func(*client.Config)
	}{
		"silence":          {func(*peer) {}, "nothing came for 2m0s", 2 * time.Minute, nil},
		"silence, shorter": {func(*peer) {}, "nothing came for 5s", 5 * time.Second, []func(*client.Config){short}},
		"silence after a chunk": {
			func(p *peer) { p.pause(time.Minute); p.send(helloFrame) }, "nothing came for 2m0s", 3 * time.Minute, nil,
		},
		"heartbeats":       {beating(time.Minute, heartbeatFrame), "not done within 30m0s", 30 * time.Minute, nil},
		"unknown frames":   {beating(time.Second, `{"type":"x"}`), "not done within 1m0s", time.Minute, []func(*client.Config){short}},
		"chunks":           {beating(time.Second, helloFrame), "not done within 1m0s", time.Minute, []func(*client.Config){short}},
		"half-open":        {func(p *peer) { p.deaf.Store(true) }, "no sign of life for 20s", 40 * time.Second, nil},
		"half-open, later": {func(p *peer) { p.pause(50 * time.Second); p.deaf.Store(true) }, "no sign of life for 20s", 80 * time.Second, nil},
		"a frame that never ends": {func(p *peer) {
			p.deaf.Store(true)
			p.raw(frameHead(opText|opFinal, 1<<20))
			for p.pause(time.Second) {
				p.raw([]byte("x"))
			}
		}, "nothing came for 2m0s", 2 * time.Minute, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTurn(t, test.service, func(t *testing.T, conversation *client.Conversation, turn turned) {
				t.Helper()
				if outcomeOf(t, turn.err) != "unknown" || !strings.Contains(turn.err.Error(), test.message) || turn.took != test.took {
					t.Errorf("after %s: %v; want %s after %s", turn.took, turn.err, test.message, test.took)
				}
				if !conversation.Lost() {
					t.Error("it is not lost")
				}
				_, err := conversation.Send(t.Context(), "again", nil)
				if outcomeOf(t, err) != "not sent" || !strings.Contains(err.Error(), test.message) {
					t.Errorf("the next message: %v", err)
				}
			}, test.change...)
		})
	}
}

// TestHeartbeatsKeepATurnAlive has an agent think for long.
func TestHeartbeatsKeepATurnAlive(t *testing.T) {
	t.Parallel()
	inTurn(t, func(p *peer) {
		for range 20 {
			p.pause(time.Minute)
			p.send(heartbeatFrame)
		}
		p.send(helloFrame, doneFrame, billFrame)
	}, func(t *testing.T, _ *client.Conversation, turn turned) {
		t.Helper()
		if turn.err != nil || turn.Output != "Hello" || turn.took != 20*time.Minute {
			t.Errorf("%+v", turn)
		}
	})
}

// TestSlowReaderIsNoLostConnection takes long over a chunk: no pong is read meanwhile, and the service is not to blame.
func TestSlowReaderIsNoLostConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conversation, p := newPeers(t).converse()
		defer conversation.Abort()
		go func() {
			p.hear()
			p.send(helloFrame, helloFrame, doneFrame, billFrame)
		}()
		turn, err := conversation.Send(t.Context(), "Hi", func(string) { <-time.After(5 * time.Minute) })
		if err != nil || turn.Output != "HelloHello" {
			t.Errorf("%+v, %v", turn, err)
		}
	})
}

// TestHalfOpenInAPause finds out before the next message is sent.
func TestHalfOpenInAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conversation, p := newPeers(t).converse()
		<-time.After(time.Hour) // pings are answered
		synctest.Wait()
		if conversation.Lost() {
			t.Fatal("lost in a pause")
		}
		p.deaf.Store(true)
		<-time.After(41 * time.Second)
		if !conversation.Lost() {
			t.Error("nobody noticed")
		}
		_, err := conversation.Send(t.Context(), "Hi", nil)
		if outcomeOf(t, err) != "not sent" || !strings.Contains(err.Error(), "no sign of life") {
			t.Error(err)
		}
		conversation.Abort()
	})
}

// TestServiceThatReadsNothing has the message stay in the pipe.
func TestServiceThatReadsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conversation, p := newPeers(t).converse(func(c *client.Config) { c.Timeout = time.Minute })
		defer conversation.Abort()
		p.stuck.Store(true)
		p.send(heartbeatFrame)
		start := time.Now()
		_, err := conversation.Send(t.Context(), strings.Repeat("x", 1<<19), nil)
		if took := time.Since(start); outcomeOf(t, err) != "unknown" || took > time.Minute {
			t.Errorf("after %s: %v", took, err)
		}
		if !conversation.Lost() {
			t.Error("it is not lost")
		}
	})
}

// TestFramesOutsideATurn sends what must not come while nobody asked, and what may.
func TestFramesOutsideATurn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		frame, message string // no message when the conversation goes on
	}{
		"heartbeat": {heartbeatFrame, ""},
		"unknown":   {`{"type":"x"}`, ""},
		"bill":      {billFrame, ""},
		"chunk":     {helloFrame, `a "chunk" frame while no turn was running`},
		"done":      {doneFrame, `a "done" frame while no turn was running`},
		"session":   {sessionFrame, `a "session" frame while no turn was running`},
		"error":     {`{"type":"error","message":"The session has expired"}`, "the service ended the session: The session has expired"},
		"garbage":   {"x", "not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				conversation, p := newPeers(t).converse()
				defer conversation.Abort()
				p.send(test.frame)
				synctest.Wait()
				if conversation.Lost() != (test.message != "") {
					t.Errorf("lost: %t", conversation.Lost())
				}
				go func() {
					p.hear()
					p.send(helloFrame, doneFrame, billFrame)
				}()
				turn, err := conversation.Send(t.Context(), "Hi", nil)
				switch {
				case test.message == "" && (err != nil || !turn.Billed || turn.Output != "Hello"):
					t.Errorf("%+v, %v", turn, err)
				case test.message != "" && (outcomeOf(t, err) != "not sent" || !strings.Contains(err.Error(), test.message)):
					t.Errorf("%v; want %s", err, test.message)
				}
			})
		})
	}
}

// TestLateBillIsNotTheNextTurns has a bill come after the turn it belongs to was given back without.
func TestLateBillIsNotTheNextTurns(t *testing.T) {
	t.Parallel()
	const secondBill = `{"type":"billing","amount_charged":"0.07","platform_fee":"0.007"}`
	for name, test := range map[string]struct {
		pause  []string // what comes between the turns
		second []string
		billed string // the second turn's charge
	}{
		"in the pause":        {[]string{billFrame}, []string{helloFrame, doneFrame, secondBill}, "0.07"},
		"in the next turn":    {nil, []string{billFrame, helloFrame, doneFrame, secondBill}, "0.07"},
		"right behind":        {nil, []string{helloFrame, doneFrame, billFrame, secondBill}, "0.07"},
		"before the next one": {nil, []string{billFrame, secondBill, helloFrame, doneFrame}, "0.07"},
		"one of the two":      {nil, []string{helloFrame, doneFrame, billFrame}, "none"},
		"none at all":         {nil, []string{helloFrame, doneFrame}, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				conversation, p := newPeers(t).converse()
				defer conversation.Abort()
				go func() {
					p.hear()
					p.send(helloFrame, doneFrame)
				}()
				first, err := conversation.Send(t.Context(), "Hi", nil)
				if err != nil || !first.Done || first.Billed || conversation.Lost() {
					t.Fatalf("%+v, %v", first, err)
				}
				p.send(test.pause...)
				synctest.Wait()
				go func() {
					p.hear()
					p.send(test.second...)
				}()
				second, err := conversation.Send(t.Context(), "Hi", nil)
				if err != nil || amount(second.AmountCharged) != test.billed || second.Billed != (test.billed != "none") {
					t.Errorf("%+v, %v", second, err)
				}
			})
		})
	}
}

// TestTurnIsGivenUp ends the context of a turn at each point.
func TestTurnIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conversation, p := newPeers(t).converse()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := conversation.Send(ended, "Hi", nil); outcomeOf(t, err) != "not sent" || !errors.Is(err, context.Canceled) || conversation.Lost() {
			t.Errorf("before it was sent: %v", err)
		}
		go func() {
			p.hear()
			p.send(doneFrame)
		}()
		brief, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if turn, err := conversation.Send(brief, "Hi", nil); err != nil || !turn.Done || turn.Billed || conversation.Lost() {
			t.Errorf("while the bill is due: %+v, %v", turn, err)
		}
		go func() {
			p.hear()
			p.send(helloFrame)
		}()
		brief, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		turn, err := conversation.Send(brief, "Hi", nil)
		if outcomeOf(t, err) != "unknown" || !errors.Is(err, context.DeadlineExceeded) || turn.Output != "Hello" || !conversation.Lost() {
			t.Errorf("in midstream: %+v, %v", turn, err)
		}
		p.send(helloFrame, helloFrame, doneFrame) // dropped: nobody waits
		go func() {
			if said := p.hear(); said != `{"type":"close"}` {
				t.Errorf("the client said %s", said)
			}
			p.close(1000, "")
		}()
		if err := conversation.Close(t.Context()); err != nil {
			t.Errorf("closing after a turn was left: %v", err)
		}
	})
}

// TestPromptsThatAreNotSent refuses what the service would.
func TestPromptsThatAreNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conversation, p := newPeers(t).converse()
		defer conversation.Abort()
		const frame = `{"type":"message","prompt":""}`
		largest := strings.Repeat("<", 1<<20-1-len(frame))
		for _, prompt := range []string{"a\xff", largest + "<", strings.Repeat("x", 2<<20)} {
			if _, err := conversation.Send(t.Context(), prompt, nil); outcomeOf(t, err) != "not sent" || conversation.Lost() {
				t.Errorf("%d bytes: %v", len(prompt), err)
			}
		}
		go func() {
			if said := p.hear(); said != frame[:len(frame)-2]+largest+`"}` {
				t.Errorf("%d bytes were sent", len(said))
			}
			p.send(doneFrame, billFrame)
		}()
		if _, err := conversation.Send(t.Context(), largest, nil); err != nil {
			t.Error(err)
		}
	})
}

// TestOneTurnAtATime refuses a second message while a turn runs.
func TestOneTurnAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conversation, p := newPeers(t).converse()
		defer conversation.Abort()
		go func() {
			p.hear()
			p.send(helloFrame, doneFrame, billFrame)
		}()
		turn, err := conversation.Send(t.Context(), "Hi", func(string) {
			if _, err := conversation.Send(t.Context(), "Hi", nil); outcomeOf(t, err) != "not sent" {
				t.Errorf("a second message: %v", err)
			}
		})
		if err != nil || !turn.Billed {
			t.Errorf("%+v, %v", turn, err)
		}
	})
}
