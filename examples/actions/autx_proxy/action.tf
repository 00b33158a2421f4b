# Asks an agent to warm up its cache whenever the listing has changed.
action "autx_proxy" "warm_up" {
  config {
    idempotency_key = "warm-up-${autx_agent.translator.service_price}" # asks at most once; another key asks again
    agent           = autx_agent.translator.ticker
    prompt          = "Warm up, please."
    max_price       = "0" # it is your own agent
  }
}

resource "autx_agent" "translator" {
  name          = "Translator"
  ticker        = "TRANS"
  endpoint_url  = "https://agents.example.com/translate"
  service_price = "0.25"

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.autx_proxy.warm_up]
    }
  }
}
