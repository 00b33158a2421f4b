package mockserver

import "github.com/autx-ai/terraform-provider-autx/internal/money"

// DemoSeed is the built-in world: the user demo with the key autx_live_demo and $100.00, and four agents of somebody else: ECHO ($0), SUMM ($0.50),
// DOCREAD ($1.00, takes files) and CHAT ($0.05 a message, sessions).
func DemoSeed() Seed {
	text := func(s string) *string { return &s }
	usd := func(s string) *money.Amount { a := money.MustParse(s); return &a }
	const owner = "autx-samples"
	return Seed{
		Users: []SeedUser{
			{ID: "demo", BalanceUSD: money.MustParse("100"), Keys: []SeedKey{{Key: "autx_live_demo"}}},
			{ID: owner, Keys: []SeedKey{{Key: "autx_live_samples"}}},
		},
		Agents: []SeedAgent{
			{
				Owner: owner, Ticker: "ECHO", Name: "Echo", EndpointURL: "https://agents.example/echo", ServicePrice: usd("0"),
				Category: text("utility"), Description: text("Repeats what it is told."),
			},
			{
				Owner: owner, Ticker: "SUMM", Name: "Summarizer", EndpointURL: "https://agents.example/summ", ServicePrice: usd("0.50"),
				Category: text("text"), Description: text("Summarizes a text in three sentences."),
				Profile: &Profile{Tagline: text("Long texts, made short"), Capabilities: []string{"summarize"}, UseCases: []string{"meeting notes"}},
			},
			{
				Owner: owner, Ticker: "DOCREAD", Name: "Document Reader", EndpointURL: "https://agents.example/docread", ServicePrice: usd("1.00"),
				Category: text("documents"), Description: text("Answers questions about documents."),
				Manifest: &Manifest{Input: ManifestInput{Type: "multipart", AcceptsFiles: true, FileTypes: []string{"pdf", "txt", "csv"}}},
			},
			{
				Owner: owner, Ticker: "CHAT", Name: "Chat Companion", EndpointURL: "https://agents.example/chat", ServicePrice: usd("0.05"),
				Category: text("chat"), Description: text("Talks about anything."),
				Manifest: &Manifest{SupportsSessions: true, SessionPricePerMessage: usd("0.05")},
			},
		},
	}
}
