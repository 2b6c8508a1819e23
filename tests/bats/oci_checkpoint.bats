#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nook-runtime checkpoint and restore, by the program criu where that is and can; and what is said
# where not.
# seconds: 16

load ../lib/attack
setup() {
	need_root
	attack_setup
	# Whoever dumps a network namespace locks its traffic, which takes iptables.
	configure '.linux.namespaces |= map(select(.type != "network"))'
	export IMG=$BATS_TEST_TMPDIR/img
	mkfifo "$BATS_TEST_TMPDIR/feed"
	exec 8<>"$BATS_TEST_TMPDIR/feed"
	CRIU=${CRIU:-criu}
}
teardown() {
	exec 8>&-
	attack_teardown
}

need_criu() { "$CRIU" check >/dev/null 2>&1 || skip "no criu here, or this kernel is not one that it knows"; }

# Standard input as a pipe that stays open until the end of the test: criu cannot take files of the
# host along.
feed() { cat "$BATS_TEST_TMPDIR/feed" 8>&-; }
counts() {
	command_is /bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i >/tmp/n.new; mv /tmp/n.new /tmp/n; sleep 0.05; done'
	rt create --bundle "$BUNDLE" "$ID" 8>&- < <(feed) 2>&1 | cat >"$BATS_TEST_TMPDIR/out" &
	created() { rt state "$ID" | grep -q '"created"'; }
	eventually created
	rt start "$ID"
}
number() { cat "$ROOTFS/tmp/n" 2>/dev/null || echo 0; }
above() { [ "$(number)" -gt "$1" ]; }

@test "oci checkpoint: without criu it is told" {
	container /bin/sleep 100
	run_rt --criu /no/criu checkpoint --image-path "$IMG" "$ID"
	assert_exit 1
	assert_stderr_match 'need the program criu'
	configure '.linux.cgroupsPath += "-2"'
	run_rt --criu /no/criu restore --bundle "$BUNDLE" --image-path "$IMG" "$ID-2"
	assert_exit 1
	assert_stderr_match 'need the program criu'
	run_rt state "$ID-2"
	assert_exit 1
	# Nothing has happened to it.
	run_rt state "$ID"
	assert_match '"status": "running"'
}

@test "oci checkpoint: a criu that fails is told with its own last error" {
	container /bin/sleep 100
	cat >"$BATS_TEST_TMPDIR/criu" <<-'END'
		#!/bin/sh
		echo "(00.1) Error (criu/some.c:1): the reason of it all" >"$IMG/dump.log"
		echo "(00.2) Error (criu/cr-dump.c:1): Dumping FAILED." >>"$IMG/dump.log"
		exit 1
	END
	chmod +x "$BATS_TEST_TMPDIR/criu"
	run_rt --criu "$BATS_TEST_TMPDIR/criu" checkpoint --image-path "$IMG" "$ID"
	assert_exit 1
	assert_stderr_match 'criu failed: Error .criu/some.c:1.: the reason of it all'
	run_rt state "$ID"
	assert_match '"status": "running"'
}

@test "oci checkpoint: what is refused" {
	container /bin/sleep 100
	for bad in --lazy-pages '--empty-ns pid' '--manage-cgroups-mode some' '--page-server nowhere' \
		'--parent-path /absolute'; do
		# shellcheck disable=SC2086
		run_rt checkpoint --image-path "$IMG" $bad "$ID"
		assert_exit 1
		assert_stderr_match "${bad%% *}|pages on demand"
	done
	run_rt checkpoint --image-path "$IMG" "$ID-not-there"
	assert_exit 1
	assert_stderr_match 'does not exist'
	rt kill "$ID" KILL
	stopped() { rt state "$ID" | grep -q '"stopped"'; }
	eventually stopped
	run_rt checkpoint --image-path "$IMG" "$ID"
	assert_exit 1
	assert_stderr_match 'cannot be checkpointed in stopped state'
	run_rt restore --bundle "$BUNDLE" --image-path "$IMG/not-there" "$ID-2"
	assert_exit 1
	run_rt state "$ID-2"
	assert_exit 1
}

@test "oci checkpoint: a process goes on where it was" {
	need_criu
	local at
	counts
	eventually above 5
	rt --criu "$CRIU" checkpoint --leave-running --image-path "$IMG-1" "$ID"
	at=$(number)
	eventually above $((at + 3))
	rt --criu "$CRIU" checkpoint --image-path "$IMG" "$ID"
	at=$(number)
	run_rt state "$ID"
	assert_exit 1
	rt --criu "$CRIU" restore -d --bundle "$BUNDLE" --image-path "$IMG" \
		--pid-file "$BATS_TEST_TMPDIR/pid" "$ID" 8>&- < <(feed) 2>&1 | cat >"$BATS_TEST_TMPDIR/out" &
	eventually above $((at + 3))
	run_rt state "$ID"
	assert_match '"status": "running"'
	[ "$(rt state "$ID" | jq .pid)" = "$(cat "$BATS_TEST_TMPDIR/pid")" ]
	grep -q "/nook-$ID\$" "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup"
	in_container /bin/true
	rt kill "$ID" KILL
	rt delete --force "$ID"
}

# A checkpoint, and a criu that makes a `sleep` of it: tests/lib/fake_criu.py.
fake() {
	mkdir -p "$IMG"
	echo '["/dev/null", "/dev/null", "/dev/null"]' >"$IMG/descriptors.json"
	ln -s "$BATS_TEST_DIRNAME/../lib/fake_criu.py" "$BATS_TEST_TMPDIR/fake-criu"
}
restored() { rt state "$ID" 2>/dev/null | grep -q '"running"'; }

@test "oci restore: relative paths count from the caller's directory" {
	fake
	mkdir elsewhere
	FAKE_CRIU_CWD=$PWD/cwd run_rt --criu ./fake-criu restore -d --bundle bundle --image-path img --pid-file elsewhere/pid "$ID"
	assert_exit 0
	assert_equal "$(<cwd)" "$BUNDLE"
	[ "$(rt state "$ID" | jq .pid)" = "$(<elsewhere/pid)" ]
	rt delete --force "$ID"
	cd elsewhere
	rm -r ../elsewhere
	run_rt --criu /no/criu restore --image-path "$IMG" "$ID"
	assert_exit 1
	assert_stderr_match 'bundle \.: No such file'
	run_rt --criu /no/criu restore --bundle "$BATS_TEST_TMPDIR/no-such" --image-path "$IMG" "$ID"
	assert_exit 1
	assert_stderr_match 'bundle .*/no-such: No such file'
	cd "$BATS_TEST_TMPDIR"
}

@test "oci restore: what is left at its end is taken away with the lock, or told" {
	fake
	rt --criu ./fake-criu restore --bundle "$BUNDLE" --image-path "$IMG" "$ID" 2>err 8>&- &
	local restore=$!
	eventually restored
	flock "$RT_ROOT/$ID/lock" sh -c 'echo >held; sleep 14' 8>&- &
	local holder=$!
	eventually test -e held
	rt kill "$ID" KILL
	wait "$restore" || true
	output=$(<err)
	assert_match 'is being worked on by another command'
	rt state "$ID" | grep -q '"stopped"'
	wait "$holder"
	rt delete "$ID"
}

@test "oci restore: a terminal of the checkpoint without a place to go to" {
	fake
	FAKE_CRIU_TTY=1 run_rt --criu ./fake-criu restore -d --bundle "$BUNDLE" --image-path "$IMG" "$ID"
	assert_exit 1
	assert_stderr_match 'the checkpoint has a terminal: give --console-socket'
	run_rt state "$ID"
	assert_exit 1
}
