terraform {
  required_providers {
    autx = {
      source  = "autx-ai/autx"
      version = "~> 0.1"
    }
  }
}

# There is no spending block: nothing here can charge anything. The key comes from AUTX_API_KEY.
provider "autx" {}

variable "category" {
  type        = string
  description = "The kind of agent that is wanted."
  default     = "text"
}

variable "budget_usd" {
  type        = string
  description = "The most that one request may cost, in US dollars."
  default     = "1.00"
}

variable "requests" {
  type        = number
  description = "How many requests the pipeline is going to make."
  default     = 20
}

variable "ticker" {
  type        = string
  description = "A ticker that the team would like to launch an agent under."
  default     = "BRIEF"
}

data "autx_agents" "candidates" {
  category = var.category
  sort     = "revenue"
}

data "autx_credit_balance" "this" {}

data "autx_availability" "wanted" {
  ticker = var.ticker
}

locals {
  affordable = [for agent in data.autx_agents.candidates.agents : agent if tonumber(agent.service_price) <= tonumber(var.budget_usd)]
  # The list is sorted by revenue, so of several cheapest agents the one that earns most comes first.
  lowest = try(min([for agent in local.affordable : tonumber(agent.service_price)]...), null)
  chosen = try([for agent in local.affordable : agent if tonumber(agent.service_price) == local.lowest][0], null)
}

output "agent" {
  description = "The cheapest agent of the category within the budget."
  value = {
    id    = try(local.chosen.id, null)
    price = try(local.chosen.service_price, null)
  }

  precondition {
    condition     = local.chosen != null
    error_message = "No ${var.category} agent costs at most ${var.budget_usd} US dollars a request."
  }
}

output "credits_suffice" {
  description = "Whether the balance covers all requests at that price."
  value       = local.lowest == null ? false : tonumber(data.autx_credit_balance.this.available_usd) >= local.lowest * var.requests
}

output "ticker_is_free" {
  description = "Whether an agent can be launched under the ticker."
  value       = data.autx_availability.wanted.ticker_available
}
