#!/usr/bin/env bash
# Generates docs/ from templates/, examples/ and the provider's schema, which the provider is asked for directly: no CLI, no download.
#
#   docs.sh generate   rewrites docs/, the schema golden and the format of the examples
#   docs.sh check      fails when docs/ or the golden are not what generate would write
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# render DIR writes DIR/docs. It works on a copy, as the generator looks for templates and examples beside its output.
render() {
	local site=$1/terraform-provider-autx
	mkdir -p "$site"
	cp -R templates examples "$site"
	go run ./internal/schemajson/cmd >"$1/schema.json"
	.tools/bin/tfplugindocs generate --provider-dir "$site" --provider-name autx --rendered-provider-name AUTX --providers-schema "$1/schema.json" >"$1/log" 2>&1 ||
		{ cat "$1/log"; return 1; }
	# A page or template that belongs to nothing in the schema is only a warning there.
	if grep -iE '\[?warn' "$1/log"; then return 1; fi
	rm -rf "$1/docs"
	mv "$site/docs" "$1/docs"
}

# validate holds docs/ against what registries accept: frontmatter, sizes, names and a page for each thing in the schema.
validate() {
	.tools/bin/tfplugindocs validate --provider-dir "$PWD" --provider-name autx --providers-schema "$1/schema.json" >"$1/log" 2>&1 ||
		{ cat "$1/log"; return 1; }
}

case "${1:-}" in
generate)
	go test ./internal/schemajson/ -run '^TestProviderSchemaGolden$' -count=1 -update
	scripts/cli.sh fmt >/dev/null
	render "$work"
	rm -rf docs
	cp -R "$work/docs" docs
	validate "$work"
	find docs -name '*.md' | sort
	;;
check)
	go test ./internal/schemajson/ -run '^TestProviderSchema' -count=1
	render "$work"
	if ! diff -ruN docs "$work/docs"; then
		echo "docs/ is out of date: run 'make generate' and commit what it changes" >&2
		exit 1
	fi
	validate "$work"
	echo "docs/ is up to date"
	;;
*)
	sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
