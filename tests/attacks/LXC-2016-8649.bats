#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whoever joined a container (exec, attach) brought descriptors of the host's /proc along, or
# believed the /proc that the container had made (LXC 2015-1334).
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through
# seconds: 16

load ../lib/attack
setup() { attack_setup; a_secret; }
teardown() { attack_teardown; }

@test "LXC-2016-8649: exec brings nothing along" {
	container sleep 60
	run_in_container sh -c 'for fd in /proc/self/fd/*; do echo "${fd##*/} $(readlink $fd)"; done'
	refute_match '^[0-9]+ .*(proc/[0-9]+|cgroup|start|waiting|lock|state)'
	run_in_container sh -c 'ls /proc/self/fd | tr "\n" " "'
	assert_output '0 1 2 3 '
}
# While strace lets it stand before execve: what has it open? What a neighbour with the rights could
# reach through /proc/PID/fd.
@test "LXC-2016-8649: nothing of the host is open when the command is about to be executed" {
	local pid fd id dirs
	command -v strace >/dev/null || skip "no strace here (the host's run has it)"
	container sleep 60
	ASAN_OPTIONS=$UNTRACED strace -f -qq -o trace -e trace=execve -e inject=execve:delay_enter=1500000:when=2+ \
		"$RUNTIME" --root "$RT_ROOT" exec "$ID" sleep 7.31 </dev/null >/dev/null 2>&1 &
	local tracer=$!
	joined() { # the one whose root is the container's, and that is the runtime still
		local p
		for p in $(pgrep -f -- "exec $ID sleep 7.31"); do
			[ "$(stat -Lc %d:%i "/proc/$p/root" 2>/dev/null)" = "$(stat -c %d:%i "$ROOTFS")" ] && pid=$p
		done
		[ -n "$pid" ]
	}
	eventually joined
	# What lies on a mount of the container's own is not the host's.
	for fd in /proc/"$pid"/fd/*; do
		id=$(sed -n 's/^mnt_id:\t*//p' "/proc/$pid/fdinfo/${fd##*/}" 2>/dev/null)
		[ ! -d "$fd" ] || grep -q "^$id " "/proc/$pid/mountinfo" || dirs+="$(readlink "$fd") "
	done
	kill "$tracer" 2>/dev/null || true
	wait "$tracer" || true
	[ -z "$dirs" ] || explain_failure "open while it joins: $dirs"
}
@test "LXC-2015-1334: exec does not believe a /proc that the container made" {
	mkdir -p "$ROOTFS/fake/self/attr/apparmor" "$ROOTFS/fake/self/ns" "$ROOTFS/fake/self/fd"
	echo '0 0 1' >"$ROOTFS/fake/self/uid_map"
	configure '.process.capabilities |= with_entries(.value += ["CAP_SYS_ADMIN"])
		| .linux.seccomp = null'
	container sh -c 'mount -o bind /fake /proc; echo ready >/ready; exec sleep 60'
	eventually [ -e "$ROOTFS/ready" ]
	run_rt exec --user 1000 "$ID" sh -c 'id -u; ls /proc'
	assert_exit 0
	assert_output $'1000\nself'
	[ -z "$(find "$ROOTFS/fake" -newer "$ROOTFS/ready" -type f)" ]
}
