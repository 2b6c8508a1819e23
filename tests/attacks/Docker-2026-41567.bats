#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A program of the container ran on the host, with the host's rights: hooks and helpers looked up by
# a path that the image had, too.
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through
load ../lib/attack
setup() { attack_setup; a_secret; }
teardown() { attack_teardown; }

@test "Docker-2026-41567: a hook is the host's program, not the image's of that name" {
	local hook=$BATS_TEST_TMPDIR/hook
	printf '#!/bin/sh\ncat >/dev/null\necho host >>%s\n' "$BATS_TEST_TMPDIR/ran" >"$hook"
	chmod +x "$hook"
	mkdir -p "$ROOTFS$BATS_TEST_TMPDIR"
	printf '#!/bin/sh\necho image >>%s\n' "$BATS_TEST_TMPDIR/ran" >"$ROOTFS$hook"
	chmod +x "$ROOTFS$hook"
	configure '.hooks = {createRuntime: [{path: $h}], createContainer: [{path: $h}], poststart: [{path: $h}], poststop: [{path: $h}]}' --arg h "$hook"
	run_container true
	assert_exit 0
	[ "$(sort -u "$BATS_TEST_TMPDIR/ran")" = host ] || explain_failure "$(cat "$BATS_TEST_TMPDIR/ran")"
	[ ! -e "$ROOTFS$BATS_TEST_TMPDIR/ran" ]
}
@test "Docker-2026-41567: startContainer is the container's program, with its rights only" {
	printf '#!/bin/sh\ncat >/dev/null\ngrep -E "^(CapEff|Uid|NoNewPrivs|Seccomp):" /proc/self/status >/tmp/rights; ls /proc/self/fd | tr "\\n" " " >/tmp/fds; touch %s/made || true\n' "$OUTSIDE" >"$ROOTFS/hook"
	chmod +x "$ROOTFS/hook"
	chmod 1777 "$ROOTFS/tmp"
	configure '.process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = true
		| .process.capabilities = {bounding: [], effective: [], permitted: []}
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mount"], action: "SCMP_ACT_ERRNO"}]}
		| .hooks = {startContainer: [{path: "/hook", env: ["PATH=/bin"]}]}'
	run_container true
	assert_exit 0
	[ ! -e "$OUTSIDE/made" ] || explain_failure "it wrote on the host"
	diff <(tr -s '\t ' ' ' <"$ROOTFS/tmp/rights") - <<-'RIGHTS'
		Uid: 1000 1000 1000 1000
		CapEff: 0000000000000000
		NoNewPrivs: 1
		Seccomp: 2
	RIGHTS
	[ "$(cat "$ROOTFS/tmp/fds")" = '0 1 2 3 ' ]
}
