data "autx_agent" "echo" {
  ticker = "ECHO"
}

resource "autx_order" "greeting" {
  idempotency_key     = "greeting"
  agent_id            = data.autx_agent.echo.id
  prompt              = "Hello!"
  max_price           = "0"
  wait_for_completion = false
}

data "autx_order" "greeting" {
  id = autx_order.greeting.id
}

output "answer" {
  description = "The agent's answer, as soon as there is one."
  value       = data.autx_order.greeting.output_text
}
