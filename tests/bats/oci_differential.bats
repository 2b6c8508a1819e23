#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm: no, it compares with Debian's runc and crun on version 1 of cgroups
# The same configurations through nook-runtime, runc and crun (tests/differential/run): what
# differs is mended or stands in the table of docs/oci.md.
# asan: no, a program with sanitizers makes calls and mappings of its own
# seconds: 41

load ../lib/nook
# Some 500 configurations, three starts each: half a minute on a quiet machine, minutes on a busy one.
export BATS_TEST_TIMEOUT=600

setup() {
	need_root
	need_plain_build
	RUNTIME=${RUNTIME:-$(dirname "$NOOK")/nook-runtime}
	command -v runc crun >/dev/null || skip "no runc and crun here (the host's run has them)"
	nook_setup
}
teardown() { nook_teardown; }

@test "containers of nook-runtime look like those of runc and crun" {
	run python3 "$TOP/tests/differential/run" --nook "$RUNTIME" --probe "$PROBES/oci_probe"
	echo "$output"
	[ "$status" = 0 ]
	[[ ${lines[-1]} =~ ^([0-9]+)\ configurations,\ 0\ differ,\ 0\ idle\ rows$ ]]
	[ "${BASH_REMATCH[1]}" -ge 200 ]
}

# The comparison itself: peers that differ must be told, or it compares nothing.
@test "the comparison tells runc from crun" {
	run python3 "$TOP/tests/differential/run" --between --only 'user-1000-*' --probe "$PROBES/oci_probe"
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"user-1000-1000 differs"* ]]
	[[ $output == *keyring* ]]
}
