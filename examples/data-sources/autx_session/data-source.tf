resource "autx_session" "greeting" {
  idempotency_key = "greeting"
  agent           = "CHAT"
  max_cost        = "0.05"
  messages        = ["Hello!"]
}

data "autx_session" "greeting" {
  id = autx_session.greeting.id
}

output "consumed" {
  description = "What the session has cost, in US dollars."
  value       = data.autx_session.greeting.credits_consumed
}
