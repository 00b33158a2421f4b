package credit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestImport: by id and by identity, inputs are null, and the configuration fills them in without a call.
func TestImport(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.deposit("12.50")
	deposit := d.last()
	d.withdraw("0.75")
	withdrawal := d.last()
	for typeName, want := range map[string]values{
		depositType:    {"id": deposit.ID, "idempotency_key": nil, "amount": nil, "credited_usd": "12.5", "created_at": *deposit.CreatedAt, "timeouts": nil},
		withdrawalType: {"id": withdrawal.ID, "idempotency_key": nil, "amount": nil, "created_at": *withdrawal.CreatedAt, "timeouts": nil},
	} {
		id, _ := want["id"].(string)
		d.NextWalk()
		imported := d.MustImport(typeName, id)
		if diff := cmp.Diff(want, imported.Values()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", typeName, diff)
		}
		byIdentity, _, diags := d.ImportIdentity(typeName, values{"id": id})
		if len(diags) > 0 || !byIdentity.State.Equal(imported.State) {
			t.Errorf("%s by identity: %v %s", typeName, byIdentity, diags)
		}
		if diff := cmp.Diff(values{"id": id}, d.IdentityValues(imported)); diff != "" {
			t.Errorf("identity of %s (-want +got):\n%s", typeName, diff)
		}
		if read := d.MustRead(imported); !read.State.Equal(imported.State) {
			t.Errorf("a refresh of an import changes it to %v", read.Values())
		}

		amount := map[string]string{depositType: "12.500", withdrawalType: "0.75"}[typeName]
		config := of("found", amount, "timeouts", values{"create": "1m"})
		d.NextWalk()
		plan := d.MustPlan(typeName, d.MustRead(imported), config)
		if len(plan.Diagnostics) > 0 || len(plan.RequiresReplace) > 0 || len(plan.Unknowns()) > 0 {
			t.Errorf("%s: replaces %v, unknown %v, %s", typeName, plan.RequiresReplace, plan.Unknowns(), plan.Diagnostics)
		}
		var filled *protocol.Instance
		var diags2 protocol.Diagnostics
		d.NextWalk()
		d.silently("filling an import in", func() { filled, diags2 = d.Apply(plan) })
		if len(diags2) > 0 {
			t.Error(diags2)
		}
		want = with(want, "idempotency_key", "found", "amount", amount, "timeouts", values{"create": "1m"})
		if diff := cmp.Diff(want, filled.Values()); diff != "" {
			t.Errorf("%s, filled in (-want +got):\n%s", typeName, diff)
		}
		d.MustBeSettled(filled, config)

		// Under the key it is known from now on.
		d.NextWalk()
		made, diags := d.PlanAndApply(typeName, nil, config)
		if made.ID() != id || diags.HasErrors() || !diags.Say("taken over") {
			t.Errorf("%s made again: %v %s", typeName, made.Values(), diags)
		}
	}
	d.mustHaveMoved("deposit 12.5", "withdrawal 0.75")
}

// TestImportOfAnotherAmount: the ledger tells the amount, so a configuration that says another one is told.
func TestImportOfAnotherAmount(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.deposit("12.50")
	d.withdraw("0.75")
	for typeName, id := range map[string]string{depositType: d.entries()[1].ID, withdrawalType: d.entries()[2].ID} {
		for _, strict := range []bool{false, true} {
			d.reconfigure("spending.strict_plan", strict)
			plan := d.Plan(typeName, d.MustImport(typeName, id), of("k", "50"))
			said(t, typeName, plan.Diagnostics, "amount", "is of another amount", "$50.00", id, "Nothing is moved")
			if plan.Diagnostics.HasErrors() != strict {
				t.Errorf("strict_plan = %v: %s", strict, plan.Diagnostics)
			}
		}
		d.reconfigure("spending.strict_plan", false)
		if plan := d.MustPlan(typeName, d.MustImport(typeName, id), with(of("k", ""), "amount", protocol.Unknown)); len(plan.Diagnostics) > 0 {
			t.Errorf("an unknown amount: %s", plan.Diagnostics)
		}
	}
}

// TestImportRefused: what is not there, or is something else.
func TestImportRefused(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.deposit("12.50")
	deposit := d.last().ID
	d.withdraw("0.75")
	withdrawal := d.last().ID
	theirs := ""
	for _, entry := range d.server.State().Transactions {
		if entry.User == other {
			theirs = entry.ID
		}
	}
	for _, c := range []struct {
		typeName, id string
		says         []string
	}{
		{depositType, withdrawal, []string{"Not a deposit", withdrawal, `"withdrawal"`}},
		{withdrawalType, deposit, []string{"Not a withdrawal", deposit, `"deposit"`}},
		{depositType, "nobody", []string{"No such deposit", `"nobody"`, "autx_credit_transactions"}},
		{withdrawalType, theirs, []string{"No such withdrawal", theirs}},
		{depositType, "", []string{"No such deposit"}},
	} {
		_, _, diags := d.Import(c.typeName, c.id)
		said(t, c.typeName+" "+c.id, diags.Errors(), "", c.says...)
	}
	d.reconfigure("base_url", protocol.Unknown)
	_, _, diags := d.Import(depositType, deposit)
	said(t, "while the provider is not known", diags.Errors(), "", "base_url is not known")
}

// TestImportOfMany reads the ledger once.
func TestImportOfMany(t *testing.T) {
	t.Parallel()
	d := open(t)
	for range 5 {
		d.deposit("5")
	}
	d.server.ClearRequests()
	for _, entry := range d.entries() {
		d.MustRead(d.MustImport(depositType, entry.ID))
	}
	if got := d.sent("credits.transactions"); got != 1 || len(d.server.Requests()) != 1 {
		t.Errorf("the ledger was read %d times, in %d requests", got, len(d.server.Requests()))
	}
}

// TestReadFillsIn: what was not known when money moved is read by the next refresh, and what is known is not read again.
func TestReadFillsIn(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.make(depositType, of("k", "10"))
	open := d.Stored(depositType, with(made.Values(), "created_at", nil, "credited_usd", "9"))
	d.NextWalk()
	if read := d.MustRead(open); !read.State.Equal(made.State) {
		t.Errorf("read %v", read.Values())
	}
	d.server.AddFault("credits.transactions:before:status=403")
	d.NextWalk()
	_, _, diags := d.Read(open)
	said(t, "a refresh that is refused", diags.Errors(), "", "Could not read the deposit of $10.00", "403")
	gone := d.Stored(depositType, with(made.Values(), "created_at", nil, "id", "older-than-what-is-shown"))
	d.NextWalk()
	if read := d.MustRead(gone); !read.State.Equal(gone.State) {
		t.Errorf("an entry that is not shown any more was read as %v", read.Values())
	}
	d.reconfigure("base_url", protocol.Unknown)
	read, _, diags := d.Read(open)
	said(t, "while the provider is not known", diags.Warnings(), "", "AUTX was not read", "base_url")
	if !read.State.Equal(open.State) || diags.HasErrors() {
		t.Errorf("read %v %s", read.Values(), diags)
	}
}

// TestListDeposits lists the ledger's deposits, as imports would find them.
func TestListDeposits(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.withdraw("1")
	for _, amount := range []string{"5", "6.5", "7"} {
		d.deposit(amount)
	}
	listed := d.List(depositType, protocol.ListOptions{IncludeResource: true})
	var ids, names []string
	for _, one := range listed {
		if len(one.Diagnostics) > 0 {
			t.Error(one.Diagnostics)
		}
		id, _ := d.IdentityValues(one.Instance)["id"].(string)
		ids, names = append(ids, id), append(names, one.Name)
		if diff := cmp.Diff(d.MustImport(depositType, id).Values(), one.Instance.Values()); diff != "" {
			t.Errorf("a listed deposit differs from the imported one (-imported +listed):\n%s", diff)
		}
	}
	entries := d.entries()
	if diff := cmp.Diff([]string{entries[4].ID, entries[3].ID, entries[2].ID, entries[0].ID}, ids); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := "deposit of $6.50, " + *entries[3].CreatedAt; names[1] != want {
		t.Errorf("it is called %q, want %q", names[1], want)
	}
	for _, c := range []struct {
		options protocol.ListOptions
		want    int
	}{
		{protocol.ListOptions{}, 4},
		{protocol.ListOptions{Limit: 2}, 2},
		{protocol.ListOptions{Limit: 100}, 4},
		{protocol.ListOptions{Config: values{"among": 4}}, 3},
		{protocol.ListOptions{Config: values{"among": 1}}, 1},
		{protocol.ListOptions{Config: values{"among": 5}, Limit: 4}, 4},
	} {
		got := d.List(depositType, c.options)
		if len(got) != c.want {
			t.Errorf("%+v: %d results, want %d", c.options, len(got), c.want)
		}
		for _, one := range got {
			if !one.Instance.Gone() {
				t.Errorf("%+v: a resource that nobody asked for", c.options)
			}
		}
	}
	seen := 0
	d.ListWhile(depositType, protocol.ListOptions{}, func(protocol.Listed) bool { seen++; return seen < 2 })
	if seen != 2 {
		t.Errorf("%d results were pushed to one that wanted 2", seen)
	}
	for among, ok := range map[int64]bool{0: false, 1: true, 500: true, 501: false, -1: false} {
		if diags := d.ValidateList(depositType, values{"among": among}); diags.HasErrors() == ok {
			t.Errorf("among = %d: %s", among, diags)
		}
	}
	d.server.AddFault("credits.transactions:before:status=403,body=no scope")
	failed := d.List(depositType, protocol.ListOptions{IncludeResource: true})
	if len(failed) != 1 || !failed[0].Diagnostics.Errors().Say("Could not list the deposits", "403", "no scope") {
		t.Errorf("%+v", failed)
	}
	d.reconfigure("api_key", protocol.Unknown)
	failed = d.List(depositType, protocol.ListOptions{})
	if len(failed) != 1 || !failed[0].Diagnostics.Errors().Say("api_key is not known") {
		t.Errorf("%+v", failed)
	}
}
