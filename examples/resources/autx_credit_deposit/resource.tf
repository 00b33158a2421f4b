resource "autx_credit_deposit" "testing" {
  idempotency_key = "testing-2026-10" # deposits at most once; change it to deposit again
  amount          = "25.00"
}
