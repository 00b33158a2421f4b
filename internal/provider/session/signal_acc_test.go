package session_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccInterrupted interrupts and kills an apply in the middle of the second of three messages: no further one is sent, by this run or the next, and
// the state says which were paid.
func TestAccInterrupted(t *testing.T) {
	t.Parallel()
	gracefully := func(p *acctest.Process) { p.Await("Gracefully shutting down") }
	for name, c := range map[string]struct {
		end   func(*acctest.Process)
		saved bool
		// dies says that the provider does not outlive it: then the connection is lost, AUTX finishes the message and charges it.
		dies bool
	}{
		"SIGINT":               {saved: true, end: func(p *acctest.Process) { p.SignalGroup(syscall.SIGINT); gracefully(p) }},
		"SIGTERM to the group": {saved: true, end: func(p *acctest.Process) { p.SignalGroup(syscall.SIGTERM); gracefully(p) }},
		"SIGINT twice": {dies: true, end: func(p *acctest.Process) {
			p.SignalGroup(syscall.SIGINT)
			gracefully(p)
			p.SignalGroup(syscall.SIGINT)
		}},
		"SIGKILL of the provider": {dies: true, end: func(p *acctest.Process) { p.KillProviders() }},
		"SIGKILL of the CLI":      {end: func(p *acctest.Process) { p.Signal(syscall.SIGKILL) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			// The answer to the second message stops after some bytes, until the session is closed from outside.
			s.server.AddFault("sessions.message:body:delay=1h,bytes=8,skip=1")
			s.main(conversation("k"))
			process := s.Start("apply", "-auto-approve", "-no-color")
			<-s.server.Await("sessions.message", 2)
			process.EndProvidersWithTest()
			c.end(process)
			want, charged := secondFails, "$0.05" // closing in mid-stream gives the message back
			if c.dies {
				want, charged = twoOnly, "$0.10"
				process.Wait()
				process.AwaitProviders()
			} else {
				s.outside(s.server.Key(), http.MethodDelete, "/sessions/"+s.sessions()[0].ID, "")
				process.Wait()
			}
			if c.saved {
				s.mustHave("k", want)
			}
			second := s.MustApply()
			if !c.saved && !strings.Contains(second.Output, "Earlier purchase taken over") {
				t.Errorf("the reader is not told:\n%s", second.Raw)
			}
			s.mustHave("k", want)
			s.mustHaveCharged(charged, 2, 1)
		})
	}
}

// TestAccKilled kills the provider at each boundary of a conversation: the next run finds what there is, knows what was paid, closes it, and sends
// nothing.
func TestAccKilled(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]struct {
		operation string
		n         int
		turns     string
		charged   string
		charges   int
	}{
		// Nothing is noted yet: the session is found by what is new, and that nothing was sent is seen from what AUTX has counted.
		"sessions.open:after:delay=1h":             {"sessions.open", 1, noneSent, "$0.00", 0},
		"sessions.message:after:delay=1h":          {"sessions.message", 1, oneOnly, "$0.05", 1},
		"sessions.message:body:delay=1h,bytes=0":   {"sessions.message", 1, oneOnly, "$0.05", 1},
		"sessions.message:after:delay=1h,skip=2":   {"sessions.message", 3, allThree, "$0.15", 3},
		"sessions.message:after:status=500,skip=1": {"sessions.get", 1, twoOnly, "$0.10", 2},
		"sessions.end:before:hang":                 {"sessions.end", 1, allThree, "$0.15", 3},
		"sessions.end:after:delay=1h":              {"sessions.end", 1, allThree, "$0.15", 3},
		"sessions.get:after:delay=1h":              {"sessions.get", 1, allThree, "$0.15", 3},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			s.server.AddFault(rule)
			if want.operation == "sessions.get" && !strings.HasPrefix(rule, "sessions.get") {
				s.server.AddFault("sessions.get:after:delay=1h")
			}
			s.main(conversation("k"))
			process := s.Start("apply", "-auto-approve", "-no-color")
			<-s.server.Await(want.operation, want.n)
			process.EndProvidersWithTest()
			process.KillProviders()
			process.Wait()
			second := s.MustApply()
			if !strings.Contains(second.Output, "Earlier purchase taken over") {
				t.Errorf("the reader is not told:\n%s", second.Raw)
			}
			s.mustHave("k", want.turns)
			s.mustHaveCharged(want.charged, want.charges, 1)
		})
	}
}
