#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# What two processes share (nook ns diff), their numbers (nook ns pid), and who may do what
# (nook ns can): what it says is compared with what happens.
# vm: seldom, what it asks of a namespace has the same form since long before 6.1

load ../lib/nook
load ../lib/inside
setup() { inside_setup; }
teardown() { inside_teardown; }

# --- diff

@test "scenario G1 diff: the same and the different ones, as the inode numbers say" {
	need_root
	local kind
	inside : unshare --uts --net --ipc
	run_nook ns diff $$ "$pid" --format json
	assert_exit 0
	for kind in user mnt uts ipc pid net cgroup time; do
		check --arg k $kind --argjson a "$(inode $kind $$)" --argjson b "$(inode $kind "$pid")" \
			'.namespaces[] | select(.type == $k) | .a == $a and .b == $b and .same == ($a == $b)'
	done
	check '[.namespaces[] | select(.same | not) | .type] == ["uts", "ipc", "net"]'
	run_nook ns diff $$ "$pid"
	assert_match "^  user +$(inode user $$) +the same\$"
	assert_match "^  net +$(inode net $$) +$(inode net "$pid")\$"
}

@test "scenario G1 diff: what differs inside, each kind" {
	need_root
	inside 'hostname left; ip link add eth0 type veth peer name x; ip addr add 10.1.1.1/24 dev eth0
		ip link set eth0 up; ipcmk -Q; mount -t tmpfs only-left /mnt' \
		as_user unshare --user --map-root-user --uts --net --ipc --mount --pid --fork
	local left=$pid
	inside 'hostname right; mount -t tmpfs -o ro only-right /mnt' \
		unshare --uts --net --ipc --mount --user --map-root-user --time --monotonic 5 --fork
	run_nook ns diff "$left" "$pid" --format json
	assert_exit 0
	differs() {
		check --arg p "$1" --arg k "$2" --arg a "$3" --arg b "$4" \
			'.differences | any(.part == $p and (.key | test($k)) and
			((.a // "-") | test($a)) and ((.b // "-") | test($b)))'
	}
	differs names host '^left$' '^right$'
	differs maps uid "is $TEST_UID outside" '0 is 0 inside and outside'
	differs offsets monotonic '^0 s$' '^\+5 s$'
	differs mounts '^/mnt$' only-left 'tmpfs only-right ro'
	differs cards '^eth0$' 'veth, to x' '^-$'
	differs cards '^eth0$' '10.1.1.1/24' '^-$'
	differs routes '^10.1.1.0/24$' 'dev eth0' '^-$'
	differs ipc '^msg 0x' 'messages' '^-$'
	check '.differences | all(.a != .b)'
	check '.a.hidden == {} and .b.hidden == {}'
	run_nook ns diff "$left" "$pid"
	assert_match '^  host +left +right$'
	# A process and itself.
	run_nook ns diff "$pid" "$pid" --format json
	check '.differences == [] and all(.namespaces[]; .same)'
}

@test "diff: many differences are counted, --all shows them" {
	need_root
	inside 'for i in $(seq 100 120); do mkdir "d$i"; mount -t tmpfs t "d$i"; done' unshare --mount
	run_nook ns diff $$ "$pid"
	assert_match '^Mounts: 12 of 2[12], --all shows them$'
	refute_match '/d120$'
	run_nook ns diff --all $$ "$pid"
	assert_match '/d120$'
	refute_match 'shows them'
}

@test "diff: mounts that differ only in propagation are one line" {
	need_root
	unshare --mount --propagation shared sh -c '
		unshare --mount --propagation private sleep 100 & private=$!
		until [ "$(readlink /proc/$private/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ]; do sleep 0.02; done
		until [ "$(cat /proc/$private/comm)" = sleep ]; do sleep 0.02; done
		"$NOOK" ns diff $$ $private >few; "$NOOK" ns diff --all $$ $private >all; kill $private' 2>err
	output=$(cat few)
	assert_match '^  [0-9]+ mounts, only in propagation +shared +private$'
	[ "$(grep -c shared few)" = 1 ]
	[ "$(grep -c shared all)" -gt 5 ]
}

@test "diff: what may not be seen is told, for another user" {
	need_root
	inside : unshare --uts
	status=0 output=$(as_user "$NOOK" ns diff "$pid" self --format json) || status=$?
	assert_exit 0
	check '.namespaces | all(.a == null and .b != null and .same == null)'
	check '.a.hidden.names | test("right to look into")'
	run_nook ns diff $$
	assert_refused 125 'compares two'
}

# --- pid

# Three deep; $pid is the innermost, $top the first PID 1, $low the last.
nest() {
	inside : unshare --pid --fork unshare --user --map-root-user --pid --fork unshare --pid --fork
}
numbers() { awk '/^NSpid/ {$1 = ""; print $0}' "/proc/$1/status" | xargs; }

@test "scenario A4 pid: the chain of numbers is that of NSpid, three deep" {
	need_root
	nest
	run_nook ns pid "$pid" --format json
	assert_exit 0
	assert_equal "$(jq -r '[.numbers[].number] | join(" ")' <<<"$output")" "$(numbers "$pid")"
	check --argjson o "$(inode pid $$)" --argjson i "$(inode pid "$pid")" --argjson p "$pid" \
		'.numbers | length == 4 and .[0].namespace == $o and .[3].namespace == $i and
		.[3].number == 1 and .[3].init == $p and .[3].init_command == "sleep"'
	check '[.numbers[].namespace] | unique | length == 4'
	run_nook ns pid "$pid"
	assert_match "^  pid:\[$(inode pid $$)\] +$pid  ours; PID 1 there is 1 "
	assert_match "^  pid:\[$(inode pid "$pid")\] +1  its own; it is PID 1 there\$"
}

@test "scenario A4 pid: the other way round, at every level" {
	need_root
	nest
	local outer level number
	# Each ancestor is PID 1 of a level of its own: its number there and in those around it.
	outer=$pid
	for level in 3 2 1; do
		number=$(numbers "$pid" | cut -d' ' -f$((level + 1)))
		run_nook ns pid "$number" --from "$outer" --format json
		assert_exit 0
		check --argjson p "$pid" '.pid == $p'
		outer=$(awk '/^PPid/ {print $2}' "/proc/$outer/status")
	done
	run_nook ns pid --from $$ "$pid" --format json
	check --argjson p "$pid" '.pid == $p'
}

@test "scenario A4 pid: a number that exists only outside is nothing inside" {
	need_root
	inside : unshare --pid --fork
	run_nook ns pid $$ --from "$pid"
	assert_refused 125 "no process is number $$ in pid:\[$(inode pid "$pid")\]"
	run nsenter --target "$pid" --pid sh -c "kill -0 $$"
	assert_exit 1
	# nook's own number is not that of the one who asks.
	run_nook ns pid 99999 --from $$
	assert_refused 125 'no process is number 99999'
}

@test "pid: an ordinary user: his own chain in full, of others the numbers" {
	need_root
	inside : as_user unshare --user --map-root-user --pid --fork
	output=$(as_user "$NOOK" ns pid 1 --from "$pid" --format json)
	check --argjson p "$pid" '.pid == $p and .numbers[1].number == 1 and .numbers[1].namespace != null'
	inside : unshare --pid --fork
	output=$(as_user "$NOOK" ns pid "$pid" --format json)
	check '.numbers[1] == {namespace: null, number: 1, init: null, init_command: null}'
	status=0 stderr=$(as_user "$NOOK" ns pid 1 --from "$pid" 2>&1) || status=$?
	assert_refused 125 'PID namespace of .* is not visible' 'needs the right'
}

@test "pid: bad input" {
	local gone
	sh -c 'exit 0' &
	gone=$!
	wait $gone
	run_nook ns pid $gone
	assert_refused 125 "there is no process $gone"
	run_nook ns pid 0
	assert_refused 125 'not the number of a process'
	run_nook ns pid 0 --from $$
	assert_refused 125 'not the number of a process'
	run_nook ns pid x --from $$
	assert_refused 125 'not the number of a process'
	run_nook ns pid 1 --from $gone
	assert_refused 125 "there is no process $gone"
	run_nook ns pid "/proc/$$/ns/net"
	assert_refused 125 'is no process'
	run_nook ns pid
	assert_refused 125 'takes one process'
	run_nook ns pid 1 --from
	assert_refused 125 'needs a value'
}

# --- can: exit code 0 and "may" are what really happens

# can ACTION [ARG...]: nook's answer for the caller, with ordinary user's eyes when $AS is set.
can() { status=0 output=$($AS "$NOOK" ns can "$@" --format json) || status=$?; }
# The answer is yes or no.
says() {
	local code=1
	[ "$1" = true ] && code=0
	assert_exit $code
	check --argjson may "$1" '.may == $may'
}
try() { if "$@" >/dev/null 2>&1; then echo true; else echo false; fi; }

@test "can enter: as nsenter can, for root, the maker, a stranger and --type" {
	need_root
	inside : as_user unshare --user --map-root-user --uts --net
	AS='' can enter "$pid"
	says true
	check '.tried and .capability == "CAP_SYS_ADMIN" and (.types | all(.may))'
	AS=as_user can enter "$pid"
	says "$(try as_user nsenter --target "$pid" --user --uts --net --preserve-credentials true)"
	says true
	check '.why | test("made user:")'
	AS=as_subid_user can enter "$pid"
	says "$(try as_subid_user nsenter --target "$pid" --user true)"
	says false
	# The maker has no right where the owner is the namespace around it.
	inside : unshare --net
	AS=as_user can enter --type net "$pid"
	says false
	AS='' can enter --type net "$pid"
	says true
	check --argjson u "$(inode user $$)" '.namespace == $u and (.types | length) == 1'
	AS='' can enter $$
	says true
	check '.tried == null and (.types | all(.there))'
}

@test "can kill, ptrace: as the kernel decides" {
	need_root
	inside : as_user env
	AS='' can kill "$pid"
	says true
	AS=as_user can kill "$pid"
	says "$(try as_user kill -0 "$pid")"
	check '.capability == null and .tried'
	AS=as_subid_user can kill "$pid"
	says "$(try as_subid_user kill -0 "$pid")"
	says false
	check '.capability == "CAP_KILL"'
	AS=as_user can ptrace "$pid"
	says "$(try as_user head -c 0 "/proc/$pid/mem")"
	AS=as_subid_user can ptrace "$pid"
	says false
	AS='' can ptrace "$pid"
	says true
}

@test "can hostname, network, mount: --pid inside and outside, and it is so" {
	need_root
	inside : unshare --user --map-root-user --uts
	local owner
	owner=$(inode user "$pid")
	can hostname "$pid" --pid "$pid"
	says "$(try nsenter --target "$pid" --user --uts hostname fine)"
	check --argjson u "$owner" '.may and .capability == "CAP_SYS_ADMIN" and .namespace == $u'
	# Its network and mounts belong to the namespace around it.
	can network "$pid" --pid "$pid"
	says "$(try nsenter --target "$pid" --user ip link add nope type veth peer name nope2)"
	check --argjson u "$(inode user $$)" '.may == false and .namespace == $u'
	can mount "$pid" --pid "$pid"
	says "$(try nsenter --target "$pid" --user mount -t tmpfs t /mnt)"
	can mount $$
	says true
}

@test "can set-clock, mknod: asked for in the machine's first user namespace" {
	need_root
	inside : unshare --user --map-root-user --time --mount --fork
	can set-clock "$pid" --pid "$pid"
	says "$(try nsenter --target "$pid" --user --time date -s '@1')"
	says false
	check '.why | test("first user namespace")'
	can mknod "$pid" --pid "$pid"
	says "$(try nsenter --target "$pid" --user --mount mknod "$BATS_TEST_TMPDIR/null" c 1 3)"
	says false
	[ "$(inode user $$)" != 4026531837 ] || { can mknod $$; says true; }
}

@test "can bind-low-port: reserved ports, and where none are" {
	need_root
	bind() {
		nsenter --target "$pid" --net setpriv --bounding-set -all --inh-caps=-all --reuid "$TEST_UID" \
			--regid "$TEST_UID" --clear-groups \
			/usr/bin/python3 -c 'import socket; socket.socket().bind(("", 80))'
	}
	inside 'ip link set lo up' unshare --net
	local net=$pid
	inside : nsenter --target "$net" --net setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups
	can bind-low-port "$net" --pid "$pid"
	says "$(try bind)"
	says false
	check '.capability == "CAP_NET_BIND_SERVICE"'
	nsenter --target "$net" --net sh -c 'echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start'
	can bind-low-port "$net" --pid "$pid"
	says "$(try bind)"
	says true
	check '.why | test("No port is reserved")'
}

@test "can setuid: ids that a bounded process cannot take" {
	need_root
	inside : unshare --user --map-root-user setpriv --bounding-set -setuid
	can setuid "$pid" --pid "$pid"
	says false
	check --argjson u "$(inode user "$pid")" '.capability == "CAP_SETUID" and .namespace == $u and
		(.why | test("lacks CAP_SETUID"))'
	can setgid "$pid" --pid "$pid"
	says true
	can chown "$pid"
	says true
}

@test "can cgroup: by the file's owner" {
	need_root
	local dir
	dir=$(cgroup_mount pids) || skip "no cgroup controller pids here"
	inside : as_user env
	mkdir "$dir/can-$$"
	echo "$pid" >"$dir/can-$$/cgroup.procs"
	AS=as_user can cgroup "$pid"
	local before=$output
	chown "$TEST_UID" "$dir/can-$$/cgroup.procs"
	AS=as_user can cgroup "$pid"
	kill -9 "$pid"
	eventually rmdir "$dir/can-$$" 2>/dev/null
	says true
	status=1 output=$before
	says false
}

@test "can: for people, one word first, then why" {
	need_root
	inside : as_user unshare --user --map-root-user
	run_nook ns can enter "$pid"
	assert_exit 0
	assert_equal "${lines[0]}" yes
	assert_match '^  because +You have CAP_SYS_ADMIN in user:\[[0-9]+\], and so in user:'
	assert_match '^  tried +it works$'
	run_nook ns can set-clock "$pid" --pid "$pid"
	assert_exit 1
	assert_equal "${lines[0]}" no
	assert_equal "$stderr" ""
}

@test "can: bad input is 125, never a yes or no" {
	need_root
	local gone
	sh -c 'exit 0' &
	gone=$!
	wait $gone
	run_nook ns can fly $$
	assert_refused 125 'no action "fly"' 'enter, kill'
	run_nook ns can hostnam $$
	assert_refused 125 'no action' 'did you mean hostname'
	run_nook ns can enter $gone
	assert_refused 125 "there is no process $gone"
	run_nook ns can enter $$ --pid $gone
	assert_refused 125 "there is no process $gone"
	run_nook ns can enter
	assert_refused 125 'takes an action'
	run_nook ns can kill "/proc/$$/ns/net"
	assert_refused 125 'is no process'
	run_nook ns can hostname "/proc/$$/ns/net"
	assert_refused 125 'has no uts namespace'
	run_nook ns can enter --type uts "/proc/$$/ns/net"
	assert_refused 125 'no namespace of that type'
	run_nook ns can enter $$ --pid "/proc/$$/ns/net"
	assert_refused 125 'no process'
	inside : unshare --uts
	status=0 stderr=$(as_user "$NOOK" ns can enter "$pid" --pid self 2>&1) || status=$?
	assert_refused 125 'not visible' 'needs the right'
	status=0 output=$(as_user "$NOOK" ns can enter "$pid") || status=$?
	assert_exit 1
}
