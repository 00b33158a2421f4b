// Package progress tells what an action is doing while it runs.
package progress

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/action"
)

// Reporter sends the progress of one action. The framework's own function blocks until its message is taken, and for ever once nobody takes any more,
// as after the CLI has gone; but an action that has money on its way has to come to its end. So a Reporter takes messages at once, and sends them
// behind.
//
// Once the call is cancelled it sends nothing more: the plugin server ends a cancelled call at its next event, and the CLI, which waits for the end
// of what it has interrupted, would take that for it.
type Reporter struct {
	ctx  context.Context //nolint:containedctx // the life of the call that is reported on
	send func(action.InvokeProgressEvent)

	mu     sync.Mutex
	queue  []string
	closed bool
	wake   chan struct{}
	done   chan struct{}
}

// New makes a reporter for an action that was invoked with ctx. Close it before the action returns.
func New(ctx context.Context, resp *action.InvokeResponse) *Reporter {
	r := &Reporter{ctx: ctx, send: resp.SendProgress, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go r.run()
	return r
}

// Say reports a message. It never blocks. It may be called from several goroutines; after Close it does nothing.
func (r *Reporter) Say(message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.queue = append(r.queue, message)
	r.rouse()
}

// Close waits until all that was said is sent, or until the call has ended, which drops what is left.
func (r *Reporter) Close() {
	r.mu.Lock()
	r.closed = true
	r.rouse()
	r.mu.Unlock()
	select {
	case <-r.done:
	case <-r.ctx.Done():
	}
}

func (r *Reporter) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Reporter) run() {
	defer close(r.done)
	for {
		message, more := r.next()
		switch {
		case more && r.ctx.Err() == nil:
			r.send(action.InvokeProgressEvent{Message: message})
			continue
		case r.ended():
			return
		}
		select {
		case <-r.wake:
		case <-r.ctx.Done():
			return
		}
	}
}

func (r *Reporter) next() (message string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 {
		return "", false
	}
	message, r.queue = r.queue[0], r.queue[1:]
	return message, true
}

// ended tells whether nothing more will be sent.
func (r *Reporter) ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ctx.Err() != nil || r.closed && len(r.queue) == 0
}
