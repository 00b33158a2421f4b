package agent_test

import (
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// TestAccServiceThatCannotClear removes arguments where AUTX ignores null: the apply says by attribute what AUTX keeps, state tells the truth, nothing is
// tainted, and the next plan still shows the difference until the configuration gives in.
func TestAccServiceThatCannotClear(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{}, mockserver.WithAssume("agents.patch_null", "ignored"))
	before := map[string]args{
		"desc": {"description": `"old"`}, "descempty": {"description": `"old"`}, "cat": {"category": `"old"`},
		"mani": {"manifest": `{ supports_sessions = true }`}, "prof": {"profile": `{ tagline = "old" }`}, "both": {"description": `"old"`, "service_price": `"1"`},
	}
	after := map[string]args{"descempty": {"description": `""`}, "both": {"service_price": `"2"`}}
	write := func(of map[string]args) {
		var config strings.Builder
		for label := range before {
			config.WriteString(agent(label, of[label]))
		}
		cli.Write("main.tf", config.String())
	}
	labels := []string{"desc", "descempty", "cat", "mani", "prof", "both"}
	write(before)
	cli.Settle(each("create", labels...))

	write(after)
	for round := range 2 {
		cli.Look().MustDo(each("update", labels...))
		applied := cli.ApplyPlan()
		if applied.Code == 0 || len(applied.Errors()) != len(labels) {
			t.Fatalf("round %d: want %d errors, got status %d and %v", round, len(labels), applied.Code, applied.Errors())
		}
		for label, says := range map[string]string{
			"desc": `keeps description at "old"`, "descempty": `keeps description at "old"`, "cat": `keeps category at "old"`, "mani": "keeps manifest at", "prof": "keeps profile at",
			"both": `keeps description at "old"`,
		} {
			named := false
			for _, d := range applied.Errors() {
				named = named || (d.Address == address(label) && strings.Contains(d.Detail, says) && strings.Contains(d.Detail, "put back"))
			}
			if !named {
				t.Errorf("round %d: no error of %s says %q: %v", round, label, says, applied.Errors())
			}
		}
	}
	for _, r := range resources(cli.State()) {
		if r.Tainted {
			t.Errorf("%s is tainted", r.Address)
		}
	}
	for label, kept := range map[string]map[string]any{
		"desc": {"description": "old"}, "descempty": {"description": "old"}, "cat": {"category": "old"}, "both": {"description": "old", "service_price": "2"},
	} {
		for name, value := range kept {
			if got := cli.Attributes(address(label))[name]; got != value {
				t.Errorf("%s: state has %s %v, want %v", label, name, got, value)
			}
		}
	}
	if cli.Attributes(address("mani"))["manifest"] == nil || cli.Attributes(address("prof"))["profile"] == nil {
		t.Error("state has lost what AUTX keeps")
	}
	if must(t, server, "BOTH").ServicePrice.String() != "2" {
		t.Error("the change that AUTX does take over was not made")
	}

	// The way out that the errors name: what AUTX keeps is put back, or something else is set.
	before["both"]["service_price"] = `"2"`
	before["desc"]["description"] = `"other"`
	write(before)
	cli.Settle(each("update", "desc"))
}

// resources are the resources of a state's root module.
func resources(state *tfjson.State) []*tfjson.StateResource {
	if state.Values == nil || state.Values.RootModule == nil {
		return nil
	}
	return state.Values.RootModule.Resources
}
