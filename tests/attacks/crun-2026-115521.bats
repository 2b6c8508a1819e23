#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The container's own /proc/self/fd, made of plain links, sent the read-only remount of its mounts
# and masked paths to other mounts: what should have been read-only was not.
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through
load ../lib/attack
setup() { attack_setup; }
teardown() { attack_teardown; }

@test "crun-2026-115521: read-only is what shall be, whatever the image has in its /proc" {
	local fd
	mkdir -p "$BATS_TEST_TMPDIR/volume" "$ROOTFS/proc/self/fd" "$ROOTFS/thread-self/fd" "$ROOTFS/harmless"
	# No procfs is mounted, so that of the image stays: every number is another place.
	for fd in $(seq 0 200); do ln -s /harmless "$ROOTFS/proc/self/fd/$fd"; done
	configure '.mounts |= map(select(.destination != "/proc"))
		| .mounts += [{destination: "/volume", type: "bind", source: $v, options: ["rbind", "ro"]},
			      {destination: "/scratch", type: "tmpfs", source: "tmpfs", options: ["ro"]}]
		| .root.readonly = true | .linux.maskedPaths = [] | .linux.readonlyPaths = ["/etc"]' \
		--arg v "$BATS_TEST_TMPDIR/volume"
	run_container sh -c 'for d in / /etc /volume /scratch; do touch $d/written 2>/dev/null && echo $d; done; true'
	assert_exit 0
	assert_output ''
	[ ! -e "$BATS_TEST_TMPDIR/volume/written" ]
}
