package client_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// The tests of this file measure the whole process, so they run alone.

// heap is what is in use after a collection, in bytes.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// TestChunkOfOneGiB has a service begin a frame of 1 GiB. Only what an answer may have is read of it.
func TestChunkOfOneGiB(t *testing.T) { //nolint:paralleltest // it measures memory
	conversation, p := newPeers(t).converse()
	defer conversation.Abort()
	before, most := heap(), int64(0)
	var sent int
	var running sync.WaitGroup
	running.Go(func() {
		p.hear()
		p.raw(append(frameHead(opText|opFinal, 1<<30), `{"type":"chunk","data":"`...))
		piece := bytes.Repeat([]byte("x"), 1<<20)
		for sent < 1<<30 {
			n, err := p.conn.Write(piece)
			sent += n
			if err != nil {
				return
			}
			if most < 4*client.MaxBody { // a measurement stops everything
				most = max(most, heap()-before)
			}
		}
	})
	turn, err := conversation.Send(t.Context(), "Hi", nil)
	if outcomeOf(t, err) != "unknown" || !strings.Contains(err.Error(), "a frame is larger than 16 MiB") || turn.Output != "" {
		t.Errorf("%v", err)
	}
	conversation.Abort()
	running.Wait()
	if sent > 2*client.MaxBody || most > 6*client.MaxBody {
		t.Errorf("%d bytes were taken, and %d of memory", sent, most)
	}
}

// TestAnswerThatGrowsTooLarge has many chunks that are too much together. The session can still be closed, which gives the turn back.
func TestAnswerThatGrowsTooLarge(t *testing.T) { //nolint:paralleltest // it takes much memory
	conversation, p := newPeers(t).converse()
	defer conversation.Abort()
	go func() {
		p.hear()
		chunk := `{"type":"chunk","data":"` + strings.Repeat("x", 1<<20) + `"}`
		for range 18 {
			p.send(chunk)
		}
		p.hear()
		p.close(1000, "")
	}()
	turn, err := conversation.Send(t.Context(), "Hi", nil)
	if outcomeOf(t, err) != "unknown" || !strings.Contains(err.Error(), "larger than 16 MiB") || len(turn.Output) != client.MaxBody || !conversation.Lost() {
		t.Errorf("%d bytes, %v", len(turn.Output), err)
	}
	if err := conversation.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestFragmentsWithoutEnd has a message that never comes to its last frame.
func TestFragmentsWithoutEnd(t *testing.T) { //nolint:paralleltest // it takes much memory
	conversation, p := newPeers(t).converse()
	defer conversation.Abort()
	go func() {
		p.hear()
		p.frame(opText, []byte(`{"type":"`))
		piece := append(frameHead(opContinuation, 1<<16), bytes.Repeat([]byte("x"), 1<<16)...)
		for {
			if _, err := p.conn.Write(piece); err != nil {
				return
			}
		}
	}()
	_, err := conversation.Send(t.Context(), "Hi", nil)
	if outcomeOf(t, err) != "unknown" || !strings.Contains(err.Error(), "a frame is larger than 16 MiB") {
		t.Error(err)
	}
}

// TestThousandTurnsTakeNoMemory leads one long conversation, through which more passes than may stay.
func TestThousandTurnsTakeNoMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	const turns, size, allowed = 1000, 64 << 10, 8 << 20
	conversation, p := newPeers(t).converse()
	answer := strings.Repeat("x", size)
	go func() {
		for p.hear() != "" {
			p.send(`{"type":"chunk","data":"`+answer+`"}`, heartbeatFrame, doneFrame, billFrame)
		}
	}()
	take := func(n int) {
		for range n {
			turn, err := conversation.Send(t.Context(), "Hi", nil)
			if err != nil || turn.Output != answer || !turn.Billed {
				t.Fatalf("%d bytes, %v", len(turn.Output), err)
			}
		}
	}
	const warm = 50
	take(warm)
	before, goroutines := heap(), runtime.NumGoroutine()
	take(turns - warm)
	if grown := heap() - before; grown > allowed {
		t.Errorf("%d bytes more after %d turns", grown, turns)
	}
	if more := runtime.NumGoroutine() - goroutines; more > 0 {
		t.Errorf("%d more goroutines", more)
	}
	conversation.Abort()
}

// TestFiftyConversationsAtOnce has them take turns against the mock server. Nothing is lost or mixed up, and nothing stays behind.
func TestFiftyConversationsAtOnce(t *testing.T) { //nolint:paralleltest // it looks for goroutines
	const conversations, turns, allowed = 50, 20, 64 << 20
	server := mockserver.New(t, mockserver.WithAssume("sessions.heartbeat", "5ms"))
	c := against(t, server)
	already := goleak.IgnoreCurrent()
	before := heap()
	orders := make([]map[string]bool, conversations)
	var running sync.WaitGroup
	for i := range conversations {
		running.Go(func() {
			orders[i] = map[string]bool{}
			conversation, err := c.Sessions.Open(t.Context(), "CHAT")
			if err != nil {
				t.Error(err)
				return
			}
			defer conversation.Abort()
			for n := range turns {
				prompt := fmt.Sprintf("turn %d of conversation %d", n, i)
				turn, err := conversation.Send(t.Context(), prompt, nil)
				if err != nil || turn.Output != "Echo: "+prompt || !turn.Billed {
					t.Errorf("%q: %+v, %v", prompt, turn, err)
					return
				}
				orders[i][turn.OrderID.Or("")] = true
			}
			if i%2 == 0 { // the others are cut
				if err := conversation.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	c.CloseIdleConnections()
	goleak.VerifyNone(t, already)
	known := map[string]bool{}
	for _, of := range orders {
		for id := range of {
			known[id] = true
		}
	}
	charged := server.State().Orders
	for _, order := range charged {
		if !known[order.ID] {
			t.Errorf("nobody was told of the order %s", order.ID)
		}
	}
	if len(known) != conversations*turns || len(charged) != conversations*turns {
		t.Errorf("%d turns are known and %d were charged; want %d", len(known), len(charged), conversations*turns)
	}
	if grown := heap() - before; grown > allowed {
		t.Errorf("%d bytes more", grown)
	}
}
