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

# timed TITLE COMMAND... runs the command under a heading and keeps its wall time for print_timings. The command's failure is the caller's.
timings=()
timed() {
	local title=$1 start=$SECONDS
	shift
	heading "$title"
	"$@"
	timings+=("$(printf '%5ds  %s' "$((SECONDS - start))" "$title")")
}

# print_timings lists what timed measured.
print_timings() {
	heading "Timings"
	printf '%s\n' "${timings[@]}" "$(printf '%5ds  in all' "$SECONDS")"
}
