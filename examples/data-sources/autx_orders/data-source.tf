data "autx_agent" "summarizer" {
  ticker = "SUMM"
}

data "autx_orders" "summaries" {
  agent_id = data.autx_agent.summarizer.id
  status   = "completed"
}

output "spent_on_summaries" {
  description = "What completed orders of one agent have cost so far, in US dollars."
  value       = sum(concat([0], [for order in data.autx_orders.summaries.orders : order.amount_paid]))
}
