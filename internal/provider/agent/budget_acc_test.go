package agent_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// ships are agents of mine: as a seed has them, with their configuration and the blocks that import them.
type ships struct {
	seeded          []mockserver.SeedAgent
	config, imports string
	labels          []string
}

// fleet is n of them.
func fleet(n int) ships {
	var all ships
	var resources, blocks strings.Builder
	for i := range n {
		label := fmt.Sprintf("f%03d", i)
		all.labels = append(all.labels, label)
		all.seeded = append(all.seeded, mockserver.SeedAgent{Owner: me, Ticker: tickerOf(label), Name: "Agent " + label, EndpointURL: "https://" + label + ".example.com/run"})
		resources.WriteString(agent(label, args{"service_price": `"5"`}))
		blocks.WriteString(importOf(label, tickerOf(label)))
	}
	all.config, all.imports = resources.String(), blocks.String()
	return all
}

// TestAccRequestsOfARefresh counts the requests of plans over 200 agents.
func TestAccRequestsOfARefresh(t *testing.T) {
	t.Parallel()
	const n = 200
	all := fleet(n)
	server, cli := begin(t, world{agents: all.seeded}, mockserver.WithAssume("agents.public_endpoint_url", "true"))
	cli.Write("main.tf", all.config)
	cli.Write("imports.tf", all.imports)
	cli.Look().MustDo(each("update", all.labels...)).MustNotWarn()
	if got := len(server.Requests()); got > 5 || got == 0 {
		t.Errorf("planning the import of %d agents by ticker took %d requests:\n%s", n, got, acctest.Traffic(server))
	}
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
	cli.Write("main.tf", strings.Replace(all.config, `"https://f007.example.com/run"`, `"https://changed.example.com"`, 1))
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
			all := fleet(n)
			server, cli := begin(t, world{free: free})
			cli.Write("main.tf", all.config)
			server.ClearRequests()
			cli.Look().MustDo(each("create", all.labels...))
			planned := len(server.Requests())
			cli.ApplyPlan().MustSucceed()
			sent := acctest.Sent(server)
			rest := len(server.Requests()) - sent["agents.create"]
			t.Logf("%d launches, %d other requests, %d of them by the plan: %v", sent["agents.create"], rest, planned, sent)
			if sent["agents.create"] != n || rest > 27 { // plan and apply read the balance once each
				t.Errorf("%d launches and %d other requests:\n%s", sent["agents.create"], rest, acctest.Traffic(server))
			}
			if len(ledger(server)) != n-free {
				t.Errorf("%d charges", len(ledger(server)))
			}
			cli.MustBeSettled()
		})
	}
}
