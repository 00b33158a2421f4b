package order_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestLiveFacts looks at AUTX in a plan: what it finds warns, with strict_plan it fails the plan.
func TestLiveFacts(t *testing.T) {
	t.Parallel()
	d := open(t)
	small, large := written(t, "a", "x"), written(t, "b", string(make([]byte, 2<<20+1)))
	reader := func(of ...values) values { return withFile("k", small, "files", files(of...)) }
	cases := map[string]struct {
		config values
		path   string
		says   []string
	}{
		"no such agent":   {of("k", "agent_id", "00000000-0000-4000-8000-00000000ffff"), "agent_id", []string{"No such agent", "autx_agent"}},
		"a ticker":        {of("k", "agent_id", "SUMM"), "agent_id", []string{"No such agent", "UUID"}},
		"a paused agent":  {of("k", "agent_id", rest), "agent_id", []string{"takes no orders", "REST", "paused"}},
		"a higher price":  {of("k", "max_price", "0.49"), "max_price", []string{"SUMM", "costs $0.50", "max_price is $0.49", "at least 0.5"}},
		"no files wanted": {of("k", "files", files(file("a.txt", "source", small))), "files", []string{"SUMM", "does not accept files"}},
		"type of a file":  {reader(file("a.pdf", "source", small), file("b.EXE", "source", small)), "files.1.name", []string{"b.EXE", "DOCS", "pdf, .TXT"}},
		"no type":         {reader(file("noextension", "content_base64", "")), "files.0.name", []string{"noextension", "none of the types"}},
		"size of a file":  {reader(file("a.txt", "source", small), file("b.Txt", "source", large)), "files.1", []string{"b.Txt", "2097153 bytes", "at most 2097152"}},
		"balance":         {of("k", "max_price", "100.01"), "max_price", []string{"authorise $100.01", "$100.00 is available"}},
	}
	for name, c := range cases {
		d.reconfigure("spending.strict_plan", false)
		plan := d.Plan(orderType, nil, c.config)
		said(t, name, plan.Diagnostics.Warnings(), c.path, c.says...)
		if plan.Diagnostics.HasErrors() || len(plan.Diagnostics) != 1 {
			t.Errorf("%s: %s", name, plan.Diagnostics)
		}
		d.reconfigure("spending.strict_plan", true)
		strict := d.Plan(orderType, nil, c.config)
		said(t, name+", strictly", strict.Diagnostics.Errors(), c.path, append(c.says, "strict_plan", "destroy -refresh=false")...)
	}
	for name, config := range map[string]values{
		"all is well": of("k"), "files": reader(file("a.txt", "source", small), file("b.PDF", "content_base64", "")), "price to the cent": of("k", "agent_id", gold, "max_price", "7.00"),
		"the whole balance": of("k", "max_price", "100"), "a free agent": of("k", "agent_id", free, "max_price", "0"),
		"nothing is known": of("", "idempotency_key", protocol.Unknown, "agent_id", protocol.Unknown, "max_price", protocol.Unknown, "files", protocol.Unknown),
	} {
		d.NextWalk()
		if plan := d.Plan(orderType, nil, config); len(plan.Diagnostics) > 0 {
			t.Errorf("%s: %s", name, plan.Diagnostics)
		}
	}
	d.mustOnlyRead()
}

// TestLiveBalance adds up what the orders of a plan authorise, less what is to be kept, and says so once.
func TestLiveBalance(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"available_usdc", "balance_usd"} {
		d := serve(t, seed("20"), mockserver.WithAssume("credits.shape", shape))
		d.reconfigure("spending.keep_balance", "5")
		told := 0
		for i := range 6 {
			if plan := d.Plan(orderType, nil, of(fmt.Sprint("k", i), "max_price", "4")); len(plan.Diagnostics) > 0 {
				told++
				said(t, "the plan", plan.Diagnostics.Warnings(), "max_price", "authorise $16.00 together", "$20.00 is available", "keeps $5.00")
			}
		}
		if told != 1 {
			t.Errorf("%s: told %d times", shape, told)
		}
	}
}

// TestLiveFactsThatCannotBeRead warn at most: a plan works without them.
func TestLiveFactsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	d := open(t, mockserver.WithFault("agents.get:before:status=500,times=0"), mockserver.WithFault("credits.balance:before:status=500,times=0"))
	d.reconfigure("spending.strict_plan", true)
	var told protocol.Diagnostics
	for i := range 3 {
		told = append(told, d.MustPlan(orderType, nil, of(fmt.Sprint("k", i))).Diagnostics...)
	}
	if !told.Warnings().Say("Could not look up agent "+summ) || !told.Warnings().Say("Could not read the balance") || told.HasErrors() {
		t.Errorf("%s", told)
	}
	if diff := cmp.Diff(map[string]int{"agents.get": 1, "credits.balance": 1}, tally(d.during(func() {
		d.NextWalk()
		for i := range 3 {
			d.MustPlan(orderType, nil, of(fmt.Sprint("k", i)))
		}
	}))); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// TestLiveFactsOfSpareAnswers claims nothing about what AUTX does not show.
func TestLiveFactsOfSpareAnswers(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	small := written(t, "a", "x")
	for name, body := range map[string]string{
		"nothing but an id":        `{"id": "x"}`,
		"a manifest without types": `{"id": "x", "manifest": {"input": {"accepts_files": true}}}`,
		"a media type":             `{"id": "x", "manifest": {"input": {"accepts_files": true, "file_types": ["image/png", "text/*"]}}}`,
		"any type":                 `{"id": "x", "manifest": {"input": {"accepts_files": true, "file_types": ["*"]}}}`,
	} {
		gate.Clear()
		gate.Answer(http.MethodGet, "/agents/*", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body))
		})
		d.NextWalk()
		if plan := d.Plan(orderType, nil, withFile("k", small)); len(plan.Diagnostics) > 0 {
			t.Errorf("%s: %s", name, plan.Diagnostics)
		}
	}
	gate.Clear()
	gate.Answer(http.MethodGet, "/agents/*", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"id": "x", "ticker": "PICS", "manifest": {"input": {"accepts_files": true, "file_types": ["image/*"]}}}`))
	})
	d.NextWalk()
	said(t, "a text where images are due", d.Plan(orderType, nil, withFile("k", small, "files", files(file("page.html", "source", small)))).Diagnostics.Warnings(), "files.0.name", "page.html", "image/*")
}
