#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nook-runtime against what nobody means well with: names, races, limits, hooks.
# shellcheck disable=SC2030,SC2031,SC2154
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through

load ../lib/oci
setup() { oci_setup; }
teardown() { oci_teardown; }

# A rootfs of its own, to be spoilt.
own_rootfs() {
	cp -a "$ROOTFS" "$BATS_TEST_TMPDIR/own"
	ROOTFS=$BATS_TEST_TMPDIR/own
	configure '.root.path = $root' --arg root "$ROOTFS"
}

@test "a destination with a way up is cleaned to its end" {
	own_rootfs
	configure '.mounts += [{destination: "/proc/../x", type: "tmpfs", source: "tmpfs"}]'
	run_rt run --bundle "$BUNDLE" "$ID"
	assert_equal "$status" 0
	[ -d "$ROOTFS/x" ]
	[ ! -e "$ROOTFS/xroc" ]
}

@test "a line of the log is whole, whatever the name in it" {
	local n
	printf -v n '\\u0001%.0s' {1..900}
	configure '.mounts += [{destination: $d, type: "tmpfs", source: "tmpfs"}]
		| .process.args = ["'"$n"'\u009b"]' --arg d "relative/$(printf 'x%.0s' {1..800})"
	rt --log-format json --log "$BATS_TEST_TMPDIR/log" run --bundle "$BUNDLE" "$ID" \
		2>"$BATS_TEST_TMPDIR/said" && return 1
	jq -e '.level and .msg and .time' <"$BATS_TEST_TMPDIR/log" >/dev/null
	[ "$(jq -r .level <"$BATS_TEST_TMPDIR/log" | tail -1)" = error ]
	# nothing that steers a terminal
	[ "$(LC_ALL=C grep -c $'[\x01-\x08\x0b-\x1f\x7f\x9b]' "$BATS_TEST_TMPDIR/said")" = 0 ]
}

@test "list shows no control characters of a bundle's name" {
	local strange=$BATS_TEST_TMPDIR/$'b\e[31m\xc2\x9b'
	mv "$BUNDLE" "$strange"
	BUNDLE=$strange
	created sleep 100
	[ "$(rt list | LC_ALL=C grep -c $'[\x1b\x9b]')" = 0 ]
	rt list | grep -q 'b?\[31m'
}

@test "of many creates of one id one wins, and the others say why" {
	local i pids=()
	command_is sleep 100
	for i in {1..20}; do
		rt create --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/said.$i" 2>&1 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}" || true
	[ "$(cat "$BATS_TEST_TMPDIR"/said.* | wc -l)" = 19 ]
	[ "$(cat "$BATS_TEST_TMPDIR"/said.* | grep -c 'container with given ID already exists')" = 19 ]
	status_is created
}

@test "a memory limit that leaves no room to start is named" {
	need_cgroup memory
	configure '.linux.resources.memory.limit = 65536'
	run_rt run --bundle "$BUNDLE" "$ID"
	assert_equal "$status" 1
	has "$stderr" "memory limit too low"
	nothing_left
}

@test "a startContainer hook that is missing is not taken for the command" {
	configure '.hooks.startContainer = [{path: "/nope"}]'
	run_rt run --bundle "$BUNDLE" "$ID"
	assert_equal "$status" 1
	has "$stderr" "startContainer hook #0: .*/nope"
	[[ $stderr != *true* ]]
}

# The container's processes have its rights, and so may stop whoever comes in.
@test "an exec that is stopped on its way in ends with a signal" {
	local n status
	# shellcheck disable=SC2016
	running sh -c 'while :; do for p in /proc/[0-9]*; do p=${p#/proc/}
		[ $p = 1 ] || kill -STOP $p 2>/dev/null; done; done'
	for n in {1..6}; do
		status=0
		# 8 s would be the KILL; one that is the command already has the signal waiting.
		timeout -k 8 0.3 "$RUNTIME" --root "$STATE" exec "$ID" nope \
			</dev/null >/dev/null 2>&1 3>&- || status=$?
		assert_differs "$status" 137
	done
}

@test "a full disk for what is printed is a failure" {
	run_rt features
	status=0
	rt features >/dev/full 2>/dev/null || status=$?
	assert_equal "$status" 1
}

@test "the socket for start is its owner's, whatever the umask" {
	command_is sleep 100
	umask 0
	created
	[ "$(stat -c %a "$STATE/$ID/start")" = 600 ]
}

@test "a state directory in /tmp that another has made is refused" {
	need_root
	local dir=/tmp/nook-runtime-$TEST_UID
	[ ! -e "$dir" ] || skip "$dir is there"
	mkdir -m 0777 "$dir"
	status=0
	stderr=$(as_user env -u XDG_RUNTIME_DIR "$RUNTIME" list 2>&1) || status=$?
	rmdir "$dir"
	assert_equal "$status" 1
	has "$stderr" "$dir: others can write in it"
}

@test "sockets of systemd that are another process's stay out" {
	# shellcheck disable=SC2016
	command_is sh -c 'echo "[$LISTEN_FDS]"'
	LISTEN_FDS=2 LISTEN_PID=1 run_rt run --bundle "$BUNDLE" "$ID"
	assert_equal "$status" 0
	assert_equal "$output" "[]"
}

@test "a thousand mounts, below whatever soft limit of open files" {
	own_rootfs
	configure '.mounts += [range(1000) | {destination: "/m/\(.)", type: "tmpfs", source: "tmpfs"}]
		| del(.process.rlimits)
		| .process.args = ["sh", "-c", "grep -c \" /m/\" /proc/self/mountinfo; ulimit -n"]'
	[ "$(ulimit -Hn)" -ge 8000 ] || skip "the hard limit of open files is too low here"
	output=$(prlimit --nofile=300: "$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID")
	assert_equal "$output" $'1000\n300'
	configure '.mounts += [range(9000) | {destination: "/m/\(.)", type: "tmpfs", source: "tmpfs"}]'
	run_rt run --bundle "$BUNDLE" "$ID"
	assert_equal "$status" 1
	has "$stderr" "too many mounts"
	nothing_left
}
