package client

import "github.com/autx-ai/terraform-provider-autx/internal/money"

// Turn is one message of a conversation and what came back. It is meaningful beside an error too: it is what came before.
type Turn struct {
	// OrderID is the order as which the turn is kept, and OutputHash the SHA-256 of the output in hexadecimal (assumed). They come when it is done.
	OrderID, OutputHash Field[string]
	// Output is the agent's answer: the chunks in their order.
	Output string
	// AmountCharged is the price and PlatformFee AUTX's part of it, in USD. They come with the bill.
	AmountCharged, PlatformFee Field[money.Amount]
	// Done means that the answer is complete, Billed that the bill has come.
	Done, Billed bool
}
