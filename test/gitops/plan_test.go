package gitops_test

import (
	"strings"
	"testing"
)

// What the example's budget files ask for, and what the mock server's agents take for it.
const (
	papers  = "Summarize what changed in retrieval-augmented generation this month."
	sources = "Which sources does the summary of November rest on?"
	tickets = "Summarize the tickets of week 47 in three sentences."
)

// TestAccGitOpsPlan holds the plan of a pull request to showing each amount and to moving no money.
func TestAccGitOpsPlan(t *testing.T) {
	t.Parallel()
	eachCLI(t, func(t *testing.T, cli string) {
		t.Helper()
		w := newWorkspace(t, cli, startMock(t))
		plan := w.plan(t)

		expectEqual(t, "what the plan authorises", planned(t, plan), map[string]string{papers: "0.6", sources: "1", tickets: "0.5"})
		if text := w.run(t, 0, "show", "plan"); !strings.Contains(text, `authorized_usd = "2.10"`) || strings.Contains(text, "Warning") {
			t.Errorf("the plan does not show the total, or warns:\n%s", text)
		}
		expectEqual(t, "what the policy denies", denied(t, plan, nil), nil)
		expectEqual(t, "the sum of the README's line", sumOfReadme(t, plan), "2.1")
		expectEqual(t, "the requests that write", w.mock.writes(t), nil)
	})
}

// TestAccGitOpsReadOnlyApply applies an approved plan where read_only was not lifted.
func TestAccGitOpsReadOnlyApply(t *testing.T) {
	t.Parallel()
	eachCLI(t, func(t *testing.T, cli string) {
		t.Helper()
		w := newWorkspace(t, cli, startMock(t))
		w.plan(t)
		if text := w.run(t, refused, "apply", "plan"); !strings.Contains(text, "spending.max_per_apply is $0.00") {
			t.Errorf("the refusal does not tell its reason:\n%s", text)
		}
		expectEqual(t, "the requests that write", w.mock.writes(t), nil)
		paid, balance := w.mock.bought(t)
		expectEqual(t, "what was bought", paid, map[string][]string{})
		expectEqual(t, "the balance", balance, "100")
	})
}

// TestAccGitOpsRefusedPlans makes pull requests that have to fail, each for its own reason, before anything is bought.
func TestAccGitOpsRefusedPlans(t *testing.T) {
	t.Parallel()
	const research = "budgets/research.yaml"
	cases := map[string]struct {
		file, old, replacement string
		reason                 string
	}{
		"over the team's cap":      {research, `cap_usd: "5.00"`, `cap_usd: "1.599999"`, "research authorises $1.60 of $1.599999"},
		"over the total":           {"variables.tf", `"25.00"`, `"2.099999"`, "more than max_total, $2.099999"},
		"over one apply":           {"variables.tf", `"10.00"`, `"2.09"`, "This run authorises $2.10 in 3 purchases"},
		"over one purchase":        {"variables.tf", `"5.00"`, `"0.99"`, "max_per_purchase"},
		"price above":              {research, `"0.60"`, `"0.40"`, "Price is above max_price"},
		"no such agent":            {research, "agent: SUMM", "agent: NOSUCH", "NOSUCH"},
		"balance short":            {"variables.tf", `"20.00"`, `"97.91"`, "Balance may not suffice"},
		"seven decimals":           {research, `"0.60"`, `"0.6000001"`, "at most six decimals"},
		"a comma":                  {research, `"0.60"`, `"0,60"`, "at most six decimals"},
		"an exponent":              {research, `"0.60"`, `"1e1"`, "at most six decimals"},
		"a negative amount":        {research, `"0.60"`, `"-1"`, "at most six decimals"},
		"a cap that is no amount":  {research, `cap_usd: "5.00"`, `cap_usd: unlimited`, "cap_usd is an amount"},
		"two orders under one key": {research, "papers-2026-11-sources", "papers-2026-11", "Two orders of the team have the same key"},
		"nobody answers":           {research, "research@example.com", `""`, "Each budget has an owner"},
	}
	eachCLI(t, func(t *testing.T, cli string) {
		t.Helper()
		w := newWorkspace(t, cli, startMock(t))
		for name, c := range cases {
			before := read(t, w.dir+"/"+c.file)
			w.replace(t, c.file, c.old, c.replacement)
			if text := w.run(t, refused, "plan"); !strings.Contains(text, c.reason) {
				t.Errorf("%s: the plan fails, but does not say %q:\n%s", name, c.reason, text)
			}
			w.write(t, c.file, before)
		}
		expectEqual(t, "the requests that write", w.mock.writes(t), nil)
	})
}

// TestAccGitOpsWarnings holds the checks to warning early and to blocking nothing.
func TestAccGitOpsWarnings(t *testing.T) {
	t.Parallel()
	eachCLI(t, func(t *testing.T, cli string) {
		t.Helper()
		w := newWorkspace(t, cli, startMock(t)).spend()
		w.replace(t, "budgets/research.yaml", `cap_usd: "5.00"`, `cap_usd: "1.70"`)
		w.replace(t, "budgets/support.yaml", `floor_usd: "25.00"`, `floor_usd: "100.01"`)
		w.replace(t, "budgets/support.yaml", `target_usd: "50.00"`, `target_usd: "200"`)
		w.replace(t, "variables.tf", `"20.00"`, `"97.91"`)
		text := w.run(t, somethingTo, "plan", "-detailed-exitcode")
		for _, warning := range []string{"Above 90 % of its cap: research.", "$100 is available. That does not cover keep_balance, $97.91", "100.01"} {
			if !strings.Contains(text, warning) {
				t.Errorf("the plan does not warn of %q:\n%s", warning, text)
			}
		}
	})
}
