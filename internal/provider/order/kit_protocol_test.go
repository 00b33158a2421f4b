package order_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// The kit of the tests that drive the provider through the plugin protocol, one call at a time.

const orderType = "autx_order"

type values = protocol.Values

// What the tests of every domain call alike.
var (
	with = protocol.With
	at   = protocol.At
	said = protocol.Said
)

// desk is a provider that is driven through the protocol, and the mock server that it works on.
type desk struct {
	*protocol.Driver
	t      *testing.T
	server *mockserver.Server
	config values
}

// open starts a mock server, where I have $100, and a provider that may spend $1,000.
func open(t *testing.T, options ...mockserver.Option) *desk {
	t.Helper()
	return serve(t, seed("100"), options...)
}

// serve is open with another world.
func serve(t *testing.T, world mockserver.Seed, options ...mockserver.Option) *desk {
	t.Helper()
	server := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(world)}, options...)...)
	d := &desk{Driver: protocol.New(t), t: t, server: server, config: protocol.ProviderValues(t, server)}
	d.config["max_retries"] = 0
	d.MustConfigure(d.config)
	return d
}

// reconfigure begins a walk with other settings, as pairs of a path and a value.
func (d *desk) reconfigure(pairs ...any) {
	d.t.Helper()
	d.config = with(d.config, pairs...)
	d.NextWalk()
	d.MustConfigure(d.config)
}

// gate puts a gate between the provider and the server, for the walks to come.
func (d *desk) gate() *acctest.Gate {
	d.t.Helper()
	gate := acctest.NewGate(d.t, d.server)
	d.reconfigure("base_url", gate.URL())
	return gate
}

// of is the configuration of an order of SUMM under a key. Pairs of a path and a value may follow.
func of(key string, pairs ...any) values {
	return with(values{"idempotency_key": key, "agent_id": summ, "prompt": "Prompt of " + key, "max_price": "0.50"}, pairs...)
}

// file is an element of files.
func file(name string, pairs ...any) values {
	out := with(values{"name": name}, pairs...)
	return out
}

// files is a list of them.
func files(of ...values) []any {
	out := make([]any, len(of))
	for i := range of {
		out[i] = of[i]
	}
	return out
}

// buy applies the configuration of a new order, which must go without a word.
func (d *desk) buy(config values) *protocol.Instance {
	d.t.Helper()
	made, diags := d.PlanAndApply(orderType, nil, config)
	if len(diags) > 0 {
		d.t.Fatalf("buying %v: %s", config["idempotency_key"], diags)
	}
	return made
}

// refuse applies the configuration of a new order, which must fail with one error at a path that says something, and charge nothing.
func (d *desk) refuse(config values, path string, texts ...string) {
	d.t.Helper()
	before, _ := d.charges()
	made, diags := d.PlanAndApply(orderType, nil, config)
	said(d.t, "the apply", diags.Errors(), path, texts...)
	if after, _ := d.charges(); made != nil || len(diags.Errors()) != 1 || after != before {
		d.t.Errorf("made %v, charged %s and before %s:\n%s", made, after, before, diags)
	}
}

// orders are mine at the service, oldest first; charges are what they cost, and in how many charges.
func (d *desk) orders() []mockserver.OrderState {
	return (&scene{t: d.t, server: d.server}).orders()
}

func (d *desk) charges() (string, int) { return (&scene{t: d.t, server: d.server}).charges() }

func (d *desk) mustHaveCharged(want string, n int) {
	d.t.Helper()
	(&scene{t: d.t, server: d.server}).mustHaveCharged(want, n)
}

// outside makes a request as the account's owner would by other means.
func (d *desk) outside(method, path, body string) []byte {
	d.t.Helper()
	return (&scene{t: d.t, server: d.server}).outside(method, path, body)
}

func (d *desk) reprice(agentID, price string) {
	d.t.Helper()
	(&scene{t: d.t, server: d.server}).reprice(agentID, price)
}

// silently runs a step and fails the test if it made a request.
func (d *desk) silently(what string, step func()) {
	d.t.Helper()
	if made := d.during(step); len(made) > 0 {
		d.t.Errorf("%s made the requests %v", what, made)
	}
}

// during gives the operations that a step requested, in order.
func (d *desk) during(step func()) []string {
	d.t.Helper()
	return acctest.During(d.server, step)
}

// tally counts operations.
func tally(operations []string) map[string]int {
	out := map[string]int{}
	for _, operation := range operations {
		out[operation]++
	}
	return out
}

// mustOnlyRead fails the test if anything but GETs has reached the server.
func (d *desk) mustOnlyRead() {
	d.t.Helper()
	for _, entry := range d.server.Requests() {
		if entry.Method != http.MethodGet || entry.Committed {
			d.t.Errorf("%s %s was sent", entry.Method, entry.Path)
		}
	}
}

// sorted is a sorted copy.
func sorted(of []string) []string {
	out := slices.Clone(of)
	slices.Sort(out)
	return out
}
