module github.com/autx-ai/terraform-provider-autx

go 1.26.6

require (
	github.com/shopspring/decimal v1.6.0
	pgregory.net/rapid v1.3.0
)
