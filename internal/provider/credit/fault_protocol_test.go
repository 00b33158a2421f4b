package credit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// moveFault is something that goes wrong with a movement of money, and how things stand after the apply that met it.
type moveFault struct {
	name, rule string // of the mock server, without the operation
	moved      bool   // it was carried out
	made       bool   // the apply succeeds
	says       []string
	sent       int // how often the request reached the server
}

const (
	foundAgain = "Purchase made although its answer was lost"
	notFound   = "Purchase not found after its answer was lost"
)

func moveFaults() []moveFault {
	lost := func(name, rule string, says ...string) moveFault {
		return moveFault{name: name, rule: rule, moved: true, made: true, says: append([]string{foundAgain}, says...), sent: 1}
	}
	notDone := func(name, rule string, says ...string) moveFault {
		return moveFault{name: name, rule: rule, says: says, sent: 1}
	}
	return []moveFault{
		notDone("reset before", "before:reset", notFound, "It is safe to apply again"),
		lost("reset after", "after:reset"),
		lost("no answer after", "after:hang", "no complete answer within 1s"),
		notDone("500 before", "before:status=500", notFound, "500 Internal Server Error"),
		lost("500 after", `after:status=500,body={"detail":"the disk is full"}`, "500 Internal Server Error: the disk is full"),
		notDone("503 before", "before:status=503", notFound, "503 Service Unavailable"),
		lost("HTML after", "after:status=502,content_type=text/html,body=<html><head><title>Bad Gateway</title></head></html>", "Bad Gateway"),
		lost("HTML with a 200", "after:status=200,content_type=text/html,body=<html><head><title>Sign in</title></head></html>", "Sign in"),
		lost("no balance in the answer", "after:status=200,body={}", "available_usdc"),
		lost("no JSON", `after:status=200,body={"available`),
		lost("JSON null", "after:status=200,body=null"),
		lost("cut at 0", "body:truncate,bytes=0"),
		lost("cut at 1", "body:reset,bytes=1"),
		lost("cut at 20", "body:truncate,bytes=20"),
		lost("endless", "after:status=200,body_bytes=1099511627776"),
		{name: "429 with a time", rule: "before:status=429,retry_after=1", made: true, moved: true, sent: 2},
		notDone("429 without a time", "before:status=429", "429 Too Many Requests"),
		notDone("401", `before:status=401,body={"detail":"no such key"}`, "401 Unauthorized: no such key"),
		notDone("402", `before:status=402,body={"detail":"short"}`, "402 Payment Required: short", "nothing was charged"),
		notDone("404", "before:status=404", "404 Not Found"),
		notDone("422", `before:status=422,body={"detail":[{"loc":["body","amount"],"msg":"too odd","type":"value_error"}]}`, "Too odd"),
		notDone("400 in plain text", "before:status=400,body=no such thing", "no such thing"),
	}
}

// TestFaults lets every movement go wrong in one way, and then makes it again. In the end money has moved once, and there is nothing left to do.
func TestFaults(t *testing.T) {
	t.Parallel()
	operations := map[string]string{depositType: "credits.deposit_test", withdrawalType: "credits.withdraw"}
	wants := map[string]string{depositType: "deposit 10", withdrawalType: "withdrawal 10"}
	for typeName, operation := range operations {
		for _, fault := range moveFaults() {
			t.Run(typeName+" "+fault.name, func(t *testing.T) {
				t.Parallel()
				d := open(t)
				d.reconfigure("timeout", "1s", "max_retries", 1)
				d.server.AddFault(operation + ":" + fault.rule)
				first, diags := d.PlanAndApply(typeName, nil, of("k", "10"))
				if fault.made != (first != nil) || fault.made == diags.HasErrors() {
					t.Fatalf("made %v: %s", first, diags)
				}
				for _, text := range fault.says {
					if !diags.Say(text) {
						t.Errorf("nothing says %q:\n%s", text, diags)
					}
				}
				if len(fault.says) == 0 && len(diags) > 0 {
					t.Errorf("a reader is bothered with %s", diags)
				}
				if got := d.sent(operation); got != fault.sent {
					t.Errorf("it was sent %d times, not %d", got, fault.sent)
				}
				d.mustHaveMoved(map[bool][]string{true: {wants[typeName]}}[fault.moved]...)
				if !fault.made {
					if first, diags = d.PlanAndApply(typeName, nil, of("k", "10")); first == nil || diags.HasErrors() {
						t.Fatalf("again: %s", diags)
					}
				}
				d.mustHaveMoved(wants[typeName])
				if first.ID() != d.last().ID {
					t.Errorf("the id is %s, and the ledger's %s", first.ID(), d.last().ID)
				}
				d.MustBeSettled(first, of("k", "10"))
			})
		}
	}
}

// TestStateLost: the state is lost, or the same plan is applied again, and the journal is kept. What was made is taken over.
func TestStateLost(t *testing.T) {
	t.Parallel()
	for _, typeName := range []string{depositType, withdrawalType} {
		d := open(t)
		config := of("k", "10")
		saved := d.MustPlan(typeName, nil, config)
		d.NextWalk()
		made, diags := d.Apply(saved)
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		moved := d.moves()
		d.NextWalk()
		plan := d.MustPlan(typeName, nil, config)
		said(t, "a plan without the state", plan.Diagnostics.Warnings(), "", "Key was used before", made.ID())
		if len(plan.Diagnostics) != 1 { // nothing is going to be moved, so nothing stands against it
			t.Errorf("a plan without the state says %s", plan.Diagnostics)
		}
		for range 2 {
			d.NextWalk()
			again, diags := d.Apply(saved)
			said(t, "the saved plan once more", diags.Warnings(), "", "taken over")
			if diags.HasErrors() || !again.State.Equal(made.State) {
				t.Errorf("made %v, not %v: %s", again.Values(), made.Values(), diags)
			}
		}
		// With another amount it is another purchase.
		d.refuse(typeName, of("k", "11"), "", "Key was used", made.ID(), "change idempotency_key")
		// Its end leaves the key used.
		d.NextWalk()
		if _, diags := d.Apply(d.MustPlan(typeName, made, nil)); len(diags) > 0 {
			t.Error(diags)
		}
		again, diags := d.PlanAndApply(typeName, nil, config)
		if diags.HasErrors() || again.ID() != made.ID() {
			t.Errorf("after its end: %v %s", again, diags)
		}
		d.mustHaveMoved(moved...)
	}
}

// TestJournalLost: a fresh runner has the state and no journal. A plan learns the key from the state, so that a create under it takes over.
func TestJournalLost(t *testing.T) {
	t.Parallel()
	for _, typeName := range []string{depositType, withdrawalType} {
		d := open(t)
		made := d.make(typeName, of("k", "10"))
		moved := d.moves()
		d.reconfigure("spending.journal", t.TempDir())
		d.MustRead(made)
		d.refuse(typeName, of("k", "11"), "", "Key was used", made.ID(), "change idempotency_key")
		again, diags := d.PlanAndApply(typeName, nil, of("k", "10"))
		said(t, "made again", diags.Warnings(), "", "taken over")
		if diags.HasErrors() || !again.State.Equal(made.State) {
			t.Errorf("made %v, not %v: %s", again.Values(), made.Values(), diags)
		}
		d.mustHaveMoved(moved...)
	}
}

// TestAnotherAccount has used the same key in the same journal: that is none of ours. Another key of the same account is.
func TestAnotherAccount(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.reconfigure("api_key", otherKey)
	theirs, diags := d.PlanAndApply(depositType, nil, of("k", "10"))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	d.reconfigure("api_key", myKey)
	ours := d.make(depositType, of("k", "10"))
	if ours.ID() == theirs.ID() {
		t.Error("the other account's deposit was taken over")
	}
	d.mustHaveMoved("deposit 10")
	d.reconfigure("api_key", secondMe)
	again, diags := d.PlanAndApply(depositType, nil, of("k", "10"))
	if diags.HasErrors() || again.ID() != ours.ID() {
		t.Errorf("with another key of the account: %v %s", again, diags)
	}
	d.mustHaveMoved("deposit 10")
}

// TestServerMadeAnew: what was moved on a mock server that is gone is not taken for moved on the next one.
func TestServerMadeAnew(t *testing.T) {
	t.Parallel()
	for typeName, want := range map[string]string{depositType: "deposit 10", withdrawalType: "withdrawal 10"} {
		d := open(t)
		d.make(typeName, of("k", "10"))
		d.server.Reset()
		made := d.MustApply(typeName, nil, of("k", "10"))
		d.mustHaveMoved(want)
		if made.ID() != d.last().ID {
			t.Errorf("the id is %s, and the ledger's %s", made.ID(), d.last().ID)
		}
	}
}

// TestOddAnswers: whatever the ledger shows of what was moved, it is not tainted.
func TestOddAnswers(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"negative":          func(e map[string]any) { e["amount"] = "-" + fmt.Sprint(e["amount"]) },
		"text":              func(e map[string]any) { e["amount"] = fmt.Sprintf("%v.000", e["amount"]) },
		"no time":           func(e map[string]any) { delete(e, "created_at") },
		"a time that isn't": func(e map[string]any) { e["created_at"] = 12 },
		"more fields":       func(e map[string]any) { e["fee"] = "0.1"; e["order_id"] = "o" },
	} {
		for _, typeName := range []string{depositType, withdrawalType} {
			d := open(t)
			gate := d.gate()
			gate.Rewrite(http.MethodGet, "/credits/transactions", func(_, answer []byte) []byte {
				var list []map[string]any
				decoder := json.NewDecoder(bytes.NewReader(answer))
				decoder.UseNumber()
				if err := decoder.Decode(&list); err != nil {
					t.Error(err)
				}
				for _, entry := range list {
					change(entry)
				}
				out, err := json.Marshal(list)
				if err != nil {
					t.Error(err)
				}
				return out
			})
			made := d.make(typeName, of("k", "10"))
			if made.ID() != d.last().ID || made.Values()["amount"] != "10" {
				t.Errorf("%s: %v", name, made.Values())
			}
			if credited, ok := made.Values()["credited_usd"]; ok && credited != "10" {
				t.Errorf("%s: credited_usd = %v", name, credited)
			}
			d.NextWalk()
			if plan := d.MustPlan(typeName, d.MustRead(made), of("k", "10")); !plan.Empty() || len(plan.Diagnostics) > 0 {
				t.Errorf("%s: %v %s", name, plan.Values(), plan.Diagnostics)
			}
		}
	}
}

// hideNewest hides the newest entries of the ledger, as a list does that lags behind.
func hideNewest(t *testing.T, n int) func(_, answer []byte) []byte {
	t.Helper()
	return func(_, answer []byte) []byte {
		var list []json.RawMessage
		if err := json.Unmarshal(answer, &list); err != nil {
			t.Error(err)
		}
		out, err := json.Marshal(list[min(n, len(list)):])
		if err != nil {
			t.Error(err)
		}
		return out
	}
}

// TestLaggingList: the ledger does not show the newest entry yet. What AUTX has confirmed is made all the same, and what got lost is neither called absent
// nor made again.
func TestLaggingList(t *testing.T) {
	t.Parallel()
	operations := map[string]string{depositType: "credits.deposit_test", withdrawalType: "credits.withdraw"}
	wants := map[string]string{depositType: "deposit 10", withdrawalType: "withdrawal 10"}
	for typeName, operation := range operations {
		t.Run("confirmed "+typeName, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			gate := d.gate()
			gate.Rewrite(http.MethodGet, "/credits/transactions", hideNewest(t, 1))
			made, diags := d.PlanAndApply(typeName, nil, of("k", "10"))
			if diags.HasErrors() || made == nil {
				t.Fatal(diags)
			}
			said(t, "the apply", diags.Warnings(), "", "confirmed", "once", made.ID())
			if !strings.HasPrefix(made.ID(), "unlisted-") || made.Values()["created_at"] != nil {
				t.Errorf("made %v", made.Values())
			}
			gate.Clear()
			d.MustBeSettled(made, of("k", "10"))
			d.NextWalk()
			if _, diags := d.PlanAndApply(typeName, nil, of("k", "10")); diags.HasErrors() {
				t.Errorf("again, without the state: %s", diags)
			}
			d.mustHaveMoved(wants[typeName])
		})
		t.Run("lost "+typeName, func(t *testing.T) {
			t.Parallel()
			d := open(t, mockserver.WithClock(noon))
			d.server.Advance(time.Minute) // now the first deposit can be told from ours by its time
			gate := d.gate()
			gate.Rewrite(http.MethodGet, "/credits/transactions", hideNewest(t, 1))
			d.server.AddFault(operation + ":after:reset")
			for _, says := range []string{"Outcome of the purchase is unknown", "an earlier"} {
				made, diags := d.PlanAndApply(typeName, nil, of("k", "10"))
				said(t, "while the list lags", diags.Errors(), "", strings.TrimPrefix(says, "an earlier"), "lags behind the balance", "12:01:00")
				if made != nil {
					t.Errorf("made %v", made.Values())
				}
			}
			d.mustHaveMoved(wants[typeName])
			gate.Clear()
			made, diags := d.PlanAndApply(typeName, nil, of("k", "10"))
			said(t, "once the list is up to date", diags.Warnings(), "", "taken over", d.last().ID)
			if diags.HasErrors() || made.ID() != d.last().ID {
				t.Errorf("made %v: %s", made, diags)
			}
			d.mustHaveMoved(wants[typeName])
		})
	}
}

// TestUpToDateListWithoutABalance: where the balance says nothing of the last movement, the list alone is believed, and where it can't be read nothing is.
func TestUpToDateListWithoutABalance(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	gate.Answer(http.MethodGet, "/credits/balance", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"balance_usd": "100", "reserved_usd": "0"}`))
	})
	d.server.AddFault("credits.deposit_test:before:reset")
	d.refuse(depositType, of("k", "10"), "", notFound)
	d.make(depositType, of("k", "10"))
	gate.Clear()

	d.server.AddFault("credits.deposit_test:before:reset")
	d.server.AddFault("credits.balance:before:status=403,skip=1,times=0")
	d.refuse(depositType, of("k2", "10"), "", "unknown", "could not be looked up", "403")
	d.mustHaveMoved("deposit 10")
}

// TestSomebodyElse deposits as much at the moment in which an answer is lost: which of the two is ours can't be told.
func TestSomebodyElse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, outside string
		fault         string
		says          []string
		moved         []string
	}{
		{"as much, carried out", "10", "after:reset", []string{"can't be told from others", "import {", "autx_credit_deposit.NAME"}, []string{"deposit 10", "deposit 10"}},
		{"another amount, carried out", "11", "after:reset", nil, []string{"deposit 11", "deposit 10"}},
		{"another amount, not carried out", "11", "before:reset", []string{notFound}, []string{"deposit 11"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			gate := d.gate()
			held := gate.HoldRequest(http.MethodPost, "/credits/deposit-test")
			var made *protocol.Instance
			var diags protocol.Diagnostics
			done := make(chan struct{})
			go func() {
				defer close(done)
				made, diags = d.PlanAndApply(depositType, nil, of("k", "10"))
			}()
			held.Arrived()
			d.deposit(c.outside)
			d.server.AddFault("credits.deposit_test:" + c.fault)
			held.Release()
			<-done
			for _, text := range c.says {
				if !diags.Errors().Say(text) {
					t.Errorf("nothing says %q: %s", text, diags)
				}
			}
			if (made != nil) != (c.says == nil) || made != nil && made.ID() != d.last().ID {
				t.Errorf("made %v: %s", made, diags)
			}
			d.mustHaveMoved(c.moved...)
			if len(c.moved) == 2 && c.says != nil { // and it stays so: nothing is sent again
				d.refuse(depositType, of("k", "10"), "", "can't be told from others", d.entries()[1].ID, d.entries()[2].ID)
				imported := d.MustImport(depositType, d.last().ID)
				d.MustBeSettled(d.MustApply(depositType, imported, of("k", "10")), of("k", "10"))
				d.mustHaveMoved(c.moved...)
			}
		})
	}
}

// TestManyAtOnce makes equal movements of different keys at once, of which answers are lost: each is made once and has an entry of its own.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, fault := range []string{"after:reset,skip=1", "after:status=500,skip=2", "body:truncate,bytes=3,skip=3"} {
		d.server.AddFault("credits.deposit_test:" + fault)
	}
	const n = 6
	plans := make([]*protocol.Plan, n)
	for i := range plans {
		plans[i] = d.MustPlan(depositType, nil, of(fmt.Sprint("k", i), "10"))
	}
	d.NextWalk()
	made := make([]*protocol.Instance, n)
	results := make([]protocol.Diagnostics, n)
	var group sync.WaitGroup
	for i, plan := range plans {
		group.Go(func() { made[i], results[i] = d.Apply(plan) })
	}
	group.Wait()
	ids := map[string]bool{}
	found := 0
	for i := range made {
		if results[i].HasErrors() {
			t.Fatalf("%d: %s", i, results[i])
		}
		if results[i].Say(foundAgain) {
			found++
		}
		ids[made[i].ID()] = true
	}
	listed := map[string]bool{}
	for _, entry := range d.entries()[1:] {
		listed[entry.ID] = true
	}
	if len(ids) != n || len(listed) != n || found != 3 || d.sent("credits.deposit_test") != n {
		t.Errorf("%d different ids, %d deposits, %d found again, %d requests", len(ids), len(listed), found, d.sent("credits.deposit_test"))
	}
	for id := range ids {
		if !listed[id] {
			t.Errorf("%s is no entry of the ledger", id)
		}
	}
}

// TestInterruptedBefore: nothing is sent by a run that was interrupted while it waited for its turn, and what is on its way runs to its answer.
func TestInterruptedBefore(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	held := gate.HoldRequest(http.MethodPost, "/credits/deposit-test")
	first, second := d.MustPlan(depositType, nil, of("first", "10")), d.MustPlan(depositType, nil, of("second", "10"))
	d.NextWalk()
	ctx, cancel := context.WithCancel(t.Context())
	interrupted := d.WithContext(ctx)
	var group sync.WaitGroup
	var made [2]*protocol.Instance
	var diags [2]protocol.Diagnostics
	group.Go(func() { made[0], diags[0] = interrupted.Apply(first) })
	held.Arrived()
	group.Go(func() { made[1], diags[1] = interrupted.Apply(second) })
	cancel()
	held.Release()
	group.Wait()
	if made[0] == nil || len(diags[0]) > 0 {
		t.Errorf("the first: %v %s", made[0], diags[0])
	}
	said(t, "the second", diags[1].Errors(), "", "not sent", "interrupted")
	if made[1] != nil {
		t.Errorf("the second: %v", made[1].Values())
	}
	d.mustHaveMoved("deposit 10")
}

// TestCreateTimeout bounds the wait for a turn, and never cuts a request short.
func TestCreateTimeout(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	held := gate.HoldRequest(http.MethodPost, "/credits/deposit-test")
	second := d.MustPlan(depositType, nil, of("second", "10", "timeouts", values{"create": "1ms"}))
	d.NextWalk()
	var group sync.WaitGroup
	slow := d.MustPlan(depositType, nil, of("slow", "10"))
	group.Go(func() {
		if _, diags := d.Apply(slow); len(diags) > 0 {
			t.Errorf("the slow one: %s", diags)
		}
	})
	held.Arrived()
	_, diags := d.Apply(second)
	said(t, "one whose time is over", diags.Errors(), "", "not sent", "time for it was over")
	held.Release()
	group.Wait()
	d.mustHaveMoved("deposit 10")
}

// TestClockSkew: how far this machine's clock is off plays no part in what is looked up.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	for _, day := range []time.Time{noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0)} {
		d := open(t, mockserver.WithClock(day))
		d.server.AddFault("credits.deposit_test:after:reset")
		made, diags := d.PlanAndApply(depositType, nil, of("k", "10"))
		if diags.HasErrors() || made.ID() != d.last().ID {
			t.Errorf("%s: %v %s", day, made, diags)
		}
	}
}

// TestOnlyMovementsWrite: over plans, refreshes, imports, data sources and lists, in each state of things, not one request could have changed anything.
func TestOnlyMovementsWrite(t *testing.T) {
	t.Parallel()
	d := open(t)
	deposit, withdrawal := d.make(depositType, of("k", "10")), d.make(withdrawalType, of("k", "10"))
	floor := d.make(floorType, floorOf("main", "10", "20"))
	d.server.ClearRequests()
	for _, strict := range []bool{false, true} {
		d.reconfigure("spending.strict_plan", strict)
		for typeName, made := range map[string]*protocol.Instance{depositType: deposit, withdrawalType: withdrawal} {
			d.Read(made)
			d.Plan(typeName, nil, of("new", "10"))
			d.Plan(typeName, made, of("k", "10"))
			d.Plan(typeName, made, of("k", "11"))
			d.Plan(typeName, made, of("k3", "11"))
			d.Plan(typeName, made, nil)
			d.Import(typeName, made.ID())
		}
		for i, mode := range []string{"warn", "error", "deposit"} {
			d.Read(floor)
			d.Plan(floorType, floor, floorOf(fmt.Sprint("main", i), "1000", "2000", "on_shortfall", mode))
			d.Plan(floorType, nil, floorOf(fmt.Sprint("new", i), "1000", "2000", "on_shortfall", mode))
			d.Plan(floorType, floor, nil)
		}
		d.ReadDataSource(balanceType, nil)
		d.ReadDataSource(transactionsType, nil)
		d.List(depositType, protocol.ListOptions{IncludeResource: true})
	}
	if len(d.server.Requests()) == 0 {
		t.Error("nothing was read")
	}
	for _, entry := range d.server.Requests() {
		if entry.Method != http.MethodGet || entry.Committed {
			t.Errorf("%s %s was sent", entry.Method, entry.Path)
		}
	}
}
