#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman over nook-runtime, as root.
# vm: no, the virtual machine has tests/clients/systemd.bats
# asan: no, containers have less memory than the sanitizers want; tests/bats/oci_*.bats have them
# seconds: 23

load ../lib/nook
load lib/host
load lib/image
load lib/podman
load lib/podman_cases

setup_file() {
	export PODMAN_USER=root
	host_begin pod
	podman_begin pod
}
teardown_file() { host_end pod; }
setup() { nook_setup; }
teardown() {
	podman_clean
	nook_teardown
}

@test "podman: run: output, input, environment, exit code" { case_run; }
@test "podman: 127 and 126 for what is no program, and nothing left" { case_codes; }
@test "podman: run -d, logs, wait, start again" { case_detached; }
@test "podman: create, init, start, restart" { case_create_start; }
@test "podman: exec: user, directory, environment, exit codes, -d, -i" { case_exec; }
@test "podman: terminals of run and exec" { case_terminal; }
@test "podman: kill with signals" { case_signals; }
@test "podman: stop by a signal of one's own, and by force" { case_stop; }
@test "podman: pause and unpause" { case_pause; }
@test "podman: volumes, read-only ones, tmpfs, named, propagation" { case_volumes; }
@test "podman: --read-only" { case_readonly; }
@test "podman: seccomp, capabilities, no-new-privileges, sysctl, groups, umask" { case_security; }
@test "podman: namespaces of another container and of the host" { case_namespaces; }
@test "podman: healthcheck" { case_health; }
@test "podman: pods" { case_pod; }
@test "podman: six at once" { case_many; }
@test "podman: build with RUN" { case_build; }

@test "podman: --memory, --pids-limit, --cpus, --cpu-shares reach the group; update changes them" {
	local id dir=/sys/fs/cgroup
	sleeper --memory 64m --pids-limit 33 --cpus 0.5 --cpu-shares 512
	id=$(podman inspect --format '{{.Id}}' one)
	run in_host pod sh -c "cd $dir; cat memory/libpod_parent/libpod-$id/memory.limit_in_bytes \
		pids/libpod_parent/libpod-$id/pids.max cpu/libpod_parent/libpod-$id/cpu.cfs_quota_us \
		cpu/libpod_parent/libpod-$id/cpu.shares"
	assert_output $'67108864\n33\n50000\n512'
	podman update --memory 32m --cpus 0.25 one >/dev/null
	run in_host pod sh -c "cd $dir; cat memory/libpod_parent/libpod-$id/memory.limit_in_bytes \
		cpu/libpod_parent/libpod-$id/cpu.cfs_quota_us"
	assert_output $'33554432\n25000'
}
@test "podman: too many processes and too much memory" {
	run_podman run --rm --network none --pids-limit 8 "$I" sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1 & done 2>/dev/null; wait'
	assert_differs "$status" 0
	# Who is ended is the kernel's choice: the one that took it, or the shell around it.
	run_podman run --rm --network none --memory 16m "$I" sh -c 'head -c 60000000 /dev/zero | tail | wc -c; exit 7'
	[[ $status = 7 || $status = 137 ]]
	refute_line 60000000
}
@test "podman: stats" {
	sleeper --memory 64m
	run_podman stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' one
	assert_match '^one 1 .*kB / 67\.11MB$'
}
@test "podman: -p over a bridge" {
	podman run -d --name web -p 127.0.0.1:8080:80 "$I" httpd -f -p 80 -h /etc >/dev/null
	answers() { in_host pod busybox wget -q -O - http://127.0.0.1:8080/passwd | grep -q '^root:'; }
	eventually answers
	run_podman port web
	assert_output '80/tcp -> 127.0.0.1:8080'
}
@test "podman: --userns auto, keep files' owners, exec inside" {
	podman run -d --name one --network none --userns auto:size=2000 "$I" sleep 1000 >/dev/null
	run_podman exec one cat /proc/self/uid_map
	assert_match '^ +0 +4[0-9]{5} +2000$'
	run_podman exec one sh -c 'stat -c %u /etc/passwd /home/alice; id -u'
	assert_output $'0\n1000\n0'
	run_podman exec -u alice one id -u
	assert_output 1000
}
@test "podman: checkpoint and restore where criu can, or it is told" {
	sleeper
	run_podman container checkpoint one
	if [ "$status" = 0 ]; then
		podman container restore one >/dev/null
		state_is one running
	else
		assert_stderr_match 'criu|CRIU|checkpoint'
		state_is one running
	fi
}
@test "podman: nothing is left in the runtime's state" {
	sleeper
	podman rm -f -t 0 one >/dev/null
	nothing() {
		[ -z "$(in_host pod sh -c 'find /run/nook-runtime -mindepth 1 ! -path "*/@filters*"
			find /sys/fs/cgroup -name "libpod-*"')" ]
	}
	eventually nothing
}
