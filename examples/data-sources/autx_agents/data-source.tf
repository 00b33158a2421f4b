# The three text agents that earn most.
data "autx_agents" "text" {
  category = "text"
  sort     = "revenue"
  limit    = 3
}

# The agents of this account, whatever their status.
data "autx_agents" "mine" {
  mine = true
}

output "prices" {
  description = "Ticker and price in US dollars."
  value       = { for agent in data.autx_agents.text.agents : agent.ticker => agent.service_price }
}
