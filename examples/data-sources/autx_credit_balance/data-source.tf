data "autx_credit_balance" "now" {}

# Warns in every plan and apply while the credits would not last for ten orders of $0.50.
check "credits" {
  assert {
    condition     = data.autx_credit_balance.now.available_usd >= 10 * 0.50
    error_message = "Only $${data.autx_credit_balance.now.available_usd} of credits are left."
  }
}

output "available" {
  value = data.autx_credit_balance.now.available_usd
}
