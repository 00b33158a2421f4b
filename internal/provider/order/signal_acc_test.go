package order_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccInterruptedWait interrupts an apply that waits for an agent's answer: the order is saved as pending, and the next plan only reads what became of
// it.
func TestAccInterruptedWait(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*acctest.Process){
		"SIGINT to the CLI":    func(p *acctest.Process) { p.Signal(syscall.SIGINT) },
		"SIGTERM to the group": func(p *acctest.Process) { p.SignalGroup(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t, mockserver.WithAssume("orders.delay", "1h"))
			s.main(order("k"), order("later", args{"depends_on": "[autx_order.k]"}))
			process := s.Start("apply", "-auto-approve", "-no-color")
			<-s.server.Await("orders.get", 1)
			end(process)
			first := process.Wait()
			if !strings.Contains(first.Output, "Order was not waited for") || !strings.Contains(first.Output, "Nothing is bought again") {
				t.Errorf("the reader is not told:\n%s", first.Raw)
			}
			s.mustHaveStored(map[string]string{address("k"): "Prompt of k"})
			s.mustHaveCharged("$0.50", 1)
			s.server.Advance(time.Hour)
			s.main(order("k"))
			s.Look().MustDo(nil)
			s.MustApply()
			if got := s.Attributes(address("k"))["output_text"]; got != "Echo: Prompt of k" {
				t.Errorf("the answer is %v", got)
			}
			s.mustOwn("$0.50", 1, "k")
		})
	}
}

// TestAccInterruptedPurchase interrupts and kills an apply whose order is on its way: it is bought once, and found again where it could not be saved.
func TestAccInterruptedPurchase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end   func(*acctest.Process)
		saved bool
	}{
		"SIGINT": {saved: true, end: func(p *acctest.Process) {
			p.SignalGroup(syscall.SIGINT)
			p.Await("Gracefully shutting down")
		}},
		"SIGINT twice": {end: func(p *acctest.Process) {
			p.SignalGroup(syscall.SIGINT)
			p.Await("Gracefully shutting down")
			p.SignalGroup(syscall.SIGINT)
		}},
		"SIGKILL of the provider": {end: func(p *acctest.Process) { p.KillProviders() }},
		"SIGKILL of the CLI":      {end: func(p *acctest.Process) { p.Signal(syscall.SIGKILL) }},
	} {
		for phase, hold := range map[string]func(*acctest.Gate, string, string) *acctest.Held{"before": (*acctest.Gate).HoldRequest, "after": (*acctest.Gate).HoldAnswer} {
			t.Run(name+" "+phase, func(t *testing.T) {
				t.Parallel()
				s := begin(t)
				gate := s.gate()
				s.main(order("k"))
				held := hold(gate, http.MethodPost, "/orders/")
				process := s.Start("apply", "-auto-approve", "-no-color")
				held.Arrived()
				process.EndProvidersWithTest()
				c.end(process)
				if c.saved {
					held.Release()
					process.Wait()
					s.mustHaveStored(map[string]string{address("k"): "Prompt of k"})
				} else {
					process.Wait()
					s.mustHaveStored(nil)
					held.Release()
				}
				s.MustApply()
				s.mustOwn("$0.50", 1, "k")
			})
		}
	}
}

// TestAccKilledWait kills the provider while it waits for the answer of an order that is paid for and not saved yet: the next apply takes it over.
func TestAccKilledWait(t *testing.T) {
	t.Parallel()
	s := begin(t, mockserver.WithAssume("orders.delay", "1h"))
	s.main(order("k"))
	process := s.Start("apply", "-auto-approve", "-no-color")
	<-s.server.Await("orders.get", 1)
	process.EndProvidersWithTest()
	process.KillProviders()
	process.Wait()
	s.mustHaveStored(nil)
	s.server.Advance(time.Hour)
	result := s.MustApply()
	if !strings.Contains(result.Output, "Earlier purchase taken over") {
		t.Errorf("the reader is not told:\n%s", result.Raw)
	}
	s.mustOwn("$0.50", 1, "k")
}

// TestAccPostcondition checks for the answer as the documentation tells to: a failed order fails the run, is kept, and is not bought again.
func TestAccPostcondition(t *testing.T) {
	t.Parallel()
	s := begin(t)
	condition := args{"!": "lifecycle {\n    postcondition {\n      condition = self.status != \"failed\"\n      error_message = \"no answer\"\n    }\n  }", "agent_id": `"` + fail + `"`, "max_price": "2"}
	s.main(order("k", condition))
	for range 2 {
		s.Report("apply", "-auto-approve").MustSay("error", "condition", "no answer")
	}
	if total, n := s.charges(); total != "$0.00" || n != 1 {
		t.Errorf("charged %s in %d", total, n)
	}
	s.mustHaveStored(map[string]string{address("k"): "Prompt of k"})
	// Another key tries again.
	s.main(order("k", condition, args{"idempotency_key": `"again"`, "agent_id": `"` + summ + `"`}))
	s.MustApply()
	if total, n := s.charges(); total != "$0.50" || n != 2 {
		t.Errorf("charged %s in %d", total, n)
	}
}
