package agent_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccTickerChange changes the ticker: refused while the agent is protected, and a replacement that says what it costs and loses when it is not.
func TestAccTickerChange(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	protected := args{"deletion_protection": ""}
	cli.Write("main.tf", agent("a", args{"ticker": `"OLD"`}, protected))
	cli.Settle(each("create", "a"))
	first := must(t, server, "OLD").ID

	// Another case of the letters is the same ticker.
	cli.Write("main.tf", agent("a", args{"ticker": `"old"`}, protected))
	cli.MustBeSettled()

	cli.Write("main.tf", agent("a", args{"ticker": `"NEW"`, "name": `"New"`}, protected))
	cli.Report("plan").MustFail("ticker", "protected", "OLD", "NEW", "$20.00", "set deletion_protection = false and apply", "put the ticker back")

	// What is in state decides, so lifting the protection in the same step is too late.
	cli.Write("main.tf", agent("a", args{"ticker": `"NEW"`, "name": `"New"`}))
	cli.Report("plan").MustFail("ticker", "protected")

	cli.Write("main.tf", agent("a", args{"ticker": `"OLD"`}))
	cli.Settle(each("update", "a"))

	cli.Write("main.tf", agent("a", args{"ticker": `"NEW"`, "name": `"New"`}))
	cli.Look().MustDo(each("replace", "a")).MustWarn("ticker", first, "OLD", "NEW", "$20.00", "not refunded")
	change := changeOf(t, cli.ShowPlan(), address("a"))
	planned := changed(change)
	for path, want := range map[string][2]any{
		"ticker": {"OLD", "NEW"}, "id": {first, unknown}, "spend.authorized_usd": {nil, nil}, "spend.charged_usd": {"20", unknown},
	} {
		if planned[path] != want {
			t.Errorf("the plan changes %s by %v, want %v", path, planned[path], want)
		}
	}
	if authorized := change.After.(map[string]any)["spend"].(map[string]any)["authorized_usd"]; authorized != "20" {
		t.Errorf("the replacement authorises %v", authorized)
	}
	server.ClearRequests()
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if found(server, "OLD") != nil || must(t, server, "NEW").ID == first {
		t.Errorf("there are %+v", server.State().Agents)
	}
	sent := acctest.Sent(server)
	if sent["agents.delete"] != 1 || sent["agents.create"] != 1 {
		t.Errorf("the replacement sent %v", sent)
	}
	if diff := cmp.Diff([]string{"consume 20", "consume 20"}, ledger(server)); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
}

// TestAccDeletionProtection destroys a protected agent: refused at plan, until the protection is lifted by configuration, or by the environment where the
// service is on this machine.
func TestAccDeletionProtection(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("byenv", args{"deletion_protection": ""})+agent("byconf", args{"deletion_protection": "true"}))
	cli.Settle(each("create", "byenv", "byconf"))

	refused := func(report *acctest.Report, label string) {
		t.Helper()
		for _, d := range report.Errors() {
			if d.Address == address(label) || d.Address == "" {
				report.MustSay("error", d.Attribute(), "protected from deletion", tickerOf(label), "set deletion_protection = false, apply")
				return
			}
		}
		t.Errorf("nothing protects %s: %v", label, report.Diagnostics)
	}
	both := cli.Report("plan", "-destroy")
	if both.Code == 0 {
		t.Error("the plan to destroy protected agents succeeds")
	}
	refused(both, "byenv")
	refused(both, "byconf")

	// Taking the block out of the configuration does not lift it either.
	cli.Write("main.tf", agent("byenv", args{"deletion_protection": ""}))
	refused(cli.Report("plan"), "byconf")
	if cli.Run("apply", "-auto-approve").Code == 0 || len(server.State().Agents) != 2 {
		t.Fatal("a protected agent was destroyed")
	}

	cli.Write("main.tf", agent("byenv", args{"deletion_protection": ""})+agent("byconf"))
	cli.Settle(each("update", "byconf"))
	cli.Write("main.tf", agent("byenv", args{"deletion_protection": ""}))
	cli.Settle(each("delete", "byconf"))
	if found(server, "BYCONF") != nil {
		t.Error("the agent is still listed")
	}

	plain := cli.Env
	cli.Env = append(append([]string{}, plain...), "AUTX_DELETION_PROTECTION=on")
	refused(cli.Report("plan", "-destroy"), "byenv")
	cli.Env = append(append([]string{}, plain...), "AUTX_DELETION_PROTECTION=off")
	cli.Look("-destroy").MustDo(each("delete", "byenv"))
	cli.ApplyPlan().MustSucceed()
	if len(server.State().Agents) != 0 {
		t.Error("the agent is still listed")
	}
}

// TestAccProtectionReturns turns the protection on and off again: only what an apply has put into state counts.
func TestAccProtectionReturns(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("back"))
	cli.Settle(each("create", "back"))
	cli.Write("main.tf", agent("back", args{"deletion_protection": "true"}))
	cli.Look("-destroy").MustDo(each("delete", "back")) // not applied yet, so not protected yet
	server.ClearRequests()
	cli.Settle(each("update", "back"))
	if writes := acctest.Writes(server); len(writes) != 0 {
		t.Errorf("the protection is Terraform's alone, but it sent %v", writes)
	}
	if cli.Report("plan", "-destroy").Code == 0 {
		t.Error("the agent is not protected")
	}
}
