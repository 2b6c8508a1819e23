#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every namespace that lives, and how they hang together: nook ns ls, nook ns tree.
# vm: seldom, what it reads of /proc and asks of a namespace has the same form since long before 6.1

load ../lib/nook
load ../lib/background
setup() { background_setup; }
teardown() { background_teardown; }

# start CMD...: in the background; $pid. Ended after the test.
start() {
	"$@" 3>&- </dev/null >/dev/null 2>started.err &
	pid=$!
	STARTED+=("$pid")
}
# The same as an ordinary user: $pid is the command itself, so that it is what gets killed.
start_as_user() {
	start exec_as_user "$@"
	eventually past_shell "$1"
}
past_shell() { runs "$pid" "$1" || runs "$pid" sleep; }
runs() { [ "$(cat "/proc/$1/comm")" = "$2" ]; }
exec_as_user() {
	local USER_ENV
	user_env "$TEST_UID" nobody-here
	exec setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --inh-caps=-all \
		env "${USER_ENV[@]}" "$@"
}
# The process that $1 has forked, in $child.
has_child() {
	read -r child 2>/dev/null <"/proc/$1/task/$1/children"
	child=${child%% *}
	[ -n "$child" ]
}
child_of() { eventually has_child "$1"; }
# inode TYPE PID
inode() {
	local link
	link=$(readlink "/proc/$2/ns/$1")
	link=${link#*\[}
	echo "${link%]}"
}
is_apart() { [ "$(inode "$1" "$2" 2>/dev/null)" != "$(inode "$1" $$)" ]; }
# is_in TYPE PID COMMAND: the process has its own namespace and runs the command already.
is_in() { is_apart "$1" "$2" && runs "$2" "$3"; }
ls_json() { nook ns ls --format json "$@"; }
# check JQ [ARGS of jq]: true of the JSON in $output.
check() {
	# Of nothing at all jq 1.6 says that it is true.
	[ -n "$output" ] && jq -e "$@" <<<"$output" >/dev/null || explain_failure "expected: $*"
}

# --- beside lsns

# In a PID namespace of its own, where nothing but this comes and goes. Each lister counts itself.
BESIDE=$(
	cat <<'SH'
	by_lsns() {
		lsns -J -o TYPE,NS,NPROCS,PID,ONS,PNS >lsns.json && jq -r '.namespaces[] |
			"\(.type) \(.ns) \(.nprocs) \(.pid) \(.ons) \(.pns)"' lsns.json | sort >lsns.list
	}
	by_nook() {
		"$NOOK" ns ls --format json >nook.json && jq -r '.[] | select(.pid) |
			"\(.type) \(.inode) \(.processes) \(.pid) \(.owner // 0) \(.parent // 0)"' \
			nook.json | sort >nook.list
	}
	unshare -muinC --fork sleep 100 &
	unshare -Urpm --fork --mount-proc unshare -Urpn --fork sleep 100 &
	unshare -U sleep 100 &
	for i in {1..200}; do
		by_lsns && by_nook && [ "$(wc -l <nook.list)" -ge 20 ] && diff lsns.list nook.list && exit
		sleep 0.05
	done
	exit 1
SH
)

@test "ns ls: types, inodes, processes, first process, owner and parent as lsns has them" {
	run -0 unshare --pid --fork --kill-child --mount-proc bash -c "$BESIDE"
	cat lsns.list
	# The shell's, the one of unshare -U, and two in each other.
	assert_equal "$(jq 'map(select(.type == "user")) | length' nook.json)" 4
}

@test "ns ls: an ordinary user sees what lsns shows him, and how much he cannot see" {
	start_as_user unshare -Urun --fork --kill-child sleep 100
	eventually is_in uts "$pid" unshare
	child_of "$pid"
	# lsns fails when a process ends while it reads it.
	lsns_of_user() { as_user lsns -J -t uts -o NS,NPROCS,PID >lsns.json; }
	eventually lsns_of_user
	run -0 --separate-stderr as_user "$NOOK" ns ls --type uts --format json
	# In the machine's own each sees itself.
	others() { jq -c --argjson own "$(inode uts $$)" 'map(select(.[0] != $own)) | sort'; }
	assert_equal "$(jq '[.[] | [.inode, .processes, .pid]]' <<<"$output" | others)" \
		"$(jq '[.namespaces[] | [.ns, .nprocs, .pid]]' lsns.json | others)"
	check --argjson i "$(inode uts "$child")" 'any(.inode == $i and .processes == 2)'
	# shellcheck disable=SC2154
	assert_match "^\[" && matches "$stderr" '^hint: [0-9]+ processes belong to others: run as root'
	# His own user namespace was made by him, in that of everybody.
	run -0 --separate-stderr as_user "$NOOK" ns ls --pid "$child" --type user --format json
	check --argjson i "$(inode user "$child")" --argjson p "$(inode user $$)" --argjson u "$TEST_UID" \
		'length == 1 and (.[0] | .inode == $i and .parent == $p and .creator == $u and .owner == $p)'
	run_nook ns ls
	assert_exit 0
	refute_stderr_match 'belong'
}

@test "ns ls: processes that end meanwhile are no error" {
	local i churn rounds=25
	[ -z "${NOOK_VM:-}" ] || rounds=5
	(while :; do /bin/true; done) 3>&- &
	churn=$!
	STARTED+=("$churn")
	start unshare -un bash -c 'while :; do unshare -m true; done'
	for ((i = 0; i < rounds; i++)); do
		run_nook ns ls --fds --format json
		assert_exit 0
		refute_stderr_match '^nook:'
		check 'all(.inode > 0 and (.pid == null) == (.processes == 0))'
	done
}

# --- memberships and hierarchies

@test "scenario A6: a process has eight memberships, which its children inherit" {
	start unshare -muipnC --fork --kill-child sh -c 'sleep 100; :'
	child_of "$pid"
	eventually is_in pid "$child" sh
	sh=$child
	child_of "$sh"
	run_nook ns ls --pid "$sh" -q
	assert_exit 0
	assert_equal "$(sort <<<"$output")" \
		"$(for k in user mnt uts ipc pid net cgroup time; do readlink "/proc/$sh/ns/$k"; done | sort)"
	assert_equal "$(nook ns ls --pid "$child" -q)" "$output"
	run_nook ns ls --pid "$sh" --type uts,net --type ipc --format json
	check --argjson p "$pid" 'map(.type) == ["uts", "ipc", "net"]'
	check --argjson n "$(inode net "$sh")" 'any(.inode == $n and .processes == 3)'
	# What the parent's next child will be in belongs to the parent's own, too.
	run_nook ns ls --pid "$pid" --type pid --format json
	check --argjson n "$(inode pid "$sh")" --argjson p "$pid" 'any(.inode == $n
		and any(.holders[]; .kind == "children" and .pid == $p and .count == 1))'
}

@test "scenario A4: PID namespaces three deep, each in the one around it" {
	start unshare -p --fork --kill-child unshare -p --fork --kill-child unshare -p --fork --kill-child sleep 100
	local chain=() at=$pid i
	chain=("$(inode pid $$)")
	for i in 1 2 3; do
		child_of "$at"
		at=$child
		eventually is_apart pid "$at"
		chain+=("$(inode pid "$at")")
	done
	eventually is_in pid "$at" sleep
	output=$(ls_json --type pid)
	for i in 1 2 3; do
		check --argjson i "${chain[i]}" --argjson up "${chain[i - 1]}" \
			'any(.inode == $i and .type == "pid" and .parent == $up)'
		check --argjson i "${chain[i]}" --argjson up "${chain[i - 1]}" \
			'any(.inode == $up and any(.holders[]; .kind == "nested" and (.inodes | index($i))))'
	done
	check --argjson i "${chain[3]}" 'any(.inode == $i and .command == "sleep 100" and .processes == 1)'
	check --argjson i "${chain[1]}" 'any(.inode == $i and .processes == 1)'
}

@test "ns ls: user namespaces three deep, of an ordinary user" {
	start_as_user unshare -Ur unshare -Ur unshare -Urn sleep 100
	eventually is_in net "$pid" sleep
	output=$(ls_json)
	check --argjson i "$(inode user "$pid")" --argjson u "$TEST_UID" --argjson first "$(inode user $$)" '
		. as $all | def ns($i): $all[] | select(.inode == $i);
		ns($i) as $in | ns($in.parent) as $mid | ns($mid.parent) as $out
		| $out.parent == $first and ([$in, $mid, $out] | all(.type == "user" and .creator == $u and .owner == .parent))
		# The two around it have no process: what lies in them keeps them.
		and ($mid.processes == 0 and $mid.pid == null and $mid.command == null)
		and any($mid.holders[]; .kind == "nested" and (.inodes == [$i]))'
	check --argjson i "$(inode net "$pid")" --argjson o "$(inode user "$pid")" --argjson u "$TEST_UID" \
		'any(.inode == $i and .owner == $o and .creator == $u)'
}

# --- what keeps a namespace without a process

@test "scenario G2: a network namespace that ip netns keeps, by its name, until it is let go" {
	# shellcheck disable=SC2016
	in_private_mounts bash -euc '
		mkdir -p /run/netns
		mount -t tmpfs none /run/netns
		ip netns add blue
		ip netns exec blue readlink /proc/self/ns/net
		"$NOOK" ns ls --type net --format json >named
		"$NOOK" ns ls --type net | grep blue
		"$NOOK" ns ls --format csv --type net | grep blue
		ip netns delete blue
		"$NOOK" ns ls --type net --format json >gone' >out
	mapfile -t lines <out
	output=$(cat named)
	check --arg link "${lines[0]}" 'any("net:[\(.inode)]" == $link and .name == "blue" and .processes == 0
		and .pid == null and .command == null and .creator == 0
		and any(.holders[]; .kind == "mount" and .path == "/run/netns/blue"))'
	[[ ${lines[1]} =~ ^net\ +[0-9]+\ +0\ +-\ +-\ +blue\ .*mount\ /run/netns/blue ]]
	[[ ${lines[2]} =~ ^net,[0-9]+,0,,,blue,[0-9]+,,root,mount\ /run/netns/blue,$ ]]
	jq -e 'all(.name != "blue")' gone
}

@test "ns ls: bind mounts, also those in another mount namespace, at a path with blanks" {
	mkdir 'a b'
	touch 'a b/uts'
	# shellcheck disable=SC2016
	start unshare --mount --propagation private bash -c 'unshare -u sleep 100 &
		until [ "$(readlink /proc/$!/ns/uts)" != "$(readlink /proc/self/ns/uts)" ]; do sleep 0.02; done
		mount --bind /proc/$!/ns/uts "a b/uts" && readlink /proc/$!/ns/uts >link
		kill $! && wait $!
		: >ready; exec sleep 100'
	eventually test -e ready
	output=$(ls_json --type uts)
	check --arg link "$(cat link)" --arg path "$PWD/a b/uts" --argjson p "$pid" --argjson owner "$(inode user $$)" '
		any("uts:[\(.inode)]" == $link and .processes == 0 and .owner == $owner and .name == null
		and any(.holders[]; .kind == "mount" and .path == $path and .pid == $p and .count == 1))'
}

@test "ns ls: an open descriptor is found with --fds only" {
	start unshare -u sleep 100
	local first=$pid link
	eventually is_in uts "$first" sleep
	link=$(readlink "/proc/$first/ns/uts")
	start sleep 100 7<"/proc/$first/ns/uts" # the shell opens it
	eventually test -e "/proc/$pid/fd/7" || { start bash -c "exec 7</proc/$first/ns/uts; exec sleep 100"; eventually test -e "/proc/$pid/fd/7"; }
	kill "$first"
	wait "$first" || true
	output=$(ls_json --type uts)
	check --arg link "$link" 'all("uts:[\(.inode)]" != $link)'
	output=$(ls_json --type uts --fds)
	check --arg link "$link" --argjson p "$pid" --argjson owner "$(inode user $$)" '
		any("uts:[\(.inode)]" == $link and .processes == 0 and .owner == $owner
		and .holders == [{kind: "fd", pid: $p, count: 1, fd: 7}])'
	run_nook ns ls --type uts --fds
	assert_match "^uts .* fd 7 of $pid"
}

@test "ns ls: a namespace that is only for children to come" {
	start python3 -c 'import ctypes, time
assert ctypes.CDLL(None).unshare(0x80) == 0
open("ready", "w"); time.sleep(100)'
	eventually test -e ready
	output=$(ls_json --type time)
	check --argjson i "$(inode time_for_children "$pid")" --argjson p "$pid" --argjson o "$(inode user $$)" '
		any(.inode == $i and .type == "time" and .processes == 0 and .owner == $o
		and .holders == [{kind: "children", pid: $p, count: 1}])'
	run_nook ns tree "time:[$(inode time_for_children "$pid")]"
	assert_match "[─-] time [0-9]+  no process; kept by children of $pid\$"
}

@test "ns ls: a namespace that only a thread has entered, also when the first one has ended" {
	start python3 -c 'import ctypes, threading, time, os
libc = ctypes.CDLL(None)
def run():
    assert libc.unshare(0x04000000) == 0
    open("tid", "w").write(str(threading.get_native_id()) + "\n")
    time.sleep(100)
threading.Thread(target=run).start()
while not os.path.exists("end"):
    time.sleep(0.02)
libc.pthread_exit(None)'
	eventually test -s tid
	tid=$(cat tid)
	thread_holds() {
		output=$(ls_json --type uts)
		check --argjson i "$(inode uts "$tid")" --argjson t "$tid" --argjson o "$(inode user $$)" '
			any(.inode == $i and .processes == 0 and .owner == $o
			and .holders == [{kind: "thread", pid: $t, count: 1}])'
	}
	thread_holds
	run_nook ns ls --type uts
	assert_match "^uts .* thread $tid "
	# Other commands can reach it, too.
	run_nook ns ls --pid "uts:[$(inode uts "$tid")]" -q
	assert_output "uts:[$(inode uts "$tid")]"
	touch end
	first_ended() { [[ $(cat "/proc/$pid/stat") == *') Z '* ]]; }
	eventually first_ended
	thread_holds
	# What all of it shared before is now only the other thread's.
	output=$(ls_json --type net)
	check --argjson i "$(inode net $$)" 'any(.inode == $i and any(.holders[]; .kind == "thread"))'
}

@test "ns ls: a container's namespaces have its name" {
	sleeper web
	output=$(ls_json)
	local kind
	for kind in mnt uts ipc pid net; do
		check --argjson i "$(inode "$kind" "$pid")" 'any(.inode == $i and .name == "web")'
	done
	check --argjson i "$(inode user $$)" 'any(.inode == $i and .name == null)'
	run_nook ns ls --type pid
	assert_match "^pid .* web .* sleep 100\$"
	# It is as good as its first process.
	run_nook ns ls --pid web -q
	assert_equal "$output" "$(nook ns ls --pid "$pid" -q)"
	assert_equal "$(nook ns tree web | grep -c ' process: ')" 6
	run_nook ns tree "net:[$(inode net "$pid")]"
	assert_match "[─-] net $(inode net "$pid") \"web\"  1 process: $pid sleep 100\$"
	refute_match '(uts|ipc|mnt) '
	nook kill web
	# What has been killed ends when the kernel has time.
	unnamed() { [[ $(nook ns ls --type pid) != *' web '* ]]; }
	eventually unnamed
}

@test "ns ls: names that nook ns hold gave, by bind mounts and by a holder process" {
	# shellcheck disable=SC2016
	in_private_mounts bash -euc '
		mount -t tmpfs none /run
		"$NOOK" ns hold uts pid --name lab
		trap "\"$NOOK\" ns rm lab" EXIT
		"$NOOK" ns ls --format json >held
		ln -s "$NOOK_STATE" link
		NOOK_STATE=$PWD/link "$NOOK" ns ls --type uts,pid >linked' 3>&-
	output=$(cat held)
	check '[.[] | select(.name == "lab") | .type] == ["uts", "pid"]'
	check --arg dir "$(realpath "$NOOK_STATE")/ns/lab/uts" 'any(.name == "lab" and .type == "uts"
		and any(.holders[]; .kind == "mount" and .path == $dir))'
	run -0 cat linked
	assert_match '^uts .* lab '
	assert_match '^pid .* lab '
	run_nook ns ls
	refute_match ' lab '
	# An ordinary user may not mount: his are held by a process.
	as_user "$NOOK" ns hold user net --name mine 3>&-
	as_user "$NOOK" ns ls --format json >held
	as_user "$NOOK" ns rm mine
	output=$(cat held)
	check '[.[] | select(.name == "mine") | .type] == ["user", "net"]'
}

# A zombie has ended, too.
ended() { [ ! -e "/proc/$1" ] || [[ $(cat "/proc/$1/stat") == *') Z '* ]]; }

# Anybody can have such a file system in a mount namespace of his own.
@test "ns ls: a bind mount below a file system that does not answer keeps nobody waiting" {
	[ -c /dev/fuse ] || skip "no FUSE in this kernel"
	mkdir fs
	# shellcheck disable=SC2016
	start unshare --mount --propagation private bash -c 'python3 "$TOP/tests/lib/stuck_fuse.py" "$PWD/fs" &
		fuse=$!
		unshare -u sleep 100 &
		until mountpoint -q fs && [ "$(readlink /proc/$!/ns/uts)" != "$(readlink /proc/self/ns/uts)" ]; do sleep 0.05; done
		mount --bind /proc/$!/ns/uts fs/ns && readlink /proc/$!/ns/uts >link
		kill $! && wait $!
		: >fs.stop; echo $fuse >ready; wait $fuse'
	eventually test -s ready
	STARTED+=("$(cat ready)")
	# Whoever waits cannot be killed before the file system ends: so nobody is waited for here.
	"$NOOK" ns ls --type uts --format json >listed 2>/dev/null 3>&- &
	local lister=$! waiter
	nsenter -t "$pid" -m stat "$PWD/fs/ns" >/dev/null 2>&1 3>&- &
	waiter=$!
	EVENTUALLY_SECONDS=10 eventually ended "$lister"
	output=$(cat listed)
	# It is listed; what only a look at the file would tell is not known.
	check --arg link "$(cat link)" --arg path "$PWD/fs/ns" 'any("uts:[\(.inode)]" == $link and .owner == null
		and any(.holders[]; .path == $path))'
	# The file system is one that does make wait.
	sleep 0.5
	run -1 ended "$waiter"
	kill -9 "$(cat ready)"
	eventually ended "$waiter"
}

# --- how it looks

no_controls() {
	if LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$output"; then
		explain_failure "expected no control characters"
	fi
}

@test "ns ls: nothing a process calls itself reaches the terminal" {
	start bash -c $'exec -a "a\e[31mb\nc\u009b1m,\\"d\\"" unshare -u sleep 100'
	eventually is_in uts "$pid" sleep
	start bash -c $'exec unshare -u bash -c \'exec -a "x\e[31my\nz\u009b1m,\\"d\\"" sleep 100\''
	eventually is_in uts "$pid" sleep
	local format
	for format in table csv json; do
		run_nook ns ls --type uts --format "$format"
		assert_exit 0
		no_controls
	done
	check --argjson p "$pid" 'any(.pid == $p and .command == "x\u001b[31my\nz\u009b1m,\"d\" 100")'
	run_nook ns tree --type uts
	no_controls
	assert_match "1 process: $pid x\?\[31my\?z\?\?1m,\"d\" 100"
	nook ns ls --type uts --format csv >table.csv
	python3 - "$pid" <<-'PY'
		import csv, sys
		rows = list(csv.DictReader(open("table.csv", newline="")))
		row = next(r for r in rows if r["pid"] == sys.argv[1])
		assert row["command"] == 'x?[31my?z??1m,"d" 100', row
		assert row["type"] == "uts" and row["processes"] == "1" and row["user"] == "root"
		assert all(None not in r and None not in r.values() for r in rows)
	PY
}

@test "ns ls: no line is wider than the terminal, and a pipe has all columns" {
	local columns
	start unshare -un sleep 100 "$(printf 'x%.0s' {1..300})" || true
	sleeper a-container-with-a-rather-long-name
	for columns in 40 80 120 200; do
		script -qec "stty cols $columns; '$NOOK' ns ls; '$NOOK' ns tree" /dev/null |
			tr -d '\r' | grep -v hint: >out
		python3 -c 'import sys; assert max(len(l.rstrip("\n")) for l in open("out", encoding="utf-8")) <= int(sys.argv[1])' \
			"$columns"
		head -n 1 out >"head.$columns"
	done
	# Other columns as far as what is in them leaves room.
	grep -Ex 'TYPE +NS +PROCS +PID( +USER)? +NAME( +KEPT BY)? +COMMAND' head.80
	grep -Ex 'TYPE +NS +PROCS +PID +USER +NAME +OWNER +PARENT +CREATOR +KEPT BY +COMMAND' head.200
	nook ns ls | head -n 1 | grep -Ex 'TYPE +NS +PROCS +PID +USER +NAME +OWNER +PARENT +CREATOR +KEPT BY +COMMAND'
	nook ns ls | grep -F 'a-container-with-a-rather-long-name'
}

# --- the tree

@test "scenario I1: which user namespace owns what, as a tree" {
	start_as_user unshare -Urun unshare -Urm --propagation unchanged sleep 100
	eventually is_in mnt "$pid" sleep
	local outer inner uts net mnt
	inner=$(inode user "$pid") mnt=$(inode mnt "$pid") uts=$(inode uts "$pid") net=$(inode net "$pid")
	outer=$(ls_json --type user | jq --argjson i "$inner" '.[] | select(.inode == $i) | .parent')
	run_nook ns tree --format json
	assert_exit 0
	check --argjson first "$(inode user $$)" --argjson o "$outer" --argjson i "$inner" --argjson m "$mnt" \
		--argjson u "$uts" --argjson n "$net" '
		def below($x): .children[] | select(.inode == $x);
		.[] | select(.inode == $first) | below($o) | (below($u).type == "uts") and (below($n).type == "net")
		and (below($i) | below($m).type == "mnt")'
	# Each namespace once, and as many as the list has of these.
	check '[.. | objects | select(.children) | .inode] | length == (unique | length)'
	LC_ALL=C.UTF-8 run_nook ns tree "$pid"
	assert_match "^user $(inode user $$)  "
	assert_match "^└─ user $outer  no process, made by $TEST_UID; kept by 3 below\$"
	assert_match "^   ├─ uts $uts  1 process: $pid sleep 100\$"
	assert_match "^   └─ user $inner  1 process, made by $TEST_UID: $pid sleep 100\$"
	assert_match "^      └─ mnt $mnt  1 process: $pid sleep 100\$"
	assert_match "^pid $(inode pid $$)  "
	LC_ALL=C run_nook ns tree "$pid"
	assert_match "^\`- user $outer  no process"
	assert_match "^      \`- mnt $mnt"
	refute_match '[^ -~]'
}

@test "ns tree: PID namespaces are a hierarchy of their own" {
	start_as_user unshare -Urp --fork --kill-child unshare -p --fork --kill-child sleep 100
	child_of "$pid"
	local mid=$child
	child_of "$mid"
	eventually is_in pid "$child" sleep
	LC_ALL=C.UTF-8 run_nook ns tree --type pid "$child"
	assert_exit 0
	assert_match "^pid $(inode pid $$)  [0-9]+ process"
	assert_equal "${lines[1]}" "└─ pid $(inode pid "$mid")  1 process, owned by user $(inode user "$mid"): $mid unshare -p --fork --kill-child sleep 100"
	assert_equal "${lines[2]}" "   └─ pid $(inode pid "$child")  1 process: $child sleep 100"
	assert_equal "${#lines[@]}" 3
	run_nook ns tree --type pid --format json
	check 'all(.type == "pid") and all(.. | objects | select(.children) | .type; . == "pid")'
}

@test "ns tree: user namespaces as deep as the kernel lets them be" {
	local words=() i
	for i in {1..30}; do words+=(unshare -U --map-root-user); done
	start "${words[@]}" sleep 100
	eventually is_in user "$pid" sleep
	run_nook ns tree --format json "$pid"
	assert_exit 0
	check --argjson i "$(inode user "$pid")" '[.. | objects | select(.type? == "user")] | length == 31'
	LC_ALL=C.UTF-8 run_nook ns tree --type user "$pid"
	assert_equal "${#lines[@]}" 31
}

# --- bad input

@test "ns ls, ns tree: bad input is one line and one hint" {
	words_only
	run_nook ns ls --type nope
	assert_refused 125 '--type nope: there is no type "nope"' 'user, mnt, uts'
	run_nook ns ls --type net,
	assert_refused 125 'there is no type ""'
	run_nook ns ls --pid 0
	assert_refused 125 '"0" is not the number of a process'
	run_nook ns ls --pid 12x
	assert_refused 125 '"12x" is no process, container or name'
	run_nook ns ls --pid 99999999999
	assert_refused 125 'is not the number of a process'
	run_nook ns ls --format xml
	assert_refused 125 'no such format' 'table, json or csv'
	run_nook ns ls stray
	assert_refused 125 'takes no words: stray'
	run_nook ns tree one
	assert_refused 125 '"one" is no process, container or name'
	run_nook ns tree $$ 2
	assert_refused 125 'takes one process: 2'
	run_nook ns tree --type x
	assert_refused 125 'there is no type'
	run_nook ns sl
	assert_refused 125 'there is no command ns sl' 'ns ls'
}

@test "ns ls, ns tree: a process that has gone, one of another user" {
	start sleep 100
	kill "$pid"
	wait "$pid" || true
	run_nook ns ls --pid "$pid"
	assert_refused 125 "there is no process $pid"
	run_nook ns tree "$pid"
	assert_refused 125 "there is no process $pid"
	run -125 --separate-stderr as_user "$NOOK" ns ls --pid 1
	assert_refused 125 'the namespaces of process 1: Permission denied' 'run as root'
	# shellcheck disable=SC2016
	run -125 --separate-stderr sh -c '"$NOOK" ns ls >/dev/full'
	assert_refused 125 'write the list'
}

@test "ns ls: nothing is mounted on /proc" {
	need_plain_build
	# shellcheck disable=SC2016
	run -125 --separate-stderr in_private_mounts sh -c 'mount -t tmpfs none /proc && exec "$NOOK" ns ls'
	assert_refused 125 'no process in /proc' 'mount -t proc'
}

@test "ns ls: below another PID namespace's /proc, and in one of its own" {
	run_nook ns ls --type pid --format json
	check 'length >= 1'
	# shellcheck disable=SC2016
	run -0 --separate-stderr unshare -p --fork --mount-proc sh -c '"$NOOK" ns ls --type pid --format json; :'
	check 'length == 1 and .[0].processes == 2 and .[0].pid == 1 and .[0].parent == null'
	# shellcheck disable=SC2016
	run -0 --separate-stderr unshare -p --fork sh -c '"$NOOK" ns ls --type pid --format json; :'
	check 'length >= 2'
}

@test "ns ls: reading leaves no descriptor behind and makes no state" {
	run_nook ns ls
	assert_exit 0
	[ ! -e "$NOOK_STATE" ]
	run -0 --separate-stderr env NOOK_STATE=/proc/nope "$NOOK" ns ls -q --type user
	assert_match '^user:\[[0-9]+\]$'
}
