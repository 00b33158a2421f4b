package agent_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccImportVerifies imports agents by id and by ticker and compares, attribute by attribute, with what a launch has left in state.
func TestAccImportVerifies(t *testing.T) {
	t.Parallel()
	for shown, unreadable := range map[string][]string{"false": {"endpoint_url"}, "true": nil} {
		t.Run("public_endpoint_url="+shown, func(t *testing.T) {
			t.Parallel()
			server := serve(t, world{}, mockserver.WithAssume("agents.public_endpoint_url", shown))
			full := args{
				"description": `"d"`, "category": `"c"`, "auth_tier": `"buyer_key"`, "status": `"paused"`, "manifest": fullManifest, "profile": fullProfile, "service_price": `"1.5"`,
				"deletion_protection": "",
			}
			// What is Terraform's alone: protection that is off, and what the launch cost.
			own := []string{"spend.%", "spend.authorized_usd", "spend.charged_usd"}
			verify := func(label string, ignore ...string) []resource.TestStep {
				step := resource.TestStep{
					ResourceName: address(label), ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: append(append(ignore, own...), unreadable...),
				}
				byTicker := step
				byTicker.ImportStateId = label // in lower case
				return []resource.TestStep{step, byTicker}
			}
			config := acctest.ProviderBlock(t, server) + agent("full", full) + agent("bare", args{"service_price": `"0.5"`})
			steps := append([]resource.TestStep{{
				Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(address("full"), plancheck.ResourceActionCreate), plancheck.ExpectResourceAction(address("bare"), plancheck.ResourceActionCreate),
					},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
			}}, verify("full")...)
			steps = append(steps, verify("bare", "deletion_protection")...)
			steps = append(steps, resource.TestStep{Config: acctest.ProviderBlock(t, server) + agent("full", full, args{"deletion_protection": "false"}) + agent("bare", args{"service_price": `"0.5"`})})
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: steps})
			if len(server.State().Agents) != 0 {
				t.Error("the test has left agents")
			}
		})
	}
}

// TestAccImportBlock imports by block, by id and by ticker, and fills in what can't be read: the endpoint with one request, the rest without.
func TestAccImportBlock(t *testing.T) {
	t.Parallel()
	seed := world{agents: []mockserver.SeedAgent{
		{Owner: me, Ticker: "BYID", Name: "Agent byid", EndpointURL: "https://byid.example.com/run"},
		{Owner: me, Ticker: "BYTICK", Name: "Agent bytick", EndpointURL: "https://bytick.example.com/run", Description: new("d"), Manifest: &mockserver.Manifest{SupportsSessions: true}},
		{Owner: me, Ticker: "DRIFT", Name: "Agent drift", EndpointURL: "https://elsewhere.example.com", Description: new("old"), Status: "paused"},
		{Owner: me, Ticker: "PEND", Name: "Agent pend", EndpointURL: "https://pend.example.com/run", Status: "pending"},
	}}
	server, cli := begin(t, seed)
	price := args{"service_price": `"5.00"`}
	imports := importOf("byid", must(t, server, "BYID").ID) + importOf("bytick", "bytick") + importOf("drift", "drift") + importOf("pend", "pend")
	cli.Write("main.tf", imports+agent("byid", price, activated, args{"timeouts": `{ update = "1m" }`})+
		agent("bytick", price, args{"description": `"d"`, "manifest": `{ supports_sessions = true }`})+agent("drift", price, args{"description": `"new"`})+agent("pend", price, reserved))
	cli.Look().MustDo(each("update", "byid", "bytick", "drift", "pend")).MustNotWarn()
	plan := cli.ShowPlan()
	for label, want := range map[string]map[string][2]any{
		"byid": {
			"endpoint_url": {nil, "https://byid.example.com/run"}, "deletion_protection": {true, false}, "activation.tx_hash": {nil, txHash}, "activation.deployer_address": {nil, deployer},
			"timeouts.update": {nil, "1m"},
		},
		"bytick": {"endpoint_url": {nil, "https://bytick.example.com/run"}, "deletion_protection": {true, false}},
		"drift": {
			"endpoint_url": {nil, "https://drift.example.com/run"}, "deletion_protection": {true, false}, "description": {"old", "new"}, "status": {"paused", "active"},
		},
		"pend": {"endpoint_url": {nil, "https://pend.example.com/run"}, "deletion_protection": {true, false}, "launch.reserve": {nil, true}},
	} {
		change := changeOf(t, plan, address(label))
		got := changed(change)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: what the import changes (-want +got):\n%s", label, diff)
		}
		if change.Importing == nil {
			t.Errorf("%s is not imported", label)
		}
	}
	server.ClearRequests()
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if sent := acctest.Sent(server); sent["agents.update"] != 4 || len(acctest.Writes(server)) != 4 {
		t.Errorf("it sent\n%s", acctest.Traffic(server))
	}
	if a := must(t, server, "DRIFT"); a.EndpointURL != "https://drift.example.com/run" || *a.Description != "new" || a.Status != "active" {
		t.Errorf("the service has %+v", a)
	}
	if must(t, server, "PEND").Status != "pending" || len(ledger(server)) != 0 {
		t.Errorf("ledger %v", ledger(server))
	}
	for _, label := range []string{"byid", "bytick", "drift", "pend"} {
		if diff := cmp.Diff(map[string]any{"authorized_usd": "0", "charged_usd": "0"}, cli.Attributes(address(label))["spend"]); diff != "" {
			t.Errorf("%s: spend in state (-want +got):\n%s", label, diff)
		}
	}
}

// TestAccImportCommand imports by the command, and finds the same agent again by its ticker in lower case.
func TestAccImportCommand(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, taken())
	cli.Write("main.tf", agent("one", args{"ticker": `"OURS"`, "name": `"Our name"`, "endpoint_url": `"https://ours.example.com/run"`, "service_price": `"5"`}))
	cli.MustRun("import", address("one"), "ours")
	attributes := cli.Attributes(address("one"))
	if attributes["id"] != must(t, server, "OURS").ID || attributes["ticker"] != "OURS" || attributes["deletion_protection"] != true || attributes["endpoint_url"] != nil {
		t.Errorf("imported %v", attributes)
	}
	cli.Settle(each("update", "one"))
	cli.MustRun("state", "rm", address("one"))
	cli.MustRun("import", address("one"), must(t, server, "OURS").ID)
	cli.Settle(each("update", "one"))
	if len(ledger(server)) != 0 {
		t.Errorf("ledger %v", ledger(server))
	}
}

// TestAccImportRefused imports what is not there and what is somebody else's.
func TestAccImportRefused(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, taken())
	for id, says := range map[string][]string{
		"THEIRS":                      {"belongs to somebody else", "data source autx_agent"},
		must(t, server, "THEIRS").ID:  {"belongs to somebody else", "THEIRS"},
		"NOBODY":                      {"No such agent", `"NOBODY"`, "404"},
		"00000000-0000-0000-0000-000": {"No such agent"},
		"a/b?c#d%":                    {"No such agent"},
		"..":                          nil,
	} {
		cli.Write("main.tf", importOf("xx", id)+agent("xx"))
		cli.Report("plan").MustFail("", says...)
	}
	if writes := acctest.Writes(server); len(writes) != 0 {
		t.Errorf("it sent %v", writes)
	}
}

// TestAccGeneratedConfiguration lets the CLI write the configuration of imported agents, which settles as it is where AUTX shows everything.
func TestAccGeneratedConfiguration(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, market(), mockserver.WithAssume("agents.public_endpoint_url", "true"))
	cli.Write("main.tf", importOf("minea", "MINEA")+importOf("mineb", "MINEB"))
	cli.Look("-generate-config-out=generated.tf")
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if writes := acctest.Writes(server); len(writes) != 0 {
		t.Errorf("it sent %v", writes)
	}
}

// TestAccGeneratedConfigurationOfAReservation lets the CLI write the configuration of an imported reservation, which has a status that nobody chooses.
func TestAccGeneratedConfigurationOfAReservation(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{agents: []mockserver.SeedAgent{
		{Owner: me, Ticker: "RES", Name: "Reserved", EndpointURL: "https://me.example.com/res", Status: "pending"},
	}}, mockserver.WithAssume("agents.public_endpoint_url", "true"))
	main := importOf("res", "RES")
	cli.Write("main.tf", main)
	cli.Look("-generate-config-out=generated.tf")
	if generated, err := os.ReadFile(filepath.Join(cli.Dir, "generated.tf")); err != nil || !strings.Contains(string(generated), `"pending"`) {
		t.Errorf("the CLI wrote %s: %v", generated, err)
	}
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if writes := acctest.Writes(server); len(writes) != 0 {
		t.Errorf("it sent %v", writes)
	}

	t.Log("beside an activation it has to go")
	cli.Remove("generated.tf")
	pending := args{"status": `"pending"`}
	cli.Write("main.tf", agent("res", pending, activated))
	cli.Report("plan").MustFail("status", "Status can't be chosen", "the activation ends that", "Remove status")
	cli.Write("main.tf", agent("res", activated))
	cli.Settle(each("update", "res"))
	if status := must(t, server, "RES").Status; status != "active" {
		t.Errorf("the agent is %s", status)
	}

	t.Log("no other agent can have it")
	cli.Write("main.tf", agent("res", pending, activated))
	cli.Report("plan").MustFail("status", "Status can't be chosen", "it is active", "destroy -refresh=false")
	for label, more := range map[string]args{"new": nil, "other": reserved} {
		cli.Write("main.tf", agent("res", activated)+agent(label, pending, more))
		cli.Report("plan").MustFail("status", "Status can't be chosen", "can't be made pending", "launch.reserve", "Remove status")
	}
}
