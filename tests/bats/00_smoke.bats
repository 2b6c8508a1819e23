#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The program is there and runs something; the harness sees what it should see.

load ../lib/nook
setup() { nook_setup; }
teardown() { nook_teardown; }

@test "smoke: nook tells its version" {
	run_nook version
	assert_exit 0
	assert_match '^nook [0-9]+\.[0-9]+\.[0-9]+'
}

@test "smoke: /bin/true in a busybox" {
	busybox_rootfs "$BATS_TEST_TMPDIR/rootfs"
	run_nook run --rootfs "$BATS_TEST_TMPDIR/rootfs" /bin/true
	assert_exit 0
	assert_output ""
}

@test "smoke: the users of the suite are what they claim" {
	need_root
	run -0 as_user id -u
	assert_output 61234
	run -0 as_user sh -c 'id -un 2>/dev/null || echo "no name"'
	assert_line "no name"
	run -0 as_subid_user sh -c 'id -un; cat /etc/subuid; id -G'
	assert_line nooksub
	assert_line nooksub:200000:65536
	# The machine's own files have not changed.
	run ! grep -q nooksub /etc/passwd /etc/subuid /etc/subgid
}

@test "smoke: subordinate ids of the suite's user can be mapped" {
	need_root
	run -0 as_subid_user sh -euc '
		unshare --user sleep 60 & pid=$!
		until [ "$(readlink /proc/$pid/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do :; done
		newuidmap $pid 0 "$(id -u)" 1 1 200000 65536
		cat /proc/$pid/uid_map
		kill $pid'
	assert_match '^ +1 +200000 +65536$'
}

@test "smoke: eventually waits, and gives up" {
	(sleep 0.3; touch "$BATS_TEST_TMPDIR/there") &
	eventually test -e "$BATS_TEST_TMPDIR/there"
	wait $!
	EVENTUALLY_SECONDS=0 run ! eventually false
}

@test "smoke: a suite that hangs is told and ended" {
	local tap=$BATS_TEST_TMPDIR/tap orphans=$BATS_TEST_TMPDIR/orphans
	: >"$tap"
	# Its own child goes on the second time, what it has orphaned the first.
	run -137 env NOOK_REAPER_WATCH="$tap" NOOK_REAPER_IDLE=1 "$PROBES/reaper" "$orphans" \
		sh -c '(sleep 971 &); exec sleep 972'
	assert_equal "$(grep -c '^# hung: ' "$tap")" 2
	assert_equal "$(grep -c '^# *[0-9]* sleep 971 | ' "$tap")" 1
	assert_equal "$(grep -c '^# *[0-9]* sleep 972 | ' "$tap")" 2
	assert_equal "$(grep -c 'the suite hung here' "$orphans")" 2
	run ! pgrep -xf 'sleep 97[12]'
	# And one that goes on telling is left alone, longer than that.
	run -3 env NOOK_REAPER_WATCH="$tap" NOOK_REAPER_IDLE=4 "$PROBES/reaper" "$orphans" \
		sh -c 'for i in 1 2 3 4 5; do sleep 1; echo . >>"$0"; done; exit 3' "$tap"
	assert_equal "$(cat "$orphans")" ''
}

@test "smoke: a process left behind is seen" {
	[ -n "${NOOK_REAPER:-}" ] || skip "only below tests/run"
	(sleep 60 3>&- & echo $! >"$BATS_TEST_TMPDIR/pid")
	run no_new orphans
	assert_exit 1
	kill "$(cat "$BATS_TEST_TMPDIR/pid")"
	eventually no_new orphans
}

@test "smoke: a mount, a link and a cgroup left behind are seen" {
	need_root
	mkdir "$BATS_TEST_TMPDIR/dir"
	in_private_mounts bash -euc '
		source "$TOP/tests/lib/leaks.bash"
		leaks_before
		no_new mounts
		mount -t tmpfs none "$1"
		! no_new mounts' bash "$BATS_TEST_TMPDIR/dir"
	unshare --net bash -euc '
		source "$TOP/tests/lib/leaks.bash"
		leaks_before
		no_new links
		ip link add name nook-left type bridge
		! no_new links'
	local dir
	dir=$(cgroup_mount pids)/nook/smoke-$$
	mkdir -p "$dir"
	run no_new cgroups
	rmdir "$dir"
	rmdir "${dir%/*}" || true
	assert_exit 1
}
