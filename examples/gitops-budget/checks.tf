# Checks warn and block nothing. What blocks are the preconditions in outputs.tf, the limits in provider.tf and the policy.

check "teams_within_cap" {
  assert {
    # Ten percent early, so that a team hears of it before its next pull request fails.
    condition     = alltrue([for team in module.team : team.authorized_micro * 10 <= team.cap_micro * 9])
    error_message = "Above 90 % of its cap: ${join(", ", sort([for name, team in module.team : name if team.authorized_micro * 10 > team.cap_micro * 9]))}."
  }
}

# Not inside of the check: there it would be a change in every plan, one without changes included.
data "autx_credit_balance" "now" {}

check "balance_covers_an_apply" {
  assert {
    condition = (
      tonumber(data.autx_credit_balance.now.available_usd) >= tonumber(var.keep_balance) + min(tonumber(var.max_per_apply), local.authorized_micro / 1000000)
    )
    error_message = format("$%s is available. That does not cover keep_balance, $%s, and what one apply may authorise.",
    data.autx_credit_balance.now.available_usd, var.keep_balance)
  }
}
