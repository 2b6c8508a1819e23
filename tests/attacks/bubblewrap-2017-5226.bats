#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A container without a terminal of its own typed into that of its caller (TIOCSTI), whose shell
# executed it (LXC 2016-10124).
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through
load ../lib/attack
setup() { attack_setup; }
teardown() { attack_teardown; }

@test "bubblewrap-2017-5226: nobody types into the terminal of the caller" {
	[ "$(uname -m)" = x86_64 ] || skip "system call numbers of x86_64"
	cp "$PROBES/call" "$ROOTFS/bin/call"
	command_is sh -c 'call native 16 0 0x5412 >/answer; { echo typed >/dev/tty; } 2>/dev/null || echo no terminal >/tty'
	configure 'del(.linux.seccomp)'
	script -qec "'$RUNTIME' --root '$RT_ROOT' run --bundle '$BUNDLE' '$ID'" /dev/null </dev/null >/dev/null
	grep -qE '^(ENOTTY|EPERM|EIO)$' "$ROOTFS/answer"
	grep -qx 'no terminal' "$ROOTFS/tty"
}
@test "bubblewrap-2017-5226: nor by exec" {
	cp "$PROBES/call" "$ROOTFS/bin/call"
	container sleep 60
	script -qec "'$RUNTIME' --root '$RT_ROOT' exec '$ID' sh -c '{ echo typed >/dev/tty; } 2>/dev/null || echo no terminal >/tty'" /dev/null </dev/null >/dev/null
	grep -qx 'no terminal' "$ROOTFS/tty"
}
