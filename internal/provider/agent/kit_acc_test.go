package agent_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
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
	// me and other are the users of most tests' worlds.
	me       = "me"
	other    = "other"
	otherKey = "autx_live_other"
	// spendingBlock allows whatever a test launches.
	spendingBlock = "provider \"autx\" {\n  spending = { max_per_apply = \"10000\" }\n}\n"
)

// world is what a test's mock server starts with.
type world struct {
	// balance is mine in US dollars, $10,000 if empty; free are the free launches that I have left.
	balance string
	free    int
	agents  []mockserver.SeedAgent
}

func (w world) seed() mockserver.Seed {
	balance := money.MustParse("10000")
	if w.balance != "" {
		balance = money.MustParse(w.balance)
	}
	none := 0
	return mockserver.Seed{
		Users: []mockserver.SeedUser{
			{ID: me, BalanceUSD: balance, LaunchesLeftFree: &w.free, Keys: []mockserver.SeedKey{{Key: "autx_live_me"}}},
			{ID: other, BalanceUSD: money.MustParse("1000"), LaunchesLeftFree: &none, Keys: []mockserver.SeedKey{{Key: otherKey}}},
		},
		Agents: w.agents,
	}
}

// serve starts a mock server with the world.
func serve(t *testing.T, w world, options ...mockserver.Option) *mockserver.Server {
	t.Helper()
	return mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(w.seed())}, options...)...)
}

// begin starts a mock server and lays out a directory whose provider may spend.
func begin(t *testing.T, w world, options ...mockserver.Option) (*mockserver.Server, *acctest.CLI) {
	t.Helper()
	server := serve(t, w, options...)
	cli := acctest.NewCLI(t, server)
	cli.Write("provider.tf", spendingBlock)
	return server, cli
}

// agent is a resource block. The label in upper case is the ticker; other arguments have defaults, which overrides replace, or remove where they are "".
func agent(label string, overrides ...args) string {
	return block("resource", "autx_agent", label, append([]args{{
		"name": fmt.Sprintf("%q", "Agent "+label), "ticker": fmt.Sprintf("%q", strings.ToUpper(label)),
		"endpoint_url": fmt.Sprintf("%q", "https://"+label+".example.com/run"), "service_price": `"0.50"`, "deletion_protection": "false",
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
		if all[name] != "" {
			fmt.Fprintf(&out, "  %s = %s\n", name, all[name])
		}
	}
	return out.String() + "}\n"
}

// address is the address of the agent that block wrote.
func address(label string) string { return "autx_agent." + label }

// importOf is a block that imports an agent.
func importOf(label, id string) string {
	return fmt.Sprintf("import {\n  to = autx_agent.%s\n  id = %q\n}\n", label, id)
}

// each gives every label the same action.
func each(action string, labels ...string) actions {
	out := actions{}
	for _, label := range labels {
		out[address(label)] = action
	}
	return out
}

// clientFor is the API client with a key, for what happens outside of Terraform.
func clientFor(t *testing.T, server *mockserver.Server, key string) *client.Client {
	t.Helper()
	api, err := client.New(client.Config{BaseURL: server.URL(), APIKey: key, UserAgent: "outside"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.CloseIdleConnections)
	return api
}

// found is an agent at the service, by ticker; nil where there is none.
func found(server *mockserver.Server, ticker string) *mockserver.AgentState {
	for _, a := range server.State().Agents {
		if a.Ticker == ticker {
			return &a
		}
	}
	return nil
}

// must is found, and ends the test where there is none.
func must(t *testing.T, server *mockserver.Server, ticker string) *mockserver.AgentState {
	t.Helper()
	a := found(server, ticker)
	if a == nil {
		t.Fatalf("there is no agent %s at the service", ticker)
	}
	return a
}

// available is my balance at the service.
func available(t *testing.T, server *mockserver.Server) string {
	t.Helper()
	for _, user := range server.State().Users {
		if user.ID == me {
			return user.AvailableUSDC.String()
		}
	}
	t.Fatal("I am gone")
	return ""
}

// ledger lists my transactions but for the first deposit, as "consume 20".
func ledger(server *mockserver.Server) []string {
	var out []string
	for _, entry := range server.State().Transactions {
		if entry.User == me {
			out = append(out, entry.Type+" "+entry.Amount.String())
		}
	}
	return out[1:]
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

// unknown stands for a value that only the apply will tell.
const unknown = "(known after apply)"

// changed gives the attributes that a change touches, each with its value before and after; nested ones by their path, such as profile.tagline.
func changed(change *tfjson.Change) map[string][2]any {
	before, after := map[string]any{}, map[string]any{}
	flatten("", change.Before, before)
	flatten("", change.After, after)
	marks := map[string]any{}
	flatten("", change.AfterUnknown, marks)
	for path, mark := range marks {
		if mark == true {
			after[path] = unknown
		}
	}
	out := map[string][2]any{}
	for _, path := range slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after))) {
		if fmt.Sprint(before[path]) != fmt.Sprint(after[path]) {
			out[path] = [2]any{before[path], after[path]}
		}
	}
	return out
}

// flatten lists the leaves of a JSON value by their paths. Lists are leaves, and so are objects and lists that are empty.
func flatten(path string, value any, into map[string]any) {
	object, ok := value.(map[string]any)
	if !ok {
		if value != nil {
			into[path] = value
		}
		return
	}
	for name, inner := range object {
		at := name
		if path != "" {
			at = path + "." + name
		}
		flatten(at, inner, into)
	}
}

// tickerOf is the ticker of the agent with a label.
func tickerOf(label string) string { return strings.ToUpper(label) }

// What an activation proves.
const (
	txHash   = "0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	deployer = "0x00112233445566778899aabbccddeeff00112233"
)

// call makes a request as the owner of a key, and gives the answer's body. The test ends unless it succeeds.
func call(t *testing.T, server *mockserver.Server, key, method, path, body string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode > 299 {
		t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, answer, err)
	}
	return answer
}

// patch changes an agent of mine outside of Terraform.
func patch(t *testing.T, server *mockserver.Server, ticker, body string) {
	t.Helper()
	call(t, server, server.Key(), http.MethodPatch, "/agents/"+must(t, server, ticker).ID, body)
}
