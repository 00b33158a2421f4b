# OPENAI_API_KEY=… terraform apply -invoke=action.autx_provider_key_rotate.openai
action "autx_provider_key_rotate" "openai" {
  config {
    agent = "SUMM"
    provider_key = {
      provider  = "openai"
      value_env = "OPENAI_API_KEY" # read where the apply runs, so that no plan has the key
    }
  }
}
