package progress_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"go.uber.org/goleak"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/progress"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listener takes messages one at a time, as the framework does.
type listener struct {
	messages chan string
}

func (l *listener) response() *action.InvokeResponse {
	return &action.InvokeResponse{SendProgress: func(e action.InvokeProgressEvent) { l.messages <- e.Message }}
}

func TestMessagesArriveInOrderWhileTheActionRuns(t *testing.T) {
	t.Parallel()
	l := &listener{messages: make(chan string)}
	r := progress.New(t.Context(), l.response())
	var want []string
	for i := range 100 {
		message := fmt.Sprint("message ", i)
		r.Say(message)
		want = append(want, message)
	}
	first := <-l.messages // before Close, so the action still runs
	var got []string
	var wait sync.WaitGroup
	wait.Go(func() {
		for range 99 {
			got = append(got, <-l.messages)
		}
	})
	r.Close()
	wait.Wait()
	if got = append([]string{first}, got...); !slices.Equal(got, want) {
		t.Errorf("messages %v; want %v", got, want)
	}
	r.Say("after the end")
	select {
	case message := <-l.messages:
		t.Errorf("%q was sent after the end", message)
	default:
	}
}

func TestNothingHangsWhenNobodyListens(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	never := make(chan struct{})
	defer close(never)
	r := progress.New(ctx, &action.InvokeResponse{SendProgress: func(action.InvokeProgressEvent) { <-never }})
	for i := range 3 {
		r.Say(fmt.Sprint("message ", i))
	}
	cancel()
	r.Close() // would wait for ever for what nobody takes
	r.Say("after the end")
}

func TestNothingIsSentOnceTheCallIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	sent := 0
	r := progress.New(ctx, &action.InvokeResponse{SendProgress: func(action.InvokeProgressEvent) {
		sent++
		cancel()
	}})
	for range 10 {
		r.Say("message")
	}
	r.Close()
	<-ctx.Done()
	if sent > 1 {
		t.Errorf("%d messages were sent; want none after the call was cancelled", sent)
	}
}
