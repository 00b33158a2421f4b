terraform {
  required_providers {
    autx = {
      source  = "autx-ai/autx"
      version = "~> 0.1"
    }
  }
}

# The API key comes from the environment variable AUTX_API_KEY.
provider "autx" {
  # Without this block every plan and read works, and an apply that would charge is refused.
  spending = {
    max_per_apply    = "20.00" # this run authorises at most so much
    max_per_purchase = "20.00" # a launch costs $20, unless the account has a free one left
    keep_balance     = "10.00" # no purchase may take the credits below
  }
}
