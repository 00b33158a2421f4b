list "autx_credit_deposit" "newest" {
  provider = autx

  config {
    among = 100 # of the newest transactions
  }
}
