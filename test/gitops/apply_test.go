package gitops_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// once is what the server has to have seen when each order of the example was bought once.
func once() map[string][]string {
	return map[string][]string{papers: {"0.5"}, sources: {"1"}, tickets: {"0.5"}}
}

// expectOnce holds the server to having charged for each order once.
func expectOnce(t *testing.T, m *mock) {
	t.Helper()
	paid, balance := m.bought(t)
	expectEqual(t, "what was bought", paid, once())
	expectEqual(t, "the balance", balance, "98")
}

// TestAccGitOpsApply merges: what was planned is bought, once, and from then on there is nothing to do.
func TestAccGitOpsApply(t *testing.T) {
	t.Parallel()
	eachCLI(t, func(t *testing.T, cli string) {
		t.Helper()
		w := newWorkspace(t, cli, startMock(t)).spend()
		plan := w.plan(t)
		expectEqual(t, "the requests that write, before the apply", w.mock.writes(t), nil)
		expectEqual(t, "the number of planned orders", len(planned(t, plan)), 3)
		w.run(t, 0, "apply", "plan")
		expectOnce(t, w.mock)

		w.run(t, nothingToDo, "plan", "-detailed-exitcode")
		w.run(t, 0, "apply", "-auto-approve")
		expectOnce(t, w.mock)
		expectEqual(t, "the number of requests that write", len(w.mock.writes(t)), 3)
	})
}

// TestAccGitOpsNewKey lets a team buy again: one more order, and a warning of the one that is given up.
func TestAccGitOpsNewKey(t *testing.T) {
	t.Parallel()
	eachCLI(t, func(t *testing.T, cli string) {
		t.Helper()
		w := newWorkspace(t, cli, startMock(t)).spend()
		w.run(t, 0, "apply", "-auto-approve")
		w.replace(t, "budgets/support.yaml", "tickets-2026-w47", "tickets-2026-w48")
		plan := w.plan(t)
		expectEqual(t, "what the plan authorises", planned(t, plan), map[string]string{tickets: "0.5"})
		expectEqual(t, "the sum of the README's line", sumOfReadme(t, plan), "0.5")
		expectEqual(t, "what the policy denies", denied(t, plan, nil), nil)
		expectEqual(t, "what the policy warns of", warned(t, plan), []string{
			`module.team["support"].autx_order.this["tickets-2026-w47"]: what cost $0.5 is forgotten, and nothing is refunded`,
		})
		w.run(t, 0, "apply", "plan")
		paid, balance := w.mock.bought(t)
		expectEqual(t, "the orders for the tickets", paid[tickets], []string{"0.5", "0.5"})
		expectEqual(t, "the balance", balance, "97.5")

		// Another prompt under a used key is not another order.
		w.replace(t, "budgets/support.yaml", "three sentences", "four sentences")
		if text := w.run(t, refused, "plan"); !strings.Contains(text, "idempotency_key") {
			t.Errorf("the refusal does not name the way out:\n%s", text)
		}
	})
}

// TestAccGitOpsHalfWay lets the second order be refused: the first is kept, and the next run buys what is missing.
func TestAccGitOpsHalfWay(t *testing.T) {
	t.Parallel()
	eachCLI(t, func(t *testing.T, cli string) {
		t.Helper()
		w := newWorkspace(t, cli, startMock(t, "orders.create:before:status=503,skip=1")).spend()
		w.run(t, refused, "apply", "-auto-approve", "-parallelism=1")
		paid, _ := w.mock.bought(t)
		if len(paid) == 0 || len(paid) == 3 {
			t.Errorf("%d orders were bought, and the run was to end half-way", len(paid))
		}
		w.run(t, 0, "apply", "-auto-approve")
		expectOnce(t, w.mock)
		w.run(t, nothingToDo, "plan", "-detailed-exitcode")
	})
}

// TestAccGitOpsLosses loses an answer, the state and the journal, as the README's last section says, and counts what was bought.
func TestAccGitOpsLosses(t *testing.T) {
	t.Parallel()
	eachCLI(t, func(t *testing.T, cli string) {
		t.Helper()
		w := newWorkspace(t, cli, startMock(t, "orders.create:after:reset")).spend()
		w.run(t, 0, "apply", "-auto-approve", "-parallelism=1")
		expectOnce(t, w.mock)

		// The state is lost, the journal is not.
		w.remove(t, "terraform.tfstate")
		w.run(t, 0, "apply", "-auto-approve")
		expectOnce(t, w.mock)

		// The journal is lost, the state is not: the plan notes it in a new one, which the next loss of the state needs.
		w.remove(t, ".autx-journal")
		w.run(t, nothingToDo, "plan", "-detailed-exitcode")
		w.remove(t, "terraform.tfstate")
		w.run(t, 0, "apply", "-auto-approve")
		expectOnce(t, w.mock)

		// Both are lost.
		w.remove(t, ".autx-journal", "terraform.tfstate")
		w.run(t, 0, "apply", "-auto-approve")
		paid, balance := w.mock.bought(t)
		expectEqual(t, "the orders for the papers", len(paid[papers]), 2)
		expectEqual(t, "the balance", balance, "96")
	})
}

// TestAccGitOpsCLITest runs the example's own tests, with the command in their first line.
func TestAccGitOpsCLITest(t *testing.T) {
	t.Parallel()
	eachCLI(t, func(t *testing.T, cli string) {
		t.Helper()
		const command = "autx-mockserver run -- terraform test"
		if first, _, _ := strings.Cut(read(t, kit+"/tests/budget.tftest.hcl"), "\n"); first != "# "+command {
			t.Fatalf("the tests are run with %q", first)
		}
		w := newWorkspace(t, cli, nil)
		mocked := *w
		mocked.cli = filepath.Join(programs, "autx-mockserver")
		text := mocked.run(t, 0, "run", "-listen", "127.0.0.1:0", "--", cli, "test", "-no-color")
		if runs := strings.Count(read(t, kit+"/tests/budget.tftest.hcl"), "\nrun \""); runs != 7 || !strings.Contains(text, "7 passed, 0 failed") {
			t.Errorf("not all of the %d runs passed:\n%s", runs, text)
		}
	})
}
