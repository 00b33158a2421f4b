import {
  to = autx_credit_deposit.testing
  identity = {
    id = "e3b0c442-98fc-4c14-9afb-f4c8996fb924"
  }
}
