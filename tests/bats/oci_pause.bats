#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nook-runtime pause, resume and ps.

load ../lib/attack
setup() {
	need_root
	attack_setup
	command -v "$RUNTIME" >/dev/null
	if [ -z "$(cgroup_mount freezer || awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)" ]; then
		skip "no cgroup that could be frozen here"
	fi
}
teardown() { attack_teardown; }

counts() { container /bin/sh -c 'while :; do echo -n . >>/tmp/n; done'; }
number() { stat -c %s "$ROOTFS/tmp/n" 2>/dev/null || echo 0; }
grows() {
	local before
	before=$(number)
	EVENTUALLY_SECONDS=3 eventually differs "$before"
}
differs() { [ "$(number)" != "$1" ]; }
status_is() {
	run_rt state "$ID"
	assert_exit 0
	assert_match "\"status\": \"$1\""
}

@test "oci pause: everything stops, and goes on" {
	counts
	eventually differs 0
	rt pause "$ID"
	status_is paused
	local before
	before=$(number)
	sleep 0.5
	[ "$(number)" = "$before" ]
	run_rt pause "$ID"
	assert_exit 1
	assert_stderr_match 'container not running'
	rt resume "$ID"
	status_is running
	grows
	run_rt resume "$ID"
	assert_exit 1
	assert_stderr_match 'container not paused'
}

@test "oci pause: one that forks all the time stops, too" {
	container /bin/sh -c 'for k in 1 2 3 4; do while :; do /bin/true; done & done; wait'
	for _ in 1 2 3 4 5; do
		rt pause "$ID"
		status_is paused
		rt resume "$ID"
	done
}

@test "oci pause: a container that waits for its start" {
	command_is /bin/true
	rt create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	rt pause "$ID"
	status_is paused
	# It could not hear the word: `start` would wait for it with the lock in its hand.
	run_rt start "$ID"
	assert_exit 1
	assert_stderr_match "cannot start a container in the paused state"
	rt resume "$ID"
	status_is created
	rt start "$ID"
	eventually status_is stopped
	run_rt pause "$ID"
	assert_exit 1
	run_rt resume "$ID"
	assert_exit 1
	# Of a stopped one ps prints its title and nobody, as runc does.
	run_rt ps "$ID"
	assert_exit 0
	assert_equal "${#lines[@]}" 1
	run_rt ps --format json "$ID"
	assert_output '[]'
}

@test "oci pause: a paused container can be killed and deleted" {
	counts
	rt pause "$ID"
	rt kill "$ID" KILL
	eventually status_is stopped
	rt delete "$ID"
	counts
	rt pause "$ID"
	rt delete --force "$ID"
	run_rt state "$ID"
	assert_exit 1
}

@test "oci pause: no such container" {
	for word in pause resume ps; do
		run_rt "$word" "$ID"
		assert_exit 1
		assert_stderr_match 'does not exist'
	done
}

@test "oci ps: the numbers, and as ps shows them" {
	container /bin/sh -c 'sleep 31 & exec sleep 32'
	two() { [ "$(rt ps -f json "$ID" | jq length)" = 2 ]; }
	eventually two
	local pids
	pids=$(rt ps --format json "$ID")
	[ "$(jq -r '.[0]' <<<"$pids")" = "$(rt state "$ID" | jq .pid)" ]
	run_rt ps "$ID"
	assert_exit 0
	assert_match 'UID +PID'
	assert_match 'sleep 31'
	assert_match 'sleep 32'
	[ "$(wc -l <<<"$output")" = 3 ]
	run_rt ps "$ID" -o pid,args
	assert_match 'PID'
	refute_match 'UID'
	run_rt ps "$ID" -o args
	assert_exit 1
	assert_stderr_match "couldn't find PID field"
	run_rt ps -f yaml "$ID"
	assert_exit 1
}
