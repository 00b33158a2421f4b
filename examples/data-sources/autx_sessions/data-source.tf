data "autx_sessions" "open" {
  status = "active"
}

output "held" {
  description = "The sessions that hold credits, and how much, in US dollars."
  value       = { for session in data.autx_sessions.open.sessions : session.id => session.credits_reserved }
}
