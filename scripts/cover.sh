#!/usr/bin/env bash
# Runs the tests and prints, per package, the share of statements that any test of the module reached.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

profile=$PWD/.tools/cover.out
mkdir -p .tools
cli=$(scripts/cli.sh first)
TF_ACC=1 TF_ACC_TERRAFORM_PATH=$cli TF_ACC_PROVIDER_HOST=$(scripts/cli.sh host "$cli") \
	go test -timeout 30m -covermode=atomic -coverpkg=./... -coverprofile="$profile" ./...

heading "Coverage by package (profile: .tools/cover.out)"
# With -coverpkg each test binary reports every block, so a block counts as reached when any of them reached it.
awk 'NR > 1 {
	block = $1; statements[block] = $2; if ($3 > 0) reached[block] = 1
}
END {
	for (block in statements) {
		package = block; sub(/\/[^\/]*$/, "", package)
		total[package] += statements[block]; all += statements[block]
		if (block in reached) { hit[package] += statements[block]; allHit += statements[block] }
	}
	for (package in total) printf "%6.1f%%  %5d statements  %s\n", 100 * hit[package] / total[package], total[package], package | "sort -k4"
	close("sort -k4")
	printf "%6.1f%%  %5d statements  in all\n", 100 * allHit / all, all
}' "$profile"
