data "autx_agent" "summarizer" {
  ticker = "SUMM"
}

resource "autx_checkout" "summary" {
  type        = "service"
  agent_id    = data.autx_agent.summarizer.id
  agent_name  = data.autx_agent.summarizer.name
  success_url = "https://example.com/paid"
  cancel_url  = "https://example.com/cancelled"
}

output "pay_here" {
  description = "Whoever has this link can pay on it."
  value       = autx_checkout.summary.checkout_url
}
