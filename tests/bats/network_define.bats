#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# nook network create, ls, inspect, rm: definitions, and each of their faults.
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)

load ../lib/nook
load ../lib/background
load ../lib/net

setup() {
	need_root
	background_setup
	net_world
}
teardown() {
	local pid
	for pid in "${STARTED[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
	for pid in "${STARTED[@]}"; do wait "$pid" 2>/dev/null || true; done
	STARTED=()
	[ -z "${WORLD:-}" ] || nook network prune >/dev/null 2>&1 || true
	net_world_end
	background_teardown
}

field() { nook network inspect "$1" | jq -r ".[0].$2"; }

@test "network create: a free subnet, away from routes, addresses and other networks" {
	in_world ip route add 10.89.0.0/23 via 198.51.100.1
	in_world ip addr add 10.89.2.77/32 dev wire
	assert_equal "$(nook network create web)" web
	assert_equal "$(field web subnets[0].subnet)" 10.89.3.0/24
	assert_equal "$(field web subnets[0].gateway)" 10.89.3.1
	nook network create --ipv6 db
	assert_equal "$(field db subnets[0].subnet)" 10.89.4.0/24
	assert_match_text "$(field db subnets[1].subnet)" '^fd[0-9a-f:]+::/64$'
	assert_equal "$(field db ipv6_enabled)" true
	# A VPN that takes all of 10.0.0.0/8.
	in_world ip route add 10.0.0.0/8 via 198.51.100.1
	nook network create third
	assert_equal "$(field third subnets[0].subnet)" 172.20.0.0/24
}
assert_match_text() { [[ $1 =~ $2 ]] || { echo "$1 does not match $2" >&2; return 1; }; }

@test "network create: what is asked for is what inspect tells" {
	nook network create --subnet 10.5.0.0/24 --gateway 10.5.0.254 --ip-range 10.5.0.128/25 \
		--subnet fd05::/64 --mtu 1400 --internal --isolate --dns off --label a=b --label c \
		--opt com.docker.network.bridge.name=br7 lab
	run -0 nook network inspect lab
	echo "$output" | jq -e '.[0] |
		.name == "lab" and .driver == "bridge" and .network_interface == "br7" and
		.subnets == [{"subnet": "10.5.0.0/24", "gateway": "10.5.0.254",
			"ip_range": "10.5.0.128/25",
			"lease_range": {"start_ip": "10.5.0.128", "end_ip": "10.5.0.255"}},
			{"subnet": "fd05::/64", "gateway": "fd05::1"}] and
		.mtu == 1400 and .internal and .isolate and (.dns_enabled | not) and
		.labels == {"a": "b", "c": ""} and .containers == {} and
		(.id | test("^[0-9a-f]{64}$")) and (.created | test("^20..-.*Z$"))'
	# By the beginning of its id, too.
	local id
	id=$(field lab id)
	assert_equal "$(field "${id:0:12}" name)" lab
}

@test "network ls: a table, names, JSON; the default network is there before it is made" {
	run_nook network ls
	assert_match '^NETWORK ID +NAME +DRIVER +SUBNETS +CONTAINERS$'
	assert_match '^- +nook +bridge +\(made when first used\) +0$'
	nook network create --subnet 10.5.0.0/24 lab
	nook network inspect nook >/dev/null
	run_nook network ls
	assert_match '^[0-9a-f]{12} +lab +bridge +10\.5\.0\.0/24 +0$'
	refute_match 'first used'
	run_nook network ls -q
	assert_output $'lab\nnook'
	nook network ls --format json | jq -e '[.[].name] == ["lab", "nook"] and .[0].containers == 0'
}

@test "network create: overlap is told, with what, and a subnet that is free" {
	nook network create --subnet 10.5.0.0/24 lab
	run_nook network create --subnet 10.5.0.128/25 other
	assert_refused 125 'the subnet 10.5.0.128/25 overlaps 10.5.0.0/24 of network "lab"' 'free: --subnet 10.89.0.0/24'
	run_nook network create --subnet 198.51.0.0/16 other
	assert_refused 125 'overlaps the address 198.51.100.2/24 of wire'
	in_world ip route add 10.7.0.0/16 via 198.51.100.1
	run_nook network create --subnet 10.7.3.0/24 other
	assert_refused 125 'overlaps the route to 10.7.0.0/16 over wire'
	run_nook network create --subnet 10.8.0.0/24 --subnet 10.8.0.0/16 other
	[ "$status" = 125 ] && [[ $stderr == *"10.8.0.0"*overlap* ]]
	# Nothing was half made.
	assert_equal "$(nook network ls -q)" lab
}

@test "network create: each bad word has its error and its hint" {
	local line words error
	while IFS='|' read -r words error; do
		# shellcheck disable=SC2086 # words
		run_nook network create $words
		assert_refused 125 "$error" || { echo "$words" >&2; return 1; }
	done <<-END
		|how shall the network be called
		a b|makes one network: b
		host|no network can be called "host"
		a/b|"a/b" cannot be the name of a network
		--subnet 10.5.0.1/24 x|10.5.0.1/24 is an address in a subnet
		--subnet 10.5.0.0 x|a subnet has a prefix
		--subnet 10.5.0.0/33 x|"10.5.0.0/33" is not an address
		--subnet 10.5.0.0/31 x|too small
		--subnet 10.5.0.0/24 --gateway 10.6.0.1 x|the gateway 10.6.0.1 is outside of the subnet 10.5.0.0/24
		--subnet 10.5.0.0/24 --gateway 10.5.0.255 x|broadcast address
		--subnet 10.5.0.0/24 --ip-range 10.6.0.0/25 x|not inside of the subnet
		--gateway 10.5.0.1 x|belongs to no --subnet
		--mtu 67 x|an MTU of 67 is out of range
		--mtu 0 x|an MTU of 0 is out of range
		--mtu 65536 x|an MTU of 65536 is out of range
		--mtu 1279 --ipv6 x|an MTU of 1279 is out of range
		--driver overlay x|no network driver "overlay"
		--driver macvlan x|driver macvlan needs a card of this machine
		--driver macvlan --parent nowhere x|no card "nowhere" on this machine
		--driver ipvlan --parent wire x|which addresses are nook's on the LAN of wire
		--driver ipvlan --parent wire --ipam dhcp x|ipvlan cannot come by DHCP
		--driver macvlan --parent wire --dns on x|has no resolver
		--opt mode=l2 --driver macvlan --parent wire x|macvlan has no mode "l2"
		--opt vlan=5 x|networks have no option "vlan"
		--opt mtu x|not a key and a value
		--opt bridge.name=sixteen-letters- x|cannot be the name of a bridge
		--opt bridge.name=wire x|the name wire belongs to another card
		--ipam none --subnet 10.5.0.0/24 x|--ipam none and --subnet exclude each other
		--ipam foo x|addresses do not come from "foo"
		--dns maybe x|neither on nor off
		--scope swarm x|no option --scope
	END
	assert_equal "$(nook network ls -q)" ""
}

@test "network create: twice is refused, --ignore forgives" {
	nook network create lab
	run_nook network create lab
	assert_refused 125 'there is a network "lab" already' 'nook network inspect lab'
	assert_equal "$(nook network create --ignore lab)" lab
}

@test "network create: many at once get subnets of their own" {
	local i pids=()
	for i in 1 2 3 4 5 6 7 8; do
		nook network create "n$i" >/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	assert_equal "$(nook network ls --format json | jq '[.[].subnets[0].subnet] | unique | length')" 8
	assert_equal "$(nook network ls --format json | jq '[.[].network_interface] | unique | length')" 8
}

@test "network create: long names have bridges of 15 characters, and none has another's" {
	in_world ip link add nk-web type bridge
	nook network create web
	assert_differs "$(field web network_interface)" nk-web
	nook network create a-name-that-is-longer-than-a-card-may-be
	nook network create a-name-that-is-longer-than-that
	local one two
	one=$(field a-name-that-is-longer-than-a-card-may-be network_interface)
	two=$(field a-name-that-is-longer-than-that network_interface)
	[ "${#one}" = 15 ] && [ "${#two}" = 15 ]
	assert_differs "$one" "$two"
}

@test "network rm: with all that there is of it; in use it is refused, with by whom" {
	nook network create lab
	begin web --network lab -- sleep 60
	run_nook network rm lab
	assert_refused 125 'network "lab" is in use by web' 'disconnect lab web'
	in_world ip link show nk-lab >/dev/null
	run_nook network rm --force lab
	assert_exit 0
	assert_output lab
	# The container runs on, with lo alone.
	assert_equal "$(nook exec web ls /sys/class/net | grep -v -e sit0 -e tunl0 | tr '\n' ' ')" 'lo '
	assert_equal "$(net_made)" ""
	run_nook network rm lab
	assert_refused 125 'there is no network "lab"' 'nook network create lab'
	[ ! -e "$NOOK_STATE/net/lab" ]
}

@test "network: a file of a network that is no definition is told, with its place" {
	nook network create lab
	echo '{"name": "lab", "subnets": [{"subnet": "x"}]}' >"$NOOK_ROOT/networks/lab.json"
	run_nook network inspect lab
	assert_refused 125 'networks/lab.json' 'mend that file, or delete it'
	# It keeps nobody from the others, and nothing of it is believed.
	nook network create other
	begin web --network other -- sleep 60
	run_nook network ls
	[ "$status" = 125 ]
	[[ $output == *other* ]]
	assert_stderr_match 'networks/lab.json'
	# Rules without it would be others than it has.
	run_nook network reload
	assert_refused 125 'networks/lab.json' 'mend that file, or delete it'
	nook network prune
	nook stop -t 0 web
	nook network rm other
	assert_equal "$(net_made)" ""
}

# held FILE CMD...: nook CMD while somebody has the lock, and killed while it waits for it.
killed_at() {
	local file=$1 victim
	shift
	mkdir -p "${file%/*}"
	exec 8>>"$file"
	flock 8
	nsenter --net="/proc/$WORLD/ns/net" --mount="/proc/$WORLD/ns/mnt" -- "$NOOK" "$@" >killed.out 2>&1 8>&- 3>&- &
	victim=$!
	sleep 0.7
	kill -9 "$victim"
	wait "$victim" || true
	exec 8>&-
}

@test "network rm: killed at any point, no bridge is left that nobody knows" {
	nook network create lab
	nook run --rootfs "$ROOTFS" --network lab true
	in_world ip link show nk-lab >/dev/null
	# Before it begins; and with the bridge gone, before the definition goes.
	killed_at "$NOOK_STATE/net/starts.lock" network rm lab
	in_world ip link show nk-lab >/dev/null
	[ "$(field lab name)" = lab ]
	killed_at "$NOOK_ROOT/networks/.lock" network rm lab
	[ "$(field lab name)" = lab ]
	run in_world ip link show nk-lab
	[ "$status" != 0 ]
	# It can be used all the same, and goes.
	nook run --rootfs "$ROOTFS" --network lab ping -c 1 -W 2 198.51.100.1
	killed_at "$NOOK_ROOT/networks/.lock" network rm lab
	nook network rm lab
	assert_equal "$(net_made)" ""
	run_nook network ls -q
	assert_output ''
}

@test "network: who holds the networks is named, and waited for" {
	local holder start
	nook network create lab
	mkdir -p "$NOOK_STATE/net"
	flock "$NOOK_STATE/net/starts.lock" sleep 100 3>&- &
	holder=$!
	sleep 0.3
	kill -STOP "$holder"
	nook run --rootfs "$ROOTFS" --network lab true >out 2>&1 3>&- &
	start=$!
	told() { grep -q "waiting for the networks, which are held by flock, process $holder, which is stopped" out; }
	eventually told || { cat out; pkill -9 -P "$holder"; kill -9 "$holder"; return 1; }
	assert_equal "$(wc -l <out)" 1
	pkill -9 -P "$holder"
	kill -9 "$holder"
	wait "$holder" || true
	wait "$start"
}
