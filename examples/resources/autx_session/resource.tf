resource "autx_session" "triage" {
  idempotency_key = "triage-2026-10" # talks at most once; change it to talk again
  agent           = "CHAT"
  max_cost        = "0.15" # what a reviewer authorises, for all messages together

  messages = [
    "Three customers report that the export is empty. What would you ask them first?",
    "They all use the trial plan. What is the likely cause?",
    "Write the answer to them, in two sentences.",
  ]

  lifecycle {
    # A conversation that ends early only warns. Whoever needs all of it checks for it.
    postcondition {
      condition     = alltrue([for turn in self.turns : turn.status == "completed"])
      error_message = "Not every message was answered. Change idempotency_key to hold the conversation again."
    }
  }
}

output "answer" {
  value = autx_session.triage.turns[2].output_text
}

output "charged" {
  value = autx_session.triage.spend.charged_usd
}
