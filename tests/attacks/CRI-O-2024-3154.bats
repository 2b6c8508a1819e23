#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# An annotation of a pod (org.systemd.property.NAME) became a property of the scope that systemd
# made: with ExecStopPost and its like, a command of the host as root.
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through
load ../lib/attack
setup() { attack_setup; }
teardown() { attack_teardown; }

@test "CRI-O-2024-3154: no annotation becomes a command of systemd" {
	configure '.linux.cgroupsPath = "system.slice:nook:" + $id' --arg id "$ID"
	local names='ExecStopPost Slice'
	[ -n "${NOOK_VM:-}" ] || names+=' ExecStart OnFailure User BindPaths PIDs Delegate DeviceAllow BPFProgram'
	for name in $names; do
		for value in "'/bin/true'" "[('/bin/true', ['true'], false)]"; do
			configure '.annotations = {("org.systemd.property." + $n): $v}' --arg n "$name" --arg v "$value"
			command_is true
			run_rt --systemd-cgroup run --bundle "$BUNDLE" "$ID"
			[ "$status" != 0 ]
			assert_stderr_match "annotation org.systemd.property.$name"
		done
	done
}
@test "CRI-O-2024-3154: nor does the value of one that is allowed carry another" {
	configure '.linux.cgroupsPath = "system.slice:nook:" + $id' --arg id "$ID"
	for value in "'a' ExecStop=/bin/true" $'\'a\nExecStop=/bin/true\'' "'a', 'b'" "'a'\\''b'" '["After"]'; do
		configure '.annotations = {"org.systemd.property.Description": $v}' --arg v "$value"
		command_is true
		run_rt --systemd-cgroup run --bundle "$BUNDLE" "$ID"
		[ "$status" != 0 ] || explain_failure "taken: $value"
		assert_stderr_match 'annotation org.systemd.property.Description'
	done
}
