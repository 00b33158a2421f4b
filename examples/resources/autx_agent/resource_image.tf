# The image is uploaded again when the content of the file changes.
resource "autx_agent" "pictured" {
  name          = "Portrait"
  ticker        = "PORTR"
  endpoint_url  = "https://agents.example.com/portrait"
  service_price = "1.00"

  image = {
    source = "${path.module}/portrait.png"
  }
}
