#!/usr/bin/env bash
# Runs every Go test with the first CLI, then the acceptance tests once more with each other CLI of this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

# The race detector needs a C compiler; without one the same tests run unwatched, and the output says so.
flags=(-timeout 30m)
if [ "$(go env CGO_ENABLED)" = 1 ] && command -v "$(go env CC)" >/dev/null; then
	flags+=(-race)
else
	echo "no C compiler here: running without the race detector"
fi
# On a build machine no remembered result counts.
[ "${CI:-}" != true ] || flags+=(-count=1)

# TF_ACC lets the tests run that ask for it; the next two tell terraform-plugin-testing which CLI to use and how it names this provider. The user's
# settings of the CLI, such as an override for this very provider, are kept out.
with_cli() {
	local cli=$1
	shift
	TF_ACC=1 TF_ACC_TERRAFORM_PATH=$cli TF_ACC_PROVIDER_HOST=$(scripts/cli.sh host "$cli") TF_CLI_CONFIG_FILE=/dev/null "$@"
}

describe() {
	"$1" version 2>/dev/null | grep -m1 -E '^(Terraform|OpenTofu) v'
}

clis=$(scripts/cli.sh all)
first=
while read -r cli; do
	if [ -z "$first" ]; then
		first=$cli
		timed "All tests, acceptance with $(describe "$cli") ($cli)" with_cli "$cli" go test "${flags[@]}" "$@" ./...
	else
		timed "Acceptance tests again, with $(describe "$cli") ($cli)" \
			with_cli "$cli" go test "${flags[@]}" -count=1 -run '^TestAcc' "$@" ./internal/... ./examples/...
	fi
done <<<"$clis"

print_timings
