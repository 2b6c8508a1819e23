#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# What is inside the namespaces of a process: nook ns show, against /proc, ip, ipcs and hostname.
# vm: seldom, what it reads of /proc has the same form since long before 6.1

load ../lib/nook
load ../lib/inside
setup() { inside_setup; }
teardown() { inside_teardown; }

ALL=(unshare --user --map-root-user --uts --ipc --net --pid --mount --cgroup --fork)

@test "scenario G1 show: the eight memberships are those of /proc, with their owners" {
	need_root
	local kind owner
	inside : "${ALL[@]}" --time
	show_json "$pid"
	owner=$(inode user "$pid")
	for kind in user mnt uts ipc pid net cgroup time; do
		check --arg k $kind --argjson i "$(inode $kind "$pid")" \
			'.namespaces[] | select(.type == $k) | .inode == $i and .ours == false'
	done
	check --argjson u "$owner" '[.namespaces[] | select(.type != "user") | .owner == $u] | all'
	check --argjson p "$pid" '.pid == $p and .command == "sleep" and .hidden == {}'
	show_json $$
	check '[.namespaces[].ours] | all and length == 8'
}

@test "show: of a process whose children will be in other namespaces" {
	need_root
	local child grandchild
	# After unshare the caller itself stays; its first child is PID 1 of the new namespace.
	inside 'python3 -c "
import ctypes, os, time
assert ctypes.CDLL(None).unshare(0x20000080) == 0
if os.fork():
    open(\"unshared\", \"w\").write(\"yes\")
time.sleep(1000)" & echo $! >python; until [ -s unshared ]; do sleep 0.05; done' unshare --uts
	child=$(cat python)
	grandchild=$(<"/proc/$child/task/$child/children")
	INSIDE+=("$child" "${grandchild% }")
	show_json "$child"
	check --argjson p "$(inode pid_for_children "$child")" --argjson t "$(inode time_for_children "$child")" \
		'.namespaces | any(.type == "pid" and .ours and .for_children == $p) and
		any(.type == "time" and .ours and .for_children == $t)'
	check '.offsets.of_children'
	run_nook ns show "$child"
	assert_match '^  pid +[0-9]+ +the same as here.*; children will be in [0-9]+'
	assert_match '^Clocks of its next children'
}

@test "scenario B3 show: id maps in words" {
	need_root
	inside : as_user unshare --user --map-root-user
	run_nook ns show "$pid"
	assert_exit 0
	assert_match "^  uid +0 inside is $TEST_UID outside, 1 id\$"
	assert_match "^  gid +0 inside is $TEST_UID outside, 1 id\$"
	assert_match '^  setgroups +deny$'
	show_json "$pid"
	check --argjson u "$TEST_UID" '.uid_map == [{inside: 0, outside: $u, count: 1,
		words: "0 inside is \($u) outside, 1 id"}] and .setgroups == "deny"'
	run_nook ns show $$
	assert_match '^  uid +every id is the same inside and outside$'
}

@test "scenario B3 show: several ranges, and a map that is not written yet" {
	need_root
	inside : unshare --user
	run_nook ns show "$pid"
	assert_match '^  uid +nothing is mapped$'
	# In one write: bash's own printf makes one a line.
	env printf '0 1000 1\n1 100000 65536\n' >"/proc/$pid/uid_map"
	run_nook ns show "$pid"
	assert_match '^  uid 0 +0 inside is 1000 outside, 1 id$'
	assert_match '^  uid 1 +1 to 65536 inside are 100000 to 165535 outside, 65536 ids$'
	assert_match '^  gid +nothing is mapped$'
}

@test "scenario B1 show: host and domain name of inside, the outside's are others" {
	need_root
	inside 'hostname inner; echo of.inner >/proc/sys/kernel/domainname' "${ALL[@]}"
	show_json "$pid"
	check '.hostname == "inner" and .domainname == "of.inner"'
	show_json $$
	check --arg h "$(hostname)" '.hostname == $h'
}

@test "scenario B2 show: message queues, semaphores, shared memory and POSIX queues of inside only" {
	need_root
	local outer key
	outer=$(ipcmk -Q | grep -o '[0-9]*$')
	inside "ipcmk -Q; ipcmk -S 3; ipcmk -M 5000; '$PROBES/mqueue' make /inner" "${ALL[@]}"
	show_json $$
	ipcrm -q "$outer"
	check --argjson id "$outer" 'any(.ipc[]; .kind == "msg" and .id == $id) and
		all(.ipc[]; .name != "/inner")'
	show_json "$pid"
	check '[.ipc[].kind] | sort == ["mqueue", "msg", "sem", "shm"]'
	check '.ipc[] | select(.kind == "sem") | .count == 3'
	check '.ipc[] | select(.kind == "shm") | .bytes == 5000'
	check '.ipc[] | select(.kind == "mqueue") | .name == "/inner"'
	key=$(nsenter --target "$pid" --ipc ipcs -q | awk '/^0x/ {print $1}')
	run_nook ns show "$pid"
	assert_match "^  msg $key id 0 +0 messages, 0 bytes, uid 0, mode 644\$"
}

@test "scenario B5 show: clock offsets" {
	need_root
	inside : unshare --user --map-root-user --time --monotonic 86400 --boottime -7 --fork
	show_json "$pid"
	check '.offsets == {monotonic_ns: 86400000000000, boottime_ns: -7000000000, of_children: false}'
	run_nook ns show "$pid"
	assert_match '^  monotonic +\+86400 s$'
	assert_match '^  boottime +-7 s$'
}

@test "scenario B6 show: the cgroup's path inside and outside" {
	need_root
	local dir
	dir=$(cgroup_mount pids) || skip "no cgroup controller pids here"
	inside : unshare --cgroup
	mkdir "$dir/inspect-$$"
	echo "$pid" >"$dir/inspect-$$/cgroup.procs"
	show_json "$pid"
	kill -9 "$pid"
	eventually rmdir "$dir/inspect-$$" 2>/dev/null
	check --arg g "inspect-$$" '.cgroups[] | select(.id == "0" or (.controllers | contains("pids"))) |
		select(.outside | endswith("/" + $g)) | .inside | endswith("/" + $g)'
	# A namespace made in the group has it as its root.
	mkdir "$dir/inspect-$$"
	inside : sh -c "echo \$\$ >$dir/inspect-$$/cgroup.procs; exec unshare --cgroup \"\$@\"" sh
	show_json "$pid"
	kill -9 "$pid"
	eventually rmdir "$dir/inspect-$$" 2>/dev/null
	check --arg g "inspect-$$" '.cgroups[] | select(.outside | endswith("/" + $g)) | .inside == "/"'
}

@test "show: cards, addresses and routes as ip tells them" {
	need_root
	inside 'ip link set lo up
		ip link add eth0 mtu 1300 type veth peer name other
		ip addr add 10.9.8.7/24 dev eth0
		ip link set eth0 up; ip link set other up
		ip route add default via 10.9.8.1
		ip route add blackhole 10.99.0.0/16 metric 7' "${ALL[@]}"
	eventually by_ip
	run_nook ns show "$pid"
	assert_match '^  eth0 +up, mtu 1300, veth, to other, [0-9a-f:]{17}$'
	assert_match '^ +10\.9\.8\.7/24$'
	assert_match '^  default +via 10\.9\.8\.1 dev eth0$'
	assert_match '^  10\.99\.0\.0/16 +blackhole metric 7$'
}
# IPv6 addresses come a moment later.
by_ip() {
	show_json "$pid"
	assert_equal "$(jq -c '[.cards[] | [.name, .index, .mtu, .mac, (.addresses | sort)]] | sort' <<<"$output")" \
		"$(nsenter --target "$pid" --user --net ip -j addr | jq -c '[.[] | [.ifname, .ifindex, .mtu,
		(.address | if . == "00:00:00:00:00:00" then null else . end),
		([.addr_info[] | "\(.local)/\(.prefixlen)"] | sort)]] | sort')" || return
	assert_equal "$(jq -c '[.routes[] | select(.family == "inet") | [.to, .via, .dev]] | sort' <<<"$output")" \
		"$(nsenter --target "$pid" --user --net ip -j -4 route | jq -c '[.[] | [.dst, .gateway, .dev]] | sort')"
}

@test "show: sockets that can be reached, TCP, UDP and Unix" {
	need_root
	inside 'ip link set lo up
		python3 -c "
import socket, os, time
a = socket.socket(); a.bind((\"127.0.0.1\", 8080)); a.listen()
b = socket.socket(socket.AF_INET6); b.bind((\"::\", 81)); b.listen()
c = socket.socket(type=socket.SOCK_DGRAM); c.bind((\"0.0.0.0\", 53))
d = socket.socket(socket.AF_UNIX); d.bind(\"\\0hid\"); d.listen()
e = socket.socket(); e.connect((\"127.0.0.1\", 8080))
open(\"python\", \"w\").write(\"up\")
time.sleep(1000)" & until [ -s python ]; do sleep 0.05; done' unshare --net --pid --fork --kill-child
	show_json "$pid"
	check '[.sockets[] | [.proto, .address, .port // 0]] | sort ==
		[["tcp", "127.0.0.1", 8080], ["tcp6", "::", 81], ["udp", "0.0.0.0", 53], ["unix", "@hid", 0]]'
	run_nook ns show "$pid"
	assert_match '^  tcp6 +\[::\]:81$'
}

@test "show: mounts that differ from those of the process it came from" {
	need_root
	inside 'mount -t tmpfs -o nodev new /mnt; mount -o bind,ro /usr /opt' unshare --mount
	show_json "$pid"
	check '[.mounts_unlike_parent[] | [.change, .point, .type]] | sort | .[0:1] ==
		[["added", "/mnt", "tmpfs"]]'
	check '.mounts_unlike_parent | any(.point == "/opt" and .change == "added" and .root == "/usr" and
		(.options | startswith("ro")))'
	check --argjson n "$(wc -l <"/proc/$pid/mountinfo")" '.mounts | length == $n'
	run_nook ns show "$pid"
	assert_match '^Mounts unlike those of its parent, process '
	assert_match '^  /mnt +tmpfs new rw,nodev,relatime$'
	inside : env
	show_json "$pid"
	check '.mounts_unlike_parent == []'
	run_nook ns show "$pid"
	assert_match '^  the same [0-9]+ that its parent sees$'
}

@test "show: mounts that only spread otherwise are one line" {
	need_root
	local child
	inside 'unshare --mount --propagation slave sleep 1000 & echo $! >spread
		until grep -q master: "/proc/$!/mountinfo" && [ "$(cat /proc/$!/comm)" = sleep ]; do
			sleep 0.05
		done' unshare --mount --propagation shared
	child=$(cat spread)
	INSIDE+=("$child")
	run_nook ns show "$child"
	assert_match '^  and [0-9]+ differ in propagation only \(slave here\)$'
	refute_match '^  /proc '
	show_json "$child"
	check '.mounts_unlike_parent | length > 3 and all(.change == "propagation" and .propagation == "slave")'
}

@test "show: capabilities, and over which of its namespaces they count" {
	need_root
	inside : as_user unshare --user --map-root-user --uts --net
	show_json "$pid"
	check --argjson u "$(inode user "$pid")" '.capabilities.namespace == $u and
		.capabilities.count_over == ["user", "uts", "net"] and
		(.capabilities.effective | length) > 30'
	run_nook ns show "$pid"
	assert_match '^  not over +mnt ipc pid cgroup time: '
	inside : setpriv --bounding-set -all,+chown --no-new-privs
	show_json "$pid"
	check '.capabilities.bounding == ["CAP_CHOWN"] and .capabilities.no_new_privs'
}

@test "show: an ordinary user sees everything of his own user namespace" {
	need_root
	inside 'hostname mine; ip link add eth7 type veth peer name eth8; ipcmk -Q' \
		as_user "${ALL[@]}"
	status=0 output=$(as_user "$NOOK" ns show "$pid" --format json) || status=$?
	assert_exit 0
	check '.hostname == "mine" and .hidden == {} and any(.cards[]; .name == "eth7") and
		([.ipc[].kind] == ["msg"]) and (.numbers | length) == 2'
	check '.cgroups[0].inside != null'
}

@test "show: another user's process: what needs no right, and why the rest is not visible" {
	need_root
	inside 'ip link set lo up' unshare --net --uts --ipc
	status=0 output=$(as_user "$NOOK" ns show "$pid" --format json) || status=$?
	assert_exit 0
	check '[.namespaces[].inode] | unique == [null]'
	check '.hostname == null and .ipc == null and .uid_map[0].count == 4294967295'
	check '[.cards[].name] == ["lo"] and (.cards[0] | has("mtu") | not)'
	check '.addresses_of_unknown_cards == ["127.0.0.1"]'
	check --arg p "$pid" '.hidden.names | test("right to look into process " + $p)'
	output=$(as_user "$NOOK" ns show "$pid")
	assert_match '^  not visible: needs the right to look into process'
}

@test "show: a namespace by its inode, by its file and by its name" {
	need_root
	inside 'ip link set lo up; hostname byname' unshare --net --uts --ipc --mount
	show_json "net:[$(inode net "$pid")]"
	check '[.cards[].name] == ["lo"] and (has("hostname") | not) and (has("capabilities") | not)'
	check --argjson i "$(inode net "$pid")" '[.namespaces[].inode] == [$i]'
	show_json "/proc/$pid/ns/uts"
	check '.hostname == "byname" and (has("cards") | not) and .pid == null'
	show_json "/proc/$pid/ns/mnt"
	check --argjson n "$(wc -l <"/proc/$pid/mountinfo")" '.mounts | length == $n'
	show_json "/proc/$pid/ns/user"
	check '.uid_map[0].count == 4294967295'
}

@test "show: a container by its name, from outside" {
	need_root
	busybox_rootfs --dirs "$BATS_TEST_TMPDIR/rootfs"
	nook run --rootfs "$BATS_TEST_TMPDIR/rootfs" --name web -h webhost sleep 100 >/dev/null 2>&1 3>&- &
	STARTERS+=($!)
	eventually eval '"$NOOK" ns show web --format json >web.json 2>/dev/null'
	output=$(cat web.json)
	INSIDE+=("$(jq .pid web.json)")
	check '.hostname == "webhost" and .target == "container \"web\"" and
		(.mounts_unlike_parent | any(.point == "/proc"))'
	nook kill web >/dev/null
}

@test "show: hostile names move no cursor and break no JSON" {
	need_root
	inside 'hostname "$(printf "a\033[2Jb")" 2>/dev/null || hostname plain
		mkdir "$(printf "/tmp/in\033[31m\nx\t")"
		ip link add "$(printf "e\033[1m")" type veth peer name plain
		mount -t tmpfs "$(printf "s\033]0;t\007")" "$(printf "/tmp/in\033[31m\nx\t")"' \
		unshare --mount --uts --net --propagation private sh -c 'mount -t tmpfs t /tmp && exec "$@"' sh
	run_nook ns show "$pid"
	assert_exit 0
	[[ $output != *$'\033'* && $output != *$'\a'* ]] || explain_failure "no escape characters"
	run_nook ns diff $$ "$pid"
	assert_exit 0
	[[ $output != *$'\033'* && $output != *$'\a'* ]] || explain_failure "no escape characters"
	show_json "$pid"
	check '.mounts | any(.point == "/tmp/in\u001b[31m\nx\t" and .source == "s\u001b]0;t\u0007")'
	check '.cards | any(.name == "e\u001b[1m")'
}

@test "show: a visit leaves nothing and changes nothing" {
	need_root
	inside : "${ALL[@]}"
	held() {
		local file
		for file in /proc/"$pid"/fd/* /proc/"$pid"/ns/*; do echo "$file $(readlink "$file")"; done
		cat "/proc/$pid/mountinfo"
	}
	local before
	before=$(held)
	show_json "$pid"
	assert_equal "$(held)" "$before"
}

@test "show: bad input is one line and a hint" {
	local gone
	sh -c 'exit 0' &
	gone=$!
	wait $gone
	run_nook ns show $gone
	assert_refused 125 "there is no process $gone"
	run_nook ns show 0
	assert_refused 125 'not the number of a process'
	run_nook ns show 99999999999
	assert_refused 125 'not the number of a process'
	run_nook ns show nothing-of-that-name
	assert_refused 125 'is no process, container or name'
	run_nook ns show "net:[1]"
	assert_refused 125 'there is no namespace'
	run_nook ns show /etc/passwd
	assert_refused 125 passwd
	run_nook ns show
	assert_refused 125 'needs|takes one' 'PID'
	run_nook ns show 1 2
	assert_refused 125 'takes one'
	run_nook ns show --format xml $$
	assert_refused 125 'no such format' 'json'
	run_nook ns show $$ --nonsense
	assert_exit 125
}

@test "ns show: without descriptors it says so, not that the process is gone" {
	local rc=0
	output=$(prlimit --nofile=6 "$NOOK" ns show self 2>&1 >/dev/null 3>&-) || rc=$?
	assert_equal "$rc" 125
	[[ $output == *'Too many open files'* && $output != *'there is no process'* ]]
}
