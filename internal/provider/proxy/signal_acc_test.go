package proxy_test

import (
	"net/http"
	"syscall"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccInterruptedRequest interrupts and kills an apply whose request is on its way: it is charged once at most, and found again in the ledger where its
// answer could not be saved.
func TestAccInterruptedRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end   func(*acctest.Process)
		saved bool
	}{
		"SIGINT": {saved: true, end: func(p *acctest.Process) {
			p.SignalGroup(syscall.SIGINT)
			p.Await("Gracefully shutting down")
		}},
		"SIGKILL of the provider": {end: func(p *acctest.Process) { p.KillProviders() }},
		"SIGKILL of the CLI":      {end: func(p *acctest.Process) { p.Signal(syscall.SIGKILL) }},
	} {
		for phase, hold := range map[string]func(*acctest.Gate, string, string) *acctest.Held{"before": (*acctest.Gate).HoldRequest, "after": (*acctest.Gate).HoldAnswer} {
			t.Run(name+" "+phase, func(t *testing.T) {
				t.Parallel()
				s := begin(t)
				gate := acctest.NewGate(t, s.server)
				s.Setenv("AUTX_BASE_URL", gate.URL())
				s.main(request("k"))
				held := hold(gate, http.MethodPost, "/proxy/*")
				process := s.Start("apply", "-auto-approve", "-no-color")
				held.Arrived()
				process.EndProvidersWithTest()
				c.end(process)
				kept := map[string]string{address("k"): "Echo: Prompt of k"}
				if c.saved {
					held.Release()
					process.Wait()
				} else {
					process.Wait()
					held.Release()
				}
				s.MustApply()
				if !c.saved && (name != "SIGKILL of the provider" || phase != "before") {
					kept[address("k")] = "" // charged by the first apply, whose answer nobody has
				}
				s.mustHold(kept, "0.5")
			})
		}
	}
}
