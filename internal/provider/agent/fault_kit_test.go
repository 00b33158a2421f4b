package agent_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// faultSeed has an account without a free launch, so that every launch costs its fee and the ledger counts launches; and an agent of somebody else.
const faultSeed = `{
  "users": [
    {"id": "me", "balance_usd": "1000", "launches_left_free": 0, "keys": [{"key": "autx_live_me"}]},
    {"id": "other", "balance_usd": "0", "keys": [{"key": "autx_live_other"}]}
  ],
  "agents": [{"owner": "other", "id": "00000000-0000-4000-8000-00000000beef", "ticker": "TAKEN", "name": "Somebody else's",
    "endpoint_url": "https://other.example.com/", "service_price": "1"}]
}`

// scene is a CLI, the mock server that it works on, and a gate between the two where a test needs one.
type scene struct {
	*acctest.CLI
	t      *testing.T
	server *mockserver.Server
}

func newScene(t *testing.T, opts ...mockserver.Option) *scene {
	t.Helper()
	server := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeedJSON(faultSeed)}, opts...)...)
	return &scene{CLI: acctest.NewCLI(t, server), t: t, server: server}
}

// gate puts a gate between the provider and the server.
func (s *scene) gate() *acctest.Gate {
	s.t.Helper()
	gate := acctest.NewGate(s.t, s.server)
	s.Setenv("AUTX_BASE_URL", gate.URL())
	return gate
}

// configure writes the configuration: a provider block that allows charges and retries little, and what follows it.
func (s *scene) configure(parts ...string) {
	s.t.Helper()
	s.configureProvider("", parts...)
}

// configureProvider is configure with more lines in the provider block.
func (s *scene) configureProvider(more string, parts ...string) {
	s.t.Helper()
	if !strings.Contains(more, "max_retries") {
		more += "\n  max_retries = 1"
	}
	if !strings.Contains(more, "spending") {
		more += "\n  spending = { max_per_apply = \"1000\" }"
	}
	s.Write("main.tf", "provider \"autx\" {"+more+"\n}\n"+strings.Join(parts, "\n"))
}

// agentBlock is a resource, unprotected so that the CLI may try to destroy it.
func agentBlock(name, ticker string, more ...string) string {
	return fmt.Sprintf("resource \"autx_agent\" %q {\n  ticker = %q\n  name = \"Agent %s\"\n  endpoint_url = \"https://agents.example.com/%s\"\n"+
		"  service_price = \"0.50\"\n  deletion_protection = false\n  %s\n}\n", name, ticker, ticker, strings.ToLower(ticker), strings.Join(more, "\n  "))
}

// charged is what launches have cost the account so far, in US dollars: its charges less what was given back.
func (s *scene) charged() string {
	s.t.Helper()
	total := money.Zero()
	for _, entry := range s.server.State().Transactions {
		switch {
		case entry.User != "me":
		case entry.Type == "consume":
			total = total.Add(entry.Amount)
		case entry.Type == "refund":
			total = total.Sub(entry.Amount)
		}
	}
	return total.USD()
}

// tickers are those of the account's own agents, sorted.
func (s *scene) tickers() []string {
	s.t.Helper()
	var out []string
	for _, a := range s.server.State().Agents {
		if a.User == "me" {
			out = append(out, a.Ticker)
		}
	}
	slices.Sort(out)
	return out
}

// agent finds the account's own agent with a ticker.
func (s *scene) agent(ticker string) mockserver.AgentState {
	s.t.Helper()
	for _, a := range s.server.State().Agents {
		if a.User == "me" && a.Ticker == ticker {
			return a
		}
	}
	s.t.Fatalf("the account has no agent %s, only %v", ticker, s.tickers())
	panic("unreachable")
}

// requests counts the requests of an operation that have reached the server.
func (s *scene) requests(operation string) int {
	s.t.Helper()
	n := 0
	for _, r := range s.server.Requests() {
		if r.Operation == operation {
			n++
		}
	}
	return n
}

// call makes a request as the account's owner would who does something on AUTX's web page.
func (s *scene) call(method, path, body string) {
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
	if resp.StatusCode >= http.StatusBadRequest {
		answer, _ := io.ReadAll(resp.Body) // the status says enough
		s.t.Fatalf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
}

func (s *scene) mustHaveCharged(usd string) {
	s.t.Helper()
	if got := s.charged(); got != usd {
		s.t.Errorf("launches have cost %s, not %s", got, usd)
	}
}

func (s *scene) mustHaveAgents(tickers ...string) {
	s.t.Helper()
	if got := s.tickers(); !slices.Equal(got, tickers) {
		s.t.Errorf("the account's agents are %v, not %v", got, tickers)
	}
}

func (s *scene) mustHaveSent(operation string, times int) {
	s.t.Helper()
	if got := s.requests(operation); got != times {
		s.t.Errorf("%s was requested %d times, not %d", operation, got, times)
	}
}

// mustHaveStored checks that the state has exactly the agents of the given addresses, each under the id that AUTX knows, none tainted and none deposed.
func (s *scene) mustHaveStored(tickers map[string]string) {
	s.t.Helper()
	var addresses []string
	for _, object := range s.Stored() {
		if !strings.HasPrefix(object.Address, "autx_agent.") {
			continue
		}
		addresses = append(addresses, object.Address)
		if object.Tainted || object.Deposed {
			s.t.Errorf("%s (id %s) is tainted: %t, deposed: %t", object.Address, object.Text("id"), object.Tainted, object.Deposed)
		}
		if ticker, wanted := tickers[object.Address]; !wanted {
			s.t.Errorf("the state has %s", object.Address)
		} else if at := s.agent(ticker); at.ID != object.Text("id") {
			s.t.Errorf("%s has the id %s in state, and AUTX has %s under %s", object.Address, object.Text("id"), at.ID, ticker)
		}
	}
	if len(addresses) != len(tickers) {
		s.t.Errorf("the state has %v, not %v", addresses, tickers)
	}
}

// mustBeWhole checks that exactly one agent is there, launched once, saved, not tainted, and that there is nothing left to do.
func (s *scene) mustBeWhole(address, ticker string) {
	s.t.Helper()
	s.mustHaveAgents(ticker)
	s.mustHaveCharged("$20.00")
	s.mustHaveStored(map[string]string{address: ticker})
	s.MustBeEmpty()
	s.mustHaveStored(map[string]string{address: ticker})
}

// mustSay checks that a reader of the output is told something.
func (s *scene) mustSay(result acctest.Result, texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(result.Output, text) {
			s.t.Errorf("nothing says %q:\n%s", text, result.Raw)
		}
	}
}

// mustFail checks that a command failed and told a reader something.
func (s *scene) mustFail(result acctest.Result, texts ...string) {
	s.t.Helper()
	if result.Code == 0 {
		s.t.Errorf("it did not fail:\n%s", result.Raw)
	}
	s.mustSay(result, texts...)
}

var diagnosticLine = regexp.MustCompile(`\n[│╷]?\s*\n(?:│ )?((?:Error|Warning): .*)`)

// summaries are the first lines of what a command reported, without those of the development override.
func summaries(result acctest.Result) string {
	var out []string
	for _, found := range diagnosticLine.FindAllStringSubmatch(result.Raw, -1) {
		if line := strings.TrimSpace(found[1]); !strings.Contains(line, "development overrides") && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	if len(out) == 0 {
		return "-"
	}
	return strings.Join(out, "; ")
}

// table collects what became of each case, for a reader of the test's log.
type table struct {
	mu   sync.Mutex
	head string
	rows []string
}

func newTable(columns ...string) *table { return &table{head: strings.Join(columns, " | ")} }

func (r *table) add(cells ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = fmt.Sprint(cell)
	}
	r.rows = append(r.rows, strings.Join(texts, " | "))
}

func (r *table) log(t *testing.T) {
	t.Helper()
	slices.Sort(r.rows)
	t.Logf("%s\n%s", r.head, strings.Join(r.rows, "\n"))
}
