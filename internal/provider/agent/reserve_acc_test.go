package agent_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

var (
	reserved  = args{"launch": "{ reserve = true }"}
	activated = args{"activation": fmt.Sprintf("{\n    tx_hash = %q\n    deployer_address = %q\n  }", txHash, deployer)}
)

// TestAccReserveThenActivate takes the three steps of a launch from a wallet: reserve, activate later, and never twice.
func TestAccReserveThenActivate(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("res", reserved))
	cli.Look().MustDo(each("create", "res"))
	planned := changed(changeOf(t, cli.ShowPlan(), address("res")))
	if planned["status"] != [2]any{nil, unknown} || planned["spend.authorized_usd"] != [2]any{nil, "20"} {
		t.Errorf("the plan has status %v, authorised %v", planned["status"], planned["spend.authorized_usd"])
	}
	cli.ApplyPlan().MustSucceed().MustNotWarn()
	cli.MustBeSettled()
	if sent := acctest.Sent(server); sent["agents.reserve"] != 1 || sent["agents.create"] != 0 || must(t, server, "RES").Status != "pending" {
		t.Errorf("sent %v, the service has %s", sent, must(t, server, "RES").Status)
	}
	if status := cli.Attributes(address("res"))["status"]; status != "pending" {
		t.Errorf("state has the status %v", status)
	}
	if diff := cmp.Diff([]string{"consume 20"}, ledger(server)); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}

	// What is not the status can change meanwhile.
	cli.Write("main.tf", agent("res", reserved, args{"service_price": `"1"`}))
	cli.Settle(each("update", "res"))

	cli.Write("main.tf", agent("res", reserved, args{"service_price": `"1"`}, activated))
	cli.Look().MustDo(each("update", "res"))
	want := map[string][2]any{
		"activation.tx_hash": {nil, txHash}, "activation.deployer_address": {nil, deployer}, "status": {"pending", unknown},
		"contract_address": {nil, unknown}, "dividend_splitter_address": {nil, unknown}, "agent_token_address": {nil, unknown},
	}
	if diff := cmp.Diff(want, changed(changeOf(t, cli.ShowPlan(), address("res")))); diff != "" {
		t.Errorf("the activation's plan (-want +got):\n%s", diff)
	}
	server.ClearRequests()
	cli.ApplyPlan().MustSucceed().MustNotWarn()
	cli.MustBeSettled()
	a := must(t, server, "RES")
	if a.Status != "active" || a.TxHash != txHash || a.DeployerAddress != deployer || acctest.Sent(server)["agents.activate"] != 1 {
		t.Errorf("the service has %+v after %v", a, acctest.Writes(server))
	}
	attributes := cli.Attributes(address("res"))
	if attributes["status"] != "active" || attributes["contract_address"] != *a.ContractAddress || attributes["agent_token_address"] != *a.AgentTokenAddress {
		t.Errorf("state has %v", attributes)
	}
	if diff := cmp.Diff([]string{"consume 20"}, ledger(server)); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}

	other := args{"activation": fmt.Sprintf("{\n    tx_hash = %q\n    deployer_address = %q\n  }", "0x"+txHash[4:]+"ff", deployer)}
	cli.Write("main.tf", agent("res", reserved, args{"service_price": `"1"`}, other))
	cli.Report("plan").MustFail("activation", "activated only once", txHash, "Put the old values back")

	// The blocks say how it was launched; without them nothing happens.
	cli.Write("main.tf", agent("res", args{"service_price": `"1"`}))
	server.ClearRequests()
	cli.Settle(each("update", "res"))
	if writes := acctest.Writes(server); len(writes) != 0 {
		t.Errorf("removing the blocks sent %v", writes)
	}
}

// TestAccReserveAndActivateAtOnce gives both blocks from the start, with a status that the activated agent is to have.
func TestAccReserveAndActivateAtOnce(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("both", reserved, activated)+agent("paused", reserved, activated, args{"status": `"paused"`})+agent("direct", activated))
	cli.Settle(each("create", "both", "paused", "direct"))
	sent := acctest.Sent(server)
	if sent["agents.reserve"] != 2 || sent["agents.activate"] != 2 || sent["agents.create"] != 1 || len(ledger(server)) != 3 {
		t.Errorf("sent %v, ledger %v", sent, ledger(server))
	}
	for ticker, status := range map[string]string{"BOTH": "active", "PAUSED": "paused", "DIRECT": "active"} {
		if a := must(t, server, ticker); a.Status != status || a.TxHash != txHash || a.DeployerAddress != deployer {
			t.Errorf("%s: the service has %+v", ticker, a)
		}
		if got := cli.Attributes("autx_agent." + map[string]string{"BOTH": "both", "PAUSED": "paused", "DIRECT": "direct"}[ticker])["contract_address"]; got == nil {
			t.Errorf("%s: no contract in state", ticker)
		}
	}
}

// TestAccReservationCancelled destroys a reservation, which returns what it cost: the fee, or the free launch.
func TestAccReservationCancelled(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{balance: "100", free: 1})
	cli.Write("main.tf", agent("free", reserved))
	cli.Settle(each("create", "free"))
	cli.Write("main.tf", agent("free", reserved)+agent("paid", reserved))
	cli.Settle(each("create", "paid"))
	if available(t, server) != "80" {
		t.Errorf("the balance is %s", available(t, server))
	}
	for label, charged := range map[string]string{"free": "0", "paid": "20"} {
		if got := cli.Attributes(address(label))["spend"].(map[string]any)["charged_usd"]; got != charged {
			t.Errorf("%s was charged %v in state", label, got)
		}
	}
	cli.Look("-destroy").MustDo(each("delete", "free", "paid")).MustWarn("", "cancels the reservation", "returns the launch fee")
	server.ClearRequests()
	cli.ApplyPlan().MustSucceed()
	if sent := acctest.Sent(server); sent["agents.cancel_reservation"] != 2 || sent["agents.delete"] != 0 {
		t.Errorf("sent %v", sent)
	}
	state := server.State()
	if len(state.Agents) != 0 || available(t, server) != "100" || state.Users[0].LaunchesLeftFree != 1 {
		t.Errorf("agents %v, balance %s, free launches %d", state.Agents, available(t, server), state.Users[0].LaunchesLeftFree)
	}
}

// TestAccReservationChangedBehindTheBack activates or cancels a reservation outside of Terraform.
func TestAccReservationChangedBehindTheBack(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("act", reserved)+agent("can", reserved))
	cli.Settle(each("create", "act", "can"))
	api := clientFor(t, server, server.Key())

	// Between the plan of a destroy and its apply: the other call is the right one.
	cli.Look("-destroy", "-target="+address("act"))
	if _, err := api.Agents.Activate(t.Context(), must(t, server, "ACT").ID, txHash, deployer); err != nil {
		t.Fatal(err)
	}
	cli.ApplyPlan().MustSucceed()
	if found(server, "ACT") != nil {
		t.Error("the agent that had been activated is still listed")
	}

	if err := api.Agents.CancelReservation(t.Context(), must(t, server, "CAN").ID); err != nil {
		t.Fatal(err)
	}
	cli.Look().MustDo(each("create", "act", "can")).MustDrift(each("delete", "can"))
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()

	// Activated outside: its status is what AUTX says, and there is nothing to do.
	if _, err := api.Agents.Activate(t.Context(), must(t, server, "CAN").ID, txHash, deployer); err != nil {
		t.Fatal(err)
	}
	cli.Report("plan").MustSucceed().MustDo(nil)
	cli.MustRun("apply", "-auto-approve")
	cli.MustBeSettled()
	// Between the plan of an activation and its apply: it is not sent into the void, and not twice either.
	cli.Write("main.tf", agent("act", reserved, activated)+agent("can", reserved))
	cli.Look().MustDo(each("update", "act"))
	if _, err := api.Agents.Activate(t.Context(), must(t, server, "ACT").ID, txHash, deployer); err != nil {
		t.Fatal(err)
	}
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if a := must(t, server, "ACT"); a.Status != "active" || cli.Attributes(address("act"))["contract_address"] != *a.ContractAddress {
		t.Errorf("the service has %+v, state %v", a, cli.Attributes(address("act")))
	}
	cli.Write("main.tf", agent("act", reserved)+agent("can", reserved))
	cli.Settle(each("update", "act"))
	// And giving the proof afterwards is filled in without a call.
	cli.Write("main.tf", agent("act", reserved)+agent("can", reserved, activated))
	server.ClearRequests()
	cli.Settle(each("update", "can"))
	if writes := acctest.Writes(server); len(writes) != 0 {
		t.Errorf("it sent %v", writes)
	}
}

// TestAccStripeSessionPays launches with a completed checkout, which replaces the fee.
func TestAccStripeSessionPays(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{balance: "100"})
	checkout := func() string {
		var answer struct {
			SessionID string `json:"session_id"`
		}
		body := `{"type": "launch", "success_url": "https://example.com/ok", "cancel_url": "https://example.com/no"}`
		if err := json.Unmarshal(call(t, server, server.Key(), http.MethodPost, "/payments/create-checkout", body), &answer); err != nil {
			t.Fatal(err)
		}
		return answer.SessionID
	}
	complete := func(id string) { control(t, server, "/checkouts/"+id+"/complete") }

	open := checkout()
	cli.Write("main.tf", agent("stripe", args{"launch": fmt.Sprintf("{ stripe_session_id = %q }", open)}))
	cli.Look().MustDo(each("create", "stripe"))
	cli.ApplyPlan().MustFail("", "Could not launch agent STRIPE", "402", open)
	if len(server.State().Agents) != 0 {
		t.Error("an unpaid checkout has launched an agent")
	}
	complete(open)
	cli.Settle(each("create", "stripe"))
	if available(t, server) != "100" || len(ledger(server)) != 0 {
		t.Errorf("it was charged: %v", ledger(server))
	}
	want := map[string]any{"authorized_usd": "20", "charged_usd": "0"}
	if diff := cmp.Diff(want, cli.Attributes(address("stripe"))["spend"]); diff != "" {
		t.Errorf("spend in state (-want +got):\n%s", diff)
	}

	// Beside launches that cost, also once the fee is known to be charged.
	second := checkout()
	complete(second)
	cli.Write("more.tf", agent("one")+agent("two")+agent("paid", args{"launch": fmt.Sprintf("{ stripe_session_id = %q }", second)}))
	cli.Settle(each("create", "one", "two", "paid"))
	for label, charged := range map[string]string{"one": "20", "two": "20", "paid": "0"} {
		if got := cli.Attributes(address(label))["spend"].(map[string]any)["charged_usd"]; got != charged {
			t.Errorf("%s was charged %v in state, want %s", label, got, charged)
		}
	}
}

// TestAccReservedAgentHasNoStatus gives a reservation a status that it can't have.
func TestAccReservedAgentHasNoStatus(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("res", reserved, args{"status": `"active"`}))
	cli.Report("plan").MustFail("status", "reserved agent has no status", "pending until it is activated")
	if len(server.Requests()) != 0 {
		t.Errorf("it made requests:\n%s", acctest.Traffic(server))
	}
}

// control calls the mock server's control API.
func control(t *testing.T, server *mockserver.Server, path string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.ControlURL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, resp.Status)
	}
}
