import {
  to = autx_credit_withdrawal.october
  identity = {
    id = "9f86d081-884c-4d65-9a2f-eaa0c55ad015"
  }
}
