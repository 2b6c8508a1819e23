#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `exec -u` read its number loosely ("1x", "-1", " 0", 2^32): the command ran as another user.
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through
load ../lib/attack
setup() { attack_setup; }
teardown() { attack_teardown; }

@test "crun-2026-30892: exec takes numbers strictly" {
	container sleep 60
	for user in 1x x1 -1 +0 ' 0' '0 ' 0x0 4294967295 4294967296 4294967297 18446744073709551616 '' : 1000: :5 \
		1000:1x 1000:-1 1000:4294967296 1000:5:6 1e3 1000,0; do
		run_rt exec --user "$user" "$ID" id -u
		[ "$status" != 0 ] || explain_failure "\"$user\" became user $output"
	done
	run_rt exec --user 1000:5 "$ID" sh -c 'id -u; id -g'
	assert_output $'1000\n5'
}
@test "crun-2026-30892: config.json takes them strictly" {
	for user in -1 4294967296 1.5 '"0"' 1e20; do
		configure '.process.user.uid = $u' --argjson u "$user"
		run_container id -u
		[ "$status" != 0 ] || explain_failure "$user became user $output"
	done
}
