terraform {
  required_providers {
    autx = {
      source = "autx-ai/autx"
    }
  }
}

provider "autx" {
  spending = {
    max_per_apply = "20.00"
  }
}

variable "ticker" {
  type = string
}

resource "autx_agent" "this" {
  name          = "Agent ${var.ticker}"
  ticker        = var.ticker
  endpoint_url  = "https://agents.example.com/${lower(var.ticker)}"
  service_price = "0.50"
}
