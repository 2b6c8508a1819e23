#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016
# Podman over nook-runtime, as an ordinary user with subordinate ids.
# vm: no, the virtual machine has tests/clients/systemd.bats
# asan: no, containers have less memory than the sanitizers want; tests/bats/oci_*.bats have them

load ../lib/nook
load lib/host
load lib/image
load lib/podman
load lib/podman_cases

setup_file() {
	export PODMAN_USER=rootless
	host_begin pod
	podman_begin pod
}
teardown_file() { host_end pod; }
setup() { nook_setup; }
teardown() {
	podman_clean
	nook_teardown
}

@test "podman rootless: run: output, input, environment, exit code" { case_run; }
@test "podman rootless: 127 and 126 for what is no program, and nothing left" { case_codes; }
@test "podman rootless: run -d, logs, wait, start again" { case_detached; }
@test "podman rootless: create, init, start, restart" { case_create_start; }
@test "podman rootless: exec: user, directory, environment, exit codes, -d, -i" { case_exec; }
@test "podman rootless: terminals of run and exec" { case_terminal; }
@test "podman rootless: kill with signals" { case_signals; }
@test "podman rootless: stop by a signal of one's own, and by force" { case_stop; }
@test "podman rootless: volumes, read-only ones, tmpfs, named" { case_volumes; }
@test "podman rootless: --read-only" { case_readonly; }
@test "podman rootless: seccomp, capabilities, no-new-privileges, sysctl, groups, umask" { case_security; }
@test "podman rootless: namespaces of another container and of the host" { case_namespaces; }
@test "podman rootless: healthcheck" { case_health; }
@test "podman rootless: six at once" { case_many; }
@test "podman rootless: build with RUN" { case_build; }
@test "podman rootless: who is who on the host" {
	local pid
	sleeper -u alice
	pid=$(podman inspect --format '{{.State.Pid}}' one)
	run in_host pod stat -c %u "/proc/$pid"
	assert_output 200999
	run_podman exec one cat /proc/self/uid_map
	assert_equal "$(tr -s " " <<<"${lines[0]}")" " 0 $SUBID_UID 1"
	assert_equal "$(tr -s " " <<<"${lines[1]}")" ' 1 200000 65536'
}
@test "podman rootless: --userns keep-id, nomap, auto" {
	run_podman run --rm --network none --userns keep-id "$I" id -u
	assert_output "$SUBID_UID"
	run_podman run --rm --network none --userns auto:size=2000 "$I" cat /proc/self/uid_map
	assert_match '^ +0 +[0-9]+ +2000$'
}
@test "podman rootless: -p by slirp4netns" {
	podman run -d --name web -p 127.0.0.1:8080:80 "$I" httpd -f -p 80 -h /etc >/dev/null
	answers() { in_host pod busybox wget -q -O - http://127.0.0.1:8080/passwd | grep -q '^root:'; }
	eventually answers
}
@test "podman rootless: nothing is left in the runtime's state" {
	sleeper
	podman rm -f -t 0 one >/dev/null
	nothing() {
		[ -z "$(in_host pod sh -c "find /run/user/$SUBID_UID/nook-runtime -mindepth 1 ! -path '*/@filters*'")" ]
	}
	eventually nothing
}
