package agent_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// holding starts an apply and waits until its launch is held: before it is carried out, or after, before the answer goes back.
func (s *scene) holding(gate *acctest.Gate, before bool) (*acctest.Process, *acctest.Held) {
	s.t.Helper()
	hold := gate.HoldAnswer
	if before {
		hold = gate.HoldRequest
	}
	held := hold(http.MethodPost, "/agents/")
	process := s.Start("apply", "-auto-approve", "-no-color")
	held.Arrived()
	process.EndProvidersWithTest()
	wanted := 1
	if before {
		wanted = 0
	}
	if got := s.requests("agents.create"); got != wanted {
		s.t.Fatalf("the launch is held, and the server has seen %d of them", got)
	}
	return process, held
}

// traced lets the next commands write a log, and gives it.
func (s *scene) traced() (log func() []byte, untraced func()) {
	s.t.Helper()
	name := filepath.Join(s.t.TempDir(), "trace.log")
	s.Setenv("TF_LOG", "TRACE")
	s.Setenv("TF_LOG_PATH", name)
	return func() []byte {
			data, err := os.ReadFile(name)
			if err != nil {
				return nil
			}
			return data
		}, func() {
			s.Setenv("TF_LOG", "")
			s.Setenv("TF_LOG_PATH", "")
		}
}

// phases are whether the launch has been carried out when the signal comes.
var phases = map[string]bool{"before": true, "after": false}

// TestAccSignalOnce interrupts an apply in the middle of a launch as a terminal and as a CI runner do. The launch runs to its answer and is saved; what
// comes after it is not begun.
func TestAccSignalOnce(t *testing.T) {
	t.Parallel()
	results := newTable("signal", "launch", "charged", "charged in the end", "told")
	t.Cleanup(func() { results.log(t) })
	endings := map[string]func(*acctest.Process){
		"SIGINT to the group":  func(p *acctest.Process) { p.SignalGroup(syscall.SIGINT) },
		"SIGINT to the CLI":    func(p *acctest.Process) { p.Signal(syscall.SIGINT) },
		"SIGTERM to the CLI":   func(p *acctest.Process) { p.Signal(syscall.SIGTERM) },
		"SIGTERM to the group": func(p *acctest.Process) { p.SignalGroup(syscall.SIGTERM) },
	}
	for name, end := range endings {
		for phase, before := range phases {
			t.Run(name+" "+phase, func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				gate := s.gate()
				s.configure(agentBlock("a", "ONE"), agentBlock("b", "TWO", "depends_on = [autx_agent.a]"))
				log, untraced := s.traced()
				process, held := s.holding(gate, before)
				end(process)
				process.Await("Gracefully shutting down")
				acctest.Eventually(t, "the provider was told to stop", func() bool { return bytes.Contains(log(), []byte("tf_rpc=StopProvider")) })
				held.Release()
				first := process.Wait()
				if strings.Contains(first.Output, "was lost") {
					t.Errorf("the launch was cut short, and had to be looked up:\n%s", first.Raw)
				}
				charged := s.charged()
				s.mustHaveCharged("$20.00")
				s.mustHaveAgents("ONE")
				s.mustHaveSent("agents.create", 1)
				s.mustHaveStored(map[string]string{"autx_agent.a": "ONE"})

				untraced()
				s.mustSay(s.MustApply(), "Resources: 1 added, 0 changed, 0 destroyed.")
				s.mustHaveCharged("$40.00")
				s.mustHaveAgents("ONE", "TWO")
				s.mustHaveSent("agents.create", 2)
				s.mustHaveStored(map[string]string{"autx_agent.a": "ONE", "autx_agent.b": "TWO"})
				s.MustBeEmpty()
				results.add(name, phase, charged, s.charged(), summaries(first))
			})
		}
	}
}

// TestAccSignalKill ends an apply in the middle of a launch without leaving the provider any time. Only the intent in the journal survives, and the next
// apply looks before it buys.
func TestAccSignalKill(t *testing.T) {
	t.Parallel()
	results := newTable("signal", "launch", "charged", "charged in the end", "told in the end")
	t.Cleanup(func() { results.log(t) })
	endings := map[string]func(*acctest.Process){
		"SIGINT twice to the group": func(p *acctest.Process) {
			p.SignalGroup(syscall.SIGINT)
			p.Await("Gracefully shutting down")
			p.SignalGroup(syscall.SIGINT)
		},
		"SIGINT twice to the CLI": func(p *acctest.Process) {
			p.Signal(syscall.SIGINT)
			p.Await("Gracefully shutting down")
			p.Signal(syscall.SIGINT)
		},
		"SIGKILL of the provider": func(p *acctest.Process) {
			if n := p.KillProviders(); n != 1 {
				t.Errorf("%d providers were running", n)
			}
		},
		"SIGABRT of the provider": func(p *acctest.Process) { p.SignalProviders(syscall.SIGABRT) },
		"SIGKILL of the group":    func(p *acctest.Process) { p.SignalGroup(syscall.SIGKILL) },
	}
	for name, end := range endings {
		for phase, before := range phases {
			t.Run(name+" "+phase, func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				gate := s.gate()
				s.configure(agentBlock("a", "ONE"))
				process, held := s.holding(gate, before)
				end(process)
				first := process.Wait()
				charged := s.charged()
				if first.Code == 0 {
					t.Errorf("the apply has succeeded:\n%s", first.Raw)
				}
				s.mustHaveStored(nil)
				process.AwaitProviders()
				held.Gone()

				s.mustSay(s.MustRun("plan", "-no-color"), "Warning: Earlier purchase is still open")
				again := s.MustApply()
				if before {
					s.mustHaveSent("agents.create", 1)
				} else {
					s.mustSay(again, "Warning: Earlier purchase taken over", "This run charges nothing for it.")
					s.mustHaveSent("agents.create", 1)
				}
				s.mustBeWhole("autx_agent.a", "ONE")
				results.add(name, phase, charged, s.charged(), summaries(again))
			})
		}
	}
}

// TestAccSignalOrphan kills the CLI alone, and the next apply begins at once. The orphaned provider lives on and finishes its launch; the next apply waits
// for it and takes its result over.
func TestAccSignalOrphan(t *testing.T) {
	t.Parallel()
	results := newTable("signal", "launch", "charged at once", "charged in the end", "told in the end")
	t.Cleanup(func() { results.log(t) })
	endings := map[string]struct {
		end    func(*acctest.Process)
		traced bool
		until  string // what the next apply writes before the launch goes on
	}{
		"SIGKILL of the CLI":          {end: func(p *acctest.Process) { p.Signal(syscall.SIGKILL) }, until: "autx_agent.a: Creating..."},
		"SIGKILL of a logging CLI":    {end: func(p *acctest.Process) { p.Signal(syscall.SIGKILL) }, until: "autx_agent.a: Creating...", traced: true},
		"SIGKILL and a long launch":   {end: func(p *acctest.Process) { p.Signal(syscall.SIGKILL) }, until: "autx_agent.a: Still creating"},
		"SIGHUP of a closed terminal": {end: func(p *acctest.Process) { p.SignalGroup(syscall.SIGHUP) }, until: "autx_agent.a: Creating..."},
	}
	for name, ending := range endings {
		for phase, before := range phases {
			t.Run(name+" "+phase, func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				gate := s.gate()
				s.configure(agentBlock("a", "ONE"))
				untraced := func() {}
				if ending.traced {
					_, untraced = s.traced()
				}
				process, held := s.holding(gate, before)
				ending.end(process)
				process.Wait()
				charged := s.charged()
				s.mustHaveStored(nil)
				if !process.ProvidersRun() {
					t.Fatal("the provider died with its CLI")
				}

				untraced()
				next := s.Start("apply", "-auto-approve", "-no-color")
				next.Await(ending.until)
				held.Release()
				again := next.Wait()
				if again.Code != 0 {
					t.Fatalf("the next apply failed:\n%s", again.Raw)
				}
				s.mustSay(again, "Warning: Earlier purchase taken over", "an earlier run made the launch of agent ONE")
				process.AwaitProviders() // the orphan has nothing left to do
				s.mustHaveSent("agents.create", 1)
				s.mustBeWhole("autx_agent.a", "ONE")
				results.add(name, phase, charged, s.charged(), summaries(again))
			})
		}
	}
}
