variable "name" {
  description = "The team. It is part of each purchase's key."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]*$", var.name))
    error_message = "A team's file is named with small letters, digits and dashes."
  }
}

variable "owner" {
  description = "Who answers for the budget."
  type        = string

  validation {
    condition     = trimspace(var.owner) != ""
    error_message = "Each budget has an owner."
  }
}

variable "cap_usd" {
  description = "The most that the team's orders may authorise together, in US dollars."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{1,9}([.][0-9]{1,6})?$", var.cap_usd))
    error_message = "cap_usd is an amount of US dollars with at most six decimals, such as \"5.00\"."
  }
}

variable "orders" {
  description = "What the team buys."
  type = list(object({
    key           = string
    agent_id      = string
    prompt        = string
    max_price_usd = string
  }))

  validation {
    condition     = length(distinct(var.orders[*].key)) == length(var.orders)
    error_message = "Two orders of the team have the same key. A key buys once."
  }

  validation {
    condition     = alltrue([for order in var.orders : can(regex("^[0-9]{1,9}([.][0-9]{1,6})?$", order.max_price_usd))])
    error_message = "max_price_usd is an amount of US dollars with at most six decimals, such as \"0.50\"."
  }
}

variable "floor" {
  description = "The balance below which plans warn, or null. The balance is the account's, not the team's."
  type = object({
    floor_usd  = string
    target_usd = string
  })
  default = null
}
