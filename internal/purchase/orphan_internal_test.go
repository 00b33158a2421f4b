package purchase

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestWhenOrphaned lets a CLI end while something is being bought: the process ends after the purchase, and not before.
//
//nolint:paralleltest // the count of purchases under way is the process's
func TestWhenOrphaned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gone atomic.Bool
		ended := make(chan struct{})
		cli := func() (processID, bool) { return "7-1", true }
		alive := func(id processID) bool { return id == "7-1" && !gone.Load() }
		wantRunning := func(when string, wanted bool) {
			t.Helper()
			<-time.NewTimer(10 * orphanPoll).C // of the bubble's clock
			select {
			case <-ended:
				if wanted {
					t.Fatalf("it ended %s", when)
				}
			default:
				if !wanted {
					t.Fatalf("it runs on %s", when)
				}
			}
		}
		go whenOrphaned(t.Context(), cli, alive, func() { close(ended) })
		wantRunning("while its CLI runs", true)
		underway.Add(1)
		gone.Store(true)
		wantRunning("in the middle of a purchase", true)
		underway.Add(-1)
		wantRunning("after its CLI and its purchase", false)
	})
}

// TestWhenOrphanedEnds gives up when it is told to, and never begins where there is no CLI.
func TestWhenOrphanedEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		end := func() { t.Error("it ended the process") }
		whenOrphaned(t.Context(), func() (processID, bool) { return "", false }, func(processID) bool { return false }, end)
		ctx, cancel := context.WithTimeout(t.Context(), 10*orphanPoll)
		defer cancel()
		whenOrphaned(ctx, func() (processID, bool) { return "7-1", true }, func(processID) bool { return true }, end)
	})
}
