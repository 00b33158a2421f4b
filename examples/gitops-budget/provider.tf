# The key comes from AUTX_API_KEY. It is in no file.
provider "autx" {
  spending = {
    # While read_only is true an apply may authorise nothing, whatever a plan says. Plans are held to the real limit all the same, so that a pull
    # request that asks for too much fails there.
    max_per_apply    = terraform.applying && var.read_only ? "0" : var.max_per_apply
    max_per_purchase = var.max_per_purchase
    keep_balance     = var.keep_balance
    namespace        = var.namespace

    # A pull request fails where AUTX would refuse: an agent that is gone, a price above max_price_usd, a balance that does not suffice.
    strict_plan = var.read_only

    # Where purchases are noted before they are sent. The pipeline keeps this directory between runs.
    journal = var.journal
  }
}
