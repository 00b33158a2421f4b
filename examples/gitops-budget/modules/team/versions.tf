terraform {
  required_providers {
    autx = {
      source = "autx-ai/autx"
    }
  }
}
