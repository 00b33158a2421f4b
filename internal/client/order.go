package client

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// Order is an order as AUTX shows it. Three answers show three parts of it, and what an answer does not have is absent: the answer to a purchase has
// no output, Get has the output and no price, and List has the price and no output (client 0.4.1). Only the id is certain to be there.
type Order struct {
	// ID identifies the order.
	ID string `json:"id"`
	// AgentID is the agent it was placed with; AgentName and AgentTicker are shown in lists.
	AgentID     Field[string] `json:"agent_id"`
	AgentName   Field[string] `json:"agent_name"`
	AgentTicker Field[string] `json:"agent_ticker"`
	// Status is pending, completed or failed; a failed order is refunded by the service (public API pages).
	Status Field[string] `json:"status"`
	// AmountPaid is the price and PlatformFee AUTX's part of it, in USD.
	AmountPaid  Field[money.Amount] `json:"amount_paid"`
	PlatformFee Field[money.Amount] `json:"platform_fee"`
	// PaymentMethod is what the buyer named; every order is paid with credits (client 0.4.1).
	PaymentMethod Field[string] `json:"payment_method"`
	// CreatedAt and CompletedAt are ISO 8601 times, as the service spells them.
	CreatedAt   Field[string] `json:"created_at"`
	CompletedAt Field[string] `json:"completed_at"`
	// OutputText is the agent's answer and OutputHash the SHA-256 of it in hexadecimal (assumed).
	OutputText Field[string] `json:"output_text"`
	OutputHash Field[string] `json:"output_hash"`
}

// UnmarshalJSON reads an order. It fails only when there is no id.
func (o *Order) UnmarshalJSON(data []byte) error {
	*o = Order{}
	type plain Order
	wire := struct {
		*plain
		ID Field[string] `json:"id"`
	}{plain: (*plain)(o)}
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("read an order: %w", describeJSONError(err))
	}
	if o.ID = wire.ID.Or(""); o.ID == "" {
		return incomplete("the order has no id")
	}
	return nil
}

// OrderCreate is what an order asks for.
type OrderCreate struct {
	AgentID string `json:"agent_id"`
	Prompt  string `json:"prompt"`
	// PaymentMethod is only noted: every order is paid with credits (client 0.4.1; the SDK reference says credits).
	PaymentMethod string `json:"payment_method"`
}

// OrderFile is a file that goes with an order. It is read while it is sent and is never in memory as a whole.
type OrderFile struct {
	// Name is told to the service; it names no file here.
	Name string
	// Size is how many bytes Open gives. A file that gives another number breaks the request off.
	Size int64
	// Open begins to read the file, once for each time that the order is sent.
	Open func() (io.ReadCloser, error)
}

// OrderFilter narrows a listing. Zero values are not sent.
type OrderFilter struct {
	// AgentID selects the orders of one agent, Status those with exactly this status.
	AgentID, Status string
}
