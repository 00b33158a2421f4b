package main

import (
	"fmt"
	"strings"
)

// workload is what is managed: a configuration of n resources, and the world that it is applied to.
type workload struct {
	Name string
	// bare runs the provider whose agents do nothing.
	bare bool
	// builtin needs no provider at all.
	builtin bool
	// config is the configuration; changed is the one with a single resource changed.
	config func(n int, changed bool) string
}

// withSessions has sessions in the mix.
const withSessions = true

var (
	floor = workload{Name: "terraform_data", builtin: true, config: dataConfig}
	bare  = workload{Name: "bare", bare: true, config: agentConfig}
	ours  = workload{Name: "agents", config: agentConfig}
	mixed = workload{Name: "mix", config: mixConfig}
)

func dataConfig(n int, changed bool) string {
	var out strings.Builder
	for i := range n {
		value := fmt.Sprintf("https://agent%d.example.com/run", i)
		if changed && i == 0 {
			value += "/changed"
		}
		fmt.Fprintf(&out, `resource "terraform_data" "r%d" {
  input = {
    name  = "Agent %d"
    url   = %q
    price = "0.50"
  }
}
`, i, i, value)
	}
	return out.String()
}

const providerBlock = `terraform {
  required_providers {
    autx = { source = "autx-ai/autx" }
  }
}
provider "autx" {
  spending = { max_per_apply = "10000000" }
}
`

func agentConfig(n int, changed bool) string { return providerBlock + agents(n, changed) }

func agents(n int, changed bool) string {
	var out strings.Builder
	for i := range n {
		price := "0.50"
		if changed && i == 0 {
			price = "0.75"
		}
		fmt.Fprintf(&out, `resource "autx_agent" "r%d" {
  name                = "Agent %d"
  ticker              = "T%d"
  endpoint_url        = "https://agent%d.example.com/run"
  service_price       = %q
  deletion_protection = false
}
`, i, i, i, i, price)
	}
	return out.String()
}

// mixConfig is as many agents as orders; with sessions, a third of each.
func mixConfig(n int, changed bool) string {
	var out strings.Builder
	out.WriteString(providerBlock)
	kinds := 2
	if withSessions {
		kinds = 3
	}
	out.WriteString(agents(n-n/kinds*(kinds-1), changed))
	for i := range n / kinds {
		fmt.Fprintf(&out, `resource "autx_order" "o%d" {
  idempotency_key = "o%d"
  agent_id        = %q
  prompt          = "Summarize report %d."
  max_price       = "0.50"
}
`, i, i, sellersAgent, i)
		if withSessions {
			fmt.Fprintf(&out, `resource "autx_session" "s%d" {
  idempotency_key = "s%d"
  agent           = "CHAT"
  max_cost        = "0.10"
  messages        = ["Hello."]
}
`, i, i)
		}
	}
	return out.String()
}

const sellersAgent = "5b8ee2c1-3f0d-4d3a-9a55-0b5e5a0f7c11"

// world has a buyer with enough credits, who launches everything, and a seller.
const world = `{
  "users": [{"id": "me", "balance_usd": "10000000", "keys": [{"key": "autx_live_bench"}]}, {"id": "seller", "balance_usd": "0"}],
  "agents": [
    {"owner": "seller", "id": "` + sellersAgent + `", "ticker": "SUMM", "name": "Summaries",
      "endpoint_url": "https://seller.example.com/summ", "service_price": "0.50"},
    {"owner": "seller", "ticker": "CHAT", "name": "Chat", "endpoint_url": "https://seller.example.com/chat", "service_price": "0.50",
      "manifest": {"supports_sessions": true, "session_price_per_message": "0.01"}}
  ]
}`
