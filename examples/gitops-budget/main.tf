locals {
  # One file, one team: budgets/research.yaml is the team research.
  teams = {
    for file in fileset(path.module, "${var.budgets}/*.yaml") : trimsuffix(basename(file), ".yaml") => yamldecode(file("${path.module}/${file}"))
  }

  # Each agent is looked up once, however many orders go to it.
  tickers = toset(flatten([for team in local.teams : [for order in try(team.orders, []) : order.agent]]))
}

data "autx_agent" "used" {
  for_each = local.tickers

  ticker = each.key
}

module "team" {
  source   = "./modules/team"
  for_each = local.teams

  name    = each.key
  owner   = each.value.owner
  cap_usd = tostring(each.value.cap_usd)
  floor   = try(each.value.floor, null)
  orders = [for order in try(each.value.orders, []) : {
    key           = order.key
    agent_id      = data.autx_agent.used[order.agent].id
    prompt        = order.prompt
    max_price_usd = tostring(order.max_price_usd)
  }]
}

# Sums are made in millionths of a dollar, which are whole numbers: sums of fractions are not exact in any CLI.
locals {
  authorized_micro = sum(concat([0], [for team in module.team : team.authorized_micro]))
  max_total_micro = parseint(format("%s%s", split(".", var.max_total)[0],
  substr(format("%s000000", try(split(".", var.max_total)[1], "")), 0, 6)), 10)
  over_cap = sort([for name, team in module.team : format("%s authorises $%s of $%s", name, team.authorized_usd, team.cap_usd) if team.authorized_micro > team.cap_micro])
}
