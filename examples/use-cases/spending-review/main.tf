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
  spending = {
    max_per_apply    = "2.00"  # more than that in one plan fails it
    max_per_purchase = "1.00"  # and nothing alone may cost more than that
    keep_balance     = "20.00" # nor take the balance below
  }
}

variable "month" {
  type        = string
  description = "The month to report on. Another month is another order, which is paid again."
  default     = "2026-11"
}

data "autx_agent" "summarizer" {
  ticker = "SUMM"
}

# Below $30 each plan warns, in time to top the credits up.
resource "autx_credit_floor" "this" {
  name   = "reports"
  floor  = "30.00"
  target = "50.00"
}

# Bought once for its key, whatever is applied how often.
resource "autx_order" "report" {
  idempotency_key = "report-${var.month}"
  agent_id        = data.autx_agent.summarizer.id
  prompt          = "Summarize the month ${var.month}: twelve releases, two incidents, one new team."
  max_price       = "0.60" # above it nothing is bought

  lifecycle {
    postcondition {
      condition     = self.status != "failed"
      error_message = "The agent could not answer, and AUTX gave the money back. Change idempotency_key to try again."
    }
  }
}

# A conversation of two questions, which build on each other. Each is paid when it is asked.
resource "autx_session" "review" {
  idempotency_key = "review-${var.month}"
  agent           = "CHAT"
  messages = [
    "Here is the report: ${autx_order.report.output_text}",
    "Which of it should the next report come back to?",
  ]
  max_cost = "0.20"
}

output "authorized_usd" {
  description = "What this configuration may cost at most, in US dollars."
  value       = format("%.2f", tonumber(autx_order.report.spend.authorized_usd) + tonumber(autx_session.review.spend.authorized_usd))
}

output "charged_usd" {
  description = "What it cost, in US dollars."
  value       = format("%.2f", tonumber(autx_order.report.spend.charged_usd) + tonumber(autx_session.review.spend.charged_usd))
}

output "follow_up" {
  description = "What to come back to."
  value       = autx_session.review.turns[1].output_text
}
