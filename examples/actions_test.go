package examples_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// Worlds in which the demo user has what examples name.
const (
	ownAgent = `{
		"users": [{"id": "demo", "balance_usd": "100.00", "keys": [{"key": "autx_live_demo"}]}],
		"agents": [{"owner": "demo", "ticker": "SUMM", "name": "Summariser", "endpoint_url": "https://agents.example.com/summ", "service_price": "0.50"}]
	}`
	openSession = `{
		"users": [{"id": "demo", "balance_usd": "100.00", "keys": [{"key": "autx_live_demo"}]}, {"id": "other"}],
		"agents": [{"owner": "other", "id": "4c1f0f3e-8a52-4f0e-9d0a-6f3b1f2a7c11", "ticker": "CHAT", "name": "Chat", "service_price": "0.05",
			"endpoint_url": "https://agents.example.com/chat", "manifest": {"supports_sessions": true}}],
		"sessions": [{"id": "ses_4f0e9d0a6f3b1f2a", "user": "demo", "agent_id": "4c1f0f3e-8a52-4f0e-9d0a-6f3b1f2a7c11", "credits_reserved": "0.25"}]
	}`
)

// TestActionExamples validates, plans and invokes each example of an action through the plugin protocol, as Terraform before 1.14 and OpenTofu can't read
// them. One that refers to something else is planned only.
func TestActionExamples(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "sk-example-0123456789")
	worlds := map[string]mockserver.Option{
		"autx_agent_pause": mockserver.WithSeedJSON(ownAgent), "autx_agent_resume": mockserver.WithSeedJSON(ownAgent),
		"autx_provider_key_rotate": mockserver.WithSeedJSON(ownAgent), "autx_session_close": mockserver.WithSeedJSON(openSession),
	}
	files, err := filepath.Glob("actions/*/action*.tf")
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no example of an action: %v", err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		for _, block := range actionBlocks(t, file) {
			typeName := block.Labels[0]
			if directory := filepath.Base(filepath.Dir(file)); typeName != directory {
				t.Errorf("the example of %s is of %s", directory, typeName)
			}
			seen[typeName] = true
			world, ok := worlds[typeName]
			if !ok {
				world = mockserver.WithDemoSeed()
			}
			config, known := configOf(t, block)
			invokeExample(t, mockserver.New(t, world), typeName, config, known)
		}
	}
	for typeName := range protocol.New(t).Schemas().ActionSchemas {
		if !seen[typeName] {
			t.Errorf("the action %s has no example", typeName)
		}
	}
}

func invokeExample(t *testing.T, server *mockserver.Server, typeName string, config protocol.Values, known bool) {
	t.Helper()
	d := protocol.New(t)
	values := protocol.ProviderValues(t, server)
	spending, ok := values["spending"].(protocol.Values)
	if !ok {
		t.Fatal("the provider's block has no spending")
	}
	spending["allow_withdrawals"] = true
	d.MustConfigure(values)
	if diags := d.ValidateAction(typeName, config); len(diags) > 0 {
		t.Errorf("validate %s: %s", typeName, diags)
	}
	if deferred, diags := d.PlanAction(typeName, config); len(diags) > 0 || deferred != nil {
		t.Errorf("plan %s: %v %s", typeName, deferred, diags)
	}
	for _, entry := range server.Requests() {
		if entry.Method != http.MethodGet {
			t.Errorf("the plan of %s made the request %s %s", typeName, entry.Method, entry.Path)
		}
	}
	if !known {
		return
	}
	if out := d.PlanAndInvoke(typeName, config); len(out.Diagnostics) > 0 || len(out.Progress) == 0 {
		t.Errorf("%s: progress %q\n%s", typeName, out.Progress, out.Diagnostics)
	}
}

// actionBlocks are the action blocks of an example.
func actionBlocks(t *testing.T, file string) []*hclsyntax.Block {
	t.Helper()
	parsed, diags := hclparse.NewParser().ParseHCLFile(file)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	body, ok := parsed.Body.(*hclsyntax.Body)
	if !ok {
		t.Fatalf("%s is not in HCL's own syntax", file)
	}
	var blocks []*hclsyntax.Block
	for _, block := range body.Blocks {
		if block.Type == "action" {
			blocks = append(blocks, block)
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("%s has no action block", file)
	}
	return blocks
}

// configOf is the config block of an action. Known is false where something in it refers to something else.
func configOf(t *testing.T, block *hclsyntax.Block) (config protocol.Values, known bool) {
	t.Helper()
	config, known = protocol.Values{}, true
	if len(block.Body.Blocks) != 1 || block.Body.Blocks[0].Type != "config" {
		t.Fatalf("the action %v has no config block", block.Labels)
	}
	for name, attribute := range block.Body.Blocks[0].Body.Attributes {
		if len(attribute.Expr.Variables()) > 0 {
			config[name], known = protocol.Unknown, false
			continue
		}
		value, diags := attribute.Expr.Value(&hcl.EvalContext{})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		config[name] = plain(t, value)
	}
	return config, known
}

// plain is a value of an example as the driver takes it.
func plain(t *testing.T, value cty.Value) any {
	t.Helper()
	switch kind := value.Type(); {
	case value.IsNull():
		return nil
	case kind == cty.String:
		return value.AsString()
	case kind == cty.Bool:
		return value.True()
	case kind == cty.Number:
		number, _ := value.AsBigFloat().Float64()
		return number
	case kind.IsObjectType():
		out := protocol.Values{}
		for name, inner := range value.AsValueMap() {
			out[name] = plain(t, inner)
		}
		return out
	case kind.IsTupleType():
		out := []any{}
		for _, inner := range value.AsValueSlice() {
			out = append(out, plain(t, inner))
		}
		return out
	}
	t.Fatalf("%s in an example", value.Type().FriendlyName())
	return nil
}
