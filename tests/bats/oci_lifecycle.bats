#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# create, start, state, kill, delete, list and run of nook-runtime, and what callers read of them.

load ../lib/oci
setup() { oci_setup; need_root; }
teardown() {
	local frozen=/sys/fs/cgroup/freezer/nook-$ID-other
	[ ! -d "$frozen" ] || echo THAWED >"$frozen/freezer.state"
	oci_teardown
	[ ! -d "$frozen" ] || rmdir "$frozen/below" "$frozen"
}

@test "oci: create, start, kill, delete: each state, and nothing is left" {
	created sleep 1000
	status_is created
	[ "$(tr '\0' ' ' <"/proc/$(pid_of)/cmdline")" != "sleep 1000 " ]
	[ -n "$(groups_of)" ]
	rt start "$ID"
	status_is running
	[ "$(tr '\0' ' ' <"/proc/$(pid_of)/cmdline")" = "sleep 1000 " ]
	rt kill "$ID" KILL
	eventually ended
	[ "$(pid_of)" = 0 ]
	rt delete "$ID"
	nothing_left
	run_rt state "$ID"
	assert_equal "$status:$(said)" '1:"container does not exist"'
}

@test "oci: the state is the specification's document" {
	configure '.annotations = {"a.b/c": "d \"e\"\nf"}'
	created sleep 1000
	rt state "$ID" >state.json
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" --arg rootfs "$ROOTFS" '
		.id == $id and .bundle == $bundle and .rootfs == $rootfs and .status == "created" and
		.annotations == {"a.b/c": "d \"e\"\nf"} and .owner == "root" and
		(.ociVersion | test("^1\\.")) and (.pid | type) == "number" and
		(.created | fromdate? // (sub("\\.[0-9]+Z$"; "Z") | fromdate)) > 1600000000' state.json
}

@test "oci: words and codes of what cannot be are runc's" {
	local words=(
		"start gone-$$" "container does not exist"
		"kill gone-$$" "container does not exist"
		"delete gone-$$" "container does not exist"
		"state gone-$$" "container does not exist"
		"exec gone-$$ true" "exec failed: container does not exist"
		"create --bundle $BUNDLE a/b" "create failed: invalid container ID format"
		"create --bundle $BUNDLE .." "create failed: invalid container ID format"
		"kill $ID" "container not running"
		"start $ID" "cannot start a container that has stopped"
		"exec $ID true" "exec failed: cannot exec in a stopped container"
		"create --bundle $BUNDLE $ID" "create failed: container with given ID already exists"
	)
	running true
	eventually ended
	for ((i = 0; i < ${#words[@]}; i += 2)); do
		# shellcheck disable=SC2086
		run_rt ${words[i]}
		assert_equal "${words[i]}: $status $(said)" \
			"${words[i]}: $([[ ${words[i]} == exec* ]] && echo 255 || echo 1) \"${words[i + 1]}\""
	done
	rt delete --force "gone-$$"
}

@test "oci: a running container is neither started nor deleted" {
	running sleep 1000
	run_rt start "$ID"
	assert_equal "$status $(said)" '1 "cannot start an already running container"'
	run_rt delete "$ID"
	assert_equal "$status $(said)" "1 \"cannot delete container $ID that is not stopped: running\""
	status_is running
	rt delete --force "$ID"
	nothing_left
}

@test "oci: delete takes a created container, and several at once" {
	created sleep 1000
	local first=$ID
	ID=$ID-b
	configure '.linux.cgroupsPath = $path' --arg path "/nook-$ID"
	created sleep 1000
	rt delete "$first" "$ID"
	nothing_left
	ID=$first
	nothing_left
}

@test "oci: delete --force of a paused container" {
	running sleep 1000
	rt pause "$ID"
	status_is paused
	rt delete --force "$ID"
	nothing_left
}

@test "oci: kill -9 ends a paused container" {
	running sleep 1000
	rt pause "$ID"
	rt kill "$ID" 9
	eventually ended
}

@test "oci: signals by name and number, TERM where none is named" {
	running sh -c 'trap "echo got TERM" TERM; trap "echo got USR1" USR1; trap "echo got HUP" HUP
		echo ready; while :; do sleep 0.02; done'
	eventually grep -q ready "$OUT"
	local word n=0
	for word in SIGUSR1 hup 10 ''; do
		: $((n += 1))
		# shellcheck disable=SC2086
		rt kill "$ID" $word
		eventually sh -c '[ "$(grep -c got "$1")" = "$2" ]' sh "$OUT" $n
	done
	assert_equal "$(grep got "$OUT" | tr '\n' ' ')" "got USR1 got HUP got USR1 got TERM "
	run_rt kill "$ID" NOSUCH
	assert_equal "$status" 1
}

@test "oci: kill --all reaches every process, also without a PID namespace" {
	configure '.linux.namespaces |= map(select(.type != "pid"))'
	running sh -c 'sleep 1000 & sleep 1000 & wait'
	eventually test "$(rt ps -f json "$ID" | jq length)" = 3
	rt kill --all "$ID" KILL
	eventually ended
	eventually no_process_in_groups
}

no_process_in_groups() {
	local dir
	for dir in $(groups_of); do [ -z "$(cat "$dir/cgroup.procs")" ] || return 1; done
}

@test "oci: what a container without a PID namespace has left ends with delete" {
	configure '.linux.namespaces |= map(select(.type != "pid"))'
	running sh -c 'sleep 1000 & echo $! >/tmp/pid; exec sleep 1000'
	configure '.process.args = []'
	rt ps -f json "$ID" >pids
	rt kill "$ID" KILL
	eventually ended
	rt delete "$ID"
	nothing_left
	local pid
	for pid in $(jq '.[]' pids); do
		refute_process "$pid"
	done
}
refute_process() {
	! grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null || { echo "process $1 lives" >&2; return 1; }
}

@test "oci: list in three forms" {
	running sleep 1000
	assert_equal "$(rt list -q)" "$ID"
	rt list -f json | jq -e --arg id "$ID" 'length == 1 and .[0].id == $id and .[0].status == "running"'
	run_rt list
	has "$output" "^ID +PID +STATUS +BUNDLE +CREATED +OWNER"
	has "$output" "$ID +[0-9]+ +running +$BUNDLE +20[^ ]+Z +root"
	rt delete -f "$ID"
	assert_equal "$(rt list -f json)" "[]"
}

@test "oci: run gives the command's exit code and takes everything away" {
	command_is sh -c 'echo out; echo err >&2; exit 7'
	run_rt run --bundle "$BUNDLE" "$ID"
	assert_equal "$status:$output:$stderr" "7:out:err"
	nothing_left
	command_is sh -c 'kill -9 $$'
	configure '.linux.namespaces |= map(select(.type != "pid"))'
	run_rt run --bundle "$BUNDLE" "$ID"
	assert_equal "$status" 137
	nothing_left
}

@test "oci: run --keep leaves it to delete" {
	command_is true
	rt run --keep --bundle "$BUNDLE" "$ID"
	status_is stopped
	rt delete "$ID"
	nothing_left
}

@test "oci: run hands signals on" {
	command_is sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.02; done'
	"$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>&1 3>&- &
	local pid=$! status=0
	eventually grep -q ready "$OUT"
	kill -TERM "$pid"
	wait "$pid" || status=$?
	assert_equal "$status" 9
	nothing_left
}

@test "oci: a command that is not there is told by create, in the words that callers look for" {
	command_is nope
	run_rt create --bundle "$BUNDLE" "$ID"
	assert_equal "$status $(said)" '1 "create failed: unable to start container process: exec: \"nope\": executable file not found in $PATH"'
	nothing_left
	command_is /bin/nope
	run_rt create --bundle "$BUNDLE" "$ID"
	assert_equal "$status $(said)" '1 "create failed: unable to start container process: exec: \"/bin/nope\": stat /bin/nope: no such file or directory"'
	nothing_left
	command_is /etc/passwd
	run_rt create --bundle "$BUNDLE" "$ID"
	assert_equal "$status $(said)" '1 "create failed: unable to start container process: exec: \"/etc/passwd\": permission denied"'
	nothing_left
}

@test "oci: a container without a process is created, not started" {
	configure 'del(.process)'
	created
	status_is created
	run_rt start "$ID"
	assert_equal "$status" 1
	status_is created
	rt delete "$ID"
	nothing_left
}

@test "oci: the bundle is the current directory, and its config.json may change later" {
	command_is sleep 1000
	cd "$BUNDLE"
	rt create "$ID" </dev/null >"$OUT" 2>&1 3>&-
	rm config.json
	rt start "$ID"
	assert_equal "$(rt exec "$ID" echo hello)" hello
	run_rt create --bundle / other
	has "$(said)" "config.json"
	assert_equal "$status" 1
}

@test "oci: --pid-file holds the number and nothing else" {
	command_is sleep 1000
	rt create --bundle "$BUNDLE" --pid-file pid "$ID" </dev/null >"$OUT" 2>&1 3>&-
	assert_equal "$(<pid)" "$(pid_of)"
	assert_equal "$(compgen -G ".*pid*")" ""
}

@test "oci: --log has one line for an error, as text or JSON" {
	run_rt --log log state nope
	has "$(cat log)" '^time="[^"]*Z" level=error msg="container does not exist"$'
	assert_equal "$stderr" "container does not exist"
	run_rt --log log.json --log-format json state nope
	jq -e '.level == "error" and .msg == "container does not exist" and (.time | endswith("Z"))' log.json
	assert_equal "$(wc -l <log.json)" 1
	run_rt --log-format json state nope
	jq -e '.msg == "container does not exist"' <<<"$stderr"
}

@test "oci: --debug tells each step and its time" {
	command_is true
	run_rt --debug run --bundle "$BUNDLE" "$ID"
	has "$stderr" 'level=debug msg=".* init +pivot .* us '
	run_rt run --bundle "$BUNDLE" "$ID"
	assert_equal "$stderr" ""
}

@test "oci: --explain shows the plan and runs nothing" {
	command_is sleep 1000
	run_rt create --bundle "$BUNDLE" --explain "$ID"
	has "$output" "pivot_root"
	has "$output" "Nothing was run"
	nothing_left
	rt create --bundle "$BUNDLE" --explain=json "$ID" | jq -e '.steps | length > 50'
}

@test "oci: two creates of one id at once: one wins" {
	command_is sleep 1000
	local i codes=
	for i in 1 2 3 4 5 6; do
		(rt create --bundle "$BUNDLE" "$ID" </dev/null >"out$i" 2>&1 3>&- && echo won >"won$i") &
		pids[i]=$!
	done
	for i in 1 2 3 4 5 6; do wait "${pids[i]}" || true; done
	assert_equal "$(cat won* | wc -l)" 1
	status_is created
	rt delete "$ID"
	nothing_left
}

@test "oci: a state directory is made where there is none, with rights for nobody else" {
	STATE=$BATS_TEST_TMPDIR/a/b/c
	created sleep 1000
	assert_equal "$(stat -c %a "$STATE")" 700
	status_is created
	rt delete "$ID"
	nothing_left
	STATE=$BATS_TEST_TMPDIR/none
	assert_equal "$(rt list -q)" ""
}

@test "oci: options may stand behind the id, and unknown ones are refused" {
	running sleep 1000
	rt kill "$ID" KILL --all
	eventually ended
	rt delete "$ID" --force
	nothing_left
	run_rt delete --nonsense "$ID"
	assert_equal "$status" 1
	run_rt nonsense
	assert_equal "$status" 1
	run_rt create
	assert_equal "$status" 1
	has "$(said)" '"create.* requires exactly 1 argument'
}

@test "oci: descriptors of the caller go in only by --preserve-fds" {
	command_is sh -c 'ls /proc/self/fd | tr "\n" " "'
	exec 7</dev/null 8<"$BUNDLE"
	run_rt run --bundle "$BUNDLE" "$ID"
	assert_equal "$output" "0 1 2 3 "
	command_is sh -c 'cat <&3; cat <&4'
	echo three >three
	echo four >four
	run_rt run --preserve-fds 2 --bundle "$BUNDLE" "$ID" 3<three 4<four
	assert_equal "$output" "three
four"
	run_rt run --preserve-fds 20 --bundle "$BUNDLE" "$ID"
	has "$(said)" "please check that preserved-fd"
	exec 7<&- 8<&-
}

@test "oci: sockets of systemd are handed on with LISTEN_PID 1" {
	command_is sh -c 'echo $LISTEN_FDS $LISTEN_PID; cat <&3'
	echo three >three
	LISTEN_FDS=1 run_rt run --bundle "$BUNDLE" "$ID" 3<three
	assert_equal "$output" "1 1
three"
}

@test "oci: a bundle whose root is not there is told before anything is made" {
	configure '.root.path = "/no/such"'
	run_rt create --bundle "$BUNDLE" "$ID"
	assert_equal "$status" 1
	has "$(said)" "invalid rootfs: stat /no/such: No such file"
	nothing_left
}

# Both have looked into the group when the first of them has its process there. $1: the second's call (on $2) that waits meanwhile.
two_at_once() {
	local first=$ID second=$ID-b
	command_is sleep 1000
	ASAN_OPTIONS=$UNTRACED strace -qq -o strace.out ${2:+-P "$2"} -e inject="$1":delay_enter=3000000 \
		"$RUNTIME" --root "$STATE" create --bundle "$BUNDLE" "$second" </dev/null >second.out 2>&1 3>&- &
	local strace=$!
	slept() { grep -q INJECTED strace.out || [ -e "$STATE/$second/state.json" ]; }
	eventually slept
	rt create --bundle "$BUNDLE" "$first" </dev/null >first.out 2>&1 3>&-
	status=0
	wait "$strace" || status=$?
	assert_exit 1
	has "$(<second.out)" "container's cgroup is not empty: another container is in /sys/fs/cgroup/(.*/)?nook-$first"
	run_rt state "$second"
	assert_equal "$(said)" '"container does not exist"'
	# Nothing has happened to the first.
	status_is created
	for dir in $(groups_of); do grep -qx "$(pid_of)" "$dir/cgroup.procs"; done
	rt start "$first"
	status_is running
}
# The one that is made first: of version 2, in which the process is born, where there is one.
first_group() {
	created sleep 1000
	groups=$(rt state "$ID" >/dev/null; jq -r '.cgroups[]' "$STATE/$ID/state.json")
	first_group=$(grep /unified/ <<<"$groups" || head -1 <<<"$groups")
	rt delete --force "$ID"
}

@test "oci: two creates of one cgroupsPath at once: one of them gets a group that was not there" {
	first_group
	two_at_once mkdir,mkdirat "$first_group"
	rt delete --force "$ID"
	nothing_left
}

@test "oci: two creates of one cgroupsPath at once: one of them gets a group that was there" {
	first_group
	for dir in $groups; do
		mkdir "$dir"
		[[ $dir != */cpuset/* ]] || cat "${dir%/*}/cpuset.cpus" >"$dir/cpuset.cpus"
		[[ $dir != */cpuset/* ]] || cat "${dir%/*}/cpuset.mems" >"$dir/cpuset.mems"
	done
	two_at_once clone3 ""
	rt delete --force "$ID"
	for dir in $groups; do rmdir "$dir"; done
}

@test "oci: start fails when the first process is killed on its way to the command" {
	created sleep 1000
	local pid
	pid=$(pid_of)
	strace -qq -o strace.out -p "$pid" -e inject=execve:signal=KILL 3>&- &
	local tracer=$!
	traced() { ! grep -q '^TracerPid:[[:space:]]*0$' "/proc/$pid/status"; }
	eventually traced
	run_rt start "$ID"
	assert_equal "$status $(said)" '1 "container process is already dead"'
	wait "$tracer" || true
	status_is stopped
	rt delete "$ID"
	nothing_left
}

# A record that this runtime cannot read: $1 is what sed makes of it.
unread() {
	running sleep 1000
	PID=$(pid_of)
	sed -i "$1" "$STATE/$ID/state.json"
	echo of another version >"$STATE/$ID/more"
	mkdir "$STATE/$ID/dir"
	run_rt --debug delete "$ID"
	assert_equal "$status" 1
	has "$stderr" "container $ID"
	has "$stderr" "hint: delete --force removes its directory"
	kill -0 "$PID"
	run_rt delete --force "$ID"
	assert_equal "$status" 0
	has "$stderr" "level=warning .*container $ID.*its directory is removed"
	has "$stderr" "cgroups .*may be left"
	[ ! -e "$STATE/$ID" ]
}
ungroup() {
	local dir
	for dir in $(groups_of); do eventually rmdir "$dir"; done
}

@test "oci: delete --force of a record of another version ends the process that it names" {
	unread 's/"version":1/"version":99/'
	has "$stderr" "state is of version 99.*its first process has ended"
	gone() { ! kill -0 "$PID" 2>/dev/null; }
	eventually gone
	ungroup
	created sleep 1000
}

@test "oci: delete --force of a damaged record takes its directory, and ends no process that it is not sure of" {
	unread 's/"annotations".*//'
	has "$stderr" "its first process has ended"
	ungroup
	unread 's/"pidStart":\([0-9]*\)/"pidStart":1\1/; s/"annotations".*//'
	kill -0 "$PID"
	kill -9 "$PID"
	ungroup
	unread 's/.*/{"pid/'
	kill -9 "$PID"
	ungroup
}

@test "oci: delete --force names the frozen group in which others have put the container" {
	local other=/sys/fs/cgroup/freezer/nook-$ID-other
	[ -e /sys/fs/cgroup/freezer/cgroup.procs ] || skip "no freezer of cgroup version 1 here"
	running sleep 1000
	mkdir -p "$other/below"
	pid_of >"$other/below/cgroup.procs"
	echo FROZEN >"$other/freezer.state"
	run_rt --debug delete --force "$ID"
	assert_equal "$status" 1
	has "$stderr" "container init still running: it is in the frozen cgroup $other\"$"
	has "$stderr" "hint: echo THAWED > $other/freezer.state"
	echo THAWED >"$other/freezer.state"
	rt delete --force "$ID"
	rmdir "$other/below" "$other"
	nothing_left
}
