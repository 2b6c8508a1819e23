#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The tour of the eight namespaces (docs/tour.md): each block does what the page says, as root, and
# where the page does not ask for root as an ordinary user, too.
# vm: seldom, ns_run, ns_enter and ns_hold make the same calls on 6.1

load ../lib/nook
load ../lib/page
setup() { nook_setup; }
teardown() { nook_teardown; }

PAGE=$TOP/docs/tour.md

# A machine of its own for names, links and mounts that a block makes.
private_machine() {
	unshare --mount --net --propagation private sh -ec 'mount -t tmpfs none /run; exec "$@"' sh "$@"
}
all_of() {
	local number
	for number in $(blocks "$1"); do
		echo "block $number:"
		rm -rf "$BATS_TEST_TMPDIR/here"
		paste_block "$number" "${@:2}" || return
	done
}

@test "tour: it has its blocks, also those for root" {
	[ "$(blocks '.' | wc -l)" -ge 18 ]
	[ "$(blocks 'root' | wc -l)" -ge 3 ]
}
@test "tour: every block, as root" {
	need_root
	need_cc
	all_of . private_machine
}
@test "tour: every block that does not ask for root, as an ordinary user" {
	need_cc
	all_of 'sh$' as_subid_user
}
@test "tour: each of the eight kinds has its chapter" {
	local kind
	for kind in uts IPC pid mnt user net cgroup time; do
		grep -qi "^## .*\b$kind" "$PAGE" || { echo "$kind" >&2; return 1; }
	done
}
