#!/usr/bin/env bash
# Finds the CLI (Terraform or OpenTofu) that demo and tests use.
#
#   cli.sh first       the path of one: terraform from PATH, else tofu from PATH, else OpenTofu is built
#   cli.sh all         the paths of all of them, one a line; CI=true builds OpenTofu when there is none
#   cli.sh host CLI    the host under which that CLI looks for providers named without one
#   cli.sh fmt         formats examples and demo; fmt-check lists what is not formatted
set -euo pipefail
cd "$(dirname "$0")/.."

# Nothing here depends on the user's settings, and their faults would only be printed.
export TF_CLI_CONFIG_FILE=/dev/null
built=$PWD/.tools/bin/tofu

# Everything but the wanted answer goes to stderr: callers read stdout.
build_tofu() {
	make --no-print-directory "$built" >&2
	echo "$built"
}

first() {
	if command -v terraform; then return; fi
	if command -v tofu; then return; fi
	echo "neither terraform nor tofu is on PATH" >&2
	build_tofu
}

all() {
	local found
	found=$(command -v terraform || true)
	[ -z "$found" ] || echo "$found"
	if command -v tofu; then return; fi
	if [ -x "$built" ] || [ "${CI:-}" = true ] || [ -z "$found" ]; then build_tofu; fi
}

# Asked of the CLI itself, so that no host is written down here; needs neither init nor network.
host() {
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	printf 'terraform {\n  required_providers {\n    autx = {\n      source = "autx-ai/autx"\n    }\n  }\n}\n' >"$dir/main.tf"
	"$1" -chdir="$dir" providers 2>/dev/null | sed -n 's|.*provider\[\(.*\)/autx-ai/autx\].*|\1|p'
}

case "${1:-}" in
first) first ;;
all) all ;;
host) host "$2" ;;
fmt) "$(first)" fmt -recursive examples && "$(first)" fmt -recursive scripts/demo ;;
fmt-check)
	cli=$(first)
	for dir in examples scripts/demo; do
		# 3 is "not formatted", and the names were printed; anything else is a file that can't be read.
		"$cli" fmt -recursive -check "$dir" || { status=$?; [ "$status" = 3 ] || exit "$status"; }
	done
	;;
*)
	sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
