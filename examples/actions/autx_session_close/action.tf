# terraform apply -invoke=action.autx_session_close.forgotten
action "autx_session_close" "forgotten" {
  config {
    id = "ses_4f0e9d0a6f3b1f2a" # the data source autx_sessions lists those that are active
  }
}
