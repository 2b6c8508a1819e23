#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.resources and linux.cgroupsPath of nook-runtime, as the processes inside feel them, on
# whatever version of cgroups is here.

load ../lib/attack
setup() {
	need_root
	attack_setup
}
teardown() {
	[ -z "${LOOP:-}" ] || losetup -d "$LOOP"
	[ -z "${GROUPS_OF:-}" ] || remove_groups "$GROUPS_OF"
	attack_teardown
}

# The groups above a container's stay when it goes, as they do with runc.
remove_groups() {
	local mount
	while read -r mount; do
		[ ! -d "$mount/$1" ] || find "$mount/$1" -depth -type d -exec rmdir {} \;
	done < <(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/mounts)
}
# A whole disk of 8 MiB that is nobody's.
loop_device() {
	truncate -s 8M "$BATS_TEST_TMPDIR/disk"
	LOOP=$(losetup --find --show "$BATS_TEST_TMPDIR/disk" 2>/dev/null) ||
		skip "no loop device can be made here"
	MAJOR=$((0x$(stat -c %t "$LOOP"))) MINOR=$((0x$(stat -c %T "$LOOP")))
}
limits() { configure ".linux.resources += $1"; }

# busybox' time of three seconds' work, in percent of one CPU: so much time, not so much work, which
# may take any time on a busy machine.
measure_cpu() {
	run_container /bin/time -f 'spent %e %U %S' /bin/timeout 3 /bin/sh -c 'while :; do :; done'
	assert_stderr_match '^spent'
	# shellcheck disable=SC2154
	CPU_SHARE=$(awk '/^spent/ {printf "%d", ($3 + $4) * 100 / $2}' <<<"$stderr")
	[ -n "$CPU_SHARE" ]
}

@test "oci limits: memory, and swap with it" {
	need_cgroup memory
	limits '{memory: {limit: 16777216, swap: 16777216}}'
	run_container /bin/dd if=/dev/zero of=/dev/null bs=64M count=1
	assert_exit 137
	limits '{memory: {limit: 134217728, swap: 134217728}}'
	run_container /bin/dd if=/dev/zero of=/dev/null bs=64M count=1
	assert_exit 0
}

@test "oci limits: swap below memory is refused, and nothing is left" {
	need_cgroup memory
	limits '{memory: {limit: 67108864, swap: 33554432}}'
	run_container /bin/true
	assert_exit 1
	run_rt state "$ID"
	assert_exit 1
	assert_stderr_match 'does not exist'
}

@test "oci limits: a fork bomb stops at its number of processes" {
	need_cgroup pids
	limits '{pids: {limit: 8}}'
	run_container /bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 2 & done; wait'
	assert_stderr_match "can't fork"
	limits '{pids: {limit: -1}}'
	run_container /bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1 & done; wait; echo all'
	assert_line all
}

@test "oci limits: CPU time" {
	need_cgroup cpu
	limits '{cpu: {quota: 10000, period: 100000}}'
	measure_cpu
	echo "at 10%: $CPU_SHARE"
	[ "$CPU_SHARE" -le 18 ]
	limits '{cpu: {quota: -1}}'
	measure_cpu
	echo "without: $CPU_SHARE"
	[ "$CPU_SHARE" -ge 25 ]
}

@test "oci limits: CPUs" {
	need_cgroup cpuset
	limits '{cpu: {cpus: "0", mems: "0"}}'
	run_container /bin/grep Cpus_allowed_list /proc/self/status
	assert_line $'Cpus_allowed_list:\t0'
	run_container /bin/nproc
	assert_line 1
	limits '{cpu: {cpus: "0-9999"}}'
	run_container /bin/true
	assert_exit 1
	assert_stderr_match 'cpuset.cpus'
}

@test "oci limits: bytes per second of a disk" {
	local begin took
	cgroup_mount blkio || cgroup_mount io || skip "no cgroup controller blkio or io here"
	loop_device
	configure '.linux.devices = [{path: "/dev/disk", type: "b", major: $a, minor: $b}]
		| .linux.resources.devices += [{allow: true, type: "b", major: $a, minor: $b, access: "rw"}]' \
		--argjson a "$MAJOR" --argjson b "$MINOR"
	limits "{blockIO: {throttleWriteBpsDevice: [{major: $MAJOR, minor: $MINOR, rate: 1048576}]}}"
	begin=${EPOCHREALTIME/./}
	run_container /bin/dd if=/dev/zero of=/dev/disk bs=64k count=32 oflag=direct
	assert_exit 0
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	echo "2 MiB in $took ms"
	[ "$took" -ge 1500 ]
	configure 'del(.linux.resources.blockIO)'
	begin=${EPOCHREALTIME/./}
	run_container /bin/dd if=/dev/zero of=/dev/disk bs=64k count=32 oflag=direct
	assert_exit 0
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	echo "without: $took ms"
	[ "$took" -lt 1500 ]
}

# Whoever may make device nodes, and is root of the machine, may use those that the rules allow.
can_mknod() {
	configure '.process.capabilities = (.process.capabilities |
		with_entries(.value = ["CAP_MKNOD", "CAP_DAC_OVERRIDE"]))'
}

@test "oci limits: devices: rules in order, the last that matches decides" {
	loop_device
	local try="
		mknod /dev/disk0 b $MAJOR $MINOR; mknod /dev/null0 c 1 3
		dd if=/dev/disk0 of=/dev/null bs=512 count=1 2>/dev/null && echo read
		dd if=/dev/zero of=/dev/disk0 bs=512 count=1 2>/dev/null && echo written
		echo >/dev/null0 && echo null"
	can_mknod
	rules() { configure ".linux.resources.devices = [$1]" --argjson a "$MAJOR" --argjson b "$MINOR"; }
	rules '{allow: false, access: "rwm"}'
	run_container /bin/sh -c "$try"
	assert_exit 0
	assert_output null
	rules '{allow: true, type: "b", major: $a, minor: $b, access: "rw"},
		{allow: false, type: "b", major: $a, minor: $b, access: "w"}'
	run_container /bin/sh -c "$try"
	assert_output $'read\nnull'
	rules '{allow: true, access: "rwm"}'
	run_container /bin/sh -c "$try"
	assert_output $'read\nwritten\nnull'
	rules '{allow: true, access: "rwm"}, {allow: false, type: "b", major: $a, minor: $b, access: "w"}'
	run_container /bin/sh -c "$try"
	assert_output $'read\nnull'
	# Nothing said of devices is no licence.
	configure 'del(.linux.resources)'
	run_container /bin/sh -c "$try"
	assert_output null
}

@test "oci limits: the path of the groups stays below the mount" {
	local path mount
	mount=$(cgroup_mount pids) || skip "no cgroup controller pids here"
	GROUPS_OF=nook-above-$$
	for path in "/$GROUPS_OF/deep/$ID" "../../../$GROUPS_OF/./x/../$ID" "/../..//$GROUPS_OF//$ID/"; do
		configure '.linux.cgroupsPath = $p' --arg p "$path"
		container /bin/sleep 30
		case $path in
		/nook*) grep -q . "$mount/$GROUPS_OF/deep/$ID/cgroup.procs" ;;
		*) grep -q . "$mount/$GROUPS_OF/$ID/cgroup.procs" ;;
		esac
		rt delete --force "$ID"
		[ ! -e "$mount/$GROUPS_OF/$ID" ]
	done
	configure '.linux.cgroupsPath = "/.."'
	run_container /bin/true
	assert_exit 1
	assert_stderr_match 'no group of its own'
}

@test "oci limits: without a path the group has the container's name" {
	configure 'del(.linux.cgroupsPath)'
	container /bin/sleep 30
	local mount
	mount=$(cgroup_mount pids) || skip "no cgroup controller pids here"
	grep -q . "$mount/$ID/cgroup.procs"
	rt delete --force "$ID"
	[ ! -e "$mount/$ID" ]
}

@test "oci limits: a group of others is not taken" {
	container /bin/sleep 30
	run_rt run --bundle "$BUNDLE" "$ID-2"
	assert_exit 1
	assert_stderr_match "container's cgroup is not empty"
	run_rt state "$ID"
	assert_exit 0
	assert_match '"status": "running"'
}

@test "oci limits: the container is in a group of every hierarchy" {
	local line pid missing=
	container /bin/sleep 30
	pid=$(rt state "$ID" | jq .pid)
	while read -r line; do
		[[ $line == *":/nook-$ID" ]] || missing+="$line "
	done <"/proc/$pid/cgroup"
	echo "not in: $missing"
	[ -z "$missing" ]
}

@test "oci limits: what cannot be had is told" {
	local only_v1=1
	need_cgroup pids
	[ -z "$(cgroup_mount freezer || true)" ] && only_v1=
	if [ -n "$only_v1" ]; then
		limits '{unified: {"pids.max": "10"}}'
		run_container /bin/true
		assert_exit 1
		assert_stderr_match 'cannot use unified on cgroup v1'
	else
		limits '{unified: {"pids.max": "8"}}'
		run_container /bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 2 & done; wait'
		assert_stderr_match "can't fork"
		limits '{unified: {"../pids.max": "8"}}'
		run_container /bin/true
		assert_exit 1
		assert_stderr_match 'not the name of a file|no slashes'
	fi
	configure '.linux.resources = {pids: {limit: 10}}'
	run_rt --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
	assert_exit 1
	assert_stderr_match 'cannot set pids limit'
	configure '.linux.resources = {}'
	run_rt --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
	assert_exit 0
}
