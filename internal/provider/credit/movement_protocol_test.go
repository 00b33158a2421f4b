package credit_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestStateAfterMovement compares all that a movement leaves in state with the ledger, in each shape of a balance.
func TestStateAfterMovement(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"available_usdc", "balance_usd"} {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			d := open(t, mockserver.WithAssume("credits.shape", shape))
			config := of("spring", "25.50", "timeouts", values{"create": "1m"})
			made := d.make(depositType, config)
			entry := d.last()
			if diff := cmp.Diff(values{
				"id": entry.ID, "idempotency_key": "spring", "amount": "25.50", "credited_usd": "25.5", "created_at": *entry.CreatedAt, "timeouts": values{"create": "1m"},
			}, made.Values()); diff != "" {
				t.Errorf("deposit (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(values{"id": entry.ID}, d.IdentityValues(made)); diff != "" {
				t.Errorf("identity (-want +got):\n%s", diff)
			}
			d.MustBeSettled(made, config)

			config = of("spring", "0.99")
			made = d.make(withdrawalType, config)
			entry = d.last()
			if diff := cmp.Diff(values{
				"id": entry.ID, "idempotency_key": "spring", "amount": "0.99", "created_at": *entry.CreatedAt, "timeouts": nil,
			}, made.Values()); diff != "" {
				t.Errorf("withdrawal (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(values{"id": entry.ID}, d.IdentityValues(made)); diff != "" {
				t.Errorf("identity (-want +got):\n%s", diff)
			}
			d.MustBeSettled(made, config)
			d.mustHaveMoved("deposit 25.5", "withdrawal 0.99")
			if got := d.available(); got != "124.51" {
				t.Errorf("$%s is available", got)
			}
		})
	}
}

// TestRequestsOfMovement: plans and refreshes of a deposit cost nothing, and neither do those of a withdrawal that is made; an apply looks before and after.
func TestRequestsOfMovement(t *testing.T) {
	t.Parallel()
	d := open(t)
	config := of("k", "10")
	var planned *protocol.Plan
	d.silently("the plan of a deposit", func() { planned = d.MustPlan(depositType, nil, config) })
	d.NextWalk()
	var made *protocol.Instance
	want := []string{"credits.transactions", "credits.balance", "credits.deposit_test", "credits.transactions"}
	if diff := cmp.Diff(want, d.during(func() { made, _ = d.Apply(planned) })); diff != "" {
		t.Errorf("the apply of a deposit (-want +got):\n%s", diff)
	}
	d.NextWalk()
	d.silently("a refresh, a plan, a plan of its end and its end", func() {
		made = d.MustRead(made)
		d.MustPlan(depositType, made, config)
		d.Apply(d.MustPlan(depositType, made, nil))
	})

	d.NextWalk()
	for i := range 3 {
		got := d.during(func() { planned = d.MustPlan(withdrawalType, nil, of(strconv.Itoa(i), "1")) })
		if want := map[bool][]string{true: {"credits.balance"}, false: nil}[i == 0]; !slices.Equal(got, want) {
			t.Errorf("the plan of withdrawal %d made %v, want %v", i, got, want)
		}
	}
	d.NextWalk()
	want = []string{"credits.transactions", "credits.balance", "credits.withdraw", "credits.transactions"}
	if diff := cmp.Diff(want, d.during(func() { made, _ = d.Apply(planned) })); diff != "" {
		t.Errorf("the apply of a withdrawal (-want +got):\n%s", diff)
	}
	d.NextWalk()
	d.silently("a refresh and a plan", func() { d.MustPlan(withdrawalType, d.MustRead(made), of("2", "1")) })
}

// TestAmounts: what is no exact amount within the bounds is refused by the configuration alone.
func TestAmounts(t *testing.T) {
	t.Parallel()
	d := open(t)
	const ok = ""
	for _, c := range []struct{ amount, deposit, withdrawal string }{
		{"5", ok, ok},
		{"5.00", ok, ok},
		{"007.5", ok, ok},
		{"10000", ok, ok},
		{"10000.000000000000000000", ok, ok},
		{"5.000000000000000001", ok, ok}, // 18 decimals: AUTX decides
		{"4.999999999999999999", "at least 5", ok},
		{"10000.000000000000000001", "at most 10000", ok},
		{"999999999999999999.999999999999999999", "at most 10000", ok},
		{"1000000000000000000", "too many digits", "too many digits"},
		{"5.0000000000000000001", "too many digits", "too many digits"},
		{"0", "at least 5", "more than 0"},
		{"0.000000000000000000", "at least 5", "more than 0"},
		{"-5", "at least 5", "more than 0"},
		{"-0", "at least 5", "more than 0"},
		{"1e1", "Not an amount", "Not an amount"},
		{"5E0", "Not an amount", "Not an amount"},
		{"NaN", "Not an amount", "Not an amount"},
		{"Infinity", "Not an amount", "Not an amount"},
		{"1,000", "Not an amount", "Not an amount"},
		{"5,50", "Not an amount", "Not an amount"},
		{"$5", "Not an amount", "Not an amount"},
		{"+5", "Not an amount", "Not an amount"},
		{" 5", "Not an amount", "Not an amount"},
		{"5.", "Not an amount", "Not an amount"},
		{".5", "Not an amount", "Not an amount"},
		{"0x10", "Not an amount", "Not an amount"},
		{"٥", "Not an amount", "Not an amount"},
		{"five", "Not an amount", "Not an amount"},
		{"", "Not an amount", "Not an amount"},
	} {
		for typeName, want := range map[string]string{depositType: c.deposit, withdrawalType: c.withdrawal} {
			diags := d.ValidateResource(typeName, of("k", c.amount))
			if want == ok && len(diags) > 0 {
				t.Errorf("%s of %q is refused: %s", typeName, c.amount, diags)
			}
			if want != ok {
				said(t, fmt.Sprintf("%s of %q", typeName, c.amount), diags.Errors(), "amount", want)
			}
		}
	}
}

// TestKeys are what a key may be.
func TestKeys(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, typeName := range []string{depositType, withdrawalType} {
		for key, says := range map[any]string{
			"":                       "at least 1",
			"autx_credit_floor/main": "autx_credit_floor",
			protocol.Unknown:         "",
			"any text: ü/\n\"":       "",
			"floor":                  "",
		} {
			diags := d.ValidateResource(typeName, values{"idempotency_key": key, "amount": "5"})
			if says == "" && len(diags) > 0 {
				t.Errorf("%s with the key %v is refused: %s", typeName, key, diags)
			}
			if says != "" {
				said(t, fmt.Sprintf("%s with the key %v", typeName, key), diags.Errors(), "idempotency_key", says)
			}
		}
		diags := d.ValidateResource(typeName, values{"idempotency_key": nil, "amount": nil})
		if len(diags.Errors().At("idempotency_key")) == 0 && len(diags.Errors().At("amount")) == 0 {
			t.Logf("%s without arguments is left to the CLI", typeName)
		}
		said(t, "a timeout that is none", d.ValidateResource(typeName, of("k", "5", "timeouts", values{"create": "soon"})).Errors(), "timeouts.create", "soon")
	}
}

// TestExactOnTheWire: not a digit of an amount is lost on its way, and AUTX's refusal of one lands on it.
func TestExactOnTheWire(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	var bodies []string
	for _, path := range []string{"/credits/deposit-test", "/credits/withdraw"} {
		gate.Answer(http.MethodPost, path, func(w http.ResponseWriter, r *http.Request) {
			var body map[string]json.RawMessage
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Error(err)
			}
			bodies = append(bodies, strings.Trim(string(body["amount"]), `"`))
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = w.Write([]byte(`{"detail": [{"loc": ["body", "amount"], "msg": "too fine", "type": "value_error"}]}`))
		})
	}
	d.refuse(depositType, of("k", "9999.123456789012345678"), "amount", "Too fine", "POST /credits/deposit-test: 422")
	d.refuse(withdrawalType, of("k", "123456789012345678.123456789012345678"), "amount", "Too fine", "POST /credits/withdraw: 422")
	if want := []string{"9999.123456789012345678", "123456789012345678.123456789012345678"}; !slices.Equal(bodies, want) {
		t.Errorf("sent %v, want %v", bodies, want)
	}
}

// TestBoundAmount: the amount belongs to the key.
func TestBoundAmount(t *testing.T) {
	t.Parallel()
	for _, typeName := range []string{depositType, withdrawalType} {
		t.Run(typeName, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			made := d.make(typeName, of("k", "10.50"))
			moved := d.moves()

			t.Log("another spelling")
			for _, same := range []string{"10.5", "010.50", "10.500000000000000000"} {
				if plan := d.MustPlan(typeName, made, of("k", same)); !plan.Empty() || len(plan.Diagnostics) > 0 {
					t.Errorf("%s: %v %s", same, plan.Values(), plan.Diagnostics)
				}
				d.NextWalk()
			}
			t.Log("another amount")
			plan := d.Plan(typeName, made, of("k", "10.51"))
			said(t, "another amount", plan.Diagnostics.Errors(), "amount", "This would move money again", "change idempotency_key too", "put the amount back", `"k"`, "$10.50", "10.51", "-refresh=false")
			d.NextWalk()
			t.Log("an amount that is not known")
			for amount, ok := range map[string]bool{"10.5": true, "11": false} {
				plan := d.MustPlan(typeName, made, with(of("k", ""), "amount", protocol.Unknown))
				said(t, "an unknown amount", plan.Diagnostics.Warnings(), "amount", "May turn out to move money again")
				if len(plan.RequiresReplace) > 0 || plan.Values()["id"] != made.ID() {
					t.Errorf("an unknown amount replaces %v, id %v", plan.RequiresReplace, plan.Values()["id"])
				}
				d.NextWalk()
				after, diags := d.PlanAndApply(typeName, made, of("k", "10.50", "timeouts", values{"create": amount + "m"}))
				if diags.HasErrors() || after.ID() != made.ID() {
					t.Errorf("timeouts alone: %s", diags)
				}
				// What the CLI does once the amount is known: it plans again, and where the provider is the same it applies.
				plan = d.MustPlan(typeName, made, with(of("k", ""), "amount", protocol.Unknown))
				plan.Planned, plan.Config = replaced(t, plan.Planned, amount), replaced(t, plan.Config, amount)
				after, diags = d.Apply(plan)
				if ok && (diags.HasErrors() || after.Values()["amount"] != amount) {
					t.Errorf("%s: %v %s", amount, after.Values(), diags)
				}
				if !ok {
					said(t, "an amount that turned out to be another", diags.Errors(), "amount", "This would move money again")
					if !after.State.Equal(made.State) {
						t.Errorf("the state is %v", after.Values())
					}
				}
				d.NextWalk()
			}
			t.Log("another key")
			plan = d.MustPlan(typeName, made, of("k2", "11"))
			if diff := cmp.Diff([]string{"idempotency_key"}, plan.RequiresReplace); diff != "" {
				t.Errorf("another key (-want +got):\n%s", diff)
			}
			said(t, "another key", plan.Diagnostics.Warnings(), "idempotency_key", "Another key moves money again", made.ID(), "$10.50", "$11.00", `"k2"`)
			d.NextWalk()
			plan = d.MustPlan(typeName, made, with(of("", "11"), "idempotency_key", protocol.Unknown))
			if diff := cmp.Diff([]string{"idempotency_key"}, plan.RequiresReplace); diff != "" {
				t.Errorf("an unknown key (-want +got):\n%s", diff)
			}
			said(t, "an unknown key", plan.Diagnostics.Warnings(), "idempotency_key", "not known yet", "$11.00")
			d.NextWalk()
			t.Log("its end")
			plan = d.MustPlan(typeName, made, nil)
			said(t, "its end", plan.Diagnostics.Warnings(), "", "only forgets", "No money is moved back", "key stays used", "$10.50", made.ID())
			d.mustHaveMoved(moved...)
		})
	}
}

// TestUnknownAtPlan: a movement of which nothing is known yet is planned, and made once it is known.
func TestUnknownAtPlan(t *testing.T) {
	t.Parallel()
	for _, typeName := range []string{depositType, withdrawalType} {
		d := open(t)
		for _, config := range []values{
			{"idempotency_key": protocol.Unknown, "amount": protocol.Unknown},
			{"idempotency_key": "k", "amount": protocol.Unknown, "timeouts": protocol.Unknown},
			{"idempotency_key": protocol.Unknown, "amount": "10"},
		} {
			if plan := d.Plan(typeName, nil, config); len(plan.Diagnostics) > 0 {
				t.Errorf("%s of %v: %s", typeName, config, plan.Diagnostics)
			}
			d.NextWalk()
		}
	}
}

// TestNotAllowed: without the switch a plan warns and an apply refuses, and nothing is sent.
func TestNotAllowed(t *testing.T) {
	t.Parallel()
	for typeName, allowed := range map[string]string{depositType: "allow_deposits", withdrawalType: "allow_withdrawals"} {
		for _, spending := range []any{nil, values{"max_per_apply": "1000", "allow_deposits": false, "allow_withdrawals": false, "journal": t.TempDir()}} {
			d := open(t)
			d.reconfigure("spending", spending)
			plan := d.MustPlan(typeName, nil, of("k", "10"))
			said(t, "the plan", plan.Diagnostics.Warnings(), "", "Apply will refuse to move money", "$10.00", allowed+" = true")
			d.NextWalk()
			d.silently("an apply that is not allowed", func() {
				made, diags := d.Apply(plan)
				said(t, "the apply", diags.Errors(), "", "not allowed", allowed+" = true", "no money was moved")
				if made != nil {
					t.Errorf("made %v", made.Values())
				}
			})
			d.mustHaveMoved()
		}
	}
}

// TestMovementsTakeNothingFromLimits: what may be charged is another matter.
func TestMovementsTakeNothingFromLimits(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.reconfigure("spending.max_per_apply", "0", "spending.max_per_purchase", "0")
	d.make(depositType, of("k", "50"))
	d.make(withdrawalType, of("k", "50"))
	d.mustHaveMoved("deposit 50", "withdrawal 50")
}

// TestKeysOfKinds: a deposit and a withdrawal of one key are two things; two deposits of one key are not.
func TestKeysOfKinds(t *testing.T) {
	t.Parallel()
	d := open(t)
	if plan := d.Plan(depositType, nil, of("k", "10")); len(plan.Diagnostics) > 0 {
		t.Error(plan.Diagnostics)
	}
	if plan := d.Plan(withdrawalType, nil, of("k", "10")); len(plan.Diagnostics) > 0 {
		t.Error(plan.Diagnostics)
	}
	plan := d.Plan(depositType, nil, of("k", "10"))
	said(t, "a second deposit", plan.Diagnostics.Errors(), "", "Two resources", "idempotency_key", `"k"`)
}

// TestOneKeyInStateTwice comes from an import at two addresses.
func TestOneKeyInStateTwice(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.make(depositType, of("k", "10"))
	d.MustRead(made)
	d.MustPlan(depositType, made, of("k", "10"))
	plan := d.Plan(depositType, made, of("k", "10"))
	said(t, "the second of two", plan.Diagnostics.Errors(), "idempotency_key", "One key for two resources", made.ID(), "state rm autx_credit_deposit.NAME", "-refresh=false")
}

// TestTestDepositsOff says how real money comes in.
func TestTestDepositsOff(t *testing.T) {
	t.Parallel()
	d := open(t, mockserver.WithAssume("deposit_test", "disabled"))
	d.refuse(depositType, of("k", "10"), "", "Test deposits are refused here", "development instances only", "Nothing was moved", "by card from $10", "USDC on-chain from $5",
		"There is no API call", "403")
	said(t, "a floor", d.failFloor(floorOf("main", "500", "500", "on_shortfall", "deposit")), "", "Test deposits are refused here", "by card from $10")
	d.mustHaveMoved()
}

// failFloor applies a new floor, which must fail.
func (d *desk) failFloor(config values) protocol.Diagnostics {
	d.t.Helper()
	made, diags := d.PlanAndApply(floorType, nil, config)
	if made != nil || !diags.HasErrors() {
		d.t.Errorf("the floor was made: %v %s", made, diags)
	}
	return diags.Errors()
}

// TestScopeMissing: a key that may not read credits is not told of test deposits.
func TestScopeMissing(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault(`credits.transactions:before:status=403,times=0,body={"detail":"scope"}`)
	_, diags := d.PlanAndApply(depositType, nil, of("k", "10"))
	said(t, "the apply", diags.Errors(), "", "was not sent", "403", "may lack the scope that this call needs")
	if diags.Say("Test deposits") {
		t.Error(diags)
	}
	if d.sent("credits.deposit_test") != 0 {
		t.Error("it was sent all the same")
	}
}

// TestLedgerThatGivesLess: how much one call gives is assumed, so a service that refuses to give as much is asked for less.
func TestLedgerThatGivesLess(t *testing.T) {
	t.Parallel()
	d := open(t)
	for range 60 {
		d.deposit("5")
	}
	const refusal = `credits.transactions:before:status=422,body={"detail":[{"loc":["query","limit"],"msg":"at most 50","type":"value_error"}]}`
	d.server.AddFault(refusal)
	d.server.ClearRequests()
	made := d.make(depositType, of("k", "5"))
	if made.ID() != d.last().ID {
		t.Errorf("id %s, and the ledger has %s", made.ID(), d.last().ID)
	}
	d.server.AddFault(refusal)
	if imported := d.MustImport(depositType, made.ID()); imported.Values()["credited_usd"] != "5" {
		t.Errorf("imported %v", imported.Values())
	}
	var asked []string
	for _, entry := range d.server.Requests() {
		if entry.Operation == "credits.transactions" {
			asked = append(asked, entry.Query)
		}
	}
	if diff := cmp.Diff([]string{"limit=500", "limit=50", "limit=50", "limit=500", "limit=50"}, asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}

// TestAfterTheServersDay: the clock of this machine plays no part. The mock server's stands still years away.
func TestAfterTheServersDay(t *testing.T) {
	t.Parallel()
	for _, day := range []time.Time{noon.AddDate(-3, 0, 0), noon.AddDate(3, 0, 0)} {
		d := open(t, mockserver.WithClock(day))
		d.make(withdrawalType, of("k", "1"))
		plan := d.MustPlan(withdrawalType, nil, of("k2", "1"))
		said(t, day.String(), plan.Diagnostics.Warnings(), "", "Too early", day.Add(time.Hour).Format(time.RFC3339))
		d.server.Advance(time.Hour)
		d.NextWalk()
		d.make(withdrawalType, of("k2", "1"))
		d.mustHaveMoved("withdrawal 1", "withdrawal 1")
	}
}
