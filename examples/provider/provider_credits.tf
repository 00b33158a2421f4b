terraform {
  required_providers {
    autx = {
      source  = "autx-ai/autx"
      version = "~> 0.1"
    }
  }
}

provider "autx" {
  spending = {
    max_per_apply     = "0"    # charges nothing; moving money is allowed apart from it
    allow_deposits    = true   # autx_credit_deposit and autx_credit_floor
    allow_withdrawals = true   # autx_credit_withdrawal
    keep_balance      = "5.00" # no withdrawal may take the credits below
  }
}
