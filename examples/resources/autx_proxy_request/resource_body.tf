resource "autx_proxy_request" "translation" {
  idempotency_key = "translation-1"
  agent           = "ECHO"
  max_price       = "0" # only while the agent is free

  body = jsonencode({
    text = "Good morning!"
    to   = "fr"
  })

  lifecycle {
    # An answer that was lost, or that an earlier run had, can't be read again: everything about it is null.
    postcondition {
      condition     = self.status_code != null
      error_message = "The answer is lost. Change idempotency_key to ask again."
    }
  }
}

output "translation" {
  # The answer's bytes in base64, whether or not they are text.
  value = autx_proxy_request.translation.response_base64 != null ? autx_proxy_request.translation.response_base64 : base64encode(autx_proxy_request.translation.response_text)
}
