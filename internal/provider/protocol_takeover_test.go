package provider_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// keyed is the configuration of an agent with an endpoint and a provider key of a version.
func keyed(ticker, endpoint, key string, version int) values {
	return agentNamed(ticker, "endpoint_url", endpoint, "provider_key", values{"provider": "openai", "value_wo": key, "value_wo_version": version})
}

// lostLaunch launches an agent whose answer is lost and that can't be looked up either.
func lostLaunch(t *testing.T, server *mockserver.Server, d *protocol.Driver, config values) {
	t.Helper()
	server.AddFault("agents.create:after:reset")
	blind := server.AddFault("agents.get_by_ticker:before:status=500,times=0")
	made, diags := d.PlanAndApply(agentType, nil, config)
	if !made.Gone() || !diags.HasErrors() {
		t.Fatalf("a launch of which nothing is known left %v, %s", made, diags)
	}
	blind.Remove()
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// holds fails the test unless the server has the agent with an endpoint and a provider key.
func holds(t *testing.T, server *mockserver.Server, ticker, endpoint, key string) {
	t.Helper()
	for _, a := range server.State().Agents {
		if a.Ticker != ticker {
			continue
		}
		if a.EndpointURL != endpoint {
			t.Errorf("AUTX calls %s, want %s", a.EndpointURL, endpoint)
		}
		if a.ProviderKeySHA256 != digest(key) {
			t.Errorf("AUTX does not hold the key %q", key)
		}
		return
	}
	t.Errorf("AUTX has no agent %s", ticker)
}

func TestTakenOverAgentGetsWhatAUTXDoesNotShow(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	lostLaunch(t, server, d, keyed("SUMM", "https://us.example/old", "sk-old", 1))

	config := keyed("SUMM", "https://us.example/new", "sk-new", 2)
	made := d.MustApply(agentType, nil, config)
	holds(t, server, "SUMM", "https://us.example/new", "sk-new")
	if plan := d.MustPlan(agentType, d.MustRead(made), config); !plan.Empty() {
		t.Errorf("the next plan changes %v", plan.Values())
	}
	if n := len(server.State().Agents); n != 2 {
		t.Errorf("there are %d agents, want ours and the other one", n)
	}
}

func TestTakenOverAgentGetsItLaterWhereItFails(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	lostLaunch(t, server, d, keyed("SUMM", "https://us.example/old", "sk-old", 1))

	server.AddFault("agents.update:before:status=500")
	server.AddFault("agents.set_provider_key:before:status=500")
	config := keyed("SUMM", "https://us.example/new", "sk-new", 2)
	made, diags := d.PlanAndApply(agentType, nil, config)
	if made.Gone() || diags.HasErrors() || !diags.Warnings().Say("Taken over, but could not send the provider key") {
		t.Fatalf("taking over, with two calls that fail: %v, %s", made, diags)
	}
	holds(t, server, "SUMM", "https://us.example/old", "sk-old")

	mended := d.MustApply(agentType, d.MustRead(made), config)
	holds(t, server, "SUMM", "https://us.example/new", "sk-new")
	if plan := d.MustPlan(agentType, d.MustRead(mended), config); !plan.Empty() {
		t.Errorf("the next plan changes %v", plan.Values())
	}
}

func TestAnAgentThatWasThereIsNotTakenForALostLaunch(t *testing.T) {
	t.Parallel()
	server := market(t, []string{"SUMM"}, mockserver.WithFault("agents.create:before:status=503"))
	d := protocol.NewConfigured(t, server)
	made, diags := d.PlanAndApply(agentType, nil, agentNamed("SUMM"))
	if !made.Gone() || !diags.HasErrors() {
		t.Fatalf("the agent of another configuration was taken over: %v, %s", made, diags)
	}
	made, diags = d.PlanAndApply(agentType, nil, agentNamed("SUMM"))
	if !made.Gone() || !diags.Errors().Say("Ticker is already yours", "import {", seededID(t, server, "SUMM")) {
		t.Errorf("the next apply says %s", diags)
	}
}

func TestDestroyThatIsRefusedTwiceKeepsTheAgent(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	made := d.MustApply(agentType, nil, agentNamed("SUMM"))
	server.AddFault("agents.delete:before:status=409")
	server.AddFault("agents.cancel_reservation:before:status=404")
	left, diags := d.PlanAndApply(agentType, made, nil)
	if left.Gone() || !diags.Errors().Say("Could not destroy agent SUMM", "409") {
		t.Errorf("an agent that AUTX keeps was given up: %s", diags)
	}
	if left, diags = d.PlanAndApply(agentType, made, nil); !left.Gone() || diags.HasErrors() {
		t.Errorf("the next destroy: %s", diags)
	}
}
