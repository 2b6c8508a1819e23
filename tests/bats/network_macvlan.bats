# SPDX-License-Identifier: Apache-2.0
# Networks of the drivers macvlan and ipvlan: cards of containers on the LAN of a card of the host.
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)

# shellcheck disable=SC2154 # $stderr, $pid, $STARTED come from the libraries
load ../lib/nook
load ../lib/background
load ../lib/net

setup() {
	need_root
	background_setup
	net_world
}
teardown() {
	local p
	for p in "${STARTED[@]}"; do kill -9 "$p" 2>/dev/null || true; done
	for p in "${STARTED[@]}"; do wait "$p" 2>/dev/null || true; done
	STARTED=()
	[ -z "${WORLD:-}" ] || nook network prune --force >/dev/null 2>&1 || true
	# What killed ones have left is taken away by the next command.
	[ -z "${WORLD:-}" ] || nook ps >/dev/null || true
	net_world_end
	background_teardown
}

there() { in_world nsenter --net="/proc/$1/ns/net" "${@:2}"; }
lan() {
	nook network create --parent wire --subnet 198.51.100.0/24 --ip-range 198.51.100.192/28 \
		--subnet 2001:db8::/64 --ip-range 2001:db8::c0/124 "$@" lan
}
need_ipvlan() {
	in_world ip link add link wire name probe0 type ipvlan 2>/dev/null ||
		skip "this kernel has no ipvlan (the virtual machine's run has it)"
	in_world ip link del probe0
}

@test "macvlan: containers on the LAN, each other and the outer world" {
	lan --driver macvlan
	local one two
	begin one --network lan -- sleep 1000
	one=$pid
	begin two --network lan:ip=198.51.100.200,mac=02:00:00:00:00:07 -- sleep 1000
	two=$pid
	run there "$one" ip -o addr show eth0
	[[ $output == *'inet 198.51.100.19'[2-9]/24* && $output == *'inet6 2001:db8::c'*/64* ]]
	run there "$one" ip route
	[[ $output == *'default via 198.51.100.1 dev eth0'* ]]
	run there "$two" ip -d link show eth0
	[[ $output == *02:00:00:00:00:07* && $output == *'macvlan mode bridge'* ]]
	there "$one" ping -c 1 -W 2 198.51.100.1
	there "$one" ping -c 1 -W 2 2001:db8::1
	there "$one" ping -c 1 -W 2 198.51.100.200
	in_outer ping -c 1 -W 2 198.51.100.200
	# With its own hardware address, seen in the outer world.
	[[ $(in_outer ip neigh show 198.51.100.200) == *02:00:00:00:00:07* ]]
	# It is as the kernel makes macvlan: the machine itself is not reached.
	run there "$one" ping -c 1 -W 1 198.51.100.2
	[ "$status" != 0 ]
	assert_equal "$(in_world sysctl -n net.ipv4.ip_forward)" 0
	nook stop -t 0 one two
	assert_equal "$(net_made)" ""
	assert_equal "$(cat "$NOOK_STATE/net/lan/leases")" ""
}

@test "macvlan: modes" {
	lan --driver macvlan --opt mode=private
	local one
	begin one --network lan -- sleep 1000
	one=$pid
	begin two --network lan:ip=198.51.100.200 -- sleep 1000
	run there "$one" ip -d link show eth0
	[[ $output == *'macvlan mode private'* ]]
	run there "$one" ping -c 1 -W 1 198.51.100.200
	[ "$status" != 0 ]
	there "$one" ping -c 1 -W 2 198.51.100.1
	run_nook network create --driver macvlan --parent wire --opt mode=l2 other
	[ "$status" = 125 ]
	[[ $stderr == *'macvlan has no mode "l2"'* ]]
}

@test "macvlan: into a running container and out again" {
	lan --driver macvlan
	begin web --network none -- sleep 1000
	nook network connect lan web
	there "$pid" ping -c 1 -W 2 198.51.100.1
	run_nook network connect lan web
	[ "$status" = 125 ]
	[[ $stderr == *'is on network "lan" already'* ]]
	nook network disconnect lan web
	run there "$pid" ip link show eth0
	[ "$status" != 0 ]
	assert_equal "$(cat "$NOOK_STATE/net/lan/leases")" ""
}

@test "macvlan: what is refused" {
	run_nook network create --driver macvlan lan
	[ "$status" = 125 ]
	[[ $stderr == *'needs a card of this machine'* ]]
	run_nook network create --driver macvlan --parent wire --dns on lan
	[[ $stderr == *'has no resolver of names'* ]]
	lan --driver macvlan
	run_nook run --rootfs "$ROOTFS" --network lan --ip 198.51.100.1 true
	[[ $stderr == *"the gateway's"* ]]
	run_nook run --rootfs "$ROOTFS" --network lan --ip 10.0.0.1 true
	[[ $stderr == *'not an address of network'* ]]
	# Older kernels rename only what is down.
	in_world ip link set wire down
	in_world ip link set wire name wire9
	run_nook run --rootfs "$ROOTFS" --network lan true
	[ "$status" = 125 ]
	[[ $stderr == *'its card wire'* ]]
	in_world ip link set wire9 name wire
	assert_equal "$(cat "$NOOK_STATE/net/lan/leases")" ""
	assert_equal "$(net_made)" ""
}

@test "ipvlan: l2 and l3, one hardware address" {
	need_ipvlan
	lan --driver ipvlan
	local one
	begin one --network lan -- sleep 1000
	one=$pid
	begin two --network lan:ip=198.51.100.200 -- sleep 1000
	there "$one" ping -c 1 -W 2 198.51.100.1
	there "$one" ping -c 1 -W 2 198.51.100.200
	in_outer ping -c 1 -W 2 198.51.100.200
	assert_equal "$(there "$one" ip -o link show eth0 | grep -o 'ether [^ ]*')" \
		"$(in_world ip -o link show wire | grep -o 'ether [^ ]*')"
	run there "$one" ip -d link show eth0
	[[ $output == *'ipvlan  mode l2'* ]]
	nook stop -t 0 one two
	nook network rm lan
	lan --driver ipvlan --opt mode=l3
	begin three --network lan -- sleep 1000
	run there "$pid" ip -d link show eth0
	[[ $output == *'ipvlan  mode l3'* ]]
}
