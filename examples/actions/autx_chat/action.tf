# terraform apply -invoke=action.autx_chat.triage
action "autx_chat" "triage" {
  config {
    idempotency_key = "triage-2026-10" # talks at most once; change it to talk again
    agent           = "CHAT"
    max_cost        = "0.10"

    messages = [
      "Three customers report that the export is empty. What would you ask them first?",
      "They all use the trial plan. What is the likely cause?",
    ]
  }
}
