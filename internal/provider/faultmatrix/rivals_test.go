package faultmatrix_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// lostAnswer is the fault of the tests here.
func (k kind) lostAnswer() fault {
	for _, f := range k.faults() {
		if k.talks() && f.name == "opening: answer lost after commit" {
			return f
		}
	}
	return fault{name: "answer lost after commit", sort: done, rule: "after:reset", says: []string{saysMade, "It was sent once."}}
}

// TestAccFaultClockSkew loses answers while the service's clock goes an hour before or behind this machine's: what was bought is found all the same.
func TestAccFaultClockSkew(t *testing.T) {
	t.Parallel()
	for i, k := range kinds() {
		skew := time.Hour
		if i%2 == 1 {
			skew = -skew
		}
		t.Run(k.name+" "+skew.String(), func(t *testing.T) {
			t.Parallel()
			of := combination{kind: k, fault: k.lostAnswer(), ending: endings()[0]}
			if got := newCell(t, of, mockserver.WithClock(time.Now().Add(skew))).run(); got != of.expected() {
				t.Errorf("it came to %+v, want %+v", got, of.expected())
			}
		})
	}
}

// TestAccFaultAnotherBuyer lets the same thing be bought by other means at the moment at which an answer is lost. Which is which can't be told: nothing is
// guessed, both are named, and no later run buys again.
func TestAccFaultAnotherBuyer(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"order":   `{"agent_id": "` + summ + `", "prompt": "Something else.", "payment_method": "credits"}`,
		"deposit": `{"amount": "25"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var of combination
			for _, k := range kinds() {
				if k.name == name {
					of = combination{kind: k, fault: k.lostAnswer(), ending: endings()[0]}
				}
			}
			c := newCell(t, of)
			held := c.gate.HoldOutcome(http.MethodPost, c.kind.path)
			c.server.AddFault(c.kind.operation + ":" + c.fault.rule)
			run := c.Start("apply", "-auto-approve", "-no-color")
			held.Arrived()
			c.request(http.MethodPost, c.kind.path, body)
			held.Release()
			for what, result := range map[string]acctest.Result{"the run that lost its answer": run.Wait(), "the next run": c.Apply()} {
				if result.Code == 0 {
					t.Errorf("%s did not fail:\n%s", what, result.Raw)
				}
				c.mustSay(result, append(c.candidates(), "Error: Purchase can't be told from others|Error: Movement can't be told from others", "import {")...)
			}
			if _, n := c.charged(); n != 2 || len(c.Stored()) != 0 {
				t.Errorf("%d charges, of which one was made elsewhere; %d in state", n, len(c.Stored()))
			}
		})
	}
}

// candidates are the ids of what may be the purchase: orders, or entries of the ledger.
func (c *cell) candidates() []string {
	var out []string
	for _, order := range c.server.State().Orders {
		out = append(out, order.ID)
	}
	if len(out) > 0 {
		return out
	}
	for _, entry := range c.entries()[c.before:] {
		out = append(out, entry.ID)
	}
	return out
}

// request makes a request as the account's owner would by other means.
func (c *cell) request(method, path, body string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.server.URL()+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.server.Key())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // nothing of it is read
	if resp.StatusCode >= http.StatusBadRequest {
		c.t.Fatalf("%s %s by other means: %s", method, path, resp.Status)
	}
}
