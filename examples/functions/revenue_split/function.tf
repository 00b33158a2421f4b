locals {
  price = "0.50"
  split = provider::autx::revenue_split(local.price)
}

output "paid_to_me_per_order" {
  value = local.split.creator # "0.36"; platform is "0.05" and buyback "0.09"
}
