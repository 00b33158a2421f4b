data "autx_availability" "next" {
  ticker = "NEXTBIG"
  name   = "The Next Big Thing"
}

check "ticker_is_free" {
  assert {
    condition     = data.autx_availability.next.ticker_available
    error_message = "Somebody has launched NEXTBIG: choose another ticker."
  }
}
