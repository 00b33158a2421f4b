package client_test

import (
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

func TestCheckout(t *testing.T) {
	t.Parallel()
	server, c := buyer(t)
	agent, name := idOf(t, c, "SUMM"), "Summer"
	for _, create := range []client.CheckoutCreate{
		{Type: "launch", SuccessURL: "https://example.com/ok?a=1&b=2", CancelURL: "https://example.com/no", AgentName: &name},
		{Type: "service", SuccessURL: "https://example.com/ok", CancelURL: "https://example.com/no", AgentID: &agent},
	} {
		made, err := c.Payments.CreateCheckout(t.Context(), create)
		if err != nil || made.SessionID == "" || !strings.HasSuffix(made.URL, made.SessionID) {
			t.Fatalf("%+v, %v", made, err)
		}
	}
	kept := server.State().Checkouts
	if len(kept) != 2 || kept[0].Type != "launch" || kept[0].AgentID != nil || *kept[0].AgentName != name || kept[1].AgentName != nil ||
		*kept[1].AgentID != agent || kept[0].SuccessURL != "https://example.com/ok?a=1&b=2" || kept[0].CancelURL != "https://example.com/no" {
		t.Errorf("%+v", kept)
	}
	if _, err := c.Payments.CreateCheckout(t.Context(), client.CheckoutCreate{Type: "service"}); !client.IsStatus(err, 422) || outcomeOf(t, err) != "refused" {
		t.Errorf("an incomplete checkout: %v", err)
	}
}

func TestCheckoutThatIsOfNoUse(t *testing.T) {
	t.Parallel()
	for body, message := range map[string]string{
		`{"session_id": "cs_1"}`:       "the checkout has no checkout_url",
		`{"checkout_url": "https://"}`: "the checkout has no session_id",
		`[]`:                           "the answer cannot be read",
		``:                             "the answer cannot be read",
	} {
		_, err := serveJSON(t, 200, body).client(t).Payments.CreateCheckout(t.Context(), client.CheckoutCreate{})
		if outcomeOf(t, err) != "unknown" || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestLostCheckoutIsNotRepeated(t *testing.T) {
	t.Parallel()
	server := mockserver.New(t, mockserver.WithFault("payments.create_checkout:after:reset"))
	_, err := against(t, server, retries(3)).Payments.CreateCheckout(t.Context(), client.CheckoutCreate{
		Type: "launch", SuccessURL: "https://example.com/", CancelURL: "https://example.com/",
	})
	if outcomeOf(t, err) != "unknown" || len(server.State().Checkouts) != 1 {
		t.Errorf("%v, %+v", err, server.State().Checkouts)
	}
}
