package credit_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// The kit of the tests that run a real CLI.

type (
	// actions are what a plan does, by address.
	actions = acctest.Actions
	// args are arguments of a block as HCL expressions, by name.
	args map[string]string
)

// spendingBlock allows to move money and to charge nothing.
const spendingBlock = "provider \"autx\" {\n  max_retries = 1\n  spending = {\n    max_per_apply = \"0\"\n    allow_deposits = true\n    allow_withdrawals = true\n  }\n}\n"

// scene is a CLI and the account that it works on.
type scene struct {
	*acctest.CLI
	account
}

// begin starts a mock server, where I have $100, and lays out a directory whose provider may move money.
func begin(t *testing.T, options ...mockserver.Option) *scene {
	t.Helper()
	server := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(seed("100"))}, options...)...)
	s := &scene{CLI: acctest.NewCLI(t, server), account: account{t, server}}
	s.Write("provider.tf", spendingBlock)
	return s
}

// gate puts a gate between the provider and the server.
func (s *scene) gate() *acctest.Gate {
	s.t.Helper()
	gate := acctest.NewGate(s.t, s.server)
	s.Setenv("AUTX_BASE_URL", gate.URL())
	return gate
}

// main writes the configuration.
func (s *scene) main(blocks ...string) {
	s.t.Helper()
	s.Write("main.tf", strings.Join(blocks, "\n"))
}

// deposit is a resource block: a deposit of $10 under the label as key, unless overrides replace arguments, or remove those that are "".
func deposit(label string, overrides ...args) string {
	return block("resource", depositType, label, append([]args{{"idempotency_key": fmt.Sprintf("%q", label), "amount": `"10"`}}, overrides...)...)
}

// withdrawal is a resource block: a withdrawal of $10 under the label as key.
func withdrawal(label string, overrides ...args) string {
	return block("resource", withdrawalType, label, append([]args{{"idempotency_key": fmt.Sprintf("%q", label), "amount": `"10"`}}, overrides...)...)
}

// floor is a resource block: a floor of $100 with a target of $150 that deposits.
func floor(label string, overrides ...args) string {
	return block("resource", floorType, label, append([]args{{"name": fmt.Sprintf("%q", label), "floor": `"100"`, "target": `"150"`, "on_shortfall": `"deposit"`}}, overrides...)...)
}

// block writes a block with its arguments in the order of their names; the values of names that begin with "!" are written as they are.
func block(kind, of, label string, arguments ...args) string {
	all := args{}
	for _, some := range arguments {
		maps.Copy(all, some)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s %q %q {\n", kind, of, label)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch {
		case all[name] == "":
		case strings.HasPrefix(name, "!"):
			fmt.Fprintf(&out, "  %s\n", all[name])
		default:
			fmt.Fprintf(&out, "  %s = %s\n", name, all[name])
		}
	}
	return out.String() + "}\n"
}

// mustHaveStored fails the test unless the state has exactly the movements of the given addresses, each under the id of the ledger's entry with that
// place after the first deposit, none tainted and none deposed.
func (s *scene) mustHaveStored(places map[string]int) {
	s.t.Helper()
	seen := map[string]bool{}
	for _, object := range s.Stored() {
		if !strings.HasPrefix(object.Address, "autx_credit_") {
			continue
		}
		seen[object.Address] = true
		if object.Tainted || object.Deposed {
			s.t.Errorf("%s is tainted: %t, deposed: %t", object.Address, object.Tainted, object.Deposed)
		}
		place, wanted := places[object.Address]
		if entries := s.entries(); !wanted || place >= len(entries) || entries[place].ID != object.Text("id") {
			s.t.Errorf("%s has the id %s in state", object.Address, object.Text("id"))
		}
	}
	if len(seen) != len(places) {
		s.t.Errorf("the state has %v, not %v", seen, places)
	}
}

// holding starts an apply and waits until its deposit is held: before it is carried out, or after, before the answer goes back.
func (s *scene) holding(gate *acctest.Gate, before bool) (*acctest.Process, *acctest.Held) {
	s.t.Helper()
	hold := gate.HoldAnswer
	if before {
		hold = gate.HoldRequest
	}
	held := hold(http.MethodPost, "/credits/deposit-test")
	process := s.Start("apply", "-auto-approve", "-no-color")
	held.Arrived()
	process.EndProvidersWithTest()
	return process, held
}

// mustSay fails the test unless a reader of the output is told something.
func (s *scene) mustSay(result acctest.Result, texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(result.Output, text) {
			s.t.Errorf("nothing says %q:\n%s", text, result.Raw)
		}
	}
}
