package order_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// Shorthands for the tests of this package.
type (
	// actions are what a plan does, by address.
	actions = acctest.Actions
	// args are arguments of a block as HCL expressions, by name.
	args map[string]string
)

const (
	me        = "me"
	seller    = "seller"
	otherKey  = "autx_live_me_again"
	sellerKey = "autx_live_seller"

	// spendingBlock allows whatever a test orders.
	spendingBlock = "provider \"autx\" {\n  spending = { max_per_apply = \"10000\" }\n}\n"
)

// The agents of a test's world and their ids.
const (
	summ = "00000000-0000-4000-8000-000000000001" // $0.50 an order
	docs = "00000000-0000-4000-8000-000000000002" // $1.25, takes pdf and txt up to 2 MiB
	free = "00000000-0000-4000-8000-000000000003" // $0
	fail = "00000000-0000-4000-8000-000000000004" // $2, fails
	gold = "00000000-0000-4000-8000-000000000005" // $7
	rest = "00000000-0000-4000-8000-000000000006" // paused
)

// seed is a world with my account, which has two keys, and the agents of somebody else.
func seed(balance string) mockserver.Seed {
	usd := func(text string) *money.Amount { a := money.MustParse(text); return &a }
	one := func(id, ticker, price string) mockserver.SeedAgent {
		return mockserver.SeedAgent{
			Owner: seller, ID: id, Ticker: ticker, Name: "Agent " + ticker, EndpointURL: "https://agents.example.com/" + strings.ToLower(ticker), ServicePrice: usd(price),
		}
	}
	reader, failing, resting := one(docs, "DOCS", "1.25"), one(fail, "FAIL", "2"), one(rest, "REST", "0.50")
	reader.Manifest = &mockserver.Manifest{Input: mockserver.ManifestInput{Type: "multipart", AcceptsFiles: true, FileTypes: []string{"pdf", ".TXT"}, MaxSizeBytes: 2 << 20}}
	failing.Responder.Kind = "fail"
	resting.Status = "paused"
	return mockserver.Seed{
		Users: []mockserver.SeedUser{
			{ID: me, BalanceUSD: money.MustParse(balance), Keys: []mockserver.SeedKey{{Key: "autx_live_me"}, {Key: otherKey}}},
			{ID: seller, Keys: []mockserver.SeedKey{{Key: sellerKey}}},
		},
		Agents: []mockserver.SeedAgent{one(summ, "SUMM", "0.50"), reader, one(free, "FREE", "0"), failing, one(gold, "GOLD", "7"), resting},
	}
}

// scene is a CLI and the mock server that it works on.
type scene struct {
	*acctest.CLI
	t      *testing.T
	server *mockserver.Server
}

// begin starts a mock server, where I have $100, and lays out a directory whose provider may spend.
func begin(t *testing.T, options ...mockserver.Option) *scene {
	t.Helper()
	server := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(seed("100"))}, options...)...)
	s := &scene{CLI: acctest.NewCLI(t, server), t: t, server: server}
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

// provider writes the provider block with these lines.
func (s *scene) provider(lines ...string) {
	s.t.Helper()
	s.Write("provider.tf", "provider \"autx\" {\n  "+strings.Join(lines, "\n  ")+"\n}\n")
}

// main writes the configuration.
func (s *scene) main(blocks ...string) {
	s.t.Helper()
	s.Write("main.tf", strings.Join(blocks, "\n"))
}

// order is a resource block: an order of SUMM under the label as key, unless overrides replace arguments, or remove those that are "".
func order(label string, overrides ...args) string {
	return block("resource", "autx_order", label, append([]args{{
		"idempotency_key": fmt.Sprintf("%q", label), "agent_id": fmt.Sprintf("%q", summ), "prompt": fmt.Sprintf("%q", "Prompt of "+label), "max_price": `"0.50"`,
	}}, overrides...)...)
}

// block writes a block with its arguments in the order of their names.
func block(kind, of, label string, arguments ...args) string {
	all := args{}
	for _, some := range arguments {
		maps.Copy(all, some)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s %q %q {\n", kind, of, label)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] == "" {
			continue
		}
		if strings.HasPrefix(name, "!") {
			fmt.Fprintf(&out, "  %s\n", all[name]) // a nested block
			continue
		}
		fmt.Fprintf(&out, "  %s = %s\n", name, all[name])
	}
	return out.String() + "}\n"
}

// address is the address of the order that order wrote.
func address(label string) string { return "autx_order." + label }

// each gives every label the same action.
func each(action string, labels ...string) actions {
	out := actions{}
	for _, label := range labels {
		out[address(label)] = action
	}
	return out
}

// orders are mine at the service, oldest first.
func (s *scene) orders() []mockserver.OrderState {
	var out []mockserver.OrderState
	for _, o := range s.server.State().Orders {
		if o.User == me {
			out = append(out, o)
		}
	}
	return out
}

// charges are my charges less refunds, in US dollars, and how many charges there were.
func (s *scene) charges() (total string, n int) {
	sum := money.Zero()
	for _, entry := range s.server.State().Transactions {
		switch {
		case entry.User != me:
		case entry.Type == "consume":
			sum, n = sum.Add(entry.Amount), n+1
		case entry.Type == "refund":
			sum = sum.Sub(entry.Amount)
		}
	}
	return sum.USD(), n
}

// mustHaveCharged fails the test unless exactly this was charged in so many orders.
func (s *scene) mustHaveCharged(want string, n int) {
	s.t.Helper()
	if total, count := s.charges(); total != want || count != n || len(s.orders()) != n {
		s.t.Errorf("%s was charged in %d orders (%d charges), want %s in %d", total, len(s.orders()), count, want, n)
	}
}

// mustHaveStored fails the test unless the state has exactly the orders of the given addresses, by the prompt with which the service has them, none tainted
// and none deposed.
func (s *scene) mustHaveStored(prompts map[string]string) {
	s.t.Helper()
	seen := map[string]bool{}
	for _, object := range s.Stored() {
		if !strings.HasPrefix(object.Address, "autx_order.") {
			continue
		}
		seen[object.Address] = true
		if object.Tainted || object.Deposed {
			s.t.Errorf("%s (id %s) is tainted: %t, deposed: %t", object.Address, object.Text("id"), object.Tainted, object.Deposed)
		}
		found := false
		for _, o := range s.orders() {
			found = found || o.ID == object.Text("id") && o.Prompt == prompts[object.Address]
		}
		if !found {
			s.t.Errorf("%s has the id %s in state, and the service has no such order with the prompt %q", object.Address, object.Text("id"), prompts[object.Address])
		}
	}
	if len(seen) != len(prompts) {
		s.t.Errorf("the state has %v, not %v", seen, prompts)
	}
}

// outside makes a request as the account's owner would by other means, and gives the answer.
func (s *scene) outside(method, path, body string) []byte {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL()+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.server.Key())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode > 299 {
		s.t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, text, err)
	}
	return text
}

// reprice changes what an agent costs, as its owner would.
func (s *scene) reprice(agentID, price string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPatch, s.server.URL()+"/agents/"+agentID, strings.NewReader(`{"service_price": `+price+`}`))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+sellerKey)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("the price could not be changed: %s", resp.Status)
	}
}

// changeOf is what a plan does to a resource.
func changeOf(t *testing.T, plan *tfjson.Plan, address string) *tfjson.Change {
	t.Helper()
	for _, change := range plan.ResourceChanges {
		if change.Address == address {
			return change.Change
		}
	}
	t.Fatalf("%s is not in the plan", address)
	return nil
}

// sha is the SHA-256 of a text in hexadecimal.
func sha(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}
