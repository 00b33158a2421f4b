package faultmatrix_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// cell is one combination of the matrix at work.
type cell struct {
	*acctest.CLI
	combination

	t      *testing.T
	server *mockserver.Server
	gate   *acctest.Gate
	// before is how many entries my ledger has at the start.
	before int
	// trace is the log of the commands that are traced.
	trace string
}

func newCell(t *testing.T, of combination, options ...mockserver.Option) *cell {
	t.Helper()
	balance := "1000"
	if of.fault.sort == refused && of.kind.short != "" {
		balance = of.kind.short
	}
	server := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(seed(balance))}, options...)...)
	c := &cell{combination: of, CLI: acctest.NewCLI(t, server), t: t, server: server, gate: acctest.NewGate(t, server)}
	c.Setenv("AUTX_BASE_URL", c.gate.URL())
	c.Write("main.tf", "provider \"autx\" {\n  "+of.fault.provider+
		"\n  spending = { max_per_apply = \"100\", allow_deposits = true, allow_withdrawals = true }\n}\n\n"+of.kind.block)
	c.before = len(c.entries())
	return c
}

// entries are those of my ledger.
func (c *cell) entries() []mockserver.TransactionState {
	var out []mockserver.TransactionState
	for _, entry := range c.server.State().Transactions {
		if entry.User == me {
			out = append(out, entry)
		}
	}
	return out
}

// charged is what was charged or moved since the start. Anything but entries of the cell's own kind fails the test; a message can be given back.
func (c *cell) charged() (total string, times int) {
	c.t.Helper()
	sum := money.Zero()
	for _, entry := range c.entries()[c.before:] {
		switch {
		case entry.Type == c.kind.entry:
			sum, times = sum.Add(entry.Amount), times+1
		case entry.Type == "refund" && c.fault.closes:
			sum, times = sum.Sub(entry.Amount), times-1
		default:
			c.t.Errorf("the ledger has an entry of type %s", entry.Type)
		}
	}
	return sum.USD(), times
}

// mustHaveCharged fails the test unless there was exactly this number of charges of the right amount, and the ledger balances.
func (c *cell) mustHaveCharged(when string, times int) string {
	c.t.Helper()
	total, n := c.charged()
	if want := c.kind.total(times); n != times || total != want {
		c.t.Errorf("%s: %s in %d charges, want %s in %d\n%s", when, total, n, want, times, acctest.Traffic(c.server))
	}
	if committed := c.committed(); committed != times && !c.kind.talks() {
		c.t.Errorf("%s: %d requests were carried out, want %d\n%s", when, committed, times, acctest.Traffic(c.server))
	}
	if err := c.server.CheckInvariants(); err != nil {
		c.t.Errorf("%s: %v", when, err)
	}
	return total
}

// committed counts the requests that have changed something.
func (c *cell) committed() int {
	n := 0
	for _, request := range c.server.Requests() {
		if request.Committed {
			n++
		}
	}
	return n
}

// stored tells whether the state has the purchase. One that is tainted, deposed or not the service's fails the test.
func (c *cell) stored() bool {
	c.t.Helper()
	objects := c.Stored()
	for _, object := range objects {
		if object.Address != c.kind.address || object.Tainted || object.Deposed {
			c.t.Errorf("the state has %s (tainted: %t, deposed: %t)", object.Address, object.Tainted, object.Deposed)
		}
		if id := object.Text("id"); !c.isMine(id) {
			c.t.Errorf("the state has the id %q, which the service has not given", id)
		}
	}
	return len(objects) == 1
}

// isMine tells whether the service knows an id as that of something of mine of the cell's kind.
func (c *cell) isMine(id string) bool {
	state := c.server.State()
	switch c.kind.operation {
	case "agents.create":
		for _, agent := range state.Agents {
			if agent.User == me && agent.ID == id {
				return true
			}
		}
	case "sessions.open":
		for _, session := range state.Sessions {
			if session.User == me && session.ID == id {
				return true
			}
		}
	case "orders.create", "orders.create_multipart":
		for _, order := range state.Orders {
			if order.User == me && order.ID == id {
				return true
			}
		}
	default:
		for _, entry := range c.entries() {
			if entry.ID == id && entry.Type == c.kind.entry {
				return true
			}
		}
	}
	return false
}

// mustSay checks that a reader is told something. Alternatives within a text are separated by |.
func (c *cell) mustSay(result acctest.Result, texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		said := false
		for alternative := range strings.SplitSeq(text, "|") {
			said = said || strings.Contains(result.Output, alternative)
		}
		if !said {
			c.t.Errorf("nothing says %q:\n%s", text, result.Raw)
		}
	}
}

// reads finds out how many GETs an apply makes before the request that moves money. One without faults tells, once for each kind.
func (k kind) reads(t *testing.T) int {
	t.Helper()
	found, _ := readsOf.LoadOrStore(k.name, sync.OnceValue(func() int {
		c := newCell(t, combination{kind: k})
		held := c.gate.HoldRequest(k.method(), k.path)
		run := c.Start("apply", "-auto-approve", "-no-color")
		held.Arrived()
		n := c.gate.Reads()
		held.Release()
		if result := run.Wait(); result.Code != 0 {
			t.Fatalf("an apply without faults failed:\n%s", result.Raw)
		}
		_, charges := c.charges()
		c.mustHaveCharged("without faults", charges)
		return n
	}))
	count, ok := found.(func() int)
	if !ok {
		t.Fatalf("%T is not a count", found)
	}
	return count()
}

var readsOf sync.Map // of func() int by the name of a kind

// startTrace lets the next commands write a log.
func (c *cell) startTrace() {
	c.t.Helper()
	c.trace = filepath.Join(c.t.TempDir(), "trace.log")
	c.Setenv("TF_LOG", "TRACE")
	c.Setenv("TF_LOG_PATH", c.trace)
}

func (c *cell) endTrace() {
	c.t.Helper()
	c.Setenv("TF_LOG", "")
	c.Setenv("TF_LOG_PATH", "")
}

// log is what the traced commands have written.
func (c *cell) log() []byte {
	data, err := os.ReadFile(c.trace)
	if err != nil {
		return nil // not written yet
	}
	return data
}

// provoke arms the fault, and gives what waits until it has struck, what lets its consequence reach the provider, and what waits until nobody is there any
// more whom it could reach. The ending strikes in between: the service has done with the request whatever it does, and the provider does not know.
func (c *cell) provoke() (struck, release, gone func()) {
	c.t.Helper()
	nothing := func() {}
	rule := c.fault.rule
	if c.fault.sort == refused {
		rule = c.kind.refusal
	}
	switch {
	case rule == "":
	case c.kind.talks():
		c.server.AddFault(rule)
	default:
		c.server.AddFault(c.kind.operation + ":" + rule)
	}
	if c.fault.shut {
		c.gate.ShutAfter(c.kind.reads(c.t))
		if c.ending.end == nil {
			return nothing, nothing, nothing
		}
		return func() {
			acctest.Eventually(c.t, "a connection was refused", func() bool { return bytes.Contains(c.log(), []byte("connection refused")) })
		}, nothing, nothing
	}
	if c.kind.talks() {
		return c.provokeConversation()
	}
	held := c.gate.HoldOutcome(http.MethodPost, c.kind.path)
	if c.fault.hang {
		return held.Arrived, nothing, held.Gone
	}
	return held.Arrived, held.Release, held.Gone
}

// run goes through the cell.
func (c *cell) run() outcome {
	c.t.Helper()
	if c.fault.shut && c.ending.end != nil || c.ending.graceful {
		c.startTrace()
	}
	struck, release, gone := c.provoke()
	run := c.Start("apply", "-auto-approve", "-no-color")
	struck()
	if c.ending.end != nil {
		run.EndProvidersWithTest()
		c.ending.end(c, run)
	}
	if c.ending.orphans {
		return c.overtake(run, release)
	}
	if c.ending.kills {
		run.Wait()
		run.AwaitProviders()
		gone()
		release()
		c.endTrace()
		return c.settle()
	}
	release()
	first := run.Wait()
	c.endTrace()
	c.told(first)
	return c.settle()
}

// settle goes on after the run that met the fault, up to a state with nothing left to do.
func (c *cell) settle() outcome {
	c.t.Helper()
	charges, _ := c.charges()
	out := outcome{first: c.mustHaveCharged("after the first run", charges)}
	if c.kind.talks() {
		c.mustHaveTalked("after the first run", charges, false)
	}
	if got, want := c.stored(), c.made() && !c.ending.kills; got != want {
		c.t.Errorf("the state has the purchase: %t, want %t", got, want)
	}
	if c.ending.losesState {
		c.loseState()
	}
	c.gate.Reopen()
	out.plan = c.planned()
	again := c.Apply()
	out.last = c.again(again)
	return out
}

// again checks the apply after the one that met the fault, and how things stand then.
func (c *cell) again(again acctest.Result) (charged string) {
	c.t.Helper()
	_, charges := c.charges()
	if c.kind.talks() {
		defer c.mustHaveTalked("in the end", charges, true)
	}
	if c.fault.sort == refused {
		if again.Code == 0 {
			c.t.Errorf("it did not fail again:\n%s", again.Raw)
		}
		c.mustSay(again, c.fault.says...)
		return c.mustHaveCharged("in the end", charges)
	}
	if again.Code != 0 {
		c.t.Fatalf("the next apply failed:\n%s", again.Raw)
	}
	switch {
	case c.saved():
		c.mustSay(again, "Resources: 0 added, 0 changed, 0 destroyed.")
	case c.made(), c.adoptsBelied(), c.ending.orphans && c.fault.sort == later && !c.kind.talks():
		c.mustSay(again, c.kind.adopts, "charges nothing|moves no money")
	}
	if !c.stored() {
		c.t.Error("the state has no purchase")
	}
	if !c.saved() {
		c.MustBeEmpty()
	}
	return c.mustHaveCharged("in the end", charges)
}

func count(made bool) int {
	if made {
		return 1
	}
	return 0
}

// told checks what the run that met the fault has told.
func (c *cell) told(first acctest.Result) {
	c.t.Helper()
	switch {
	case c.ending.graceful && c.fault.goesOn && c.fault.charges < messages:
		c.mustSay(first, fmt.Sprintf("The run was interrupted before message %d.", c.fault.charges+1), "Nothing is sent again")
	case c.ending.graceful && c.fault.limited:
		c.mustSay(first, saysNoContact+"|interrupted|nothing was charged")
	}
	if c.fault.shut && c.ending.graceful {
		// The interrupted run makes no further attempt; it says that, or that it was interrupted before.
		c.mustSay(first, saysNoContact+"|interrupted|nothing was charged", "connection refused|not sent")
		return
	}
	c.mustSay(first, c.fault.says...)
	if ok := c.made(); !c.ending.graceful && ok != (first.Code == 0) {
		c.t.Errorf("the run ended with status %d:\n%s", first.Code, first.Raw)
	}
}

// planned makes a plan and tells what it says, where that is one of what it may say.
func (c *cell) planned() string {
	c.t.Helper()
	plan := c.Run("plan", "-detailed-exitcode", "-no-color")
	if plan.Code == 0 {
		return planEmpty
	}
	if plan.Code != 2 {
		c.t.Errorf("the plan ended with status %d:\n%s", plan.Code, plan.Raw)
	}
	c.mustSay(plan, "Plan: 1 to add, 0 to change, 0 to destroy.")
	switch {
	case strings.Contains(plan.Output, "Warning: Earlier purchase is still open"):
		return planOpen
	case strings.Contains(plan.Output, "Warning: Key was used before"):
		return planTakeOver
	case strings.Contains(plan.Output, "Warning: Balance may not suffice"):
		return planShort
	}
	return planToAdd
}

// loseState takes the state away.
func (c *cell) loseState() {
	c.t.Helper()
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
		if err := os.RemoveAll(filepath.Join(c.Dir, name)); err != nil {
			c.t.Fatal(err)
		}
	}
}

// overtake begins the next run while the orphaned provider of the killed one still has its request under way.
func (c *cell) overtake(run *acctest.Process, release func()) outcome {
	c.t.Helper()
	run.Wait()
	c.endTrace()
	if c.stored() {
		c.t.Error("a killed CLI has saved the purchase")
	}
	c.gate.Reopen()
	first, _ := c.charged()
	if !run.ProvidersRun() {
		c.t.Fatal("the provider died with its CLI")
	}
	next := c.Start("apply", "-auto-approve", "-no-color")
	next.Await(c.kind.address + ": Creating...")
	release()
	return outcome{first: first, plan: planNone, last: c.again(next.Wait())}
}

// name is the cell's name as a test.
func (c combination) name() string {
	return fmt.Sprintf("%s/%s/%s", c.kind.name, c.fault.name, c.ending.name)
}
