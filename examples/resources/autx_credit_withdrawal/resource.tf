resource "autx_credit_withdrawal" "october" {
  idempotency_key = "payout-2026-10" # withdraws at most once; change it to withdraw again
  amount          = "12.50"
}
