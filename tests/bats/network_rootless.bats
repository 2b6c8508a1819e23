#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Networks of ordinary users: pasta, slirp4netns, and LANs by name.
# shellcheck disable=SC2154,SC2086
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)
# seconds: 109

load ../lib/nook
load ../lib/net
load ../lib/rootless

setup() {
	need_root
	command -v pasta slirp4netns dnsmasq dig >/dev/null || skip "needs passt, slirp4netns, dnsmasq, dig"
	rootless_setup
}
teardown() { rootless_teardown; }

# What a container of each back end has.
has_network() {
	in_background in_outer $GREET 198.51.100.1 2300 outer
	in_background in_outer $GREET 2001:db8::1 2300 outer6
	eventually in_outer $ASK 198.51.100.1 2300
	eventually in_outer $ASK 2001:db8::1 2300
	run_unook run "$@" host sh -c "ip -br addr show eth0; cat /etc/resolv.conf
		dig +short host.example
		python3 $PEER ask 198.51.100.1 2300
		for i in 1 2 3 4 5 6 7 8 9; do # slirp4netns announces its address
			python3 $PEER ask 2001:db8::1 2300 && break
			sleep 0.5
		done"
	assert_exit 0
	says "192.0.2.7"
	says "outer 198.51.100.2"
	says "outer6 2001:db8::2"
	says_not "127.0.0.53"
	nothing_runs
}

@test "nothing said: pasta, with the host's address, IPv6 and names of a resolver on its loopback" {
	has_network
	says "198.51.100.2/24"
	says "2001:db8::2/64"
}
@test "--network slirp4netns does the same behind an address of its own" {
	has_network --network slirp4netns
	says "10.0.2.100/24"
}
@test "without pasta it is slirp4netns; with neither, none and a notice" {
	mkdir bin
	for program in sh ip newuidmap newgidmap; do ln -s "$(command -v $program)" bin/; done
	run user env PATH="$PWD/bin" "$NOOK" run host /usr/sbin/ip -br link
	assert_exit 0
	says "no network inside: neither pasta nor slirp4netns is installed"
	says_not eth0
	ln -s "$(command -v slirp4netns)" bin/
	run user env PATH="$PWD/bin" "$NOOK" run host /usr/sbin/ip -br addr
	says "10.0.2.100/24"
	run user env PATH="$PWD/bin" "$NOOK" run --network pasta host true
	assert_exit 125
	says "pasta is not installed"
}
@test "a machine without a default route: slirp4netns, which needs none" {
	in_world ip route del default
	in_world ip -6 route del default
	run_unook run host ip -br addr
	says "10.0.2.100/24"
	run_unook run --network pasta host true
	assert_exit 125
	warns "no default route"
}

@test "/dev/net/tun that may not be opened: said before anything starts, with what to do" {
	chmod 0600 "$BATS_TEST_TMPDIR/tun"
	run_unook run host sh -c 'echo inside; ip -br link'
	assert_exit 0
	says inside
	says_not eth0
	warns "no network inside: /dev/net/tun may not be opened by you"
	warns "chmod 0666 /dev/net/tun"
	run_unook run --network none host true
	warns_not "/dev/net/tun"
	for option in "--network=pasta" "--network=slirp4netns" "-p=8080:80"; do
		run_unook run "$option" host echo inside
		assert_exit 125
		says_not inside
		warns "/dev/net/tun may not be opened by you"
		warns "chmod 0666 /dev/net/tun"
	done
	in_world umount /dev/net/tun
	in_world mount -t tmpfs none /dev/net
	run_unook run host true
	warns "there is no /dev/net/tun"
	warns "modprobe tun"
}

# What listens on the host's loopback is the host's alone.
loopback_closed() {
	in_background in_world $GREET 127.0.0.1 2301 secret
	in_background in_world $GREET ::1 2301 secret
	in_background in_world $GREET 127.0.0.53 2302 secret
	eventually in_world $ASK 127.0.0.1 2301
	eventually in_world $ASK ::1 2301
	eventually in_world $ASK 127.0.0.53 2302
	for at in 127.0.0.1 127.0.0.53 ::1 198.51.100.1 2001:db8::1 10.0.2.2 10.0.2.3 169.254.1.1 \
		fe80::1 fd00::2 fd00::3; do
		run_unook run "$@" host sh -c "timeout 1 python3 $PEER ask $at 2301
			timeout 1 python3 $PEER ask $at 2302"
		says_not secret
	done
}
@test "the host's loopback is not reached through pasta" { loopback_closed --network pasta; }
@test "the host's loopback is not reached through slirp4netns" { loopback_closed --network slirp4netns; }

@test "ports published by pasta keep the address of who asks" {
	ubegin web -p 8080:80 -p 127.0.0.1:8081:81 -p 9000-9001:90-91/udp -- host sh -c "
		python3 $PEER greet 0.0.0.0 80 web & python3 $PEER greet 0.0.0.0 81 own &
		python3 $PEER greet 0.0.0.0 91 datagram udp"
	eventually in_outer $ASK 198.51.100.2 8080
	run in_outer $ASK 198.51.100.2 8080
	assert_equal "$output" "web 198.51.100.1"
	run in_outer $ASK 198.51.100.2 9001 udp
	assert_equal "$output" "datagram 198.51.100.1"
	run in_world $ASK 127.0.0.1 8080
	says web
	run in_world $ASK 127.0.0.1 8081
	says own
	run ! in_outer $ASK 198.51.100.2 8081
	unook stop -t 0 web
	nothing_runs
}
@test "ports published by slirp4netns keep the address of who asks, and leave no socket" {
	ubegin web --network slirp4netns -p 8080:80 -p 9000:90/udp -- host sh -c "
		python3 $PEER greet 0.0.0.0 80 web & python3 $PEER greet 0.0.0.0 90 datagram udp"
	eventually in_outer $ASK 198.51.100.2 8080
	run in_outer $ASK 198.51.100.2 8080
	assert_equal "$output" "web 198.51.100.1"
	run in_outer $ASK 198.51.100.2 9000 udp
	says datagram
	assert_equal "$(find "$RUNTIME/nook/net" -type s)" ""
	unook stop -t 0 web
	nothing_runs
}
@test "a taken port is told with who has it, a privileged one with what to do" {
	in_background in_world $GREET 0.0.0.0 8080 other
	eventually in_world $ASK 127.0.0.1 8080
	for network in pasta slirp4netns nook; do
		run_unook run --network $network -p 8080:80 host true
		assert_exit 125
		warns "port 8080/tcp of this machine belongs to"
		run_unook run --network $network -p 81:80 host true
		assert_exit 125
		warns "port 81/tcp of this machine: Permission denied"
		warns "net.ipv4.ip_unprivileged_port_start"
	done
	nothing_runs
}
@test "a killed nook leaves no back end and no socket" {
	for network in pasta slirp4netns; do
		ubegin one --network $network -p 8080:80 -- host sleep 100
		[[ $(users_processes) == *$network* ]]
		kill -9 "$owner"
		nothing_runs
		eventually in_world sh -c '! ss -Hltn | grep -q :8080'
		assert_equal "$(find "$RUNTIME" -type s)" ""
	done
}
@test "--explain shows the back end in each form, and runs nothing" {
	run_unook run -p 8080:80 --explain host true
	says "pasta carries its traffic"
	says "until pasta has made its card"
	run_unook run --network slirp4netns -p 8080:80 --explain=json host true
	jq -e '[.steps[].op] | index("companion") and index("ready") and index("ask") and index("dismiss")' <<<"$output"
	run_unook run -p 8080:80 --explain=sh host true
	says 'read -r ready <"$stage"/ready'
	nothing_runs
}
@test "--explain=c is a program with the same network" {
	need_cc
	unook run --explain=c host ip -br addr show eth0 >start.c
	cc -O1 -Wall -Wextra -Werror -o start start.c
	run user "$PWD/start"
	assert_exit 0
	says "198.51.100.2/24"
	nothing_runs
}

@test "two containers of a user share a LAN: addresses, names, a way out, and nothing is left" {
	in_background in_outer $GREET 198.51.100.1 2300 outer
	unook network create lan --subnet 10.66.0.0/24
	ubegin web --network lan:alias=www -- host python3 "$PEER" greet 0.0.0.0 80 web
	eventually unook exec web python3 "$PEER" ask 127.0.0.1 80
	run_unook run --network lan host sh -c "python3 $PEER ask web 80; python3 $PEER ask www 80
		python3 $PEER ask 198.51.100.1 2300; dig +short host.example; dig +short -x 10.66.0.2"
	assert_exit 0
	says "web 10.66.0.3"
	says "outer 198.51.100.2"
	says "192.0.2.7"
	run_unook network inspect lan
	says "10.66.0.2"
	run_unook network map
	says "web"
	run_unook network rm lan
	assert_exit 125
	unook stop -t 0 web
	nothing_runs
	assert_equal "$(net_made)" ""
	assert_equal "$(find "$RUNTIME" -type s)" ""
	unook network rm lan
	run_unook network ls
	says_not lan
}
@test "ports of a container on a user's LAN: from outside, 127.0.0.1, ::1 and its own LAN" {
	ubegin web --network nook -p 8080:80 -p 9000:90/udp -- host sh -c "
		python3 $PEER greet 0.0.0.0 80 web & python3 $PEER greet 0.0.0.0 90 datagram udp"
	eventually in_outer $ASK 198.51.100.2 8080
	for where in "in_outer $ASK 198.51.100.2" "in_outer $ASK 2001:db8::2" "in_world $ASK 127.0.0.1" \
		"in_world $ASK ::1"; do
		run $where 8080
		says web
	done
	run in_outer $ASK 198.51.100.2 9000 udp
	says datagram
	run_unook run --network nook host python3 "$PEER" ask 10.89.0.1 8080
	says web
	run_unook ps
	says "0.0.0.0:8080->80/tcp"
	kill -9 "$owner"
	nothing_runs
	eventually in_world sh -c '! ss -Hltn | grep -q :8080'
	assert_equal "$(grep -c web "$RUNTIME/nook/net/nook/leases" || true)" 0 || {
		unook network prune
		assert_equal "$(grep -c web "$RUNTIME/nook/net/nook/leases" || true)" 0
	}
}
@test "the holder of a user's networks that is killed takes its parts along; the next one is new" {
	ubegin web --network nook -- host sleep 100
	keeper=$(pgrep -u "$TEST_UID" -o -x nook-lan)
	kill -9 "$keeper"
	gone() { ! pgrep -u "$TEST_UID" -x 'pasta.*|passt.*|nook-lan.*' >/dev/null; }
	eventually gone
	unook stop -t 0 web
	nothing_runs
	run_unook run --network nook host ip -br addr show eth0
	assert_exit 0
	says 10.89.0.
	nothing_runs
}
@test "many at once start one holder" {
	for i in 1 2 3 4 5 6; do
		user "$NOOK" run --network nook --rootfs "$ROOTFS" sh -c 'ip addr show eth0; sleep 4' \
			>"out.$i" 2>&1 3>&- &
		STARTED+=($!)
	done
	eventually sh -c '[ $(grep -l "inet 10.89" out.* | wc -l) = 6 ]'
	for process in nook-lan nook-lan-space; do
		assert_equal "$(pgrep -u "$TEST_UID" -x "$process" | wc -l)" 1
	done
	wait "${STARTED[@]}"
	assert_equal "$(grep -h -o 'inet 10[.0-9]*' out.* | sort -u | wc -l)" 6
	nothing_runs
}
@test "with subordinate ids: many users inside, on a LAN as without one" {
	run subid_user "$NOOK" run --network nook --rootfs "$ROOTFS" sh -c \
		'cat /proc/self/uid_map; id -u; touch /tmp/f; chown 5:6 /tmp/f; ls -n /tmp/f; ip -4 addr show eth0'
	assert_exit 0
	says "10.89.0.2/24"
	says "5        6"
	says_not "only one user id"
	run subid_user "$NOOK" run --network nook --user 33 --rootfs "$ROOTFS" id -u
	assert_equal "${lines[-1]}" 33
	nothing_runs
}
@test "a card is put into a running container of a user's LAN, and taken out" {
	unook network create two --subnet 10.67.0.0/24
	ubegin web --network nook -- host sleep 100
	unook network connect two web
	run_unook exec web ip -br addr
	says "10.67.0.2/24"
	unook network disconnect two web
	run_unook exec web ip -br addr
	says_not "10.67.0.2/24"
	unook stop -t 0 web
	nothing_runs
}
@test "--firewall and --egress hold for pasta and on a user's LAN" {
	in_background in_outer $GREET 198.51.100.1 2300 outer
	in_background in_outer $GREET 198.51.100.1 2301 other
	eventually in_outer $ASK 198.51.100.1 2301
	for network in pasta slirp4netns nook; do
		run_unook run --network $network --firewall "out accept tcp 2300" --firewall "out drop" \
			host sh -c "timeout 2 python3 $PEER ask 198.51.100.1 2300
				timeout 2 python3 $PEER ask 198.51.100.1 2301"
		says outer
		says_not other
	done
	for network in pasta nook; do
		run_unook run --network $network --egress allow=host.example host sh -c "
			dig +short +time=2 +tries=1 host.example; dig +short +time=2 +tries=1 evil.example
			timeout 2 python3 $PEER ask 198.51.100.1 2300"
		says 192.0.2.7
		says_not outer
	done
	nothing_runs
}

# Nook is killed before and after each step of its network, and each of them fails.
each_step() {
	local step steps
	steps=$(user "$FAULTY" run "$@" --explain=json host true |
		jq -r '.steps | to_entries[] | select(.value.topic == "network" and .value.actor == "parent") |
			.key + 1')
	[ -n "$steps" ]
	for step in $steps; do
		for what in before:kill after:kill before:fail after:fail; do
			user timeout 20 "$FAULTY" run --fault "$step:$what" "$@" host true >/dev/null 2>&1 </dev/null || true
			EVENTUALLY_SECONDS=10 nothing_runs || { echo "step $step $what" >&2; return 1; }
		done
	done
	unook ps >/dev/null
	unook network prune >/dev/null
	nothing_runs
	assert_equal "$(find "$RUNTIME" -type s)" ""
	assert_equal "$(cat "$RUNTIME"/nook/net/*/leases 2>/dev/null)" ""
	assert_equal "$(net_made)" ""
}
@test "fault: nook killed or failing at each step of pasta leaves nothing" {
	fault_build
	each_step --network pasta -p 8080:80
}
@test "fault: nook killed or failing at each step of slirp4netns leaves nothing" {
	fault_build
	each_step --network slirp4netns -p 8080:80
}
@test "fault: nook killed or failing at each step of a user's LAN leaves nothing" {
	fault_build
	each_step --network nook -p 8080:80
}
