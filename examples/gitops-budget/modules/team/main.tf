resource "autx_order" "this" {
  for_each = { for order in var.orders : order.key => order }

  # Under one key at most one order is bought, ever.
  idempotency_key = "${var.name}/${each.key}"
  agent_id        = each.value.agent_id
  prompt          = each.value.prompt
  max_price       = each.value.max_price_usd
}

# No deposit: money comes in by hand.
resource "autx_credit_floor" "this" {
  count = var.floor == null ? 0 : 1

  name         = var.name
  floor        = var.floor.floor_usd
  target       = var.floor.target_usd
  on_shortfall = "warn"
}
