package faultmatrix_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

const (
	me     = "me"
	seller = "seller"
	// The agents of somebody else and their ids.
	summ = "00000000-0000-4000-8000-000000000001" // $0.50 an order or request
	docs = "00000000-0000-4000-8000-000000000002" // $1.25 an order, takes files
	chat = "00000000-0000-4000-8000-000000000003" // $0.05 a message, holds two
)

// kind is something that can be bought or moved.
type kind struct {
	name, address string
	// block is the resource.
	block string
	// path and operation are those of the request that moves money, or opens what does.
	path, operation string
	// entry and amount are the ledger's for it.
	entry, amount string
	// each is the amount of one charge of a conversation, which has several; "" for everything else.
	each string
	// short is a balance that does not suffice, which a plan tells, and refusal a rule that refuses in its stead where the provider would not even ask
	// with too little. Both are empty where the service never refuses for want of credits.
	short, refusal string
	// adopts is what an apply says that takes over what an earlier one made, and seen what the plan before says where it is known to be made.
	adopts, seen string
}

// kinds are all that moves money, in the order of the table.
func kinds() []kind {
	const adopts, seen = "Earlier purchase taken over", "Key was used before"
	return []kind{
		{
			name: "agent launch", address: "autx_agent.a", path: "/agents/", operation: "agents.create", entry: "consume", amount: "$20.00", short: "19.99", adopts: adopts,
			block: `resource "autx_agent" "a" {
  ticker        = "ONE"
  name          = "Agent one"
  endpoint_url  = "https://agents.example.com/one"
  service_price = "0.50"
}
`,
		},
		{
			name: "order", address: "autx_order.a", path: "/orders/", operation: "orders.create", entry: "consume", amount: "$0.50", short: "0.49", adopts: adopts, seen: seen,
			block: orderBlock("a", "report-1", summ, "0.50"),
		},
		{
			name: "order with files", address: "autx_order.a", path: "/orders/multipart", operation: "orders.create_multipart", entry: "consume", amount: "$1.25", short: "1.24",
			adopts: adopts, seen: seen,
			block: orderBlock("a", "report-1", docs, "1.25", `files = [{ name = "in.txt", content_base64 = base64encode("some text") }]`),
		},
		{
			name: "deposit", address: "autx_credit_deposit.a", path: "/credits/deposit-test", operation: "credits.deposit_test", entry: "deposit", amount: "$25.00",
			adopts: adopts, seen: seen, block: movementBlock("deposit"),
		},
		{
			name: "withdrawal", address: "autx_credit_withdrawal.a", path: "/credits/withdraw", operation: "credits.withdraw", entry: "withdrawal", amount: "$25.00",
			refusal: `before:status=402,times=0,body={"detail":"Insufficient credits"}`, adopts: adopts, seen: seen, block: movementBlock("withdrawal"),
		},
		{
			name: "proxy request", address: "autx_proxy_request.a", path: "/proxy/*", operation: "proxy.call", entry: "consume", amount: "$0.50", short: "0.49",
			adopts: adopts, seen: seen,
			block: `resource "autx_proxy_request" "a" {
  idempotency_key = "once"
  agent           = "SUMM"
  prompt          = "Sum it up."
  max_price       = "0.50"
}
`,
		},
		{
			name: "session of two messages", address: "autx_session.a", path: socket, operation: "sessions.open", entry: "consume", amount: "$0.10", each: "0.05",
			short: "0.09", adopts: adopts, seen: seen,
			block: fmt.Sprintf("resource \"autx_session\" \"a\" {\n  idempotency_key = \"once\"\n  agent           = \"CHAT\"\n  messages        = %s\n"+
				"  max_cost        = \"0.10\"\n}\n", strings.ReplaceAll(fmt.Sprintf("%q", prompts()), "\" \"", "\", \"")),
		},
	}
}

func orderBlock(label, key, agent, price string, more ...string) string {
	block := fmt.Sprintf("resource \"autx_order\" %q {\n  idempotency_key = %q\n  agent_id        = %q\n  prompt          = \"Sum it up.\"\n  max_price       = %q\n",
		label, key, agent, price)
	return block + "  " + strings.Join(more, "\n  ") + "\n}\n"
}

func movementBlock(noun string) string {
	return fmt.Sprintf("resource \"autx_credit_%s\" \"a\" {\n  idempotency_key = \"once\"\n  amount          = \"25.00\"\n}\n", noun)
}

// talks tells whether it is a conversation on a WebSocket, rather than one request.
func (k kind) talks() bool { return k.each != "" }

// method is that of the request that moves money.
func (k kind) method() string {
	if k.talks() {
		return http.MethodGet
	}
	return http.MethodPost
}

// faults are those that it can meet, in the order of the table.
func (k kind) faults() []fault {
	if k.talks() {
		return conversationFaults()
	}
	return faults()
}

// total is what so many charges of it come to.
func (k kind) total(charges int) string {
	switch {
	case charges == 0:
		return money.Zero().USD()
	case k.talks():
		return money.MustParse(k.each).Times(int64(charges)).USD()
	}
	return k.amount
}

// refusable tells whether the service may refuse for want of credits.
func (k kind) refusable() bool { return k.short != "" || k.refusal != "" }

// seed is a world where I have a balance and no free launch, so that a launch costs its fee, and where somebody else has three agents.
func seed(balance string) mockserver.Seed {
	usd := func(text string) *money.Amount { a := money.MustParse(text); return &a }
	none := 0
	return mockserver.Seed{
		Users: []mockserver.SeedUser{
			{ID: me, BalanceUSD: money.MustParse(balance), LaunchesLeftFree: &none, Keys: []mockserver.SeedKey{{Key: "autx_live_me"}, {Key: "autx_live_me_again"}}},
			{ID: seller, LaunchesLeftFree: &none, Keys: []mockserver.SeedKey{{Key: "autx_live_seller"}}},
		},
		Agents: []mockserver.SeedAgent{
			{Owner: seller, ID: summ, Ticker: "SUMM", Name: "Summaries", EndpointURL: "https://seller.example.com/summ", ServicePrice: usd("0.50")},
			{
				Owner: seller, ID: docs, Ticker: "DOCS", Name: "Reader", EndpointURL: "https://seller.example.com/docs", ServicePrice: usd("1.25"),
				Manifest: &mockserver.Manifest{Input: mockserver.ManifestInput{Type: "multipart", AcceptsFiles: true, FileTypes: []string{"txt"}, MaxSizeBytes: 1 << 20}},
			},
			{
				Owner: seller, ID: chat, Ticker: "CHAT", Name: "Talker", EndpointURL: "https://seller.example.com/chat", ServicePrice: usd("0.50"),
				Manifest: &mockserver.Manifest{SupportsSessions: true, SessionPricePerMessage: usd("0.05"), SessionMinimumMessages: messages, SessionMaxDurationMinutes: 240},
			},
		},
	}
}
