package examples_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// useCase starts a workspace with all files of a use case.
func useCase(t *testing.T, name string, options ...mockserver.Option) *workspace {
	t.Helper()

	directory := path.Join("use-cases", name)
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, entry := range entries {
		files = append(files, path.Join(directory, entry.Name()))
	}

	return newWorkspace(t, options, files...)
}

// outputs reads the outputs of the last apply into a value.
func (w *workspace) outputs(t *testing.T, name string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(w.run(t, "output", "-json", name)), into); err != nil {
		t.Fatalf("output %s: %v", name, err)
	}
}

// TestUseCasesAreTold finds a use case that nobody applies, or that the overview forgot.
func TestUseCasesAreTold(t *testing.T) {
	t.Parallel()

	applied := map[string]bool{"agents-in-git": true, "spending-review": true, "lookups": true}
	overview := read(t, "use-cases/README.md")
	err := filepath.WalkDir("use-cases", func(at string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() || at == "use-cases" {
			return err
		}
		if !applied[entry.Name()] {
			t.Errorf("%s is applied by no test", at)
		}
		if !strings.Contains(overview, "]("+entry.Name()+")") {
			t.Errorf("the overview does not tell of %s", at)
		}

		return fs.SkipDir
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAccUseCaseAgentsInGit launches the catalogue, changes a price in it and takes an agent out of it.
func TestAccUseCaseAgentsInGit(t *testing.T) {
	t.Parallel()

	w := useCase(t, "agents-in-git")
	w.apply(t)
	var fees map[string]string
	w.outputs(t, "launch_fees", &fees)
	if len(fees) != 2 || w.requested(t, "agents.create") != 2 {
		t.Fatalf("the fees are %v after %d launches", fees, w.requested(t, "agents.create"))
	}
	var revenue map[string]struct{ Platform, Creator, Buyback string }
	w.outputs(t, "revenue", &revenue)
	if got := revenue["BRIEF"].Creator; got != "0.324" {
		t.Errorf("the creator of BRIEF gets %q of $0.45", got)
	}

	catalogue := read(t, "use-cases/agents-in-git/catalogue.yaml")
	w.write(t, "catalogue.yaml", strings.Replace(catalogue, `service_price: "0.45"`, `service_price: "0.40"`, 1))
	w.apply(t)
	if price := w.attribute(t, `autx_agent.this["BRIEF"]`, "service_price"); price != "0.40" {
		t.Errorf("the price is %v after the change", price)
	}
	if w.requested(t, "agents.create") != 2 || w.requested(t, "agents.update") != 1 {
		t.Error("a change of a price is not one update")
	}

	kept, _, _ := strings.Cut(catalogue, "TABLES:")
	w.write(t, "catalogue.yaml", kept)
	if out := w.run(t, "apply", "-auto-approve", "-input=false"); !strings.Contains(out, "Agent TABLES") {
		t.Errorf("the apply does not warn of what is delisted:\n%s", out)
	}
	if w.requested(t, "agents.delete") != 1 {
		t.Error("an agent that was taken out of the catalogue is still listed")
	}
}

// TestAccUseCaseSpendingReview buys once for each key, and not above the limits.
func TestAccUseCaseSpendingReview(t *testing.T) {
	t.Parallel()

	w := useCase(t, "spending-review")
	w.apply(t)
	var authorized, charged, followUp string
	w.outputs(t, "authorized_usd", &authorized)
	w.outputs(t, "charged_usd", &charged)
	w.outputs(t, "follow_up", &followUp)
	if authorized != "0.80" || charged != "0.60" || followUp != "Echo: Which of it should the next report come back to?" {
		t.Errorf("authorised %s, charged %s, answered %q", authorized, charged, followUp)
	}
	w.apply(t)
	if orders, turns := w.requested(t, "orders.create"), w.requested(t, "sessions.message"); orders != 1 || turns != 2 {
		t.Errorf("%d orders and %d messages were paid", orders, turns)
	}
	w.set("month", "2026-12")
	if status, out := w.try(t, w.cli, "apply", "-auto-approve", "-input=false", "-no-color"); status != 0 {
		t.Fatalf("another month can't be ordered:\n%s", out)
	}
	if orders, turns := w.requested(t, "orders.create"), w.requested(t, "sessions.message"); orders != 2 || turns != 4 {
		t.Errorf("%d orders and %d messages were paid in two months", orders, turns)
	}
}

// TestAccUseCaseLookups answers a pipeline's questions and changes nothing.
func TestAccUseCaseLookups(t *testing.T) {
	t.Parallel()

	w := useCase(t, "lookups")
	w.apply(t)
	var agent struct{ ID, Price string }
	var suffice, free bool
	w.outputs(t, "agent", &agent)
	w.outputs(t, "credits_suffice", &suffice)
	w.outputs(t, "ticker_is_free", &free)
	if agent.ID == "" || agent.Price != "0.5" && agent.Price != "0.50" || !suffice || !free {
		t.Errorf("the agent is %+v; enough credits: %t; ticker free: %t", agent, suffice, free)
	}
	for _, entry := range w.server.Requests() {
		if entry.Committed || entry.Method != http.MethodGet {
			t.Errorf("a lookup made the request %s %s", entry.Method, entry.Path)
		}
	}

	w.set("budget_usd", "0.10")
	status, out := w.try(t, w.cli, "plan", "-input=false", "-no-color")
	// The CLI breaks lines where they are full.
	if status == 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), "No text agent costs at most 0.10 US dollars a request.") {
		t.Errorf("a budget that fits no agent ends with status %d:\n%s", status, out)
	}
}
