package provider_test

import (
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// shortOf plans what a test names under limits, with $45 on the account and one free launch, and gives what each plan is told of the balance.
func shortOf(t *testing.T, limits values, plans ...func(d *protocol.Driver) *protocol.Plan) (told []protocol.Diagnostics, server *mockserver.Server) {
	t.Helper()
	seed, err := mockserver.ParseSeed([]byte(`{
		"users": [{"id": "us", "balance_usd": "45", "keys": [{"key": "autx_live_us"}]}, {"id": "other", "keys": [{"key": "` + otherKey + `"}]}],
		"agents": [{"owner": "other", "id": "00000000-0000-4000-8000-000000000001", "ticker": "OTHR", "name": "Other", "endpoint_url": "https://other.example/run", "service_price": "10"}]
	}`))
	if err != nil {
		t.Fatal(err)
	}
	server = mockserver.New(t, mockserver.WithSeed(seed))
	d := protocol.New(t)
	d.MustConfigure(with(with(protocol.ProviderValues(t, server), "max_retries", 0), "spending", with(values{"max_per_apply": "1000", "journal": t.TempDir()}, pairsOf(limits)...)))
	for _, plan := range plans {
		var about protocol.Diagnostics
		for _, diagnostic := range plan(d).Diagnostics {
			if one := (protocol.Diagnostics{diagnostic}); one.Say("alance") {
				about = append(about, diagnostic)
			}
		}
		told = append(told, about)
	}
	return told, server
}

func pairsOf(of values) []any {
	var out []any
	for name, value := range of {
		out = append(out, name, value)
	}
	return out
}

func launchOf(ticker string, pairs ...any) func(d *protocol.Driver) *protocol.Plan {
	return func(d *protocol.Driver) *protocol.Plan { return d.Plan(agentType, nil, agentNamed(ticker, pairs...)) }
}

func orderFor(key, most string) func(d *protocol.Driver) *protocol.Plan {
	return func(d *protocol.Driver) *protocol.Plan {
		return d.Plan("autx_order", nil, values{"idempotency_key": key, "agent_id": "00000000-0000-4000-8000-000000000001", "prompt": "x", "max_price": most})
	}
}

// TestBalanceOfAPlan adds up what a plan authorises, launches and orders together, and holds it to the balance, which is read once. A fee that AUTX may
// not charge never fails a plan, unless keep_balance counts it in any case.
func TestBalanceOfAPlan(t *testing.T) {
	t.Parallel()
	strict := func(pairs ...any) values { return with(values{"strict_plan": true}, pairs...) }
	const free = "may give the first for free"
	for name, c := range map[string]struct {
		limits values
		plans  []func(d *protocol.Driver) *protocol.Plan
		last   []string // what is told at the last of them, and at no other; nil for nothing
		fails  bool
	}{
		"two launches":                  {nil, []func(d *protocol.Driver) *protocol.Plan{launchOf("AAA"), launchOf("BBB")}, nil, false},
		"three launches":                {nil, []func(d *protocol.Driver) *protocol.Plan{launchOf("AAA"), launchOf("BBB"), launchOf("CCC")}, []string{"$60.00", "$45.00 is available", free}, false},
		"three launches, strict":        {strict(), []func(d *protocol.Driver) *protocol.Plan{launchOf("AAA"), launchOf("BBB"), launchOf("CCC")}, []string{"$60.00 of it", free}, false},
		"reserved ones count":           {nil, []func(d *protocol.Driver) *protocol.Plan{launchOf("AAA", "launch", values{"reserve": true}), launchOf("BBB"), launchOf("CCC")}, []string{"$60.00"}, false},
		"one that is paid elsewhere":    {strict(), []func(d *protocol.Driver) *protocol.Plan{launchOf("AAA", "launch", values{"stripe_session_id": "cs_1"}), launchOf("BBB"), launchOf("CCC")}, nil, false},
		"an order after launches":       {nil, []func(d *protocol.Driver) *protocol.Plan{launchOf("AAA"), launchOf("BBB"), orderFor("k", "10")}, []string{"$50.00", "$40.00 of it", free}, false},
		"a launch after an order":       {strict(), []func(d *protocol.Driver) *protocol.Plan{orderFor("k", "10"), launchOf("AAA"), launchOf("BBB")}, []string{"$50.00", "$40.00 of it", free}, false},
		"an order that alone is more":   {strict(), []func(d *protocol.Driver) *protocol.Plan{launchOf("AAA"), orderFor("k", "45.01")}, []string{"$65.01", "strict_plan"}, true},
		"keep_balance counts each fee":  {strict("keep_balance", "5.01"), []func(d *protocol.Driver) *protocol.Plan{launchOf("AAA"), launchOf("BBB")}, []string{"keeps $5.01", "strict_plan"}, true},
		"keep_balance that is held":     {strict("keep_balance", "5"), []func(d *protocol.Driver) *protocol.Plan{launchOf("AAA"), launchOf("BBB")}, nil, false},
		"keep_balance without strict":   {values{"keep_balance": "0"}, []func(d *protocol.Driver) *protocol.Plan{launchOf("AAA"), launchOf("BBB"), launchOf("CCC")}, []string{"$60.00"}, false},
		"keep_balance of zero, strict":  {strict("keep_balance", "0"), []func(d *protocol.Driver) *protocol.Plan{launchOf("AAA"), launchOf("BBB"), launchOf("CCC")}, []string{"$60.00", "strict_plan"}, true},
		"orders that suffice to a cent": {strict(), []func(d *protocol.Driver) *protocol.Plan{orderFor("k", "15"), orderFor("l", "30")}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, server := shortOf(t, c.limits, c.plans...)
			for i, diags := range told {
				if last := i == len(told)-1; last && c.last != nil {
					if !diags.Say(c.last...) || len(diags) != 1 || diags.HasErrors() != c.fails {
						t.Errorf("it is told %s", diags)
					}
				} else if len(diags) > 0 {
					t.Errorf("plan %d is told %s", i, diags)
				}
			}
			reads := 0
			for _, operation := range calls(server) {
				if operation == "credits.balance" {
					reads++
				}
			}
			if reads != 1 {
				t.Errorf("the balance was read %d times", reads)
			}
		})
	}
}

// TestBalanceIsToldOnce: a reader hears once in a walk that fees may be short, and once that prices are.
func TestBalanceIsToldOnce(t *testing.T) {
	t.Parallel()
	told, _ := shortOf(t, values{"strict_plan": true}, launchOf("AAA"), launchOf("BBB"), launchOf("CCC"), launchOf("DDD"), orderFor("k", "46"), orderFor("l", "1"))
	for i, want := range []int{0, 0, 1, 0, 1, 0} {
		if len(told[i]) != want || told[i].HasErrors() != (i == 4) {
			t.Errorf("plan %d is told %s", i, told[i])
		}
	}
}

// TestBalanceOfALaunchThatIsTakenOver: what an earlier run has launched costs nothing more.
func TestBalanceOfALaunchThatIsTakenOver(t *testing.T) {
	t.Parallel()
	told, _ := shortOf(t, nil, launchOf("AAA"), func(d *protocol.Driver) *protocol.Plan {
		d.MustApply(agentType, nil, agentNamed("LOST")) // free
		d.NextWalk()
		launchOf("AAA")(d)
		launchOf("BBB")(d)
		return d.Plan(agentType, nil, agentNamed("LOST"))
	})
	if len(told[1]) > 0 {
		t.Errorf("it is told %s", told[1])
	}
}
