package purchase

import (
	"context"
	"sync/atomic"
	"time"
)

// underway counts the purchases that this process is making, over all its desks.
var underway atomic.Int64

// orphanPoll is how often it is looked whether the CLI still runs. No system tells a process when its parent ends.
const orphanPoll = time.Second

// WhenOrphaned waits until the CLI that started this process has gone and nothing is being bought any more, and calls end. A provider that outlives
// a CLI that was killed has to finish what it buys, but is of no use after that, and nobody else would end it. It returns without a call when ctx
// ends, and at once where no CLI started the process, as under a debugger.
func WhenOrphaned(ctx context.Context, end func()) {
	whenOrphaned(ctx, command, processID.alive, end)
}

func whenOrphaned(ctx context.Context, command func() (processID, bool), alive func(processID) bool, end func()) {
	cli, ok := command()
	if !ok {
		return
	}
	again := time.NewTicker(orphanPoll)
	defer again.Stop()
	for idle := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		// Twice idle, as a request that came in with the CLI's last breath may not have begun to buy at the first look.
		if before := idle; !alive(cli) {
			if idle = underway.Load() == 0; idle && before {
				end()
				return
			}
		}
	}
}
