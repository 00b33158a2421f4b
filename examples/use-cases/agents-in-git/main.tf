terraform {
  required_providers {
    autx = {
      source  = "autx-ai/autx"
      version = "~> 0.1"
    }
  }
}

# The key comes from AUTX_API_KEY.
provider "autx" {
  # The first launch of an account may be free, others cost $20. A plan that launches more than two agents fails.
  spending = {
    max_per_apply    = "40.00"
    max_per_purchase = "20.00"
  }
}

locals {
  catalogue = yamldecode(file("${path.module}/catalogue.yaml"))
}

resource "autx_agent" "this" {
  for_each = local.catalogue

  ticker        = each.key
  name          = each.value.name
  endpoint_url  = each.value.endpoint_url
  service_price = each.value.service_price
  category      = each.value.category
  description   = each.value.description

  manifest = {
    input = {
      type          = can(each.value.files) ? "multipart" : "text"
      accepts_files = can(each.value.files)
      file_types    = try(each.value.files, null)
    }
  }
  profile = {
    tagline = each.value.tagline
  }

  # An agent that is removed from the catalogue stays until this is false: its launch fee is not refunded.
  deletion_protection = true
}

# What buyers pay is shared out like this.
output "revenue" {
  description = "By ticker, in US dollars a request: what AUTX, its creator and the buyback get."
  value       = { for ticker, agent in autx_agent.this : ticker => provider::autx::revenue_split(agent.service_price) }
}

output "launch_fees" {
  description = "By ticker, in US dollars: what the launch was charged."
  value       = { for ticker, agent in autx_agent.this : ticker => agent.spend.charged_usd }
}
