list "autx_session" "closed" {
  provider = autx

  config {
    status = "closed"
  }
}
