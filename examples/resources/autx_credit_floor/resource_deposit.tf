# On a development instance the apply adds test credits: what is missing up to $50, and $30 a time at most.
resource "autx_credit_floor" "testing" {
  name                  = "testing"
  floor                 = "20.00"
  target                = "50.00"
  on_shortfall          = "deposit"
  max_deposit_per_apply = "30.00"
}
