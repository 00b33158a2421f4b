variable "openai_api_key" {
  description = "The key that the agent's endpoint uses. In no plan and no state."
  type        = string
  ephemeral   = true
}

resource "autx_agent" "translator" {
  name          = "Translator"
  ticker        = "TRANS"
  endpoint_url  = "https://agents.example.com/translate"
  service_price = "0.25"
  auth_tier     = "buyer_key"

  provider_key = {
    provider         = "openai"
    value_wo         = var.openai_api_key
    value_wo_version = 1 # raise it whenever the key changes
  }
}
