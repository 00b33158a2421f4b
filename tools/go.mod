module github.com/autx-ai/terraform-provider-autx/tools

go 1.26.6

tool (
	github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs
	golang.org/x/vuln/cmd/govulncheck
)
