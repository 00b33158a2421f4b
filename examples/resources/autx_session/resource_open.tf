# Opens a session and leaves it open: it holds credits of the account until it is destroyed or expires, and charges nothing.
resource "autx_session" "held" {
  idempotency_key = "held-2026-10"
  agent           = "CHAT"
  max_cost        = "0"
}

output "held" {
  value = autx_session.held.credits_reserved
}
