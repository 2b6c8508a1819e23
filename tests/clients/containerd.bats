#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd and its shim over nook-runtime: ctr with --runc-binary.
# vm: no, the virtual machine has tests/clients/systemd.bats
# asan: no, containers have less memory than the sanitizers want; tests/bats/oci_*.bats have them

load ../lib/nook
load lib/host
load lib/image
load lib/containerd

setup_file() {
	host_begin ctd
	containerd_begin ctd
}
teardown_file() { host_end ctd; }
setup() {
	C=c$BATS_TEST_NUMBER
	nook_setup
}
teardown() {
	containers_end
	nook_teardown
}

# run_one [OPTION...] -- CMD...: in the foreground.
run_one() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	run_ctr run --rm "${RUNC[@]}" "${options[@]}" "$IMAGE_NAME" "$C" "$@"
}
# start_one [OPTION...]: one that sleeps.
start_one() {
	ctr run -d "${RUNC[@]}" "$@" "$IMAGE_NAME" "$C" sleep 1000
}
exec_one() { run_ctr task exec --exec-id "e$RANDOM$RANDOM" "$C" "$@"; }
task_is() { ctr task ls | awk -v id="$C" -v want="$1" '$1 == id && $3 == want {found = 1} END {exit !found}'; }
no_task() { ! ctr task ls -q | grep -qx "$C"; }

@test "containerd: run: output, environment of the image, exit code" {
	run_one --env MINE=too -- sh -c 'echo $FROM_IMAGE $MINE; echo wrong >&2; exit 3'
	assert_exit 3
	assert_output "yes too"
	assert_stderr_match '^wrong$'
}
@test "containerd: run: standard input reaches the container" {
	status=0
	output=$(echo 'through a fifo' | ctr run --rm "${RUNC[@]}" "$IMAGE_NAME" "$C" head -n 1) || status=$?
	assert_exit 0
	assert_output 'through a fifo'
}
@test "containerd: run -t has a terminal" {
	on_terminal run --rm -t "${RUNC[@]}" "$IMAGE_NAME" "$C" \
		sh -c 'tty; test -t 0 -a -t 1 -a -t 2 && echo three'
	assert_match '/dev/pts/0$'
	assert_line three
}
@test "containerd: what is no program is told, and leaves nothing" {
	run_one -- /no/such/program
	assert_exit 1
	assert_stderr_match 'no such file or directory|not found in \$PATH'
	run_one -- not-there
	assert_stderr_match 'executable file not found in \$PATH'
	run_one -- /bin/not-executable
	assert_stderr_match 'permission denied'
	assert_equal "$(ctr task ls -q)" ""
}
@test "containerd: exec: output, exit code, user, directory, environment of its own" {
	start_one
	exec_one sh -c 'echo out; exit 4'
	assert_exit 4
	assert_output out
	run_ctr task exec --exec-id other --user 1000 --cwd /tmp "$C" sh -c 'id -u; pwd'
	assert_exit 0
	assert_output $'1000\n/tmp'
	exec_one ps
	assert_match '^ *1 .* sleep 1000$'
}
@test "containerd: exec with a terminal" {
	start_one
	on_terminal task exec -t --exec-id tty "$C" sh -c 'tty; test -t 0 -a -t 1 -a -t 2 && echo three'
	assert_match '/dev/pts/0$'
	assert_line three
}
@test "containerd: exec of what is no program: the container goes on" {
	start_one
	exec_one not-there
	assert_differs "$status" 0
	assert_stderr_match 'executable file not found in \$PATH'
	exec_one true
	assert_exit 0
}
@test "containerd: ten commands in one container at once" {
	local i pids=()
	start_one
	for i in {1..10}; do
		ctr task exec --exec-id "many$i" "$C" sh -c "echo $i >/tmp/$i; exit $i" 3>&- &
		pids+=($!)
	done
	for i in {1..10}; do
		status=0
		wait "${pids[i - 1]}" || status=$?
		assert_exit "$i"
	done
	exec_one sh -c 'cat /tmp/[0-9]* | sort -n | tail -n 1'
	assert_output 10
}
@test "containerd: kill by name, by number, of all; the task stops with 128+N and is deleted" {
	start_one
	ctr task kill -s TERM "$C"
	# sleep as process 1 has no handler: nothing happens.
	task_is RUNNING
	ctr task kill -s 9 "$C"
	eventually task_is STOPPED
	run_ctr task delete "$C"
	assert_stderr_match 'non-zero exit code 137'
	eventually no_task
	ctr container delete "$C"
	assert_equal "$(ctr container ls -q)" ""
}
@test "containerd: kill --all reaches what the first process started" {
	start_one
	ctr task exec -d --exec-id bg "$C" sleep 2000
	ctr task kill --all -s KILL "$C"
	eventually task_is STOPPED
	run_ctr task delete "$C"
	assert_stderr_match 'non-zero exit code 137'
}
@test "containerd: kill --exec-id ends one command and no other" {
	start_one
	ctr task exec -d --exec-id bg "$C" sleep 2000
	exec_one sh -c 'ps | grep -c "slee[p] 2000"'
	assert_output 1
	ctr task kill -s KILL --exec-id bg "$C"
	gone() { ctr task exec --exec-id "g$RANDOM" "$C" sh -c '! ps | grep -q "slee[p] 2000"'; }
	eventually gone
	task_is RUNNING
}
@test "containerd: pause and resume" {
	start_one
	ctr task pause "$C"
	task_is PAUSED
	ctr task resume "$C"
	task_is RUNNING
	exec_one echo again
	assert_output again
}
@test "containerd: delete --force of a task that is paused" {
	start_one
	ctr task pause "$C"
	run_ctr task delete --force "$C"
	eventually no_task
}
@test "containerd: metrics: memory, processes, processor time" {
	start_one --memory-limit 33554432
	exec_one sh -c 'head -c 3000000 /dev/zero >/tmp/three; true'
	run_ctr task metrics "$C"
	assert_exit 0
	assert_match "^$C "
	run_ctr task metrics --format json "$C"
	assert_equal "$(jq '(.memory.usage.limit // .memory.usage_limit | tonumber) == 33554432' <<<"$output")" true
	assert_equal "$(jq '(.pids.current | tonumber) >= 1' <<<"$output")" true
	assert_equal "$(jq '(.cpu.usage.total // .cpu.usage_usec | tonumber) > 0' <<<"$output")" true
}
@test "containerd: processes of a task" {
	start_one
	run_ctr task ps "$C"
	assert_exit 0
	assert_equal "$(ctr task ls | awk -v id="$C" '$1 == id {print $2}')" "$(awk 'NR == 2 {print $1}' <<<"$output")"
}
@test "containerd: limits of memory and processor are those of its group" {
	start_one --memory-limit 67108864 --cpus 0.5
	run in_host ctd cat /sys/fs/cgroup/memory/default/"$C"/memory.limit_in_bytes
	assert_output 67108864
	run in_host ctd cat /sys/fs/cgroup/cpu/default/"$C"/cpu.cfs_{quota,period}_us
	assert_output $'50000\n100000'
}
@test "containerd: a process that takes more memory than it may is ended, and that is told" {
	ctr events >"$BATS_TEST_TMPDIR/events" 3>&- &
	run_one --memory-limit 16777216 -- sh -c 'head -c 60000000 /dev/zero | tail'
	assert_differs "$status" 0
	seen() { grep -q '/tasks/oom' "$BATS_TEST_TMPDIR/events"; }
	eventually seen
	in_host ctd sh -c 'kill $(pgrep -f "^ctr events$")'
}
@test "containerd: seccomp, no new privileges and capabilities as ctr's defaults have them" {
	run_one --seccomp -- sh -c 'grep -E "^(Seccomp|NoNewPrivs|CapEff|CapInh):" /proc/self/status | tr -d "\t"; unshare -U true 2>&1'
	assert_line Seccomp:2
	assert_line NoNewPrivs:1
	assert_line CapEff:00000000a80425fb
	assert_line CapInh:0000000000000000
	assert_match 'unshare: .*Operation not permitted'
}
@test "containerd: masked and read-only paths" {
	run_one -- sh -c 'wc -c </proc/timer_list 2>/dev/null || echo 0; wc -c </proc/keys; ls /sys/firmware | wc -l
		for f in /proc/sys/kernel/hostname /proc/sysrq-trigger /sys/kernel/mm/ksm/run; do
			(echo 0 >$f) 2>/dev/null || echo refused
		done'
	assert_output $'0\n0\n0\nrefused\nrefused\nrefused'
}
@test "containerd: read-only root, binds read-only and writable, devices" {
	mkdir "$BATS_TEST_TMPDIR/vol"
	run_one --read-only --mount "type=bind,src=$BATS_TEST_TMPDIR/vol,dst=/ro,options=rbind:ro" \
		--mount "type=bind,src=$BATS_TEST_TMPDIR/vol,dst=/rw,options=rbind:rw" \
		--device /dev/full -- \
		sh -c 'touch /x 2>/dev/null || echo no; touch /ro/x 2>/dev/null || echo no; touch /rw/x && echo yes; echo >/dev/full; test -c /dev/full && echo device'
	assert_output $'no\nno\nyes\ndevice'
	[ -e "$BATS_TEST_TMPDIR/vol/x" ]
}
@test "containerd: privileged" {
	run_one --privileged -- sh -c 'mount -t tmpfs none /tmp && grep ^CapEff: /proc/self/status'
	assert_exit 0
	refute_match 'a80425fb'
}
@test "containerd: a second container in the network, IPC and host name of the first" {
	local pid
	start_one
	pid=$(ctr task ls | awk -v id="$C" '$1 == id {print $2}')
	run_ctr run --rm "${RUNC[@]}" --with-ns "network:/proc/$pid/ns/net" --with-ns "ipc:/proc/$pid/ns/ipc" \
		--with-ns "uts:/proc/$pid/ns/uts" --with-ns "pid:/proc/$pid/ns/pid" "$IMAGE_NAME" two \
		sh -c 'ps | grep -c "sleep 100[0]"; for k in net ipc uts pid; do readlink /proc/self/ns/$k; done'
	assert_exit 0
	assert_equal "$output" $'1\n'"$(in_host ctd sh -c 'for k in net ipc uts pid; do readlink /proc/$0/ns/$k; done' "$pid")"
}
@test "containerd: killing the shim leaves a container that the runtime ends" {
	local pid shim
	start_one
	pid=$(ctr task ls | awk -v id="$C" '$1 == id {print $2}')
	shim=$(in_host ctd pgrep -f '^/usr/bin/containerd-shim-runc-v2 .*-id '"$C")
	in_host ctd kill -9 "$shim"
	ended() { ! in_host ctd kill -0 "$pid" 2>/dev/null; }
	eventually ended
	eventually no_task
}
@test "containerd: a restart of the daemon finds its tasks again" {
	start_one
	containerd_restart
	task_is RUNNING
	exec_one echo 'still there'
	assert_output 'still there'
}
@test "containerd: checkpoint and restore need criu that can: otherwise it is told" {
	start_one
	run_ctr task checkpoint "$C"
	[ "$status" = 0 ] || assert_stderr_match 'criu|checkpoint'
	[ "$status" = 0 ] || task_is RUNNING
}
