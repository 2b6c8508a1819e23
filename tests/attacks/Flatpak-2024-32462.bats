#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Not of one advisory, but of several (containers/storage, LXC): a container's name as a path, and
# an argument of a stranger read as an option (Flatpak 2024-32462).
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through
load ../lib/attack
setup() { attack_setup; }
teardown() { attack_teardown; }

@test "Flatpak-2024-32462: an id is a name, never a path or an option" {
	words_only
	mkdir -p "$BATS_TEST_TMPDIR/victim"
	touch "$BATS_TEST_TMPDIR/victim/state.json"
	command_is true
	for id in ../victim ../../etc /etc . .. '' a/b $'a\nb' 'a b' "$(printf 'a%.0s' $(seq 1100))"; do
		for verb in 'run --bundle BUNDLE' 'create --bundle BUNDLE' start kill 'delete --force' state pause; do
			# shellcheck disable=SC2086
			run_rt ${verb/BUNDLE/$BUNDLE} -- "$id" </dev/null
			[ "$status" != 0 ] || [ "$verb" = 'delete --force' ] || explain_failure "$verb \"$id\""
		done
	done
	[ -e "$BATS_TEST_TMPDIR/victim/state.json" ] || explain_failure "another directory was removed"
}
@test "Flatpak-2024-32462: what follows the container is its command's" {
	printf '#!/bin/sh\necho "it: $*"\n' >"$ROOTFS/bin/it"
	chmod +x "$ROOTFS/bin/it"
	container sleep 60
	run_in_container it --user 1000 --cap CAP_SYS_ADMIN -- -d
	assert_output 'it: --user 1000 --cap CAP_SYS_ADMIN -- -d'
}
