# Below $20 the plan warns. AUTX has no API call that adds real money: somebody has to top the credits up.
resource "autx_credit_floor" "production" {
  name   = "production"
  floor  = "20.00"
  target = "50.00"
}

output "credits" {
  value = autx_credit_floor.production.status # ok or short
}
