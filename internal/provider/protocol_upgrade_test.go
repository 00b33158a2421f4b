package provider_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// stateJSON writes an instance as a state file does.
func stateJSON(t *testing.T, of values) string {
	t.Helper()
	text, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestStateOfThisVersion is the base of every later upgrade: what version 0 wrote is read, whole and in part.
func TestStateOfThisVersion(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	full := everything(t, "FULL")
	made := d.MustRead(d.MustApply(agentType, nil, full))

	same, diags := d.Upgrade(agentType, 0, stateJSON(t, made.Values()))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if diff := cmp.Diff(made.Values(), same.Values()); diff != "" {
		t.Errorf("reading the state changes it (-before +after):\n%s", diff)
	}
	if plan := d.MustPlan(agentType, d.MustRead(same), full); !plan.Empty() {
		t.Errorf("the plan is not empty: %s", cmp.Diff(made.Values(), plan.Values()))
	}

	// A later version wrote more, and the user went back: what this one does not know is dropped, at every depth.
	more := stateJSON(t, with(made.Values(), "rating", 5, "manifest.input.colour", "red", "tags", []string{"a"}))
	if !strings.Contains(more, `"rating":5`) {
		t.Fatal(more)
	}
	back, diags := d.Upgrade(agentType, 0, more)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if diff := cmp.Diff(made.Values(), back.Values()); diff != "" {
		t.Errorf("unknown attributes change the rest (-before +after):\n%s", diff)
	}
}

// TestStateThatLacksAttributes is what an earlier version wrote, which had fewer of them: a refresh fills them in, and nothing is changed for it.
func TestStateThatLacksAttributes(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	config := agentNamed("SUMM", "deletion_protection", nil)
	made := d.MustRead(d.MustApply(agentType, nil, config))
	old, diags := d.Upgrade(agentType, 0, stateJSON(t, values{"id": made.ID(), "ticker": "SUMM", "name": "Agent SUMM", "endpoint_url": "https://us.example/SUMM"}))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	read := d.MustRead(old)
	if diff := cmp.Diff(with(made.Values(), "spend", values{"authorized_usd": "0", "charged_usd": "0"}, "service_price", "0.5"), read.Values()); diff != "" {
		t.Errorf("after a refresh (-want +got):\n%s", diff)
	}
	if plan := d.MustPlan(agentType, read, config); !plan.Empty() {
		t.Errorf("the plan is not empty: %s", cmp.Diff(read.Values(), plan.Values()))
	}
	// Without a refresh, too, protection is on where the state does not say, and an update is possible.
	d.NextWalk()
	if plan := d.Plan(agentType, old, nil); !plan.Diagnostics.Errors().Say("deletion_protection") {
		t.Errorf("a state without deletion_protection protects nothing: %s", plan.Diagnostics)
	}
	d.MustApply(agentType, old, config)
}

func TestStateThatCannotBeRead(t *testing.T) {
	t.Parallel()
	d := protocol.New(t)
	for name, c := range map[string]struct {
		version int64
		state   string
	}{
		"of a version to come": {1, `{"id": "x"}`},
		"no object":            {0, `[]`},
		"no JSON":              {0, `{`},
		"a wrong type":         {0, `{"manifest": "x"}`},
	} {
		if _, diags := d.Upgrade(agentType, c.version, c.state); !diags.HasErrors() {
			t.Errorf("%s: read all the same", name)
		}
	}
}
