#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docs/networks.md: each block does what the page says, in a machine of the test's own.
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)

load ../lib/nook
load ../lib/background
load ../lib/net
load ../lib/page

PAGE=$TOP/docs/networks.md
export BATS_TEST_TIMEOUT=240

setup() {
	need_root
	background_setup
	net_world
	in_world mount -t tmpfs none /run
}
teardown() {
	local name
	if [ -n "${WORLD:-}" ]; then
		for name in $(nook ps --format json | jq -r '.[].Names[0]'); do nook stop -t 0 "$name" >/dev/null 2>&1 || true; done
		nook network prune >/dev/null 2>&1 || true
	fi
	net_world_end
	background_teardown
}

in_page() {
	nsenter --net="/proc/$WORLD/ns/net" --mount="/proc/$WORLD/ns/mnt" --wd="$PWD" -- \
		env -u NOOK_NETWORK "$@"
}

@test "networks page: every block, in order; and nothing is left" {
	local number
	for number in $(blocks .); do
		echo "block $number:"
		paste_block "$number" in_page
		# What a block began runs on, with its files.
		mv "$BATS_TEST_TMPDIR/here" "$BATS_TEST_TMPDIR/block-$number"
	done
	[ "$number" -ge 8 ]
	assert_equal "$(net_made)" ''
	assert_equal "$(nook network ls -q)" nook
}
