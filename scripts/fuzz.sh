#!/usr/bin/env bash
# Runs each fuzz target of the module for a while: fuzz.sh 10s
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

duration=${1:-10s}
count=0
# go test fuzzes one target of one package at a time.
while read -r package directory; do
	while read -r target; do
		heading "$target in $package for $duration"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$duration" "$package"
		count=$((count + 1))
	done < <(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$directory"/*_test.go | sed 's/^func //' || true)
done < <(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}' ./...)

heading "$count fuzz targets, nothing found"
[ "$count" -gt 0 ]
