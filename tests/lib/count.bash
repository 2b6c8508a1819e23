# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Counting results. Shared by tests/run and .ci/run.

passed=0 failed=0 skipped=0

count_add() {
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# The closing line; false when something failed or nothing ran at all.
count_print() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

# Add a closing line of another run; false when it is none.
count_line() {
	[[ $1 =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]] || return 1
	count_add "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}"
}

# The results of TAP on stdin, told for a person while they come: failures with what they said,
# skips with their reason, and with verbose=1 all. A test is told in one piece, since two runs may
# share the terminal. The last line is "= PASSED FAILED SKIPPED"; the names of skipped tests are
# appended to $1. (Not awk: mawk reads a pipe by the block.)
tell_tap() {
	local line plan=0 pass=0 fail=0 skip=0 told='' shown=0
	while IFS= read -r line; do
		if [[ $line =~ ^1\.\.([0-9]+) ]]; then
			plan=$((plan + BASH_REMATCH[1]))
		elif [[ $line =~ ^(not )?ok\ [0-9]+\ (-\ )?(.*) ]]; then
			printf %s "$told"
			told='' shown=0
			line=${BASH_REMATCH[3]}
			if [ -n "${BASH_REMATCH[1]}" ]; then
				fail=$((fail + 1)) shown=1
				told="FAIL  ${2:-}$line"$'\n'
			elif [[ $line =~ (.*)\ *#\ (skip|SKIP)\ *(.*) ]]; then
				skip=$((skip + 1))
				tell_skip "${2:-}${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}" "$1"
			else
				pass=$((pass + 1))
				[ "${verbose:-0}" = 0 ] || echo "ok    ${2:-}$line"
			fi
		elif [[ $line == '# again: '* ]]; then
			told+="again ${line#\# again: }"$'\n'
		elif [ "$shown" = 1 ] || [[ $line != '#'* || $line == '# hung: '* ]]; then
			shown=1
			told+="      $line"$'\n'
		fi
	done
	printf %s "$told"
	if [ "$plan" = 0 ]; then
		echo "FAIL  ${2:-}no plan: it did not run to its end"
		fail=$((fail + 1))
	elif [ $((pass + fail + skip)) != "$plan" ]; then
		echo "FAIL  ${2:-}$((plan - pass - fail - skip)) of $plan tests have no result"
		fail=$((fail + 1))
	fi
	echo "= $pass $fail $skip"
}
tell_skip() {
	local name=${1%"${1##*[! ]}"} reason=${2:-no reason given}
	[[ ! $name =~ (.*)\ in\ [0-9]+m?s(ec)?$ ]] || name=${BASH_REMATCH[1]}
	echo "skip  $name: $reason"
	echo "$name" >>"$3"
}

# Tell the TAP in FILE while process PID is still writing it, and leave its "= …" line in FILE.sum.
follow_tap() {
	tail -n +1 -s 0.2 --pid="$1" -f "$2" | tell_tap "$results/skipped" | while IFS= read -r line; do
		if [[ $line == '= '* ]]; then echo "$line" >"$2.sum"; else printf '%s\n' "$line"; fi
	done
}
count_sum() {
	local passed_n failed_n skipped_n
	read -r _ passed_n failed_n skipped_n <"$1" && count_add "$passed_n" "$failed_n" "$skipped_n" ||
		count_add 0 1 0
}

# Show a log of the virtual machine while it grows, without its closing line.
follow_log() {
	tail -n +1 -s 0.2 --pid="$1" -f "$2" | grep -vE --line-buffered '^[0-9]+ passed, ' | sed -u 's/^/  /'
	wait "$1"
}

# Results of meson's testlog.json: one object a line. Tests that speak TAP count by subtest.
count_meson() {
	local log=$1 name result out line
	shift
	for name in "$@"; do
		result=$(jq -r --arg name "$name" 'select(.name | endswith($name)) | .result' "$log" | tail -n 1)
		out=$(jq -r --arg name "$name" 'select(.name | endswith($name)) | .stdout // ""' "$log")
		if grep -q '^1\.\.' <<<"$out"; then
			line=$(grep -E '^(1\.\.|ok|not ok|# *)' <<<"$out" | tell_tap /dev/null "$name: ")
			sed '$d' <<<"$line"
			line=$(tail -n 1 <<<"$line")
			# shellcheck disable=SC2086
			count_add ${line#= }
			[ "$result" = OK ] || [[ $line != "= "*" 0 "* ]] || fail_meson "$name" "$result" "$log"
		elif [ "$result" = OK ]; then
			count_add 1 0 0
		elif [ "$result" = SKIP ]; then
			count_add 0 0 1
			echo "skip  $name: says so itself"
		else
			fail_meson "$name" "${result:-no result}" "$log"
		fi
	done
}
fail_meson() {
	count_add 0 1 0
	echo "FAIL  $1: $2"
	jq -r --arg name "$1" 'select(.name | endswith($name)) | (.stdout // ""), (.stderr // "")' "$3" |
		tail -n 40 | sed 's/^/      /'
}

# A test that runs nowhere tests nothing: over host and virtual machine, none may be skipped in both.
skipped_everywhere() {
	local names
	[ -e "$1" ] && [ -e "$2" ] || return 0
	names=$(comm -12 <(sort -u "$1") <(sort -u "$2"))
	[ -n "$names" ] || return 0
	count_add 0 "$(wc -l <<<"$names")" 0
	printf 'FAIL  skipped on the host and in the virtual machine: %s\n' "$names"
}
