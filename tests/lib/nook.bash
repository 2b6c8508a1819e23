# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every test file loads:
#
#	load ../lib/nook
#	setup() { nook_setup; }
#	teardown() { nook_teardown; }
#
# In a test, `wait` needs a pid: a bare one also waits for bats' own countdown (60 s, after which
# a test that hangs fails).
#
# Each test has NOOK_ROOT and NOOK_STATE of its own below $BATS_TEST_TMPDIR, and teardown fails
# the test when it leaves a process, mount, link or cgroup behind.
#
#   $NOOK, $PROBES            the program; the folder of what tests/probes makes
#   nook ARG...               run it;  run_nook ARG...  with $status, $output, $stderr, $lines
#   busybox_rootfs DIR        a small root file system;  debian_rootfs sets $DEBIAN
#   as_user CMD...            as an ordinary user without subordinate ids
#   as_subid_user CMD...      as one with (ids 200000 to 265535)
#   in_private_mounts CMD...  in a mount namespace of its own
#   eventually CMD...         until CMD succeeds, at most $EVENTUALLY_SECONDS (5)
#   assert_*, refute_*        below; each says what it saw when it fails
#   need_root, need_cgroup CONTROLLER, need_cc …  skip, with the reason
#   words_only                skips in the virtual machine

bats_require_minimum_version 1.5.0

TEST_UID=61234
SUBID_UID=61235
TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
: "${NOOK:=$TOP/build/nook}"
: "${PROBES:=$TOP/build/tests/probes}"
: "${EVENTUALLY_SECONDS:=5}"
export TOP NOOK PROBES
# Root's default makes a bridge and rules: only in worlds of a test's own (net.bash).
export NOOK_NETWORK=none
# For a program under strace: the search for leaks needs ptrace for itself.
UNTRACED=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export UNTRACED

source "$TOP/tests/lib/assert.bash"
source "$TOP/tests/lib/rootfs.bash"
source "$TOP/tests/lib/users.bash"
source "$TOP/tests/lib/leaks.bash"

# Bats has a trap on every command, for its stack traces: half the time of a short test. What
# comes before and after each goes without (functrace off: functions do not inherit the trap).
# A test that fails is tried once more, and says so: most of them look at time, processes and
# groups of a machine that others use as well. What fails twice is a failure.
export BATS_TEST_RETRIES=${NOOK_TEST_RETRIES:-1}

# For setup_file: $FAULTY is nook with fault injection. `make check` has made it; for a file that is
# run alone it is made now.
fault_build() {
	export FAULTY=${FAULTY:-$TOP/build-fault/nook}
	[ -n "${NOOK_VM:-}" ] || [ "$FAULTY" != "$TOP/build-fault/nook" ] ||
		make -C "$TOP" --no-print-directory fault
}

nook_setup() {
	if [ "${BATS_TEST_TRY_NUMBER:-1}" -gt 1 ]; then
		echo "# again: $BATS_TEST_DESCRIPTION" >&3
		rm -rf --one-file-system "${BATS_TEST_TMPDIR:?}"/*
	fi
	local -
	set +T
	setup_untraced
}
setup_untraced() {
	export NOOK_ROOT=$BATS_TEST_TMPDIR/root NOOK_STATE=$BATS_TEST_TMPDIR/state
	export NOOK_NETWORK=none
	# The tests' own directory must be open to the ordinary users among them.
	chmod 0755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/ "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"
	leaks_before
}

nook_teardown() {
	local -
	set +T
	leaks_after
}

nook() { "$NOOK" "$@"; }
# Like `run --separate-stderr`, which complains when exit code 127 is what one tests for.
# shellcheck disable=SC2034
run_nook() {
	status=0
	output=$("$NOOK" "$@" 2>"$BATS_TEST_TMPDIR/.stderr") || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/.stderr")
	mapfile -t lines <<<"$output"
}

in_private_mounts() { unshare --mount --propagation private "$@"; }

# Poll, with no fixed sleep: what is true at once costs nothing.
eventually() {
	local deadline=$((${EPOCHREALTIME/./} + EVENTUALLY_SECONDS * 1000000))
	until "$@"; do
		if ((${EPOCHREALTIME/./} > deadline)); then
			echo "not within $EVENTUALLY_SECONDS s: $*" >&2
			return 1
		fi
		sleep 0.02
	done
}

# What is only words: no kernel has a part in it, and emulated seconds are dear.
words_only() { [ -z "${NOOK_VM:-}" ] || skip "only words, which the host's run tests"; }
# The plan and the calls are the same on both; what the kernel makes of them the other tests say.
host_only() { [ -z "${NOOK_VM:-}" ] || skip "strace is dear on an emulated processor (the host's run has it)"; }
need_root() { [ "$(id -u)" = 0 ] || skip "needs root"; }
need_plain_build() {
	! grep -q __asan_init "$NOOK" || skip "not with sanitizers, which link dynamically and make calls of their own (the plain run has it)"
}
need_cc() { command -v cc >/dev/null || skip "no C compiler here (the host's run has one)"; }
need_systemd() { [ -d /run/systemd/system ] || skip "no systemd here (the virtual machine has it)"; }

# Directory of the hierarchy that has CONTROLLER (v1 or v2), or nothing.
cgroup_mount() {
	awk -v name="$1" '$3 == "cgroup" && ("," $4 ",") ~ ("," name ",") {print $2; exit}' /proc/mounts |
		grep . && return
	local dir
	while read -r dir; do
		grep -qw "$1" "$dir/cgroup.controllers" 2>/dev/null && echo "$dir" && return
	done < <(awk '$3 == "cgroup2" {print $2}' /proc/mounts)
	return 1
}
need_cgroup() { cgroup_mount "$1" >/dev/null || skip "no cgroup controller $1 here"; }
