# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Assertions on what `run` and `run_nook` left in $status, $output and $stderr.

explain_failure() {
	printf '%s\n' "$1" "--- status ${status-} ---" "--- output ---" "${output-}"
	[ -z "${stderr-}" ] || printf '%s\n' "--- stderr ---" "$stderr"
	return 1
} >&2

assert_exit() {
	[ "$status" = "$1" ] || explain_failure "expected exit code $1"
}

# The whole output.
assert_output() {
	[ "$output" = "$1" ] || explain_failure "expected output: $1"
}

# How many lines of $1 match $2, an extended regular expression: in $count. No grep, because these
# run thousands of times where a fork costs 15 ms, and without the trap that bats has on every
# command.
count_lines() {
	local -
	set +T
	count_untraced "$@"
}
count_untraced() {
	local line
	count=0
	while IFS= read -r line; do
		if [[ $line =~ $2 ]]; then count=$((count + 1)); fi
	done <<<"$1"
}
matches() {
	local count
	count_lines "$@"
	[ "$count" -gt 0 ]
}

# A whole line of the output.
assert_line() {
	[[ $'\n'$output$'\n' == *$'\n'"$1"$'\n'* ]] || explain_failure "expected a line: $1"
}
refute_line() {
	[[ $'\n'$output$'\n' != *$'\n'"$1"$'\n'* ]] || explain_failure "expected no line: $1"
}
# Some line of the output matches an extended regular expression.
assert_match() {
	matches "$output" "$1" || explain_failure "expected a match of: $1"
}
refute_match() {
	! matches "$output" "$1" || explain_failure "expected no match of: $1"
}
assert_stderr_match() {
	matches "$stderr" "$1" || explain_failure "expected on stderr a match of: $1"
}
refute_stderr_match() {
	! matches "$stderr" "$1" || explain_failure "expected on stderr no match of: $1"
}
assert_equal() {
	[ "$1" = "$2" ] || { printf 'expected: %s\nactual:   %s\n' "$2" "$1" >&2; return 1; }
}
assert_differs() {
	[ "$1" != "$2" ] || { printf 'expected to differ: %s\n' "$1" >&2; return 1; }
}

# How nook refuses: exit code $1, one line "nook: …" that matches $2, and one "hint: …" line that
# matches $3 (default: any), nothing else on stderr.
assert_refused() {
	local count
	assert_exit "$1" || return
	count_lines "$stderr" '^nook: '
	[ "$count" = 1 ] || explain_failure "expected one line 'nook: …'" || return
	count_lines "$stderr" '^hint: '
	[ "$count" = 1 ] || explain_failure "expected one line 'hint: …'" || return
	count_lines "$stderr" ''
	[ "$count" = 2 ] || explain_failure "expected nothing but a line and its hint" || return
	refused_words "$stderr" nook "$2" || explain_failure "expected an error: $2" || return
	refused_words "$stderr" hint "${3:-.}" || explain_failure "expected a hint: $3"
}
# The line of $1 that begins with "$2: " matches $3.
refused_words() {
	local rest=$'\n'$1
	rest=${rest#*$'\n'"$2: "}
	[[ "$2: ${rest%%$'\n'*}" =~ $3 ]]
}
