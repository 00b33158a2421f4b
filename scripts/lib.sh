# shellcheck shell=bash
# What the scripts share. Sourced, never run.

# heading TEXT prints a line that separates the parts of a long output.
heading() {
	if [ -t 1 ]; then
		printf '\n\033[1m== %s\033[0m\n' "$*"
	else
		printf '\n== %s\n' "$*"
	fi
}

# timed TITLE COMMAND... runs the command under a heading, keeps its wall time for print_timings, and ends with the command's status.
timings=()
timed() {
	local title=$1 start=$SECONDS status=0
	shift
	heading "$title"
	"$@" || status=$?
	timings+=("$(printf '%5ds  %s%s' "$((SECONDS - start))" "$title" "$([ "$status" = 0 ] || echo " (failed)")")")
	return "$status"
}

# print_timings lists what timed measured.
print_timings() {
	heading "Timings"
	printf '%s\n' "${timings[@]}" "$(printf '%5ds  in all' "$SECONDS")"
}
