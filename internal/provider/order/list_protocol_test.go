package order_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

const (
	doneID    = "00000000-0000-4000-8000-0000000000a1"
	pendingID = "00000000-0000-4000-8000-0000000000a2"
	failedID  = "00000000-0000-4000-8000-0000000000a3"
	freeID    = "00000000-0000-4000-8000-0000000000a4"
)

// history is a world with four orders of mine, newest last, and one of somebody else.
func history(t *testing.T) *desk {
	t.Helper()
	world := seed("100")
	at := time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
	order := func(id, agent, status string, minute int) mockserver.SeedOrder {
		return mockserver.SeedOrder{ID: id, User: me, AgentID: agent, Status: status, Prompt: "old", CreatedAt: mockserver.SeedTime{Time: at.Add(time.Duration(minute) * time.Minute)}}
	}
	world.Orders = []mockserver.SeedOrder{order(doneID, summ, "completed", 0), order(pendingID, summ, "pending", 1), order(failedID, fail, "failed", 2), order(freeID, free, "completed", 3)}
	theirs := order("", free, "completed", 4)
	theirs.User = seller
	world.Orders = append(world.Orders, theirs)
	return serve(t, world, pendingWorld()...)
}

func ids(listed []protocol.Listed, d *desk) []string {
	out := []string{}
	for _, one := range listed {
		id, _ := d.IdentityValues(one.Instance)["id"].(string)
		out = append(out, id)
	}
	return out
}

// TestListResource lists orders by identity, narrowed down, and stops where it is told to.
func TestListResource(t *testing.T) {
	t.Parallel()
	d := history(t)
	for name, c := range map[string]struct {
		options protocol.ListOptions
		want    []string
	}{
		"all":              {protocol.ListOptions{}, []string{freeID, failedID, pendingID, doneID}},
		"by agent":         {protocol.ListOptions{Config: values{"agent_id": summ}}, []string{pendingID, doneID}},
		"by status":        {protocol.ListOptions{Config: values{"status": "completed"}}, []string{freeID, doneID}},
		"by both":          {protocol.ListOptions{Config: values{"agent_id": summ, "status": "completed"}}, []string{doneID}},
		"an odd status":    {protocol.ListOptions{Config: values{"status": "lost"}}, []string{}},
		"up to two":        {protocol.ListOptions{Limit: 2}, []string{freeID, failedID}},
		"one, narrowed":    {protocol.ListOptions{Limit: 1, Config: values{"agent_id": summ}}, []string{pendingID}},
		"whole, up to one": {protocol.ListOptions{Limit: 1, IncludeResource: true, Config: values{"status": "completed"}}, []string{freeID}},
	} {
		listed := d.List(orderType, c.options)
		if diff := cmp.Diff(c.want, ids(listed, d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for _, one := range listed {
			if len(one.Diagnostics) > 0 || one.Instance.Gone() == c.options.IncludeResource {
				t.Errorf("%s: %v %s", name, one.Instance.Values(), one.Diagnostics)
			}
		}
	}
	if name := d.List(orderType, protocol.ListOptions{Config: values{"agent_id": summ, "status": "pending"}})[0].Name; name != "order of $0.50 from SUMM, placed 2026-11-24T11:01:00.000000Z, pending" {
		t.Errorf("a reader sees %q", name)
	}
	if got := tally(d.during(func() {
		d.NextWalk()
		d.List(orderType, protocol.ListOptions{IncludeResource: true})
	})); got["orders.list"] != 1 || got["orders.get"] != 3 || len(got) != 2 {
		t.Errorf("a list of whole resources cost %v", got)
	}
	d.mustOnlyRead()
	said(t, "an empty status", d.ValidateList(orderType, values{"status": ""}), "status", "at least 1")
	said(t, "an empty agent", d.ValidateList(orderType, values{"agent_id": ""}), "agent_id", "at least 1")
}

// TestListedIsImported: what is listed is what an import finds, and a refresh changes nothing of it.
func TestListedIsImported(t *testing.T) {
	t.Parallel()
	d := history(t)
	listed := d.List(orderType, protocol.ListOptions{IncludeResource: true})
	if len(listed) != 4 {
		t.Fatalf("%d orders", len(listed))
	}
	for i, id := range ids(listed, d) {
		d.NextWalk()
		imported := d.MustImport(orderType, id)
		if diff := cmp.Diff(imported.Values(), listed[i].Instance.Values()); diff != "" {
			t.Errorf("%s (-imported +listed):\n%s", id, diff)
		}
		d.NextWalk()
		if diff := cmp.Diff(imported.Values(), d.MustRead(listed[i].Instance).Values()); diff != "" {
			t.Errorf("%s after a refresh (-imported +read):\n%s", id, diff)
		}
	}
}

// TestListErrors are diagnostics, not results.
func TestListErrors(t *testing.T) {
	t.Parallel()
	d := history(t)
	d.server.AddFault("orders.list:before:status=403")
	if listed := d.List(orderType, protocol.ListOptions{}); len(listed) != 1 || listed[0].Instance != nil || !listed[0].Diagnostics.Errors().Say("Could not list your orders", "403") {
		t.Errorf("%v", listed)
	}
	d.NextWalk()
	d.server.AddFault("orders.get:before:status=500")
	listed := d.List(orderType, protocol.ListOptions{IncludeResource: true, Limit: 1})
	if len(listed) != 1 || listed[0].Instance.Gone() || !listed[0].Diagnostics.Warnings().Say("Could not read the answer", "500") {
		t.Errorf("%v", listed)
	}
	d.MustConfigure(with(d.config, "api_key", protocol.Unknown))
	if listed := d.List(orderType, protocol.ListOptions{}); len(listed) != 1 || !listed[0].Diagnostics.Errors().Say("api_key is not known") {
		t.Errorf("%v", listed)
	}
}

// TestDataSourceOrder looks up orders in each status.
func TestDataSourceOrder(t *testing.T) {
	t.Parallel()
	d := history(t)
	done := values{
		"id": doneID, "agent_id": summ, "agent_name": "Agent SUMM", "agent_ticker": "SUMM", "status": "completed", "amount_paid": "0.5", "platform_fee": "0.05", "payment_method": "credits",
		"created_at": "2026-11-24T11:00:00.000000Z", "completed_at": "2026-11-24T11:00:00.000000Z", "output_text": "Echo: old", "output_hash": sha("Echo: old"),
	}
	for id, want := range map[string]values{
		doneID:    done,
		pendingID: with(done, "id", pendingID, "status", "pending", "created_at", "2026-11-24T11:01:00.000000Z", "completed_at", nil, "output_text", nil, "output_hash", nil),
		failedID: with(done, "id", failedID, "agent_id", fail, "agent_name", "Agent FAIL", "agent_ticker", "FAIL", "status", "failed", "amount_paid", "2", "platform_fee", "0.2",
			"created_at", "2026-11-24T11:02:00.000000Z", "completed_at", "2026-11-24T11:02:00.000000Z", "output_text", nil, "output_hash", nil),
	} {
		got, _, diags := d.ReadDataSource(orderType, values{"id": id})
		if diff := cmp.Diff(want, got); diff != "" || len(diags) > 0 {
			t.Errorf("%s (-want +got):\n%s%s", id, diff, diags)
		}
	}
	for name, id := range map[string]string{"none": "x", "somebody else's": d.server.State().Orders[4].ID} {
		_, _, diags := d.ReadDataSource(orderType, values{"id": id})
		said(t, name, diags.Errors(), "id", "No such order", id, "autx_orders")
	}
	said(t, "no id", d.ValidateDataSource(orderType, values{"id": ""}), "id", "at least 1")
	d.server.AddFault("orders.get:before:status=500")
	if _, _, diags := d.ReadDataSource(orderType, values{"id": doneID}); !diags.Errors().Say("Could not look up order", "500") {
		t.Errorf("broken: %s", diags)
	}
	d.NextWalk()
	d.server.AddFault("orders.list:before:status=500")
	if _, _, diags := d.ReadDataSource(orderType, values{"id": doneID}); !diags.Errors().Say("Could not look up what order", "500") {
		t.Errorf("broken list: %s", diags)
	}
	d.mustOnlyRead()
}

// TestDataSourceOrders lists, narrowed down, with one request for all lists of a walk.
func TestDataSourceOrders(t *testing.T) {
	t.Parallel()
	d := history(t)
	list := func(config values) []string {
		got, _, diags := d.ReadDataSource("autx_orders", config)
		if len(diags) > 0 {
			t.Error(diags)
		}
		out := []string{}
		for _, one := range got["orders"].([]any) {
			out = append(out, one.(values)["id"].(string))
		}
		return out
	}
	operations := d.during(func() {
		for name, c := range map[string]struct {
			config values
			want   []string
		}{
			"all":       {nil, []string{freeID, failedID, pendingID, doneID}},
			"by agent":  {values{"agent_id": summ}, []string{pendingID, doneID}},
			"by status": {values{"status": "failed"}, []string{failedID}},
			"by both":   {values{"agent_id": free, "status": "completed"}, []string{freeID}},
			"nothing":   {values{"agent_id": "x", "status": "lost"}, []string{}},
		} {
			if diff := cmp.Diff(c.want, list(c.config)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
	if diff := cmp.Diff([]string{"orders.list"}, operations); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	got, _, _ := d.ReadDataSource("autx_orders", values{"status": "failed"})
	want := values{
		"id": failedID, "agent_id": fail, "agent_name": "Agent FAIL", "agent_ticker": "FAIL", "status": "failed", "amount_paid": "2", "platform_fee": "0.2", "payment_method": "credits",
		"created_at": "2026-11-24T11:02:00.000000Z", "completed_at": "2026-11-24T11:02:00.000000Z",
	}
	if diff := cmp.Diff([]any{want}, got["orders"]); diff != "" {
		t.Errorf("one of them (-want +got):\n%s", diff)
	}
	said(t, "an empty status", d.ValidateDataSource("autx_orders", values{"status": ""}), "status", "at least 1")
	d.NextWalk()
	d.server.AddFault("orders.list:before:status=403")
	if _, _, diags := d.ReadDataSource("autx_orders", nil); !diags.Errors().Say("Could not list your orders", "403") {
		t.Errorf("forbidden: %s", diags)
	}
}

// TestDataSourceAfterPurchase: what is read after a purchase knows of it.
func TestDataSourceAfterPurchase(t *testing.T) {
	t.Parallel()
	d := open(t)
	before, _, _ := d.ReadDataSource("autx_orders", nil)
	plan := d.MustPlan(orderType, nil, of("k"))
	made, diags := d.Apply(plan)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	after, _, _ := d.ReadDataSource("autx_orders", nil)
	one, _, _ := d.ReadDataSource(orderType, values{"id": made.ID()})
	if len(before["orders"].([]any)) != 0 || len(after["orders"].([]any)) != 1 || one["amount_paid"] != "0.5" {
		t.Errorf("before %v, after %v, one %v", before, after, one)
	}
}

// TestValidation refuses at once what can never be right.
func TestValidation(t *testing.T) {
	t.Parallel()
	d := protocol.New(t)
	one := func(pairs ...any) values { return of("k", "files", files(file("a.txt", pairs...))) }
	for name, c := range map[string]struct {
		config values
		path   string
		says   []string
	}{
		"empty key":            {of(""), "idempotency_key", []string{"at least 1"}},
		"no key":               {of("", "idempotency_key", nil), "idempotency_key", []string{"required"}},
		"no agent":             {of("k", "agent_id", nil), "agent_id", []string{"required"}},
		"empty agent":          {of("k", "agent_id", ""), "agent_id", []string{"at least 1"}},
		"no prompt":            {of("k", "prompt", nil), "prompt", []string{"required"}},
		"no max_price":         {of("k", "max_price", nil), "max_price", []string{"required"}},
		"max_price of nothing": {of("k", "max_price", ""), "max_price", []string{"Not an amount"}},
		"negative":             {of("k", "max_price", "-1"), "max_price", []string{"at least 0"}},
		"exponent":             {of("k", "max_price", "1e2"), "max_price", []string{"Not an amount", "exponent"}},
		"comma":                {of("k", "max_price", "1,50"), "max_price", []string{"Not an amount"}},
		"not a number":         {of("k", "max_price", "NaN"), "max_price", []string{"Not an amount"}},
		"a currency":           {of("k", "max_price", "$1"), "max_price", []string{"Not an amount"}},
		"too many digits":      {of("k", "max_price", "1234567890123456789"), "max_price", []string{"too many digits"}},
		"empty method":         {of("k", "payment_method", ""), "payment_method", []string{"at least 1"}},
		"file without name":    {of("k", "files", files(file("", "content_base64", ""))), "files.0.name", []string{"at least 1"}},
		"file without content": {one(), "files.0.source", []string{"one (and only one)"}},
		"file with both":       {one("source", "x", "content_base64", "eA=="), "files.0.source", []string{"one (and only one)"}},
		"file with no name":    {of("k", "files", files(file("", "name", nil, "source", "x"))), "files.0.name", []string{"without a name"}},
		"null as a file":       {of("k", "files", []any{nil}), "files.0", []string{"is null"}},
		"empty source":         {one("source", ""), "files.0.source", []string{"at least 1"}},
		"no base64":            {one("content_base64", "%%%"), "files.0.content_base64", []string{"not base64", "filebase64"}},
		"base64 of the web":    {one("content_base64", "_-8="), "files.0.content_base64", []string{"not base64"}},
		"half a base64":        {one("content_base64", "eA="), "files.0.content_base64", []string{"not base64"}},
		"no duration":          {of("k", "timeouts", values{"create": "soon"}), "timeouts.create", []string{"soon"}},
	} {
		diags := d.ValidateResource(orderType, c.config)
		if !diags.Errors().At(c.path).Say(c.says[0]) {
			t.Errorf("%s: nothing at %s says %q: %s", name, c.path, c.says, diags)
		}
	}
	for name, config := range map[string]values{
		"bare": of("k"), "empty prompt": of("k", "prompt", ""), "free": of("k", "max_price", "0"), "digits": of("k", "max_price", fmt.Sprint("123456789012345678", ".", "123456789012345678")),
		"source": one("source", "x"), "content": one("content_base64", "eA=="), "empty content": one("content_base64", ""), "no files": of("k", "files", files()),
		"unknown": of("", "idempotency_key", protocol.Unknown, "agent_id", protocol.Unknown, "prompt", protocol.Unknown, "max_price", protocol.Unknown, "files", protocol.Unknown,
			"payment_method", protocol.Unknown, "wait_for_completion", protocol.Unknown, "timeouts", protocol.Unknown),
		"unknown file": of("k", "files", []any{protocol.Unknown}), "unknown source": one("source", protocol.Unknown), "one of two unknown": one("source", "x", "content_base64", protocol.Unknown),
	} {
		if diags := d.ValidateResource(orderType, config); len(diags) > 0 {
			t.Errorf("%s: %s", name, diags)
		}
	}
}
