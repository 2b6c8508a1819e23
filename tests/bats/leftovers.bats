#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Processes that could outlive their container: without a PID namespace of its own nothing ends them
# but its cgroup, which on version 1 nobody asked for. None may be left, whatever they ignore.

load ../lib/nook
load ../lib/background
setup() {
	background_setup
	MARK=swarm-$BASHPID-$RANDOM
	cp "$PROBES/swarm" "$ROOTFS/bin/swarm"
}
teardown() { background_teardown; }

# Processes of this test's swarm.
swarm() { grep -lsz "^$MARK\$" /proc/[0-9]*/cmdline | wc -l; }
none_left() { [ "$(swarm)" = 0 ]; }
some_left() { [ "$(swarm)" -gt 0 ]; }

# Only version 1, as on a machine without a unified hierarchy.
v1_only() {
	# shellcheck disable=SC2016
	in_private_mounts sh -c 'for m in $(awk "\$3 == \"cgroup2\" {print \$2}" /proc/mounts); do
		umount -l $m; done; exec "$@"' sh "$@"
}
need_v1() { grep -q ' cgroup rw' /proc/mounts || skip "no cgroup version 1 here"; }

@test "leftovers: --pid host: none outlive the command" {
	need_root
	run_nook run --rootfs "$ROOTFS" --pid host swarm "$MARK" 3 1
	assert_exit 0
	assert_output up
	none_left
	# The proof that they do where nothing holds them together.
	(cd / && "$PROBES/swarm" "$MARK" 1)
	some_left
	kill -9 "$(basename "$(dirname "$(grep -lsz "^$MARK\$" /proc/[0-9]*/cmdline)")")"
}

@test "leftovers: --pid host: none outlive a timeout and a stop" {
	need_root
	run_nook run --rootfs "$ROOTFS" --pid host --timeout 1 sh -c "swarm $MARK 3 1; exec sleep 100"
	assert_exit 137
	none_left
	begin web --pid host -- sh -c "swarm $MARK 3 1; exec sleep 100"
	eventually some_left
	run_nook stop -t 0 web
	assert_exit 0
	none_left
}

@test "leftovers: a joined PID namespace: none outlive the command, those of the first do" {
	need_root
	sleeper first
	run_nook run --rootfs "$ROOTFS" --pid container:first swarm "$MARK" 3 1
	assert_exit 0
	none_left
	run_nook exec first true
	assert_exit 0
}

@test "leftovers: a killed nook's are ended by the next command" {
	need_root
	begin web --pid host -- sh -c "swarm $MARK 3; exec sleep 100"
	eventually some_left
	# shellcheck disable=SC2154
	kill -9 "$owner"
	eventually test ! -e "/proc/$owner"
	nook ps
	none_left
}

@test "leftovers: a killed nook's are ended before ns run leases ids, which may be theirs" {
	need_root
	begin web --pid host --userns auto -- sh -c "swarm $MARK 3; exec sleep 100"
	eventually some_left
	kill -9 "$owner"
	eventually test ! -e "/proc/$owner"
	# Ids that are given are nobody's lease: nothing is looked at.
	nook ns run --user --map 0:0:1 true
	some_left
	nook ns run --user --map auto true
	none_left
}

@test "leftovers: version 1 alone: --pid host, a joined namespace, a timeout" {
	need_root
	need_v1
	local holder
	output=$(v1_only "$NOOK" run --rootfs "$ROOTFS" --pid host swarm "$MARK" 3 2)
	assert_output up
	none_left
	run -137 v1_only "$NOOK" run --rootfs "$ROOTFS" --pid host --timeout 1 \
		sh -c "swarm $MARK 3 2; exec sleep 100"
	none_left
	unshare --pid --fork --kill-child sleep 30 &
	holder=$!
	STARTED+=("$holder")
	eventually pgrep -P "$holder" >/dev/null
	output=$(v1_only "$NOOK" run --rootfs "$ROOTFS" --pid "ns:/proc/$(pgrep -P "$holder")/ns/pid" \
		swarm "$MARK" 3 2)
	assert_output up
	none_left
}

@test "leftovers: version 1 alone: thousands" {
	need_root
	need_v1
	[ -z "${NOOK_VM:-}" ] || skip "too many for an emulated processor"
	output=$(v1_only "$NOOK" run --rootfs "$ROOTFS" --pid host swarm "$MARK" 4500 4)
	assert_output up
	none_left
}

# The memory controller's group, where nothing can be frozen.
@test "leftovers: version 1 alone: a group without a freezer" {
	need_root
	need_v1
	need_cgroup memory
	output=$(v1_only "$NOOK" run --rootfs "$ROOTFS" --pid host --memory 512m swarm "$MARK" 600 3)
	assert_output up
	none_left
	# In that of pids there may be no new ones meanwhile.
	output=$(v1_only "$NOOK" run --rootfs "$ROOTFS" --pid host --pids-limit 900 swarm "$MARK" 600 8)
	assert_output up
	none_left
}
