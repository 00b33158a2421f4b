output "authorized_usd" {
  description = "What all budget files authorise together, bought or not, in US dollars."
  value       = replace(format("%d.%06d", floor(local.authorized_micro / 1000000), local.authorized_micro % 1000000), "/0{1,4}$/", "")

  precondition {
    condition     = local.authorized_micro <= local.max_total_micro
    error_message = format("The budget files authorise more than max_total, $%s. Authorise less, or have max_total raised.", var.max_total)
  }
}

output "teams" {
  description = "What each team authorises, and may authorise, in US dollars."
  value = {
    for name, team in module.team : name => { owner = team.owner, authorized_usd = team.authorized_usd, cap_usd = team.cap_usd }
  }

  precondition {
    condition     = length(local.over_cap) == 0
    error_message = "Over its cap: ${join("; ", local.over_cap)}. Take orders out of the team's file, or have its cap_usd raised."
  }
}

output "answers" {
  description = "What the agents answered, by team and key."
  value       = { for name, team in module.team : name => team.answers }
}

# A failed order stops no other team: AUTX has refunded it. An output rather than a check, which would warn in each plan that an order is not known yet.
output "failed" {
  description = "The keys of the orders that were not answered, and refunded. Give such an order another key to try again, or take it out."
  value       = sort(flatten([for team in module.team : team.failed]))
}
