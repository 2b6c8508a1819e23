# SPDX-License-Identifier: Apache-2.0
# --ipam dhcp: addresses of a LAN's own server, which here is dnsmasq in the outer world.
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)

# shellcheck disable=SC2154 # $stderr, $pid, $owner, $STARTED come from the libraries
# seconds: 23

load ../lib/nook
load ../lib/background
load ../lib/net

setup() {
	need_root
	command -v dnsmasq >/dev/null || skip "needs dnsmasq (the host's run has it)"
	background_setup
	net_world
	in_outer ip addr add 192.168.7.1/24 dev wire
	SERVERS=()
}
teardown() {
	local p
	for p in "${STARTED[@]}" "${SERVERS[@]}"; do kill -9 "$p" 2>/dev/null || true; done
	for p in "${STARTED[@]}" "${SERVERS[@]}"; do wait "$p" 2>/dev/null || true; done
	STARTED=() SERVERS=()
	[ -z "${WORLD:-}" ] || nook network prune --force >/dev/null 2>&1 || true
	# What killed ones have left is taken away by the next command.
	[ -z "${WORLD:-}" ] || nook ps >/dev/null || true
	net_world_end
	background_teardown
}

# dhcp_server FIRST LAST [OPTION...]
dhcp_server() {
	local range="192.168.7.$1,192.168.7.$2,120"
	shift 2
	: >dhcp.log
	in_outer dnsmasq --keep-in-foreground --bind-interfaces --interface=wire --port=0 --no-ping --dhcp-sequential-ip \
		--dhcp-authoritative --dhcp-range="$range" --dhcp-option=3,192.168.7.1 \
		--dhcp-leasefile="$PWD/leases" --log-facility="$PWD/dhcp.log" --pid-file= --user=root "$@" \
		>/dev/null 2>&1 3>&- &
	SERVER=$!
	SERVERS+=("$SERVER")
	eventually grep -q 'sockets bound' dhcp.log
}
server_ends() {
	kill -9 "$SERVER"
	wait "$SERVER" 2>/dev/null || true
}

there() { in_world nsenter --net="/proc/$pid/ns/net" "$@"; }
has() { there ip -4 -o addr show "${2:-eth0}" | grep -q "inet 192.168.7.$1/24"; }
keepers() { in_world pgrep -fa "nook-dhcp.*$NOOK_STATE" || true; }
no_keeper() { [ -z "$(keepers)" ]; }
lan() { nook network create --driver macvlan --parent wire --ipam dhcp lan; }

@test "dhcp: an address for the time of the container" {
	dhcp_server 100 110
	lan
	begin web --network lan --hostname www -- sleep 1000
	eventually has 100
	run there ip route
	[[ $output == *'default via 192.168.7.1 dev eth0 proto dhcp src 192.168.7.100'* ]]
	# The kernel takes it away when nobody renews it.
	run there ip addr show eth0
	[[ $output == *'valid_lft 1'*sec* ]]
	there ping -c 1 -W 2 192.168.7.1
	in_outer ping -c 1 -W 2 192.168.7.100
	run cat leases
	[[ $output == *192.168.7.100*www* ]]
	run nook network inspect lan
	[[ $output == *192.168.7.100/24* ]]
	nook stop -t 0 web
	eventually grep -q 'DHCPRELEASE(wire) 192.168.7.100' dhcp.log
	assert_equal "$(cat leases)" ""
	eventually no_keeper
	run ls "$NOOK_STATE/net/lan"
	[[ $output != *dhcp-* ]]
}

@test "dhcp: renewed at T1; what the server takes back is given up" {
	dhcp_server 100 110 --dhcp-option=58,3 --dhcp-option=59,90
	lan
	begin web --network lan -- sleep 1000
	eventually has 100
	renewed() { [ "$(grep -c 'DHCPACK(wire) 192.168.7.100' dhcp.log)" -ge 2 ]; }
	EVENTUALLY_SECONDS=10 eventually renewed
	assert_equal "$(grep -c DHCPDISCOVER dhcp.log)" 1
	has 100
	# Another server with another range: it refuses, and the card gets what it offers.
	server_ends
	rm leases
	dhcp_server 150 160 --dhcp-option=58,3 --dhcp-option=59,90
	EVENTUALLY_SECONDS=25 eventually has 150
	run has 100
	[ "$status" != 0 ]
	run nook network inspect lan
	[[ $output == *192.168.7.150/24* && $output != *192.168.7.100/24* ]]
	there ping -c 1 -W 2 192.168.7.1
}

@test "dhcp: a nook that is killed leaves no lease" {
	dhcp_server 100 110
	lan
	begin web --network lan -- sleep 1000
	eventually has 100
	kill -9 "$owner"
	wait "$owner" 2>/dev/null || true
	eventually grep -q 'DHCPRELEASE(wire) 192.168.7.100' dhcp.log
	eventually no_keeper
}

@test "dhcp: no answer is a time-out with a name, and nothing is left" {
	lan
	run_nook run --rootfs "$ROOTFS" --network lan true
	[ "$status" = 125 ]
	[[ $stderr == *'no DHCP server answered on network lan (card eth0) within 8 s'* ]]
	no_keeper
	run ls "$NOOK_STATE/net/lan"
	[[ $output != *dhcp-* ]]
	assert_equal "$(cat "$NOOK_STATE/net/lan/leases")" ""
	run_nook run --rootfs "$ROOTFS" --network lan --ip 192.168.7.9 true
	[ "$status" = 125 ]
	run_nook network create --driver ipvlan --parent wire --ipam dhcp other
	[[ $stderr == *'cannot come by DHCP'* ]]
}

@test "dhcp: into a running container and out again" {
	dhcp_server 100 110
	lan
	begin web --network none -- sleep 1000
	nook network connect lan web
	has 100
	there ping -c 1 -W 2 192.168.7.1
	nook network disconnect lan web
	grep -q 'DHCPRELEASE(wire) 192.168.7.100' dhcp.log
	eventually no_keeper
	run there ip link show eth0
	[ "$status" != 0 ]
	# The next one has it as long as the container lives.
	nook network connect lan web
	has 100
	nook stop -t 0 web
	eventually no_keeper
	[ "$(grep -c 'DHCPRELEASE(wire) 192.168.7.100' dhcp.log)" = 2 ]
}

@test "dhcp: two cards, one way out" {
	dhcp_server 100 110
	lan
	nook network create --subnet 10.77.0.0/24 inner
	begin web --network inner --network lan -- sleep 1000
	eventually has 100 eth1
	run there ip route
	[[ $output == *'default via 10.77.0.1 dev eth0'* ]]
	[[ $output != *'default via 192.168.7.1'* ]]
	there ping -c 1 -W 2 192.168.7.1
}

@test "dhcp: routes that the server says (RFC 3442)" {
	dhcp_server 100 110 --dhcp-option=121,0.0.0.0/0,192.168.7.1,172.20.0.0/16,192.168.7.9
	lan
	begin web --network lan -- sleep 1000
	eventually has 100
	run there ip route
	[[ $output == *'172.20.0.0/16 via 192.168.7.9 dev eth0'* ]]
	[[ $output == *'default via 192.168.7.1 dev eth0'* ]]
}
