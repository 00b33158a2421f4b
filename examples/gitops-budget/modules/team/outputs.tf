locals {
  # Millionths of a dollar: "1.5" is 1 and, filled up to six digits, 500000.
  micro = { for name, amount in merge({ "" = var.cap_usd }, { for order in var.orders : order.key => order.max_price_usd }) :
    name => parseint(format("%s%s", split(".", amount)[0], substr(format("%s000000", try(split(".", amount)[1], "")), 0, 6)), 10)
  }
  authorized_micro = sum(concat([0], [for order in var.orders : local.micro[order.key]]))
}

output "owner" {
  description = "Who answers for the budget."
  value       = var.owner
}

output "cap_usd" {
  description = "The most that the team may authorise, in US dollars."
  value       = var.cap_usd
}

output "cap_micro" {
  description = "The same in millionths of a dollar, to calculate with."
  value       = local.micro[""]
}

output "authorized_usd" {
  description = "What the team's orders authorise together, in US dollars."
  value       = replace(format("%d.%06d", floor(local.authorized_micro / 1000000), local.authorized_micro % 1000000), "/0{1,4}$/", "")
}

output "authorized_micro" {
  description = "The same in millionths of a dollar, to calculate with."
  value       = local.authorized_micro
}

output "answers" {
  description = "What the agents answered, by the order's key."
  value       = { for key, order in autx_order.this : key => order.output_text }
}

output "failed" {
  description = "The keys of the orders that the agent could not answer, and that AUTX has refunded."
  value       = [for key, order in autx_order.this : order.idempotency_key if order.status == "failed"]
}
