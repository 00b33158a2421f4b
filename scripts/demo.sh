#!/usr/bin/env bash
# Builds the provider and the mock server and shows them at work. Needs Go and make; uses terraform or tofu from PATH, else builds OpenTofu.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "Building the provider, the mock server and the demo …"
go build -o bin/ . ./cmd/autx-mockserver ./scripts/demo
cli=$(scripts/cli.sh first)
echo "Using $("$cli" version 2>/dev/null | grep -E '^(Terraform|OpenTofu) v') ($cli)."
exec bin/demo -cli "$cli" -programs bin
