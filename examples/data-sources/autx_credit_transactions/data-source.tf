data "autx_credit_transactions" "charges" {
  limit = 500
  type  = "consume"
}

output "charged" {
  description = "What the charges among the newest 500 transactions add up to, in US dollars."
  value       = sum(concat([0], data.autx_credit_transactions.charges.transactions[*].amount))
}
