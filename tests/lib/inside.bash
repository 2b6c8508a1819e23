# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Processes that a test looks at from outside, in namespaces that unshare(1) made, and nook's JSON.
#
#	load ../lib/inside
#	setup() { inside_setup; }
#	teardown() { inside_teardown; }

inside_setup() {
	nook_setup
	cd "$BATS_TEST_TMPDIR" || return
}
inside_teardown() {
	local pid
	for pid in "${INSIDE[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
	for pid in "${STARTERS[@]}"; do wait "$pid" 2>/dev/null || true; done
	for pid in "${INSIDE[@]}"; do eventually test ! -e "/proc/$pid" || true; done
	nook_teardown
}
INSIDE=() STARTERS=()

# inside SCRIPT [CMD...]: CMD (`unshare …`, `as_user unshare …`) runs a shell with SCRIPT, which
# then sleeps. $pid is the number of that shell here: /proc is the host's until SCRIPT mounts
# another one over it.
inside() {
	local script=$1 n=${#STARTERS[@]}
	shift
	rm -f "where$n" "there$n"
	"$@" sh -euc '
		read -r self _ </proc/self/stat
		exec 3>&1 4>&2 >/dev/null
		echo "$self" >&3
		'"$script"'
		echo there >&4
		exec sleep 1000 3>&- 4>&- 2>/dev/null' >"where$n" 2>"there$n" </dev/null 3>&- &
	STARTERS+=($!)
	eventually test -s "where$n" || { cat "there$n" >&2; return 1; }
	pid=$(cat "where$n")
	INSIDE+=("$pid")
	eventually grep -qx there "there$n" || { cat "there$n" >&2; return 1; }
	eventually is_asleep "$pid"
}
is_asleep() { [ "$(cat "/proc/$1/comm")" = sleep ]; }

inode() { stat -Lc %i "/proc/$2/ns/$1"; }

# check FILTER [JQ's ARGUMENT...]: true of the JSON in $output.
check() {
	[ -n "$output" ] && jq -e "$@" <<<"$output" >/dev/null || explain_failure "expected: $1"
}
show_json() {
	run_nook ns show "$@" --format json
	assert_exit 0
	assert_equal "$stderr" ""
}
