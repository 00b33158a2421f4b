package gitops_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

// lineStart is how the lines begin that sum up a plan without OPA.
const lineStart = "terraform show -json plan | jq "

// sumOfReadme is what the jq line of the README prints for a plan.
func sumOfReadme(t *testing.T, plan []byte) string {
	t.Helper()
	sum, err := readmeLine(t, plan)
	if err != nil {
		t.Fatal(err)
	}
	printed, err := gojq.Marshal(sum)
	if err != nil {
		t.Fatal(err)
	}
	return string(printed)
}

// readmeLine runs the filter that stands between the quotes of the README's line.
func readmeLine(t *testing.T, plan []byte) (any, error) {
	t.Helper()
	return runLine(t, fence(t, lineStart), plan)
}

// runLine runs the filter that stands between the quotes of a line.
func runLine(t *testing.T, line string, plan []byte) (any, error) {
	t.Helper()
	_, filter, found := strings.Cut(strings.TrimSpace(line), "'")
	filter, rest, closed := strings.Cut(filter, "'")
	if !found || !closed || rest != "" {
		t.Fatalf("no filter between quotes, or more: %s", line)
	}
	query, err := gojq.Parse(filter)
	if err != nil {
		t.Fatal(err)
	}
	value, _ := query.RunWithContext(t.Context(), document(t, plan)).Next()
	if err, failed := value.(error); failed {
		return nil, err
	}
	return value, nil
}

// lineOf is the line of a page of the documentation that sums up a plan.
func lineOf(t *testing.T, page string) string {
	t.Helper()
	_, line, found := strings.Cut(read(t, filepath.Join(root, "templates", page)), "\n"+lineStart)
	line, _, closed := strings.Cut(line, "\n```")
	if !found || !closed {
		t.Fatalf("%s has no such line", page)
	}
	return lineStart + line
}

// sums are plans and what a line has to print for them. Their sums are not exact in fractions.
type sums []struct {
	page, plan string
	want       float64
	fails      string
}

func (s sums) check(t *testing.T) {
	t.Helper()
	for _, c := range s {
		got, err := runLine(t, lineOf(t, c.page), []byte(c.plan))
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s, of %s: %v, %v; want an error that says %q", c.page, c.plan, got, err, c.fails)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s, of %s: %v", c.page, c.plan, err)
		}
		expectEqual(t, c.page+", of "+c.plan, got, c.want)
	}
}

// TestLinesThatSumUpCharges runs the line of the guide, which is the README's, over plans of everything that charges.
func TestLinesThatSumUpCharges(t *testing.T) {
	t.Parallel()
	const guide = "guides/spending.md"
	if strings.TrimSpace(lineOf(t, guide)) != strings.TrimSpace(fence(t, lineStart)) {
		t.Error("the guide's line is not the README's")
	}
	order := func(address, usd string) string {
		return `{"address": "` + address + `", "type": "autx_order", "change": {"actions": ["create"], "after": {"spend": {"authorized_usd": ` + usd + `}}}}`
	}
	chat := `{"address": "action.autx_chat.a", "type": "autx_chat", "config_values": {"max_cost": "2.20"}}`
	sums{
		{page: guide, plan: `{}`, want: 0},
		{page: guide, plan: `{"resource_changes": [` + order("a", `"0.1"`) + `,` + order("b", `"0.2"`) + `]}`, want: 0.3},
		{page: guide, plan: `{"resource_changes": [` + order("a", `"0.1"`) + `,` + order("b", `null`) + `]}`, fails: "not known: b"},
		{page: guide, plan: `{"resource_changes": [` + order("a", `"1.10"`) + `], "action_invocations": [` + chat + `,` + chat + `]}`, want: 3.3},
		{page: guide, plan: `{"action_invocations": [{"address": "p", "type": "autx_proxy", "config_values": {"max_price": "0.7"}}, {"address": "q", "type": "autx_session_close"}]}`, want: 0.7},
		{page: guide, plan: `{"action_invocations": [{"address": "p", "type": "autx_proxy", "config_values": {}}]}`, fails: "not known: p"},
		{page: guide, plan: `{"resource_changes": [{"address": "c", "type": "autx_order", "change": {"actions": ["update"], "after": {"spend": {"authorized_usd": "9"}}}}]}`, want: 0},
	}.check(t)
}

// TestLinesThatSumUpMovements runs the lines of the pages of what moves money.
func TestLinesThatSumUpMovements(t *testing.T) {
	t.Parallel()
	for _, noun := range []string{"deposit", "withdrawal"} {
		page, movement := "resources/credit_"+noun+".md.tmpl", func(action, amount string) string {
			return `{"address": "m", "type": "autx_credit_` + noun + `", "change": {"actions": ["` + action + `"], "after": {"amount": ` + amount + `}}}`
		}
		sums{
			{page: page, plan: `{"resource_changes": []}`, want: 0},
			{page: page, plan: `{"resource_changes": [` + movement("create", `"10.1"`) + `,` + movement("create", `"10.2"`) + `,` + movement("update", `"5"`) + `]}`, want: 20.3},
			{page: page, plan: `{"resource_changes": [` + movement("create", `null`) + `]}`, fails: "not known: m"},
		}.check(t)
	}
	page, floor := "resources/credit_floor.md.tmpl", func(onShortfall, most, target string) string {
		return `{"type": "autx_credit_floor", "change": {"actions": ["update"], "after": {"on_shortfall": "` + onShortfall + `", "max_deposit_per_apply": ` + most +
			`, "target": ` + target + `}, "after_unknown": {"status": true}}}`
	}
	sums{
		{page: page, plan: `{"resource_changes": [` + floor("deposit", `"10.1"`, `"500"`) + `,` + floor("deposit", `null`, `"10.2"`) + `,` + floor("warn", `null`, `"7"`) + `]}`, want: 20.3},
		{page: page, plan: `{"resource_changes": [` + floor("deposit", `null`, `null`) + `]}`, fails: "not known"},
	}.check(t)
}
