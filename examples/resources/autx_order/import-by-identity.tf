import {
  to = autx_order.summary
  identity = {
    id = "7d2f1c9a-3b64-4e0d-8a51-2c9f0e7b6d13"
  }
}
