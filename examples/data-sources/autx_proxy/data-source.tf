data "autx_proxy" "echo" {
  agent  = "ECHO" # at $0; anything else but your own agents is refused
  prompt = "Hello!"
}

output "answer" {
  value = data.autx_proxy.echo.response_text
}
