# terraform apply -invoke=action.autx_credit_withdraw.october
action "autx_credit_withdraw" "october" {
  config {
    idempotency_key = "payout-2026-10" # withdraws at most once; change it to withdraw again
    amount          = "12.50"
  }
}
