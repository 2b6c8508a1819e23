#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits as the process inside feels them, on whatever version of cgroups is here. None of these
# tests reads the limit back.

load ../lib/nook
setup() {
	nook_setup
	R=$BATS_TEST_TMPDIR/rootfs
	busybox_rootfs --dirs "$R"
}
teardown() {
	[ -z "${LOOP:-}" ] || losetup -d "$LOOP"
	nook_teardown
}

# A whole disk of 8 MiB that is nobody's.
loop_device() {
	truncate -s 8M "$BATS_TEST_TMPDIR/disk"
	LOOP=$(losetup --find --show "$BATS_TEST_TMPDIR/disk" 2>/dev/null) ||
		skip "no loop device can be made here"
}

# Some work for the CPU; sets CPU_SHARE to its CPU time over wall time, in percent.
measure_cpu() {
	local work=400000
	# Emulated the same work takes many times as long.
	[ -z "${NOOK_VM:-}" ] || work=40000
	run_nook run --rootfs "$R" "$@" /bin/time -f 'spent %e %U %S' \
		/bin/sh -c "i=0; while [ \$i -lt $work ]; do i=\$((i+1)); done"
	assert_exit 0
	# shellcheck disable=SC2154
	CPU_SHARE=$(awk '/^spent/ {printf "%d", ($3 + $4) * 100 / $2}' <<<"$stderr")
	[ -n "$CPU_SHARE" ]
}

@test "limits: too much memory ends in a kill that is told as such" {
	need_root
	need_cgroup memory
	run_nook run --rootfs "$R" --memory 16m --memory-swap 16m \
		/bin/dd if=/dev/zero of=/dev/null bs=64M count=1
	assert_exit 137
	assert_stderr_match 'out of memory.*--memory'
}

@test "limits: within the memory limit nothing is said" {
	need_root
	need_cgroup memory
	run_nook run --rootfs "$R" --memory 64m --memory-swap 64m \
		/bin/dd if=/dev/zero of=/dev/null bs=8M count=1
	assert_exit 0
	refute_stderr_match 'out of memory'
}

@test "limits: a kill by hand is not taken for one of memory" {
	need_root
	need_cgroup memory
	run_nook run --rootfs "$R" --memory 64m /bin/sh -c 'kill -9 $$; sleep 1 & kill -9 $!; exit 137'
	assert_exit 137
	refute_stderr_match 'out of memory'
}

@test "limits: files in a tmpfs count as memory" {
	need_root
	need_cgroup memory
	run_nook run --rootfs "$R" --memory 16m --memory-swap 16m --tmpfs /tmp \
		/bin/dd if=/dev/zero of=/tmp/file bs=1M count=48
	assert_exit 137
	assert_stderr_match 'out of memory'
}

@test "limits: a quarter of a CPU is a quarter" {
	need_root
	need_cgroup cpu
	measure_cpu --cpus 0.25
	echo "with --cpus 0.25: $CPU_SHARE %"
	[ "$CPU_SHARE" -le 32 ]
	local limited=$CPU_SHARE
	# How much that is depends on who else computes here: more than a quarter all the same.
	measure_cpu
	echo "without: $CPU_SHARE %"
	[ "$CPU_SHARE" -gt 32 ] && [ "$CPU_SHARE" -gt "$limited" ]
}

@test "limits: shares divide a CPU that two want" {
	need_root
	need_cgroup cpu
	need_cgroup cpuset
	# Both count on the same CPU until the time is over; 8192 against 1024.
	local count='i=0; while :; do i=$((i+1)); [ $((i % 256)) = 0 ] && [ -e /stop/now ] && break; done; echo $i'
	mkdir "$BATS_TEST_TMPDIR/stop"
	"$NOOK" run --rootfs "$R" --cpuset-cpus 0 --cpu-shares 8192 -v "$BATS_TEST_TMPDIR/stop:/stop:ro" \
		/bin/sh -c "$count" >"$BATS_TEST_TMPDIR/many" 3>&- &
	local pids=($!)
	"$NOOK" run --rootfs "$R" --cpuset-cpus 0 --cpu-shares 1024 -v "$BATS_TEST_TMPDIR/stop:/stop:ro" \
		/bin/sh -c "$count" >"$BATS_TEST_TMPDIR/few" 3>&- &
	pids+=($!)
	sleep 2
	touch "$BATS_TEST_TMPDIR/stop/now"
	wait "${pids[@]}"
	local many few
	many=$(cat "$BATS_TEST_TMPDIR/many") few=$(cat "$BATS_TEST_TMPDIR/few")
	echo "$many against $few"
	[ "$many" -gt $((few * 3)) ]
}

@test "limits: on one CPU only" {
	need_root
	need_cgroup cpuset
	run_nook run --rootfs "$R" --cpuset-cpus 0 --cpuset-mems 0 /bin/sh -c \
		'nproc; grep Cpus_allowed_list /proc/self/status; taskset -p 2 $$ 2>&1'
	assert_line 1
	assert_match 'Cpus_allowed_list:.0$'
}

@test "limits: a fork bomb stops at the pids limit" {
	need_root
	need_cgroup pids
	run_nook run --rootfs "$R" --pids-limit 12 /bin/sh -c \
		'n=0; while [ $n -lt 40 ]; do sleep 5 & n=$((n+1)); done; echo all were made'
	[ "$status" -ne 0 ] || refute_line "all were made"
	assert_stderr_match "can't fork|Cannot fork|Resource temporarily unavailable"
	# The bomb did not touch what is outside.
	/bin/true
}

@test "limits: forty processes are fine when sixty may be" {
	need_root
	need_cgroup pids
	run_nook run --rootfs "$R" --pids-limit 60 /bin/sh -c \
		'n=0; while [ $n -lt 40 ]; do sleep 1 & n=$((n+1)); done; echo all were made'
	assert_exit 0
	assert_output "all were made"
}

@test "limits: bytes per second, read and written" {
	need_root
	cgroup_mount blkio >/dev/null || need_cgroup io
	loop_device
	local begin
	for way in "--device-read-bps if=$LOOP of=/dev/null iflag=direct" \
		"--device-write-bps if=/dev/zero of=$LOOP oflag=direct"; do
		# shellcheck disable=SC2086
		set -- $way
		begin=${EPOCHREALTIME/./}
		run_nook run --rootfs "$R" --device "$LOOP" "$1" "$LOOP:1mb" \
			/bin/dd "$2" "$3" bs=64k count=32 "$4"
		assert_exit 0
		took=$(((${EPOCHREALTIME/./} - begin) / 1000))
		echo "$1: 2 MiB in $took ms"
		[ "$took" -ge 1500 ]
		begin=${EPOCHREALTIME/./}
		run_nook run --rootfs "$R" --device "$LOOP" /bin/dd "$2" "$3" bs=64k count=32 "$4"
		assert_exit 0
		took=$(((${EPOCHREALTIME/./} - begin) / 1000))
		echo "without: $took ms"
		[ "$took" -lt 1500 ]
	done
}

@test "limits: bytes per second of what is no disk" {
	need_root
	run_nook run --rootfs "$R" --device-read-bps /dev/zero:1mb /bin/true
	assert_refused 125 '--device-read-bps /dev/zero' 'lsblk'
	run_nook run --rootfs "$R" --device-write-bps /dev/not-there:1mb /bin/true
	assert_refused 125 'device-write-bps /dev/not-there'
}

@test "limits: a device with less than rwm" {
	need_root
	loop_device
	run_nook run --rootfs "$R" --device "$LOOP:/dev/disk:r" /bin/sh -c \
		'dd if=/dev/disk of=/dev/null bs=4k count=1 2>/dev/null && echo readable
		 dd if=/dev/zero of=/dev/disk bs=4k count=1 2>/dev/null || echo not writable
		 echo x >/dev/null && echo null is'
	assert_line readable
	assert_line "not writable"
	assert_line "null is"
	run_nook run --rootfs "$R" --device "$LOOP:/dev/disk" /bin/sh -c \
		'dd if=/dev/zero of=/dev/disk bs=4k count=1 2>/dev/null && echo writable'
	assert_line writable
}

@test "limits: a controller that is not there is named" {
	need_root
	local mount
	mount=$(cgroup_mount pids) || skip "no cgroup controller pids here"
	run -125 in_private_mounts sh -c 'umount "$1" && shift && exec "$@"' sh "$mount" \
		"$NOOK" run --rootfs "$R" --pids-limit 5 /bin/true
	assert_match '--pids-limit needs the cgroup controller pids'
}

@test "limits: a cgroup file system that cannot be written" {
	need_root
	local mount
	mount=$(cgroup_mount memory) || skip "no cgroup controller memory here"
	run -125 in_private_mounts sh -c 'mount -o remount,bind,ro "$1" && shift && exec "$@"' sh \
		"$mount" "$NOOK" run --rootfs "$R" --memory 64m /bin/true
	assert_match "make a cgroup in $mount"
	assert_match 'read-only'
}

@test "limits: --cgroup-parent is made, used and kept" {
	need_root
	need_cgroup memory
	local parent=/nook-test-$$ mount
	mount=$(cgroup_mount memory)
	run_nook run --rootfs "$R" --cgroup-parent "$parent/deep" --memory 16m --memory-swap 16m \
		/bin/dd if=/dev/zero of=/dev/null bs=64M count=1
	assert_exit 137
	[ -d "$mount$parent/deep" ]
	[ -z "$(find "$mount$parent/deep" -mindepth 1 -type d)" ]
	# Groups of others end while find walks by: that is no fault of ours.
	find /sys/fs/cgroup -depth -type d -path "*$parent*" -print0 2>/dev/null | xargs -0 rmdir
}

@test "limits: --cgroup-parent without limits of its own has the parent's, on version 1 too" {
	need_root
	local parent=/nook-test-$BASHPID mount controller
	mount=$(cgroup_mount pids)
	[ ! -e "$mount/cgroup.controllers" ] || skip "version 2 has one hierarchy for all (the host's run has version 1)"
	mkdir "$mount$parent"
	echo 3 >"$mount$parent/pids.max"
	run_nook run --rootfs "$R" --cgroupns host --cgroup-parent "$parent/deep" /bin/sh -c \
		'cat /proc/self/cgroup; for i in 1 2 3 4; do sleep 1 & done; echo forked'
	refute_match '^forked$'
	assert_stderr_match 'fork'
	# In every hierarchy with a controller, the empty cpuset among them.
	for controller in cpu cpuset memory pids freezer devices blkio; do
		cgroup_mount "$controller" >/dev/null || continue
		grep -E ":([a-z_]+,)*$controller(,[a-z_]+)*:$parent/deep/nook-" <<<"$output"
	done
	[ -z "$(find /sys/fs/cgroup -type d -path "*$parent/deep/*")" ]
	# Groups of others end while find walks by: that is no fault of ours.
	find /sys/fs/cgroup -depth -type d -path "*$parent*" -print0 2>/dev/null | xargs -0 rmdir
}

@test "limits: values that make no sense" {
	need_root
	need_cgroup memory
	local bad
	for bad in "--memory 1m" "--memory 32m --memory-swap 16m" "--memory-swap 32m" \
		"--memory 32m --memory-reservation 64m" "--cpus 4000" "--cpuset-cpus 4000" \
		"--cpuset-cpus 1-" "--cpu-shares 1" "--blkio-weight 5" \
		"--cgroup-parent /a/../b --memory 32m"; do
		# shellcheck disable=SC2086
		run_nook run --rootfs "$R" $bad /bin/true
		echo "$bad: $stderr"
		assert_exit 125
		assert_stderr_match "$(cut -d' ' -f1 <<<"$bad")"
	done
}

@test "limits: an ordinary user without a group of its own gets a hint" {
	need_root
	chmod -R a+rX "$R"
	run as_user "$NOOK" run --rootfs "$R" --memory 64m /bin/true
	assert_exit 125
	assert_match 'systemd-run --user --scope'
}

@test "limits: an ordinary user with a delegated group" {
	need_root
	need_systemd
	chown -R u1: "$R"
	run as_session_user "$NOOK" run --rootfs "$R" --memory 16m --memory-swap 16m \
		/bin/dd if=/dev/zero of=/dev/null bs=64M count=1
	assert_exit 137
	assert_match 'out of memory'
	run as_session_user "$NOOK" run --rootfs "$R" --pids-limit 12 /bin/sh -c \
		'n=0; while [ $n -lt 40 ]; do sleep 5 & n=$((n+1)); done; echo all were made'
	refute_line "all were made"
}
