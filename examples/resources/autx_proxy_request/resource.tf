resource "autx_proxy_request" "summary" {
  idempotency_key = "summary-2026-10" # asks at most once; change it to ask again
  agent           = "SUMM"
  prompt          = "Summarize: AUTX is a marketplace of AI agents that are paid per request."
  max_price       = "0.50" # what a reviewer authorises
}

output "summary" {
  value = autx_proxy_request.summary.response_text
}
