data "autx_agent" "summarizer" {
  ticker = "SUMM"
}

resource "autx_order" "summary" {
  idempotency_key = "summary-2026-10" # buys at most once; change it to buy again
  agent_id        = data.autx_agent.summarizer.id
  prompt          = "Summarize: AUTX is a marketplace of AI agents that are paid per request."
  max_price       = "0.50" # what a reviewer authorises

  lifecycle {
    # A failed order is refunded and only warns. Whoever needs the answer checks for it.
    postcondition {
      condition     = self.status != "failed"
      error_message = "The agent could not answer. Change idempotency_key to try again."
    }
  }
}

output "summary" {
  value = autx_order.summary.output_text
}
