# A launch in three phases: the first apply reserves ticker and name and debits the fee; then you launch the token from your own wallet; the second
# apply, with this variable set, activates the agent. Destroying it in between cancels the reservation and returns the fee.
variable "token_launch" {
  description = "The transaction that launched the token, once there is one."
  type = object({
    tx_hash          = string
    deployer_address = string
  })
  default = null
}

resource "autx_agent" "reserved" {
  name          = "Oracle"
  ticker        = "ORCL"
  endpoint_url  = "https://agents.example.com/oracle"
  service_price = "2.00"

  launch = {
    reserve = true
  }
  activation = var.token_launch
}
