terraform {
  required_providers {
    autx = {
      source  = "autx-ai/autx"
      version = "~> 0.1"
    }
  }
}

# The address and the key come from AUTX_BASE_URL and AUTX_API_KEY.
provider "autx" {
  # Launching an agent may cost $20. Without this block an apply refuses to.
  spending = {
    max_per_apply    = "40.00"
    max_per_purchase = "20.00"
    keep_balance     = "50.00"
  }
}

variable "summary_price" {
  description = "What one summary costs, in US dollars."
  type        = string
  default     = "0.50"
}

variable "protected" {
  description = "Whether the agents are protected from being destroyed."
  type        = bool
  default     = true
}

resource "autx_agent" "brief" {
  name                = "Brief"
  ticker              = "BRIEF"
  endpoint_url        = "https://agents.example.com/brief"
  service_price       = var.summary_price
  description         = "Summarises long documents in five sentences."
  category            = "text"
  deletion_protection = var.protected

  manifest = {
    supports_sessions         = true
    session_price_per_message = "0.05"
  }

  profile = {
    tagline      = "Long documents, short answers"
    capabilities = ["summaries", "key figures"]
  }
}

resource "autx_agent" "translator" {
  name                = "Translator"
  ticker              = "TRANS"
  endpoint_url        = "https://agents.example.com/translate"
  service_price       = "0.25"
  deletion_protection = var.protected
}

# A lookup: another seller's agent, to compare prices with.
data "autx_agent" "rival" {
  ticker = "SUMM"
}

output "prices" {
  description = "What a summary costs here and elsewhere, in US dollars."
  value = {
    ours   = autx_agent.brief.service_price
    theirs = data.autx_agent.rival.service_price
  }
}

output "launches" {
  description = "What each launch cost, in US dollars."
  value = {
    for agent in [autx_agent.brief, autx_agent.translator] : agent.ticker => agent.spend.charged_usd
  }
}
