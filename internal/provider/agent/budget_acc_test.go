package agent_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// fleet is n agents of mine, with their configuration and the blocks that import them.
func fleet(n int) (seeded []mockserver.SeedAgent, config, imports string, labels []string) {
	var resources, blocks strings.Builder
	for i := range n {
		label := fmt.Sprintf("f%03d", i)
		labels = append(labels, label)
		seeded = append(seeded, mockserver.SeedAgent{Owner: me, Ticker: tickerOf(label), Name: "Agent " + label, EndpointURL: "https://" + label + ".example.com/run"})
		resources.WriteString(agent(label, args{"service_price": `"5"`}))
		fmt.Fprintf(&blocks, "import {\n  to = autx_agent.%s\n  id = %q\n}\n", label, tickerOf(label))
	}
	return seeded, resources.String(), blocks.String(), labels
}

// TestAccRequestsOfARefresh counts the requests of plans over 200 agents.
func TestAccRequestsOfARefresh(t *testing.T) {
	t.Parallel()
	const n = 200
	seeded, config, imports, labels := fleet(n)
	server, cli := begin(t, world{agents: seeded}, mockserver.WithAssume("agents.public_endpoint_url", "true"))
	cli.Write("main.tf", config)
	cli.Write("imports.tf", imports)
	imported := cli.Look().MustDo(each("update", labels...))
	t.Logf("planning the import of %d agents by ticker took %d requests", n, len(server.Requests()))
	imported.MustNotWarn()
	cli.ApplyPlan().MustSucceed()

	within := func(what string, most int, args ...string) {
		t.Helper()
		server.ClearRequests()
		cli.MustBeSettled(args...)
		got := len(server.Requests())
		t.Logf("%s took %d requests", what, got)
		if got > most || got == 0 {
			t.Errorf("%s took %d requests, allowed are %d:\n%s", what, got, most, acctest.Traffic(server))
		}
	}
	within("the refresh of 200 agents", 5)
	within("a targeted plan of one agent", 2, "-target="+address("f100"))
	server.ClearRequests()
	cli.MustBeSettled("-refresh=false")
	if got := len(server.Requests()); got != 0 {
		t.Errorf("a plan without a refresh took %d requests", got)
	}

	// One change among the 200: one write, and a refresh before it.
	cli.Write("main.tf", strings.Replace(config, `"https://f007.example.com/run"`, `"https://changed.example.com"`, 1))
	server.ClearRequests()
	cli.Look().MustDo(each("update", "f007"))
	cli.ApplyPlan().MustSucceed()
	if got := len(server.Requests()); got > 6 || len(acctest.Writes(server)) != 1 {
		t.Errorf("changing one of 200 took %d requests:\n%s", got, acctest.Traffic(server))
	}
}

// TestAccRequestsOfALaunch counts the requests of planning and applying 30 new agents.
func TestAccRequestsOfALaunch(t *testing.T) {
	t.Parallel()
	for name, free := range map[string]int{"all cost": 0, "first is free": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 30
			_, config, _, labels := fleet(n)
			server, cli := begin(t, world{free: free})
			cli.Write("main.tf", config)
			server.ClearRequests()
			cli.Look().MustDo(each("create", labels...))
			planned := len(server.Requests())
			cli.ApplyPlan().MustSucceed()
			sent := acctest.Sent(server)
			rest := len(server.Requests()) - sent["agents.create"]
			t.Logf("%d launches, %d other requests, %d of them by the plan: %v", sent["agents.create"], rest, planned, sent)
			if sent["agents.create"] != n || rest > 25 {
				t.Errorf("%d launches and %d other requests:\n%s", sent["agents.create"], rest, acctest.Traffic(server))
			}
			if len(ledger(server)) != n-free {
				t.Errorf("%d charges", len(ledger(server)))
			}
			cli.MustBeSettled()
		})
	}
}
