list "autx_agent" "active" {
  provider = autx

  config {
    status = "active"
  }
}
