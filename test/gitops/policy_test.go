package gitops_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/tester"
)

// TestPolicyUnits runs the policy's own tests, as `opa test policy` does.
func TestPolicyUnits(t *testing.T) {
	t.Parallel()
	results, err := tester.Run(t.Context(), filepath.Join(kit, "policy"))
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range results {
		if !result.Pass() {
			t.Errorf("%s: %s", result.Location, result)
		}
	}
	if written := strings.Count("\n"+read(t, kit+"/policy/spend_test.rego"), "\ntest_"); len(results) != written || written == 0 {
		t.Errorf("%d tests ran, and %d are written", len(results), written)
	}
}

// TestPolicyNumbers shows why the policy adds millionths: the fractions of the policy engine are not exact, its whole numbers are.
func TestPolicyNumbers(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]any{
		"x := 1.10 + 2.20 == 3.30":                       false,
		"x := 1100000 + 2200000 == 3300000":              true,
		"x := 999999999999999 + 1 == 1000000000000000":   true,
		"x := 9007199254740992 + 1 == 9007199254740993":  true, // Not so with floats of 64 bits.
		"x := 9007199254740992 + 1 == 9007199254740992":  false,
		"x := 900719925474099300 > 900719925474099299":   true,
		"x := sum([9007199254740993, 1])":                json.Number("9007199254740994"),
		"x := 9007199254740993 % 1000000":                json.Number("740993"),
		"x := floor(999999999999999 / 1000000)":          json.Number("999999999"),
		"x := data.spend.micro(\"999999999.999999\")":    json.Number("999999999999999"),
		"x := data.spend.usd(999999999999999)":           "999999999.999999",
		"x := data.spend.usd(1)":                         "0.000001",
		"x := data.spend.micro(\"0.10\") == 100000":      true,
		"x := data.spend.micro(\"0\") == 0":              true,
		"x := count([1 | data.spend.micro(\"1e1\")])":    json.Number("0"),
		"x := count([1 | data.spend.micro(\" 1\")])":     json.Number("0"),
		"x := count([1 | data.spend.micro(\"1\\n\")])":   json.Number("0"),
		"x := count([1 | data.spend.micro(\"0.1e2\")])":  json.Number("0"),
		"x := count([1 | data.spend.micro(\"1.00.0\")])": json.Number("0"),
	} {
		results, err := rego.New(rego.Query(expression), rego.Load([]string{filepath.Join(kit, "policy")}, nil)).Eval(t.Context())
		if err != nil || len(results) != 1 {
			t.Errorf("%s: %d results: %v", expression, len(results), err)
			continue
		}
		expectEqual(t, expression, results[0].Bindings["x"], want)
	}
}

// TestAccGitOpsPolicy holds plans of both CLIs to the policy: what it denies, what a label allows, and what it tells a reviewer.
func TestAccGitOpsPolicy(t *testing.T) {
	t.Parallel()
	const deposit = `
resource "autx_credit_deposit" "more" {
  idempotency_key = "more"
  amount          = "5"
}
resource "autx_credit_withdrawal" "less" {
  idempotency_key = "less"
  amount          = "6"
}
`
	const unknown = `
resource "terraform_data" "later" {
  input = "0.50"
}
resource "autx_order" "unknown" {
  idempotency_key = "unknown"
  agent_id        = data.autx_agent.used["SUMM"].id
  prompt          = "What may this cost?"
  max_price       = terraform_data.later.output
}
`
	eachCLI(t, func(t *testing.T, cli string) {
		t.Helper()
		w := newWorkspace(t, cli, startMock(t)).spend()
		plan := w.plan(t)
		summary := evaluate(t, plan, nil, "x := data.spend.summary")
		if want := fence(t, "This plan authorises"); len(summary) != 1 || summary[0] != strings.TrimSpace(want) {
			t.Errorf("the summary is\n%v\nand the README shows\n%s", summary, want)
		}
		w.write(t, "policy/limits.json", `{"limits": {"max_usd": "2.099999"}}`)
		expectEqual(t, "what the policy denies", deniedBy(t, filepath.Join(w.dir, "policy"), plan, nil), []string{
			"the plan authorises $2.100000 in 3 purchases, and the limit is $2.099999",
		})
		w.write(t, "policy/limits.json", `{"limits": {"max_usd": "2.10"}}`)
		expectEqual(t, "what the policy denies at the limit", deniedBy(t, filepath.Join(w.dir, "policy"), plan, nil), nil)

		w.write(t, "movements.tf", deposit)
		plan = w.plan(t)
		in := "autx_credit_deposit.more: moves $5; the label allow-deposits has to allow it"
		out := "autx_credit_withdrawal.less: moves $6; the label allow-withdrawals has to allow it"
		expectEqual(t, "without labels", denied(t, plan, nil), []string{in, out})
		expectEqual(t, "with one label", denied(t, plan, []string{"allow-deposits"}), []string{out})
		expectEqual(t, "with both labels", denied(t, plan, []string{"allow-deposits", "allow-withdrawals"}), nil)
		w.remove(t, "movements.tf")

		w.write(t, "unknown.tf", unknown)
		plan = w.plan(t)
		expectEqual(t, "an amount that is not known", denied(t, plan, nil), []string{"autx_order.unknown: what it authorises is not known in the plan"})
		if _, err := readmeLine(t, plan); err == nil || !strings.Contains(err.Error(), "autx_order.unknown") {
			t.Errorf("the README's line sums up what is not known: %v", err)
		}
		expectEqual(t, "the requests that write", w.mock.writes(t), nil)
	})
}

// denied is what the pipeline's step prints for a plan.
func denied(t *testing.T, plan []byte, labels []string) []string {
	t.Helper()
	return deniedBy(t, filepath.Join(kit, "policy"), plan, labels)
}

func deniedBy(t *testing.T, policy string, plan []byte, labels []string) []string {
	t.Helper()
	return evaluateWith(t, policy, plan, labels, "data.spend.deny[x]")
}

func warned(t *testing.T, plan []byte) []string {
	t.Helper()
	return evaluate(t, plan, nil, "data.spend.warn[x]")
}

func evaluate(t *testing.T, plan []byte, labels []string, query string) []string {
	t.Helper()
	return evaluateWith(t, filepath.Join(kit, "policy"), plan, labels, query)
}

// evaluateWith evaluates a query with x over a plan, with the files that the pipeline gives to OPA.
func evaluateWith(t *testing.T, policy string, plan []byte, labels []string, query string) []string {
	t.Helper()
	encoded, err := json.Marshal(map[string][]string{"labels": append([]string{}, labels...)})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "labels.json")
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	results, err := rego.New(rego.Query(query), rego.Load([]string{policy, file}, nil), rego.Input(document(t, plan))).Eval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, result := range results {
		text, ok := result.Bindings["x"].(string)
		if !ok {
			t.Fatalf("%s gives %v", query, result.Bindings)
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts
}

func document(t *testing.T, plan []byte) any {
	t.Helper()
	var input any
	if err := json.Unmarshal(plan, &input); err != nil {
		t.Fatal(err)
	}
	return input
}

func expectEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if list, ok := got.([]string); ok && want == nil {
		want = list[:0]
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", what, diff)
	}
}

// TestPolicyKnowsEveryKind holds the policy to all resources and actions of the provider: what one does to the account's money is said of each, once.
func TestPolicyKnowsEveryKind(t *testing.T) {
	t.Parallel()
	var golden struct {
		Schemas map[string]struct {
			Resources map[string]any `json:"resource_schemas"`
			Actions   map[string]any `json:"action_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal([]byte(read(t, root+"/internal/schemajson/testdata/provider_schema.golden.json")), &golden); err != nil {
		t.Fatal(err)
	}
	provider := golden.Schemas["autx"]
	known := func(sets ...string) []string {
		var out []string
		for _, set := range sets {
			out = append(out, evaluate(t, []byte(`{}`), nil, set)...)
		}
		slices.Sort(out)
		return out
	}
	expectEqual(t, "the resources that the policy knows", known("data.spend.charging[x]", "data.spend.free[x]", "data.spend.label_for[x]"),
		slices.Sorted(maps.Keys(provider.Resources)))
	expectEqual(t, "the actions that the policy knows", known("data.spend.charging_actions[x]", "data.spend.free_actions[x]", "data.spend.label_for_action[x]"),
		slices.Sorted(maps.Keys(provider.Actions)))
}
