variable "read_only" {
  description = "Whether this run may only look. True unless somebody says otherwise, so that nobody buys by accident; the pipeline's apply job sets it to false."
  type        = bool
  default     = true
}

variable "max_per_apply" {
  description = "The most that one apply may authorise, over all teams, in US dollars."
  type        = string
  default     = "10.00"
}

variable "max_per_purchase" {
  description = "The most that one order may cost, in US dollars."
  type        = string
  default     = "5.00"
}

variable "keep_balance" {
  description = "The balance that no order may go below, in US dollars."
  type        = string
  default     = "20.00"
}

variable "max_total" {
  description = "The most that all budget files together may authorise, bought or not, in US dollars. A plan above it fails."
  type        = string
  default     = "25.00"

  validation {
    condition     = can(regex("^[0-9]{1,9}([.][0-9]{1,6})?$", var.max_total))
    error_message = "max_total is an amount of US dollars, such as \"25.00\"."
  }
}

variable "namespace" {
  description = "Keeps the purchases of this repository apart from those of others in a shared journal."
  type        = string
  default     = "gitops-budget"
}

variable "journal" {
  description = "The directory of the purchase journal."
  type        = string
  default     = ".autx-journal"
}

variable "budgets" {
  description = "The directory with one file for each team. Tests point it elsewhere."
  type        = string
  default     = "budgets"
}
