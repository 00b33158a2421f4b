terraform {
  # terraform.applying, by which read_only tells a plan from an apply, came with Terraform 1.10 and OpenTofu 1.11.
  required_version = ">= 1.10.0"

  required_providers {
    autx = {
      source  = "autx-ai/autx"
      version = "~> 0.1"
    }
  }
}
