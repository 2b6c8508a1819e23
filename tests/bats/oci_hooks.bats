#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# The six hook points: where they run, in which order, what they are told, and what their failure does.
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through

load ../lib/oci
setup() {
	oci_setup
	need_root
	export LOG=$PWD/log
	: >"$LOG"
}
teardown() { oci_teardown; }

# A hook that writes its point and the status it is told.
note() {
	hook "$1" "printf '%s ' $1${2:-} >>$LOG; sed 's/.*\"status\":\"\([a-z]*\)\".*/\1/' >>$LOG; echo >>$LOG"
}
refused() {
	run_rt "$@"
	assert_equal "$status" 1
}

@test "oci hooks: all points, in order, with the status of the moment" {
	local point
	for point in poststop poststart createContainer createRuntime prestart; do note "$point"; done
	note prestart -second
	created sleep 1000
	assert_equal "$(cat "$LOG")" "prestart creating
prestart-second creating
createRuntime creating
createContainer creating"
	: >"$LOG"
	rt start "$ID"
	assert_equal "$(cat "$LOG")" "poststart running"
	: >"$LOG"
	rt delete -f "$ID"
	assert_equal "$(cat "$LOG")" "poststop stopped"
	nothing_left
	command_is true
	: >"$LOG"
	rt run --bundle "$BUNDLE" "$ID"
	assert_equal "$(cut -d' ' -f1 "$LOG" | tr '\n' ' ')" \
		"prestart prestart-second createRuntime createContainer poststart poststop "
	nothing_left
}

@test "oci hooks: the state on standard input is the specification's" {
	configure '.annotations = {a: "b"}'
	hook createRuntime "cat >$PWD/state.json"
	created sleep 1000
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" --argjson pid "$(pid_of)" '
		.id == $id and .bundle == $bundle and .pid == $pid and .status == "creating" and
		.annotations.a == "b" and (.ociVersion | test("^1"))' state.json
}

@test "oci hooks: args and environment are exactly those given" {
	configure '.hooks.createRuntime = [
		{path: "/usr/bin/env", args: ["env"], env: ["A=1", "B=2 3"]},
		{path: "/bin/sh", args: ["my name", "-c", "echo $0 $# $1", "zero", "one"]},
		{path: "/usr/bin/env"}]
		| .hooks.createRuntime |= map(.path as $p | {path: "/bin/sh", env: .env,
			args: (["sh", "-c", "exec \"$0\" \"$@\" >>\($log) 2>&1", $p] + (.args[1:] // []))})' --arg log "$LOG"
	command_is true
	INHERITED=yes rt run --bundle "$BUNDLE" "$ID"
	# Without env it has the runtime's environment, with env nothing else.
	assert_equal "$(grep -c '^INHERITED=yes$' "$LOG")" 1
	has "$(cat "$LOG")" "^A=1$"
	has "$(cat "$LOG")" "^B=2 3$"
	has "$(cat "$LOG")" "^zero 1 one$"
}
refute_in() { ! grep -q "$2" "$1" || { echo "$2 is in $1" >&2; return 1; }; }

@test "oci hooks: createContainer runs in the container's namespaces, with the host's files" {
	# shellcheck disable=SC2016
	hook createContainer 'for k in mnt uts ipc net pid; do readlink /proc/self/ns/$k; done >'"$LOG"'; echo $$ >>'"$LOG"'; hostname >>'"$LOG"'; mount -t tmpfs hidden /mnt'
	configure '.hostname = "inside"'
	created sleep 1000
	local pid kind
	pid=$(pid_of)
	for kind in mnt uts ipc net; do readlink "/proc/$pid/ns/$kind"; done >expected
	assert_equal "$(head -4 "$LOG")" "$(cat expected)"
	assert_equal "$(tail -1 "$LOG")" inside
	# The mount was made in a namespace that is not the host's.
	refute_in /proc/self/mountinfo "hidden"
}

@test "oci hooks: createRuntime runs on the host while the container's mounts are there" {
	# shellcheck disable=SC2016
	hook createRuntime 'readlink /proc/self/ns/mnt >'"$LOG"'; sed "s/.*\"pid\":\([0-9]*\).*/\1/" >'"$LOG"'.pid; readlink /proc/$(cat '"$LOG"'.pid)/ns/mnt >>'"$LOG"
	created sleep 1000
	assert_equal "$(head -1 "$LOG")" "$(readlink /proc/self/ns/mnt)"
	assert_equal "$(tail -1 "$LOG")" "$(readlink "/proc/$(pid_of)/ns/mnt")"
}

@test "oci hooks: what is mounted below root.path in the container's mounts is in the container" {
	local place=$ROOTFS
	echo runtime >by-runtime
	echo container >by-container
	touch "$place/one" "$place/two"
	hook createRuntime "pid=\$(sed 's/.*\"pid\":\([0-9]*\).*/\1/'); nsenter -m -t \$pid mount --bind $PWD/by-runtime $place/one"
	hook createContainer "mount --bind $PWD/by-container ./two"
	command_is cat /one /two
	run_rt run --bundle "$BUNDLE" "$ID"
	assert_equal "$output" "runtime
container"
	# Outside they are as empty as they were.
	[ ! -s "$place/one" ] && [ ! -s "$place/two" ]
}

@test "oci hooks: startContainer is a program of the container, with its rights only" {
	configure '.process.user = {uid: 7, gid: 8} | .root.readonly = false |
		.mounts += [{destination: "/out", type: "bind", source: $dir, options: ["bind"]}] |
		.hooks.startContainer = [{path: "/bin/sh", env: ["X=1"],
			args: ["sh", "-c", "(id -u; id -g; readlink /proc/self/ns/pid; grep CapEff /proc/self/status; echo $X $0; cat) >/out/log; test ! -e /proc/1/exe/x", "zero"]}]' \
		--arg dir "$PWD/shared"
	mkdir -m 777 shared
	created sleep 1000
	[ ! -e shared/log ]
	local pid
	pid=$(pid_of)
	rt start "$ID"
	assert_equal "$(sed -n 1,5p shared/log)" "7
8
$(readlink "/proc/$pid/ns/pid")
CapEff:	0000000000000000
1 zero"
	sed -n 6p shared/log | jq -e '.status == "created"'
	status_is running
	# A program that only the host has is not found.
	rt delete -f "$ID"
	configure '.hooks.startContainer = [{path: $self}]' --arg self "$(readlink -f "$RUNTIME")"
	created sleep 1000
	refused start "$ID"
	has "$(said)" "startContainer hook #0"
}

@test "oci hooks: startContainer fails, and the command never runs" {
	hook startContainer 'exit 3'
	configure '.hooks.startContainer[0].path = "/bin/sh"'
	created sleep 1000
	refused start "$ID"
	has "$(said)" "error running startContainer hook #0: exit status 3"
	status_is stopped
	rt delete -f "$ID"
	refused run --bundle "$BUNDLE" "$ID"
	has "$(said)" "error running startContainer hook #0: exit status 3"
	nothing_left
}

@test "oci hooks: one that fails before the start takes the container away, with poststop" {
	local point
	for point in prestart createRuntime createContainer; do
		configure 'del(.hooks)'
		note poststop
		hook "$point" 'echo words; exit 5'
		: >"$LOG"
		command_is sleep 1000
		refused create --bundle "$BUNDLE" "$ID"
		has "$(said)" "error running $point hook #0: exit status 5, output: words"
		assert_equal "$(cat "$LOG")" "poststop stopped"
		nothing_left
	done
}

@test "oci hooks: one that fails stops those behind it" {
	hook createRuntime 'exit 1'
	note createRuntime
	command_is true
	refused run --bundle "$BUNDLE" "$ID"
	assert_equal "$(cat "$LOG")" ""
}

@test "oci hooks: poststart that fails stops the container (1.2)" {
	hook poststart 'exit 1'
	note poststart
	note poststop
	created sleep 1000
	refused start "$ID"
	has "$(said)" "error running poststart hook #0: exit status 1"
	status_is stopped
	rt delete "$ID"
	assert_equal "$(cat "$LOG")" "poststop stopped"
	nothing_left
	refused run --bundle "$BUNDLE" "$ID"
	has "$(said)" "error running poststart hook #0: exit status 1"
	nothing_left
}

@test "oci hooks: poststop that fails is told, and the rest goes on" {
	hook poststop 'exit 2'
	note poststop
	running sleep 1000
	run_rt delete -f "$ID"
	assert_equal "$status" 0
	has "$stderr" 'level=warning msg="error running poststop hook #0: exit status 2'
	assert_equal "$(cat "$LOG")" "poststop stopped"
	nothing_left
}

@test "oci hooks: a timeout ends it and all that it has started" {
	hook createRuntime "sleep 1000 & echo \$! >$LOG; wait" '{timeout: 1}'
	command_is true
	refused run --bundle "$BUNDLE" "$ID"
	has "$(said)" "hook ran past specified timeout"
	eventually no_process "$(cat "$LOG")"
	nothing_left
	configure 'del(.hooks)'
	hook startContainer 'sleep 1000' '{timeout: 1}'
	refused run --bundle "$BUNDLE" "$ID"
	has "$(said)" "startContainer hook #0: hook ran past specified timeout"
	nothing_left
}
no_process() { ! grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null; }

@test "oci hooks: one that is not there, or no program, is an error" {
	configure '.hooks.createRuntime = [{path: "/no/such"}]'
	command_is true
	refused run --bundle "$BUNDLE" "$ID"
	has "$(said)" "/no/such: No such file"
	nothing_left
}

@test "oci hooks: it may ask for the state of the container, and no descriptor of the runtime is open" {
	hook createRuntime "$RUNTIME --root $STATE state $ID >$LOG; ls /proc/self/fd | tr '\\n' ' ' >$LOG.fds"
	created sleep 1000
	jq -e '.status == "creating"' "$LOG"
	assert_equal "$(cat "$LOG.fds")" "0 1 2 3 "
}

@test "oci hooks: config.json as it was at create says which ones are run" {
	note poststop
	created sleep 1000
	configure 'del(.hooks)'
	rt delete "$ID"
	assert_equal "$(cat "$LOG")" "poststop stopped"
}

@test "oci hooks: a signal to create ends a hook that hangs, and takes the container away" {
	hook createRuntime "echo \$\$ >$LOG; sleep 1000"
	command_is true
	env --default-signal "$RUNTIME" --root "$STATE" create --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>&1 3>&- &
	local pid=$! status=0
	eventually test -s "$LOG"
	kill -TERM "$pid"
	wait "$pid" || status=$?
	assert_differs "$status" 0
	eventually no_process "$(cat "$LOG")"
	nothing_left
}
