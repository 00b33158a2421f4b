package faultmatrix_test

import (
	"bytes"
	"syscall"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// ending is how the run ends that meets the fault.
type ending struct {
	name string
	// end ends the run while its request is held; nil where nothing ends it.
	end func(c *cell, run *acctest.Process)
	// kills tells that the provider does not live to learn what came of its request; orphans that only the CLI dies, and that the next run begins at once.
	kills, orphans bool
	// twice tells that the CLI is signalled again while it waits.
	twice bool
	// graceful tells that the CLI asks the provider to stop, and waits.
	graceful bool
	// losesState takes the state away afterwards.
	losesState bool
}

// endings are all of them, in the order of the table.
func endings() []ending {
	const stopping = "Gracefully shutting down"
	return []ending{
		{name: "apply again"},
		{name: "SIGINT once", graceful: true, end: func(c *cell, run *acctest.Process) {
			run.SignalGroup(syscall.SIGINT)
			run.Await(stopping)
			c.awaitStop()
		}},
		{name: "SIGINT twice", kills: true, twice: true, end: func(c *cell, run *acctest.Process) {
			run.SignalGroup(syscall.SIGINT)
			run.Await(stopping)
			if c.stopsAtOnce() {
				run.Await("Could not open session")
			}
			run.SignalGroup(syscall.SIGINT)
		}},
		{name: "SIGTERM to the group", graceful: true, end: func(c *cell, run *acctest.Process) {
			run.SignalGroup(syscall.SIGTERM)
			run.Await(stopping)
			c.awaitStop()
		}},
		{name: "SIGKILL of the provider", kills: true, end: func(c *cell, run *acctest.Process) {
			if n := run.KillProviders(); n != 1 {
				c.t.Errorf("%d providers were running", n)
			}
		}},
		{name: "SIGKILL of the CLI, new apply at once", orphans: true, end: func(_ *cell, run *acctest.Process) { run.Signal(syscall.SIGKILL) }},
		{name: "state lost, journal kept", losesState: true},
	}
}

// awaitStop waits until the provider has been told to stop.
func (c *cell) awaitStop() {
	c.t.Helper()
	acctest.Eventually(c.t, "the provider was told to stop", func() bool { return bytes.Contains(c.log(), []byte("tf_rpc=StopProvider")) })
}
