#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nook-runtime --systemd-cgroup: containers as scopes of systemd. Here only where systemd runs: in
# the virtual machine.

load ../lib/attack
setup() {
	need_root
	need_systemd
	attack_setup
	[ -x "$(dirname "$RUNTIME")/nook-systemd" ] || skip "nook-systemd is not built (libsystemd)"
	RT_PATIENCE=60
	configure '.linux.cgroupsPath = "nook-test.slice:t:" + $id' --arg id "$ID"
	SCOPE=t-$ID.scope
}
teardown() {
	[ -n "${SCOPE:-}" ] || return 0
	attack_teardown
	systemctl stop nook-test.slice 2>/dev/null || true
	systemctl stop nook.slice 2>/dev/null || true
}

srt() { rt --systemd-cgroup "$@"; }
scope_container() {
	command_is "$@"
	srt run -d --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/container.out" 2>&1
}
property() { systemctl show --property "$1" --value "$SCOPE"; }
no_scope() { ! systemctl --quiet is-active "$SCOPE" && [ "$(property LoadState)" = not-found ]; }

@test "oci systemd: a scope with the container's limits, which ends with it" {
	configure '.linux.resources += {memory: {limit: 67108864, swap: 134217728, reservation: 33554432},
		pids: {limit: 50}, cpu: {quota: 50000, period: 100000, shares: 512, cpus: "0"}}'
	scope_container /bin/sleep 100
	local pid
	pid=$(srt state "$ID" | jq .pid)
	grep -q "0::/nook.slice/nook-test.slice/$SCOPE\$" "/proc/$pid/cgroup"
	[ "$(property ActiveState)" = active ]
	[ "$(property Delegate)" = yes ]
	[ "$(property Slice)" = nook-test.slice ]
	[ "$(property MemoryMax)" = 67108864 ]
	[ "$(property MemorySwapMax)" = 67108864 ]
	[ "$(property MemoryLow)" = 33554432 ]
	[ "$(property TasksMax)" = 50 ]
	[ "$(property CPUQuotaPerSecUSec)" = 500ms ]
	[ "$(property CPUWeight)" = 20 ]
	[ "$(property AllowedCPUs)" = 0 ]
	# systemd writes its own again: nothing of it is lost.
	systemctl daemon-reload
	run_in_container /bin/cat /proc/self/cgroup
	[ "$(cat /sys/fs/cgroup/nook.slice/nook-test.slice/"$SCOPE"/memory.max)" = 67108864 ]
	refute in_container /bin/dd if=/dev/zero of=/dev/null bs=256M count=1
	srt update --memory 256m --memory-swap 512m --pids-limit 60 "$ID"
	[ "$(property MemoryMax)" = 268435456 ]
	[ "$(property TasksMax)" = 60 ]
	in_container /bin/dd if=/dev/zero of=/dev/null bs=100M count=1
	srt pause "$ID"
	srt resume "$ID"
	srt delete --force "$ID"
	no_scope
}

@test "oci systemd: devices are those of the rules, after a reload of systemd, too" {
	configure '.process.capabilities = (.process.capabilities | with_entries(.value = ["CAP_MKNOD"]))'
	scope_container /bin/sleep 100
	systemctl daemon-reload
	run_in_container /bin/sh -c 'mknod /dev/vda0 b 254 0; mknod /dev/null0 c 1 3
		echo >/dev/null0 && echo null; dd if=/dev/vda0 of=/dev/null bs=512 count=1'
	assert_line null
	assert_exit 1
	assert_stderr_match 'not permitted'
}

@test "oci systemd: annotations are properties, but none that starts anything" {
	configure '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 7000000",
		"org.systemd.property.CollectMode": "'"'inactive-or-failed'"'"}'
	scope_container /bin/sleep 100
	[ "$(property TimeoutStopUSec)" = 7s ]
	[ "$(property CollectMode)" = inactive-or-failed ]
	srt delete --force "$ID"
	local bad
	for bad in ExecStop Wants OnFailure User; do
		configure '.annotations = {("org.systemd.property." + $n): "'"'x'"'"}' --arg n "$bad"
		run_rt --systemd-cgroup run --bundle "$BUNDLE" "$ID"
		assert_exit 1
		assert_stderr_match "annotation org.systemd.property.$bad"
		no_scope
	done
}

@test "oci systemd: a start that fails leaves no scope behind" {
	command_is /bin/not-there
	run_rt --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	refute [ "$status" = 0 ]
	EVENTUALLY_SECONDS=20 eventually no_scope
	configure '.linux.cgroupsPath = "/no/scope"'
	run_rt --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	assert_exit 1
	assert_stderr_match 'slice:prefix:name'
}

@test "oci systemd: an ordinary user, by the user's own systemd" {
	local run_u1=(runuser -u u1 -- env XDG_RUNTIME_DIR=/run/user/1000)
	id u1 >/dev/null 2>&1 || skip "no user u1 here (the virtual machine has it)"
	[ -S /run/user/1000/bus ] || skip "no bus of the user u1 here"
	rm "$BUNDLE/config.json"
	"$RUNTIME" spec --rootless --bundle "$BUNDLE"
	chown -R u1 "$BUNDLE"
	configure '.process.terminal = false | .root.readonly = false
		| .linux.uidMappings[0].hostID = 1000 | .linux.gidMappings[0].hostID = 1000
		| .linux.cgroupsPath = "user.slice:t:" + $id
		| .linux.resources = {memory: {limit: 67108864}, pids: {limit: 40}}' --arg id "$ID"
	chown u1 "$BUNDLE/config.json"
	command_is /bin/sleep 100
	chown u1 "$BUNDLE/config.json"
	mkdir "$BATS_TEST_TMPDIR/u1"
	chown u1 "$BATS_TEST_TMPDIR/u1"
	"${run_u1[@]}" "$RUNTIME" --root "$BATS_TEST_TMPDIR/u1" --systemd-cgroup run -d \
		--bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/container.out" 2>&1
	local pid
	pid=$("${run_u1[@]}" "$RUNTIME" --root "$BATS_TEST_TMPDIR/u1" state "$ID" | jq .pid)
	grep -q "user@1000.service/user.slice/$SCOPE\$" "/proc/$pid/cgroup"
	[ "$("${run_u1[@]}" systemctl --user show --property MemoryMax --value "$SCOPE")" = 67108864 ]
	"${run_u1[@]}" "$RUNTIME" --root "$BATS_TEST_TMPDIR/u1" delete --force "$ID"
	[ ! -e "/proc/$pid" ]
}

# A bundle of the user u1, with what is said on standard input added to its configuration.
bundle_of_u1() {
	id u1 >/dev/null 2>&1 || skip "no user u1 here (the virtual machine has it)"
	[ -S /run/user/1000/bus ] || skip "no bus of the user u1 here"
	rm "$BUNDLE/config.json"
	"$RUNTIME" spec --rootless --bundle "$BUNDLE"
	configure '.process.terminal = false | .root.readonly = false
		| .linux.uidMappings[0].hostID = 1000 | .linux.gidMappings[0].hostID = 1000
		| del(.linux.cgroupsPath) | .linux.resources = '"$1"
	shift
	command_is "$@"
	chown -R u1 "$BUNDLE"
	mkdir -p "$BATS_TEST_TMPDIR/u1"
	chown u1 "$BATS_TEST_TMPDIR/u1"
}
as_u1() { timeout 60 runuser -u u1 -- env XDG_RUNTIME_DIR=/run/user/1000 "$@"; }

@test "oci systemd: an ordinary user with a group of one's own has limits by files" {
	bundle_of_u1 '{memory: {limit: 33554432, swap: 33554432}}' \
		/bin/sh -c 'grep -c . /proc/self/cgroup; dd if=/dev/zero of=/dev/null bs=64M count=1'
	run --separate-stderr as_u1 systemd-run --user --scope --quiet -p Delegate=yes \
		"$RUNTIME" --root "$BATS_TEST_TMPDIR/u1" run --bundle "$BUNDLE" "$ID"
	assert_exit 137
	configure '.linux.resources = {memory: {limit: 268435456}}'
	run --separate-stderr as_u1 systemd-run --user --scope --quiet -p Delegate=yes \
		"$RUNTIME" --root "$BATS_TEST_TMPDIR/u1" run --bundle "$BUNDLE" "$ID"
	assert_exit 0
	[ -z "$(find /sys/fs/cgroup/user.slice -name "$ID")" ]
}

@test "oci systemd: an ordinary user without one has no limits, and is told so" {
	bundle_of_u1 '{}' /bin/echo no limits
	run --separate-stderr as_u1 "$RUNTIME" --root "$BATS_TEST_TMPDIR/u1" run --bundle "$BUNDLE" "$ID"
	assert_exit 0
	assert_line "no limits"
	configure '.linux.resources = {pids: {limit: 10}}'
	run --separate-stderr as_u1 "$RUNTIME" --root "$BATS_TEST_TMPDIR/u1" run --bundle "$BUNDLE" "$ID"
	assert_exit 1
	assert_stderr_match 'cannot set pids limit'
	configure '.linux.resources = {} | .linux.cgroupsPath = "/nook-of-nobody"'
	run --separate-stderr as_u1 "$RUNTIME" --root "$BATS_TEST_TMPDIR/u1" run --bundle "$BUNDLE" "$ID"
	assert_exit 1
	assert_stderr_match 'ermission denied'
}
