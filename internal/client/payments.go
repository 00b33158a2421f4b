package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// PaymentsService calls what concerns payments by card. Errors are *Error.
type PaymentsService struct{ client *Client }

// CheckoutCreate is what a checkout is for.
type CheckoutCreate struct {
	// Type is launch or service (client 0.4.1).
	Type string `json:"type"`
	// SuccessURL and CancelURL are where the person who pays is sent afterwards.
	SuccessURL string `json:"success_url"`
	CancelURL  string `json:"cancel_url"`
	// AgentID is required for a service, and AgentName may be given for a launch (client 0.4.1). Nil is not sent.
	AgentID   *string `json:"agent_id,omitempty"`
	AgentName *string `json:"agent_name,omitempty"`
}

// Checkout is a page on which a person can pay. Nothing is charged before that.
type Checkout struct {
	// SessionID names the checkout; a completed one can replace the launch fee. It is no chat session.
	SessionID string
	// URL is the page.
	URL string
}

// UnmarshalJSON reads a checkout. It fails when the id or the page is missing: without them it is of no use.
func (c *Checkout) UnmarshalJSON(data []byte) error {
	var wire struct {
		SessionID Field[string] `json:"session_id"`
		URL       Field[string] `json:"checkout_url"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("read a checkout: %w", describeJSONError(err))
	}
	*c = Checkout{SessionID: wire.SessionID.Or(""), URL: wire.URL.Or("")}
	switch {
	case c.SessionID == "":
		return incomplete("the checkout has no session_id")
	case c.URL == "":
		return incomplete("the checkout has no checkout_url")
	}
	return nil
}

// CreateCheckout makes a page on which a person can pay. The request reaches the service once at most.
func (s *PaymentsService) CreateCheckout(ctx context.Context, create CheckoutCreate) (*Checkout, error) {
	req, err := request{method: http.MethodPost, path: "/payments/create-checkout", once: true}.withJSON(create)
	if err != nil {
		return nil, notSent(req, err)
	}
	checkout, err := fetch[Checkout](ctx, s.client, req)
	if err != nil {
		return nil, err
	}
	return &checkout, nil
}
