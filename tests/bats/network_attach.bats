# SPDX-License-Identifier: Apache-2.0
# nook network attach and detach: cards of the machine for the time of a container.
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)

# shellcheck disable=SC2154 # $stderr, $pid, $owner, $STARTED come from the libraries
load ../lib/nook
load ../lib/background
load ../lib/net

setup() {
	need_root
	background_setup
	net_world
	SERVERS=()
	# A second card of the machine, on another LAN.
	in_world ip link add card7 type veth peer name card7 netns "/proc/$OUTER/ns/net"
	in_world ip addr add 192.168.7.2/24 dev card7
	in_world ip link set card7 up
	in_world ip route add 172.20.0.0/16 via 192.168.7.1
	in_outer ip addr add 192.168.7.1/24 dev card7
	in_outer ip link set card7 up
	world_net >before
}
teardown() {
	local p
	for p in "${STARTED[@]}" "${SERVERS[@]}"; do kill -9 "$p" 2>/dev/null || true; done
	for p in "${STARTED[@]}" "${SERVERS[@]}"; do wait "$p" 2>/dev/null || true; done
	STARTED=() SERVERS=()
	# What killed ones have left is taken away by the next command.
	[ -z "${WORLD:-}" ] || nook ps >/dev/null || true
	net_world_end
	background_teardown
}

there() { in_world nsenter --net="/proc/$pid/ns/net" "$@"; }
world_net() {
	in_world ip -o addr show scope global | awk '{print $2, $3, $4}' | sort
	in_world ip route | sed 's/ $//' | sort
	in_world ip -o link | grep -c card7
}
as_before() { world_net >now; diff before now; }

@test "attach: the card itself, and back with detach" {
	begin web --network none -- sleep 1000
	nook network attach --parent card7 --ip 192.168.7.9/24 --gateway 192.168.7.1 web
	run in_world ip link show card7
	[ "$status" != 0 ]
	run there ip route
	[[ $output == *'default via 192.168.7.1 dev card7'* ]]
	there ping -c 1 -W 2 192.168.7.1
	in_outer ping -c 1 -W 2 192.168.7.9
	nook network detach web card7
	as_before
	in_world ping -c 1 -W 2 192.168.7.1
	run there ip link show card7
	[ "$status" != 0 ]
}

@test "attach: back when the container ends, also after a kill; another name inside" {
	begin web --network none -- sleep 1000
	nook network attach --parent card7 --ifname lan0 --ip 192.168.7.9/24 web
	there ping -c 1 -W 2 -I lan0 192.168.7.1
	nook stop -t 0 web
	eventually as_before
	begin web --network none -- sleep 1000
	nook network attach --parent card7 --ipam none web
	kill -9 "$owner"
	wait "$owner" 2>/dev/null || true
	eventually as_before
	in_world ping -c 1 -W 2 192.168.7.1
}

@test "attach: by DHCP; a macvlan beside the card; a named namespace" {
	in_outer dnsmasq --keep-in-foreground --bind-interfaces --interface=card7 --port=0 --no-ping \
		--dhcp-authoritative --dhcp-sequential-ip --dhcp-range=192.168.7.100,192.168.7.110,120 \
		--dhcp-leasefile="$PWD/leases" --log-facility="$PWD/dhcp.log" --pid-file= --user=root \
		>/dev/null 2>&1 3>&- &
	SERVERS+=($!)
	eventually grep -q 'sockets bound' dhcp.log
	begin web --network none -- sleep 1000
	nook network attach --parent card7 --macvlan --ifname eth0 web
	run there ip -4 -o addr show eth0
	[[ $output == *'inet 192.168.7.100/24'* ]]
	there ping -c 1 -W 2 192.168.7.1
	in_world ping -c 1 -W 2 192.168.7.1
	nook network detach web eth0
	grep -q 'DHCPRELEASE(card7) 192.168.7.100' dhcp.log
	as_before
	nook network attach --parent card7 web
	there ping -c 1 -W 2 192.168.7.1
	nook network detach web card7
	as_before
	nook ns hold net --name blue
	nook network attach --parent card7 --ip 192.168.7.9/24 ns:blue
	nook network detach ns:blue card7
	as_before
	nook ns rm blue
}

@test "attach: refusals, and nothing is moved" {
	begin web --network none -- sleep 1000
	run_nook network attach --parent wire web
	[ "$status" = 125 ]
	[[ $stderr == *"wire is this machine's own way out"* ]]
	run_nook network attach --parent nosuch web
	[[ $stderr == *'the card nosuch'* ]]
	run_nook network attach web
	[[ $stderr == *'which card of this machine'* ]]
	run_nook network attach --parent card7 --ip 192.168.7.9 web
	[[ $stderr == *'prefix of its subnet'* ]]
	run_nook network attach --parent card7 --macvlan=l2 web
	[[ $stderr == *'no mode "l2"'* ]]
	there ip link add eth0 type bridge
	run_nook network attach --parent card7 --ifname eth0 --ip 192.168.7.9/24 web
	[[ $stderr == *'a card called eth0 inside already'* ]]
	run_nook network attach --parent card7 --macvlan --ifname eth0 --ip 192.168.7.9/24 web
	[[ $stderr == *'a card called eth0 inside already'* ]]
	as_before
	run_nook network detach web card7
	[[ $stderr == *'has no card of this machine called card7'* ]]
	# Nobody answers: it comes back by itself.
	run_nook network attach --parent card7 web
	[ "$status" = 125 ]
	[[ $stderr == *'no DHCP server answered on the LAN of card card7 within 8 s'* ]]
	as_before
	run ls "$NOOK_STATE/net/_attached"
	assert_equal "$output" ""
}
