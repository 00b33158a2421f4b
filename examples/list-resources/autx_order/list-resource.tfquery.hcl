list "autx_order" "completed" {
  provider = autx

  config {
    status = "completed"
  }
}
