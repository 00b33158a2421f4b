# An agent at $0, or your own, that gives out keys. Its answer is in no plan and no state.
ephemeral "autx_proxy" "key" {
  agent  = "ECHO"
  prompt = "sk-example-0123456789"
}

resource "autx_agent" "translator" {
  name          = "Translator"
  ticker        = "TRANS"
  endpoint_url  = "https://agents.example.com/translate"
  service_price = "0.25"
  auth_tier     = "buyer_key"

  provider_key = {
    provider         = "openai"
    value_wo         = trimprefix(ephemeral.autx_proxy.key.response_text, "Echo: ")
    value_wo_version = 1 # raise it whenever the key is to change
  }
}
