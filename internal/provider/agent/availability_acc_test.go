package agent_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

func taken() world {
	return world{agents: []mockserver.SeedAgent{
		{Owner: other, Ticker: "THEIRS", Name: "Their name", EndpointURL: "https://theirs.example.com"},
		{Owner: me, Ticker: "OURS", Name: "Our name", EndpointURL: "https://ours.example.com/run"},
	}}
}

// TestAccAvailabilityIsToldAtPlan plans agents whose ticker or name is taken: a warning, and with strict_plan an error, at the attribute; the apply is
// refused without a charge.
func TestAccAvailabilityIsToldAtPlan(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, taken())
	strict := "provider \"autx\" {\n  spending = {\n    max_per_apply = \"100\"\n    strict_plan = true\n  }\n}\n"
	theirs, ours := must(t, server, "THEIRS").ID, must(t, server, "OURS").ID
	for _, c := range []struct {
		label, attribute string
		plan, apply      []string
	}{
		{"theirs", "ticker", []string{"Ticker is taken", "THEIRS", "somebody else", theirs, "Choose another"}, []string{"Ticker is taken", "somebody else", "409"}},
		{"ours", "ticker", []string{"Ticker is already yours", ours, "import {", "moved block"}, []string{"Ticker is already yours", ours, "import {", "409"}},
		{"named", "name", []string{"Name is taken", `"Their name"`, "Choose another"}, []string{"Name or ticker is not available", `"Their name"`, "409", "Nothing was charged"}},
	} {
		config := agent(c.label)
		if c.label == "named" {
			config = agent(c.label, args{"name": `"Their name"`})
		}
		cli.Write("provider.tf", spendingBlock)
		cli.Write("main.tf", config)
		cli.Look().MustDo(each("create", c.label)).MustWarn(c.attribute, c.plan...)
		cli.ApplyPlan().MustFail(c.attribute, c.apply...)
		cli.Write("provider.tf", strict)
		cli.Report("plan").MustFail(c.attribute, append(c.plan, "strict_plan")...)
	}
	if len(ledger(server)) != 0 || len(server.State().Agents) != 2 {
		t.Errorf("ledger %v", ledger(server))
	}
	// A ticker that AUTX does not take has no holder to name.
	cli.Write("main.tf", agent("reserved", args{"ticker": `"WITH-DASH"`}))
	cli.Report("plan").MustFail("ticker", "Ticker is not available", "WITH-DASH")
	cli.Write("main.tf", agent("free"))
	cli.Look().MustDo(each("create", "free")).MustNotWarn()
}

// TestAccPastedImportBlock takes the import block out of the message and uses it.
func TestAccPastedImportBlock(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, taken())
	config := agent("mine", args{"ticker": `"OURS"`, "name": `"Our name"`, "endpoint_url": `"https://ours.example.com/run"`, "service_price": `"5"`})
	cli.Write("main.tf", config)
	plan := cli.Look()
	var detail strings.Builder
	for _, d := range plan.Diagnostics {
		detail.WriteString(d.Detail)
	}
	block := regexp.MustCompile(`(?s)import \{.*?\}`).FindString(detail.String())
	if !strings.Contains(block, "autx_agent.NAME") {
		t.Fatalf("the message has no import block for a reader to complete: %s", detail.String())
	}
	cli.Write("import.tf", strings.Replace(block, "NAME", "mine", 1))
	plan, _ = cli.Settle(each("update", "mine"))
	plan.MustNotWarn()
	if len(ledger(server)) != 0 || len(server.State().Agents) != 2 {
		t.Errorf("ledger %v", ledger(server))
	}
}

// TestAccPlanningManyIsBounded plans 60 new agents: only the first few are looked up, and the plan says so once.
func TestAccPlanningManyIsBounded(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	var config strings.Builder
	var labels []string
	for i := range 60 {
		label := fmt.Sprintf("new%02d", i)
		labels = append(labels, label)
		config.WriteString(agent(label))
	}
	cli.Write("main.tf", config.String())
	plan := cli.Look().MustDo(each("create", labels...))
	if n := len(server.Requests()); n > 20 || n == 0 {
		t.Errorf("planning 60 agents took %d requests", n)
	}
	told := 0
	for _, d := range plan.Diagnostics {
		if strings.Contains(d.Summary, "Not every new agent was looked up") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the plan says %d times that it has not looked everything up", told)
	}
}

// TestAccLookUpFails plans while AUTX can't say what is free: a warning, and the apply decides.
func TestAccLookUpFails(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("provider.tf", "provider \"autx\" {\n  max_retries = 0\n  spending = { max_per_apply = \"100\" }\n}\n")
	cli.Write("main.tf", agent("new"))
	fault := server.AddFault("agents.check_ticker:before:status=500,times=0")
	cli.Look().MustDo(each("create", "new")).MustWarn("", "Could not look up whether the ticker is free", "500")
	cli.ApplyPlan().MustSucceed()
	fault.Remove()
	cli.MustBeSettled()
	if len(acctest.Writes(server)) != 1 {
		t.Errorf("it sent %v", acctest.Writes(server))
	}
}
