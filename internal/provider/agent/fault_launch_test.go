package agent_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

const (
	foundAgain = "Warning: Purchase made although its answer was lost"
	notFound   = "Error: Purchase not found after its answer was lost"
	launchPath = "POST /agents/"
)

// launchFault is something that goes wrong with a launch, and how things stand after the apply that met it.
type launchFault struct {
	name     string
	rule     string // of the mock server, whose operation is that of the launch
	arrange  func(t *testing.T, s *scene) (mend func())
	provider string
	resource string
	free     bool     // the launch was not carried out, so nothing may have been charged
	fails    bool     // the apply ends with an error
	says     []string // what a reader is told
	posts    int      // how often the launch was sent
}

// operation is the launch's, a creation or a reservation.
func (f launchFault) operation() string {
	if f.resource != "" {
		return "agents.reserve"
	}
	return "agents.create"
}

// launchFaults are the endings of a launch. Those that are carried out are found again at once; of those that are not a reader learns why.
func launchFaults() []launchFault {
	lost := func(name, rule string, says ...string) launchFault {
		return launchFault{name: name, rule: rule, says: append([]string{foundAgain, launchPath}, says...), posts: 1}
	}
	notDone := func(name, rule string, says ...string) launchFault {
		return launchFault{name: name, rule: rule, free: true, fails: true, says: append([]string{launchPath}, says...), posts: 1}
	}
	tried := func(times int, f launchFault) launchFault {
		f.posts = times
		return f
	}
	slow := func(f launchFault) launchFault {
		f.provider = "\n  timeout = \"2s\""
		return f
	}
	faults := []launchFault{
		{
			name: "no connection at all", arrange: refuseConnections, free: true, fails: true,
			says: []string{"Error: Purchase not sent", "connection refused", "was not sent and nothing was charged", "Apply again once that works"},
		},
		{
			name: "connection refused", arrange: shutBeforeTheLaunch, free: true, fails: true,
			says: []string{
				"Error: Could not launch agent ONE", launchPath, "connection refused", "(2 attempts)", "did not reach AUTX, so nothing was changed",
			},
		},
		notDone("connection reset before", "before:reset", notFound, "It is safe to apply again"),
		lost("connection reset after", "after:reset"),
		slow(notDone("no answer before", "before:hang", notFound, "no complete answer within 2s")),
		slow(lost("no answer after", "after:hang", "no complete answer within 2s")),
		notDone("500 before", "before:status=500", notFound, "500 Internal Server Error"),
		lost("500 after", "after:status=500,body={\"detail\":\"the disk is full\"}", "500 Internal Server Error: the disk is full"),
		notDone("503 before", "before:status=503", notFound, "503 Service Unavailable"),
		lost("503 after with Retry-After", "after:status=503,retry_after=1", "503 Service Unavailable"),
		lost("408 after", "after:status=408", "408 Request Timeout"),
		notDone("HTML page before", "before:status=502,content_type=text/html,body=<html><head><title>Bad Gateway</title></head></html>", notFound,
			`502 Bad Gateway: an HTML page titled "Bad Gateway"`),
		lost("HTML page after", "after:status=502,content_type=text/html,body=<html><head><title>Bad Gateway</title></head></html>",
			`502 Bad Gateway: an HTML page titled "Bad Gateway"`),
		lost("HTML page with a 200", "after:status=200,content_type=text/html,body=<html><head><title>Sign in</title></head></html>",
			`the body is an HTML page titled "Sign in"`),
		lost("invalid JSON", "after:status=201,body={\"id\": \"1", "the answer cannot be read"),
		lost("JSON null", "after:status=201,body=null"),
		lost("empty answer", "after:status=201,content_type=application/json,body_bytes=0,body= "),
		lost("no id in the answer", "after:status=201,body={\"ticker\":\"ONE\",\"status\":\"active\"}", "the answer is incomplete"),
		lost("endless answer", "after:status=201,body_bytes=1099511627776"),
		{name: "429 once", rule: "before:status=429,retry_after=1", posts: 2},
		tried(2, notDone("429 for ever", "before:status=429,retry_after=1,times=0,body={\"detail\":\"slow down\"}", "429 Too Many Requests: slow down",
			"2 attempts", "requests_per_second")),
		notDone("429 for an hour", "before:status=429,retry_after=3600,times=0", "429 Too Many Requests", "to be tried again after 1h0m0s"),
		notDone("429 without Retry-After", "before:status=429,times=0", "429 Too Many Requests"),
		notDone("401", "before:status=401,body={\"detail\":\"no such key\"}", "401 Unauthorized: no such key", "AUTX does not accept the API key"),
		notDone("403", "before:status=403,body={\"detail\":\"verify your e-mail\"}", "403 Forbidden: verify your e-mail", "scope"),
		notDone("400 in plain text", "before:status=400,body=no such thing", "400 Bad Request: no such thing"),
		{
			name: "credits are short", arrange: spendAll, free: true, fails: true, posts: 1,
			says: []string{launchPath, "402 Payment Required: Insufficient credits", "Please top up $10.00", "Top them up", "nothing was charged"},
		},
		{
			name: "foreign redirect", arrange: redirectTo(http.StatusTemporaryRedirect), free: true, fails: true,
			says: []string{launchPath, "307 Temporary Redirect", "redirected to http://", "the API key was not sent there"},
		},
		{
			name: "redirect of a POST to a GET", arrange: redirectTo(http.StatusFound), free: true, fails: true,
			says: []string{notFound, launchPath, "302 Found", "the API key was not sent there"},
		},
	}
	for i, bytes := range []int{0, 1, 7, 60, 400, 1 << 20} { // the last one withholds one byte
		how := []string{"truncate", "reset"}[i%2]
		faults = append(faults, lost(fmt.Sprintf("answer cut at %d by %s", bytes, how), fmt.Sprintf("body:%s,bytes=%d", how, bytes)))
	}
	reserved := func(f launchFault) launchFault {
		f.name, f.resource = "reservation, "+f.name, "launch = { reserve = true }"
		for i := range f.says {
			f.says[i] = strings.Replace(f.says[i], launchPath, "POST /agents/reserve/", 1)
		}
		return f
	}
	return append(faults, reserved(notDone("connection reset before", "before:reset", notFound)), reserved(lost("connection reset after", "after:reset")))
}

// TestAccFaultLaunch lets every launch go wrong in one way, and then applies again. In the end there is one agent, paid for once, saved and not
// tainted, and nothing left to do.
func TestAccFaultLaunch(t *testing.T) {
	t.Parallel()
	results := newTable("launch", "charged", "agents", "charged in the end", "told")
	t.Cleanup(func() { results.log(t) })
	for _, fault := range launchFaults() {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.configureProvider(fault.provider, agentBlock("a", "ONE", fault.resource))
			mend := func() {}
			if fault.arrange != nil {
				mend = fault.arrange(t, s)
			}
			if fault.rule != "" {
				rule := s.server.AddFault(fault.operation() + ":" + fault.rule)
				mend = rule.Remove
			}
			first := s.Apply()
			charged, agents := s.charged(), len(s.tickers())
			s.mustHaveSent(fault.operation(), fault.posts)
			s.mustSay(first, fault.says...)
			if len(fault.says) == 0 && summaries(first) != "-" {
				t.Errorf("a reader is bothered with %s", summaries(first))
			}
			if fault.fails != (first.Code != 0) {
				t.Errorf("the apply ended with status %d:\n%s", first.Code, first.Raw)
			}
			if fault.free {
				s.mustHaveCharged("$0.00")
				s.mustHaveAgents()
				s.mustHaveStored(nil)
			} else {
				s.mustHaveCharged("$20.00")
				s.mustHaveAgents("ONE")
				s.mustHaveStored(map[string]string{"autx_agent.a": "ONE"})
			}

			mend()
			again := s.MustApply()
			if fault.free {
				s.mustHaveSent(fault.operation(), fault.posts+1)
				s.mustBeWhole("autx_agent.a", "ONE")
			} else {
				s.mustHaveSent(fault.operation(), fault.posts)
				s.mustSay(again, "Resources: 0 added, 0 changed, 0 destroyed.")
				s.mustHaveCharged("$20.00")
				s.mustHaveStored(map[string]string{"autx_agent.a": "ONE"})
			}
			results.add(fault.name, charged, agents, s.charged(), summaries(first))
		})
	}
}

// refuseConnections lets the provider call a port where nobody listens.
func refuseConnections(t *testing.T, s *scene) func() {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	s.Setenv("AUTX_BASE_URL", "http://"+address+"/api/v1")
	return func() { s.Setenv("AUTX_BASE_URL", s.server.URL()) }
}

// shutBeforeTheLaunch lets every request through but the launch, which needs a connection of its own.
func shutBeforeTheLaunch(t *testing.T, s *scene) func() {
	t.Helper()
	gate := s.gate()
	gate.Shut(http.MethodGet, "/agents/mine")
	return gate.Open
}

// spendAll leaves $10 on the account, too little for a launch, and mends it by a deposit.
func spendAll(t *testing.T, s *scene) func() {
	t.Helper()
	seed, err := mockserver.ParseSeed([]byte(strings.Replace(faultSeed, `"1000"`, `"10"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.server.PutSeed(seed); err != nil {
		t.Fatal(err)
	}
	return func() { s.call(http.MethodPost, "/credits/deposit-test", `{"amount": "500"}`) }
}

// redirectTo answers launches with a redirect to another server, which must not hear of it.
func redirectTo(status int) func(t *testing.T, s *scene) func() {
	return func(t *testing.T, s *scene) func() {
		t.Helper()
		var heard atomic.Int32
		foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard.Add(1) }))
		t.Cleanup(func() {
			foreign.Close()
			if n := heard.Load(); n != 0 {
				t.Errorf("the foreign server got %d requests", n)
			}
		})
		gate := s.gate()
		gate.Answer(http.MethodPost, "/agents/", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, foreign.URL+"/agents/", status)
		})
		return gate.Clear
	}
}

// TestAccFaultLaunchInvalid lets AUTX find fields invalid: each is reported at the argument that it came from.
func TestAccFaultLaunchInvalid(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.configure(agentBlock("a", "ONE", `description = "fine"`, `profile = {`, `tagline = "fine"`, `use_cases = ["not so fine"]`, `}`))
	rule := s.server.AddFault(`agents.create:before:status=422,body={"detail":[` +
		`{"loc":["body","profile","use_cases",0],"msg":"is too vague","type":"value_error"},` +
		`{"loc":["body","name"],"msg":"sounds like another","type":"value_error"},` +
		`{"loc":["body","weather"],"msg":"is bad","type":"value_error"}]}`)
	result := s.Apply()
	s.mustFail(result, launchPath, "422 Unprocessable Entity",
		"AUTX refused the value of profile.use_cases[0]: Is too vague.",
		`in resource "autx_agent" "a": 7: name = "Agent ONE" AUTX refused the value of name: Sounds like another.`,
		"AUTX refused the value of the field weather: Is bad.")
	s.mustHaveCharged("$0.00")
	s.mustHaveStored(nil)
	rule.Remove()
	s.MustApply()
	s.mustBeWhole("autx_agent.a", "ONE")
	s.mustHaveSent("agents.create", 2)
}

// TestAccFaultLaunchTaken meets a ticker of somebody else: a warning at plan, an error at apply that tells whose it is, and another ticker is the way out.
func TestAccFaultLaunchTaken(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.configure(agentBlock("a", "TAKEN"))
	s.mustSay(s.MustRun("plan", "-no-color"), "Warning: Ticker is taken", "Choose another ticker")
	result := s.Apply()
	s.mustFail(result, "Error: Ticker is taken", "belongs to an agent (id 00000000-0000-4000-8000-00000000beef) that is not in the list of yours", "Choose another ticker",
		"POST /agents/: 409 Conflict: Ticker 'TAKEN' is already taken", `6: ticker = "TAKEN"`)
	s.mustHaveCharged("$0.00")
	s.mustHaveAgents()
	s.mustHaveStored(nil)
	s.configure(agentBlock("a", "FREE"))
	s.MustApply()
	s.mustBeWhole("autx_agent.a", "FREE")

	// Now that the account has an agent its list tells whose another one is.
	s.configure(agentBlock("a", "FREE"), agentBlock("b", "TAKEN"))
	s.mustFail(s.Apply(), "Error: Ticker is taken", "belongs to an agent of somebody else (id 00000000-0000-4000-8000-00000000beef)", "Choose another ticker")
	s.configure(agentBlock("a", "FREE"))
	s.mustBeWhole("autx_agent.a", "FREE")
}

// TestAccFaultLaunchNameTaken meets a name that somebody else has.
func TestAccFaultLaunchNameTaken(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.configure(strings.Replace(agentBlock("a", "ONE"), "Agent ONE", "Somebody else's", 1))
	s.mustSay(s.MustRun("plan", "-no-color"), "Warning: Name is taken")
	s.mustFail(s.Apply(), "Error: Name or ticker is not available", "409 Conflict: Agent name 'Somebody else's' is already taken", "Nothing was charged")
	s.mustHaveCharged("$0.00")
	s.configure(agentBlock("a", "ONE"))
	s.MustApply()
	s.mustBeWhole("autx_agent.a", "ONE")
}

// TestAccFaultLaunchAlreadyOurs meets a ticker of the account's own that neither state nor journal knows. The import block of the message is the way out.
func TestAccFaultLaunchAlreadyOurs(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.configure(agentBlock("a", "ONE"))
	s.MustApply()
	s.loseStateAndJournal()

	s.mustSay(s.MustRun("plan", "-no-color"), "Warning: Ticker is already yours", "import {")
	result := s.Apply()
	s.mustFail(result, "Error: Ticker is already yours", "409 Conflict", "import {")
	s.mustHaveCharged("$20.00")
	s.mustHaveStored(nil)
	s.Write("import.tf", importBlockIn(t, result, "autx_agent.a"))
	s.MustApply()
	s.Remove("import.tf")
	s.mustBeWhole("autx_agent.a", "ONE")
}

// importBlockIn cuts the import block out of a message, as a reader would, and names the resource in it.
func importBlockIn(t *testing.T, result acctest.Result, address string) string {
	t.Helper()
	_, rest, found := strings.Cut(result.Raw, "import {")
	block, _, closed := strings.Cut(rest, "}")
	if !found || !closed {
		t.Fatalf("there is no import block to paste:\n%s", result.Raw)
	}
	block = strings.ReplaceAll(block, "│", "")
	if !strings.Contains(block, "autx_agent.NAME") {
		t.Fatalf("the import block has no address to replace: %s", block)
	}
	return "import {" + strings.Replace(block, "autx_agent.NAME", address, 1) + "}\n"
}
