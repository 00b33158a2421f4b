#!/usr/bin/env bash
# Runs every Go test with the first CLI, then the acceptance tests once more with each other CLI of this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

# On a build machine no remembered result counts.
flags=(-timeout 30m)
[ "${CI:-}" != true ] || flags+=(-count=1)

# The race detector needs a C compiler; without one the same tests run unwatched, and the output says so. It watches the first run only: the same Go code
# under another CLI shows no other races.
race=()
if [ "$(go env CGO_ENABLED)" = 1 ] && command -v "$(go env CC)" >/dev/null; then
	race=(-race)
else
	echo "no C compiler here: running without the race detector"
fi

# TF_ACC lets the tests run that ask for it; the next two tell terraform-plugin-testing which CLI to use and how it names this provider. The user's
# settings of the CLI, such as an override for this very provider, are kept out.
export TF_ACC=1 TF_CLI_CONFIG_FILE=/dev/null

clis=$(scripts/cli.sh all)
status=0 first=true
while read -r cli; do
	TF_ACC_PROVIDER_HOST=$(scripts/cli.sh host "$cli")
	export TF_ACC_TERRAFORM_PATH=$cli TF_ACC_PROVIDER_HOST
	name=$("$cli" version 2>/dev/null | grep -E '^(Terraform|OpenTofu) v')
	if $first; then
		timed "All tests, acceptance with $name ($cli)" go test "${flags[@]}" ${race[@]+"${race[@]}"} "$@" ./... || status=1
		first=false
	else
		timed "Acceptance tests again, with $name ($cli)" \
			go test "${flags[@]}" -count=1 -run '^TestAcc' "$@" ./internal/... ./examples/... || status=1
	fi
done <<<"$clis"

print_timings
exit "$status"
