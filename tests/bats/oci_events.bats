#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nook-runtime events: numbers that move with what the container does, and OOM kills.

load ../lib/attack
setup() {
	need_root
	attack_setup
}
teardown() { attack_teardown; }

stat_of() { rt events --stats "$ID" | jq -e "$1"; }

@test "oci events: what the container uses" {
	need_cgroup memory
	need_cgroup pids
	local before after
	configure '.linux.resources += {memory: {limit: 134217728}, pids: {limit: 50}}'
	container /bin/sh -c 'sleep 60 & sleep 61 & exec sleep 62'
	[ "$(stat_of .type)" = '"stats"' ]
	[ "$(stat_of .id)" = "\"$ID\"" ]
	three() { [ "$(stat_of .data.pids.current)" = 3 ]; }
	eventually three
	[ "$(stat_of .data.pids.limit)" = 50 ]
	[ "$(stat_of .data.memory.usage.limit)" = 134217728 ]
	before=$(stat_of .data.cpu.usage.total)
	in_container /bin/sh -c 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done'
	after=$(stat_of .data.cpu.usage.total)
	echo "CPU: $before to $after ns"
	[ $((after - before)) -gt 5000000 ]
	before=$(stat_of .data.memory.usage.usage)
	in_container /bin/dd if=/dev/zero of=/dev/shm/some bs=1M count=16
	after=$(stat_of .data.memory.usage.usage)
	echo "memory: $before to $after"
	[ $((after - before)) -gt 15000000 ]
	[ "$(stat_of '.data.memory.usage.max')" -ge "$after" ]
	stat_of '.data | has("cpuset") and has("blkio") and has("hugetlb") and has("intel_rdt")'
}

@test "oci events: one document every interval, until the container ends" {
	container /bin/sleep 61
	rt events --interval 100ms "$ID" >"$BATS_TEST_TMPDIR/events" &
	local pid=$!
	three_lines() { [ "$(grep -c '"type":"stats"' "$BATS_TEST_TMPDIR/events")" -ge 3 ]; }
	eventually three_lines
	rt kill "$ID" KILL
	wait "$pid"
	jq -e .data.cpu.usage.total "$BATS_TEST_TMPDIR/events" >/dev/null
	run_rt events --stats "$ID"
	assert_exit 1
	assert_stderr_match 'is not running'
	run_rt events --interval 0s "$ID"
	assert_exit 1
}

@test "oci events: memory that ran out" {
	need_cgroup memory
	configure '.linux.resources += {memory: {limit: 33554432, swap: 33554432}}'
	container /bin/sleep 60
	rt events --interval 50s "$ID" >"$BATS_TEST_TMPDIR/events" &
	local pid=$!
	# It has to listen before memory runs out: its first event comes from a kill.
	told() {
		in_container /bin/dd if=/dev/zero of=/dev/null bs=128M count=1
		grep -qx "{\"type\":\"oom\",\"id\":\"$ID\"}" "$BATS_TEST_TMPDIR/events"
	}
	eventually told
	rt kill "$ID" KILL
	wait "$pid"
	refute grep -q stats "$BATS_TEST_TMPDIR/events"
}
