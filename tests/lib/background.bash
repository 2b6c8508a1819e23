# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Containers in the background of a test, in a root file system of its own.
#
#	load ../lib/background
#	setup() { background_setup; }
#	teardown() { background_teardown; }

# $ROOTFS, and the test's directory as the current one.
background_setup() {
	nook_setup
	ROOTFS=$BATS_TEST_TMPDIR/rootfs
	busybox_rootfs --dirs "$ROOTFS"
	# What a user namespace may not make in a tree that it does not own.
	touch "$ROOTFS"/etc/{hostname,hosts,resolv.conf}
	cd "$BATS_TEST_TMPDIR" || return
}
# A nook that is killed leaves its container's group and state to the next command: so each has to
# be gone before that one looks.
background_teardown() {
	local pid
	for pid in "${STARTED[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
	for pid in "${STARTED[@]}"; do
		wait "$pid" 2>/dev/null || eventually test ! -e "/proc/$pid" || true
	done
	nook ps >/dev/null 2>&1 || true
	nook_teardown
}

STARTED=()
is_up() {
	nook ps --format json |
		jq -e --arg n "$1" 'any(.Names[0] == $n and .State == "running")' >/dev/null
}
# begin NAME [OPTION...] -- CMD...: in the background; $owner is its nook, $pid its first process.
begin() {
	local name=$1 options=()
	shift
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	"$NOOK" run --rootfs "$ROOTFS" --name "$name" "${options[@]}" "$@" 3>&- >"$name.out" 2>&1 &
	owner=$!
	STARTED+=("$owner")
	eventually is_up "$name" || { cat "$name.out" >&2; return 1; }
	pid=$(nook inspect "$name" | jq '.[0].State.Pid')
}
# sleeper NAME [OPTION...]: one that only waits.
sleeper() { begin "$@" -- sleep 100; }
