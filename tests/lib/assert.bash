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
# A whole line of the output.
assert_line() {
	grep -qxF -- "$1" <<<"$output" || explain_failure "expected a line: $1"
}
refute_line() {
	! grep -qxF -- "$1" <<<"$output" || explain_failure "expected no line: $1"
}
# Some line of the output matches an extended regular expression.
assert_match() {
	grep -qE -- "$1" <<<"$output" || explain_failure "expected a match of: $1"
}
refute_match() {
	! grep -qE -- "$1" <<<"$output" || explain_failure "expected no match of: $1"
}
assert_stderr_match() {
	grep -qE -- "$1" <<<"$stderr" || explain_failure "expected on stderr a match of: $1"
}
refute_stderr_match() {
	! grep -qE -- "$1" <<<"$stderr" || explain_failure "expected on stderr no match of: $1"
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
	assert_exit "$1" || return
	[ "$(grep -c '^nook: ' <<<"$stderr")" = 1 ] || explain_failure "expected one line 'nook: …'" || return
	[ "$(grep -c '^hint: ' <<<"$stderr")" = 1 ] || explain_failure "expected one line 'hint: …'" || return
	[ "$(wc -l <<<"$stderr")" = 2 ] || explain_failure "expected nothing but a line and its hint" || return
	grep '^nook: ' <<<"$stderr" | grep -qE -- "$2" || explain_failure "expected an error: $2" || return
	grep '^hint: ' <<<"$stderr" | grep -qE -- "${3:-.}" || explain_failure "expected a hint: $3"
}
