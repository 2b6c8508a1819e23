#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nook-runtime update: what a container feels of its new limits.

load ../lib/attack
setup() {
	need_root
	attack_setup
}
teardown() { attack_teardown; }

# Memory that a process of the container takes, in MiB.
takes() { in_container /bin/dd if=/dev/zero of=/dev/null bs="$1M" count=1; }
forks() { in_container /bin/sh -c "for i in $(seq -s ' ' "$1"); do sleep 1 & done; wait"; }
cpu_share() {
	local work=200000
	[ -z "${NOOK_VM:-}" ] || work=20000
	in_container /bin/time -f 'spent %e %U %S' \
		/bin/sh -c "i=0; while [ \$i -lt $work ]; do i=\$((i+1)); done" 2>&1 |
		awk '/^spent/ {printf "%d", ($3 + $4) * 100 / $2}'
}

@test "oci update: memory, lower and higher, by options and by a document" {
	need_cgroup memory
	container /bin/sleep 60
	takes 64
	rt update --memory 32m --memory-swap 32m "$ID"
	refute takes 64
	rt update "$ID" --memory 128m --memory-swap 128m
	takes 64
	rt update -r - "$ID" <<<'{"memory": {"limit": 33554432, "swap": 33554432}}'
	refute takes 64
	echo '{"memory": {"limit": 134217728, "swap": 268435456}}' >"$BATS_TEST_TMPDIR/r.json"
	rt update --resources "$BATS_TEST_TMPDIR/r.json" "$ID"
	takes 64
	rt update --memory 32m --memory-swap 32m "$ID"
	rt update --memory -1 "$ID"
	takes 64
}

@test "oci update: number of processes" {
	need_cgroup pids
	container /bin/sleep 60
	forks 6
	rt update --pids-limit 4 "$ID"
	refute forks 6
	rt update --pids-limit -1 "$ID"
	forks 6
}

@test "oci update: CPU time and weight" {
	need_cgroup cpu
	local share
	container /bin/sleep 60
	rt update --cpu-period 100000 --cpu-quota 10000 "$ID"
	share=$(cpu_share)
	echo "at 10%: $share"
	[ "$share" -le 18 ]
	# Only one of the two: the other stays. A period of 50 ms with 10 ms in it is 20 %.
	# Others use this machine, too: so the kernel's own count tells whether it is held back.
	throttled() { rt events --stats "$ID" | jq '.data.cpu.throttling.throttledTime'; }
	local before after
	before=$(throttled)
	rt update --cpu-period 50000 "$ID"
	share=$(cpu_share)
	echo "at 20%: $share"
	[ "$share" -le 30 ]
	after=$(throttled)
	[ "$after" -gt "$before" ]
	before=$after
	rt update --cpu-quota -1 --cpu-share 512 "$ID"
	cpu_share
	after=$(throttled)
	[ "$after" = "$before" ]
	# An idle group takes no weight of its own.
	rt update --cpu-idle 1 --cpu-share 256 "$ID"
	run_rt update --cpu-share 512 "$ID"
	assert_exit 1
	assert_stderr_match 'cpu.(weight|shares)'
	rt update --cpu-idle 0 --cpu-share 512 "$ID"
}

@test "oci update: CPUs" {
	need_cgroup cpuset
	container /bin/sleep 60
	rt update --cpuset-cpus 0 --cpuset-mems 0 "$ID"
	run_in_container /bin/grep Cpus_allowed_list /proc/self/status
	assert_line $'Cpus_allowed_list:\t0'
	# A list that is no list does not get as far as the kernel.
	run_rt update --cpuset-cpus zero "$ID"
	assert_exit 1
	assert_stderr_match 'cpuset-cpus'
}

@test "oci update: all or nothing" {
	need_cgroup pids
	need_cgroup memory
	container /bin/sleep 60
	rt update --memory 128m --memory-swap 128m --pids-limit 20 "$ID"
	# The kernel has no such huge page: what was written before is taken back.
	run_rt update -r - "$ID" <<<'{"pids": {"limit": 2}, "memory": {"limit": 33554432, "swap": 33554432},
		"hugepageLimits": [{"pageSize": "3MB", "limit": 1}]}'
	assert_exit 1
	takes 64
	forks 6
}

@test "oci update: what is refused" {
	container /bin/sleep 60
	run_rt update -r - --pids-limit 3 "$ID" <<<'{}'
	assert_exit 1
	assert_stderr_match 'give one of them'
	run_rt update -r - "$ID" <<<'{"memory": {"limit": "much"}}'
	assert_exit 1
	assert_stderr_match 'memory'
	run_rt update --l3-cache-schema 'L3:0=f' "$ID"
	assert_exit 1
	assert_stderr_match 'intelRdt'
	run_rt update --memory much "$ID"
	assert_exit 1
	run_rt update --memory 64m "$ID-not-there"
	assert_exit 1
	assert_stderr_match 'does not exist'
	rt update "$ID"
	rt kill "$ID" KILL
	stopped() { rt state "$ID" | grep -q '"stopped"'; }
	eventually stopped
	run_rt update --memory 64m "$ID"
	assert_exit 1
	assert_stderr_match 'not running'
}

@test "oci update: waits for whoever works on the container" {
	container /bin/sleep 1000
	flock "$RT_ROOT/$ID/lock" sh -c 'echo >held; sleep 1; echo >let-go' 3>&- &
	local holder=$!
	eventually test -e held
	[ ! -e let-go ]
	rt update --pids-limit 77 "$ID"
	[ -e let-go ]
	wait "$holder" # alone, or it would be for the clock of bats, too
}
