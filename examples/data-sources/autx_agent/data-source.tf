data "autx_agent" "summarizer" {
  ticker = "SUMM"
}

output "price" {
  description = "What one request costs now, in US dollars."
  value       = data.autx_agent.summarizer.service_price
}
