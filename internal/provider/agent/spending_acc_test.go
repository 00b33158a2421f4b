package agent_test

import (
	"fmt"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccSpendingIsOffByDefault plans without a spending block, is refused by the apply, and can do everything that costs nothing.
func TestAccSpendingIsOffByDefault(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{agents: []mockserver.SeedAgent{{Owner: me, Ticker: "OURS", Name: "Agent ours", EndpointURL: "https://ours.example.com/run"}}})
	cli.Remove("provider.tf")
	cli.Write("main.tf", agent("new"))
	block := "spending = {\n      max_per_apply = \"20.00\"\n    }"
	cli.Look().MustDo(each("create", "new")).MustWarn("", "Apply will refuse to charge", "launch of agent NEW", "up to $20.00", block)
	if authorized := changed(changeOf(t, cli.ShowPlan(), address("new")))["spend.authorized_usd"]; authorized != [2]any{nil, "20"} {
		t.Errorf("the plan authorises %v", authorized)
	}
	cli.ApplyPlan().MustFail("", "Spending is not allowed", "launch of agent NEW", "up to $20.00", "Nothing was sent", block)
	if writes := acctest.Writes(server); len(writes) != 0 || len(ledger(server)) != 0 || cli.Attributes(address("new")) != nil {
		t.Errorf("it sent %v, ledger %v", writes, ledger(server))
	}

	// The free launch of an account is refused as well: nothing tells beforehand that it is free.
	cli.Write("main.tf", "import {\n  to = autx_agent.ours\n  id = \"OURS\"\n}\n"+agent("ours", args{"service_price": `"7"`}))
	cli.Settle(each("update", "ours"))
	cli.Write("main.tf", agent("ours", args{"service_price": `"8"`, "description": `"d"`}))
	cli.Settle(each("update", "ours"))
	cli.MustRun("destroy", "-auto-approve")
	if len(server.State().Agents) != 0 || len(ledger(server)) != 0 {
		t.Errorf("agents %v, ledger %v", server.State().Agents, ledger(server))
	}
}

// TestAccMaxPerApply plans for more than one apply may authorise: the plan fails and names the purchases, nothing is sent.
func TestAccMaxPerApply(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	limit := func(text string) {
		cli.Write("provider.tf", fmt.Sprintf("provider \"autx\" {\n  spending = { max_per_apply = %s }\n}\n", text))
	}
	limit(`"59.99"`)
	cli.Write("main.tf", agent("one")+agent("two")+agent("three"))
	cli.Report("plan").MustFail("", "Over the limit of one apply", "$60.00 in 3 purchases", "$59.99", "launch of agent ONE", "launch of agent TWO", "launch of agent THREE", "-target")
	limit(`"60"`)
	cli.Look().MustDo(each("create", "one", "two", "three")).MustNotWarn()
	// A plan that was made under another limit does not outlive it: the limit of the apply is that of its own configuration, which the plan holds.
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()

	// Each run has the whole limit, and what exists does not count.
	limit("20.0")
	cli.Write("more.tf", agent("four"))
	cli.Settle(each("create", "four"))
	cli.Write("more.tf", agent("four")+agent("five")+agent("six"))
	cli.Report("plan").MustFail("", "$40.00 in 2 purchases", "$20.00", "launch of agent FIVE", "launch of agent SIX")
	// A replacement counts as much as a launch.
	cli.Write("more.tf", agent("four", args{"ticker": `"OTHER"`, "name": `"Other"`})+agent("five"))
	cli.Report("plan").MustFail("", "$40.00 in 2 purchases", "launch of agent OTHER", "launch of agent FIVE")
	cli.Write("more.tf", agent("four", args{"ticker": `"OTHER"`, "name": `"Other"`}))
	cli.Settle(each("replace", "four"))
	limit("0")
	cli.MustBeSettled()
	cli.Write("more.tf", agent("four", args{"ticker": `"OTHER"`, "name": `"Other"`})+agent("five"))
	cli.Report("plan").MustFail("", "Over the limit of one apply", "$0.00")
	if len(ledger(server)) != 5 {
		t.Errorf("ledger %v", ledger(server))
	}
}

// TestAccMaxPerApplyOverAliases plans with two provider blocks, each of which stays below its limit: together they may not cross it.
func TestAccMaxPerApplyOverAliases(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	block := "provider \"autx\" {\n  %s\n  spending = { max_per_apply = \"%s\" }\n}\n"
	second := args{"provider": "autx.second"}
	cli.Write("main.tf", agent("one")+agent("two", second))
	cli.Write("provider.tf", fmt.Sprintf(block, "", "39")+fmt.Sprintf(block, `alias = "second"`, "39"))
	if report := cli.Report("plan"); report.Code == 0 {
		t.Error("two blocks authorise $40.00 under a limit of $39.00")
	} else {
		report.MustSay("error", "", "Over the limit of one apply", "$40.00 in 2 purchases", "launch of agent ONE", "launch of agent TWO")
	}
	cli.Write("provider.tf", fmt.Sprintf(block, "", "40")+fmt.Sprintf(block, `alias = "second"`, "40"))
	cli.Settle(each("create", "one", "two"))
	if len(ledger(server)) != 2 {
		t.Errorf("ledger %v", ledger(server))
	}
}

// TestAccOtherLimits meets the limit of one purchase at plan, and that of the balance, and the balance itself, at apply: nothing is charged.
func TestAccOtherLimits(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{balance: "50"})
	limits := func(more string) {
		cli.Write("provider.tf", fmt.Sprintf("provider \"autx\" {\n  spending = {\n    max_per_apply = \"1000\"\n    %s\n  }\n}\n", more))
	}
	cli.Write("main.tf", agent("one"))
	limits(`max_per_purchase = "19.99"`)
	cli.Report("plan").MustFail("", "Over the limit of one purchase", "launch of agent ONE", "$20.00", "$19.99", "Raise max_per_purchase")

	limits("max_per_purchase = \"20\"\n    keep_balance = \"30.01\"")
	cli.Look().MustDo(each("create", "one"))
	cli.ApplyPlan().MustFail("", "Balance would fall too low", "launch of agent ONE", "$20.00", "$50.00 is available", "$30.01")
	limits(`keep_balance = "30"`)
	cli.Settle(each("create", "one"))
	cli.Write("main.tf", agent("one")+agent("two"))
	cli.Look().MustDo(each("create", "two"))
	cli.ApplyPlan().MustFail("", "Balance would fall too low", "$30.00 is available")

	limits("")
	cli.Settle(each("create", "two"))
	cli.Write("main.tf", agent("one")+agent("two")+agent("three"))
	cli.Look().MustDo(each("create", "three"))
	cli.ApplyPlan().MustFail("", "Could not launch agent THREE", "402", "Insufficient credits", "top up $10.00", "nothing was charged")
	if available(t, server) != "10" || cli.Attributes(address("three")) != nil {
		t.Errorf("the balance is %s", available(t, server))
	}
	// After a top-up the same configuration goes through.
	call(t, server, server.Key(), "POST", "/credits/deposit-test", `{"amount": "10.00"}`)
	cli.Settle(each("create", "three"))
}

// TestAccSpendingNeedsAJournal can't write the journal: the plan warns, the apply refuses, nothing is sent.
func TestAccSpendingNeedsAJournal(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("file", "not a directory")
	cli.Write("provider.tf", "provider \"autx\" {\n  spending = {\n    max_per_apply = \"100\"\n    journal = \"file/journal\"\n  }\n}\n")
	cli.Write("main.tf", agent("one"))
	cli.Look().MustDo(each("create", "one")).MustWarn("", "Purchase journal can't be used", "file/journal", "apply will refuse to charge")
	cli.ApplyPlan().MustFail("", "Purchase journal can't be used", "was not sent", "spending.journal")
	if writes := acctest.Writes(server); len(writes) != 0 {
		t.Errorf("it sent %v", writes)
	}
	cli.Write("provider.tf", "provider \"autx\" {\n  spending = {\n    max_per_apply = \"100\"\n    journal = \"elsewhere/journal\"\n  }\n}\n")
	cli.Settle(each("create", "one"))
}
