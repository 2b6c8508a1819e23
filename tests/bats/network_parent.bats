# SPDX-License-Identifier: Apache-2.0
# Bridges with --parent: the machine's own card goes onto the bridge, with its addresses and routes.
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)

# shellcheck disable=SC2154 # $stderr, $pid, $STARTED come from the libraries
load ../lib/nook
load ../lib/background
load ../lib/net

setup() {
	need_root
	background_setup
	net_world
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

there() { in_world nsenter --net="/proc/$pid/ns/net" "$@"; }
# Addresses and routes, whatever card has them, without what the kernel counts and times.
world_net() {
	in_world ip -o addr show scope global | awk '{print $3, $4}' | sort
	{ in_world ip route; in_world ip -6 route show proto static; in_world ip -6 route show proto boot; } |
		sed -e "s/dev $1/dev CARD/" -e 's/ $//' | sort
}

@test "parent: card, addresses and routes go to the bridge, and come back" {
	in_world ip addr add 198.51.100.20/32 dev wire
	in_world ip route add 203.0.113.0/24 via 198.51.100.1 metric 77
	in_world ip route add 192.0.2.0/24 dev wire scope link src 198.51.100.20
	world_net wire >before
	in_outer ping -c 1 -W 2 198.51.100.2
	run_nook network create --parent wire --subnet 198.51.100.0/24 --ip-range 198.51.100.192/28 lan
	[ "$status" = 0 ]
	[[ $stderr == *'wire is on the bridge nk-lan now'* ]]
	assert_equal "$(in_world ip -o addr show dev wire scope global)" ""
	[[ $(in_world ip -o link show wire) == *'master nk-lan'* ]]
	world_net nk-lan >during
	diff before during
	in_world ping -c 1 -W 2 198.51.100.1
	in_world ping -c 1 -W 2 2001:db8::1
	in_outer ping -c 1 -W 2 198.51.100.2
	# The router of the LAN is theirs, not this machine.
	run nook network inspect lan
	[[ $output == *198.51.100.1* ]]
	begin web --network lan -- sleep 1000
	run there ip route
	[[ $output == *'default via 198.51.100.1 dev eth0'* ]]
	run there ip -4 -o addr show eth0
	[[ $output == *'inet 198.51.100.19'[2-9]/24* ]]
	there ping -c 1 -W 2 198.51.100.1
	there ping -c 1 -W 2 198.51.100.2
	in_outer ping -c 1 -W 2 198.51.100.192
	# No forwarding, no rules of ours for it.
	assert_equal "$(in_world sysctl -n net.ipv4.ip_forward)" 0
	nook stop -t 0 web
	nook network rm lan
	world_net wire >after
	diff before after
	in_world ping -c 1 -W 2 198.51.100.1
	in_world ping -c 1 -W 2 2001:db8::1
	assert_equal "$(net_made)" ""
}

@test "parent: a gateway that is lost brings all back" {
	world_net wire >before
	# A port that takes frames of the bridge's name only as long as it is no bridge: the outer end
	# forgets us as soon as the bridge asks.
	in_outer nft -f - <<-'END'
		table netdev gate {
			chain in { type filter hook ingress device wire priority 0; policy accept;
				ether type arp meter once { ether saddr limit rate over 1/day burst 1 packets } drop
			}
		}
	END
	in_world ip neigh flush all
	run_nook network create --parent wire --subnet 198.51.100.0/24 lan
	echo "$stderr"
	[ "$status" = 125 ]
	[[ $stderr == *'the gateway 198.51.100.1 does not answer any more with wire on a bridge'* ]]
	[[ $stderr == *'all is as before'* ]]
	world_net wire >after
	diff before after
	assert_equal "$(net_made)" ""
	run_nook network ls
	[[ $output != *lan* ]]
	in_outer nft delete table netdev gate
	in_world ping -c 1 -W 2 198.51.100.1
}

@test "parent: an address by DHCP inside" {
	in_outer ip addr add 192.168.7.1/24 dev wire
	in_outer dnsmasq --keep-in-foreground --bind-interfaces --interface=wire --port=0 --no-ping \
		--dhcp-authoritative --dhcp-sequential-ip --dhcp-range=192.168.7.100,192.168.7.110,120 \
		--dhcp-leasefile="$PWD/leases" --log-facility="$PWD/dhcp.log" --pid-file= --user=root \
		>/dev/null 2>&1 3>&- &
	SERVERS+=($!)
	eventually grep -q 'sockets bound' dhcp.log
	nook network create --parent wire lan
	begin web --network lan -- sleep 1000
	has() { there ip -4 -o addr show eth0 | grep -q 'inet 192.168.7.100/24'; }
	eventually has
	there ping -c 1 -W 2 192.168.7.1
	in_outer ping -c 1 -W 2 192.168.7.100
	nook stop -t 0 web
	eventually grep -q 'DHCPRELEASE(wire) 192.168.7.100' dhcp.log
	# The bridge stays until the network goes; after a reboot the next start makes it.
	nook network prune --force
	run in_world ip link show nk-lan
	[ "$status" != 0 ]
}

@test "parent: made again by the next start after a reboot" {
	nook network create --parent wire --subnet 198.51.100.0/24 --ip-range 198.51.100.192/28 lan
	# As after a reboot: no bridge, and the card as the machine sets it up.
	in_world ip link del nk-lan
	in_world ip addr add 198.51.100.2/24 dev wire
	in_world ip route add default via 198.51.100.1
	run_nook run --rootfs "$ROOTFS" --network lan ping -c 1 -W 2 198.51.100.1
	[ "$status" = 0 ]
	[[ $(in_world ip -o link show wire) == *'master nk-lan'* ]]
	in_world ping -c 1 -W 2 198.51.100.1
	nook network rm lan
	in_world ping -c 1 -W 2 198.51.100.1
}

@test "parent: refusals, and nothing is moved" {
	world_net wire >before
	in_world ip link add br9 type bridge
	run_nook network create --parent br9 lan
	[ "$status" = 125 ]
	[[ $stderr == *'br9 is a bridge itself'* ]]
	run_nook network create --parent lo --ipam none lan
	[[ $stderr == *'lo cannot be on a bridge'* ]]
	run_nook network create --parent nosuch0 lan
	[[ $stderr == *'there is no card "nosuch0"'* ]]
	run_nook network create --parent wire --internal lan
	[[ $stderr == *'cannot be --internal'* ]]
	in_world ip link add wire2 type veth peer name wire3
	in_world ip link set wire2 master br9
	run_nook network create --parent wire2 lan
	[[ $stderr == *'belongs to another bridge'* ]]
	nook network create --parent wire --ipam none lan
	run_nook network create --parent wire --ipam none lan2
	[[ $stderr == *'belongs to another bridge'* ]]
	run_nook run --rootfs "$ROOTFS" --network lan -p 80:80 true
	[[ $stderr == *'-p: network lan leads to the container without this machine'* ]]
	nook network rm lan
	world_net wire >after
	diff before after
	run_nook network ls
	[[ $output != *lan* ]]
}

@test "parent: many starts at once move the card exactly once" {
	local i many=() code=0
	nook network create --parent wire --subnet 198.51.100.0/24 --ip-range 198.51.100.192/28 lan
	for round in 1 2 3; do
		in_world ip link del nk-lan
		in_world ip addr replace 198.51.100.2/24 dev wire
		in_world ip -6 addr replace 2001:db8::2/64 dev wire nodad
		in_world ip route replace default via 198.51.100.1
		in_world ip -6 route replace default via 2001:db8::1
		world_net wire >before
		many=()
		for i in 1 2 3 4 5 6; do
			nook run --rootfs "$ROOTFS" --network lan ping -c 1 -W 2 198.51.100.1 >"out$i" 2>&1 3>&- &
			many+=("$!")
		done
		for i in "${!many[@]}"; do
			wait "${many[i]}" || { code=$?; echo "round $round, start $i: $code"; cat "out$((i + 1))"; }
		done
		[ "$code" = 0 ]
		world_net nk-lan >during
		diff before during
		assert_equal "$(in_world ip -o addr show dev wire scope global)" ""
		assert_equal "$(cat out? | grep -c 'wire is on the bridge nk-lan now')" 1
	done
	nook network rm lan
	world_net wire >after
	diff before after
}

@test "parent: who creates the network and who starts on it do not both move the card" {
	nook network create --parent wire --subnet 198.51.100.0/24 --ip-range 198.51.100.192/28 lan
	cp "$NOOK_ROOT/networks/lan.json" .
	nook network rm lan
	# The definition is there, and somebody is about to put the card on the bridge.
	mkdir -p "$NOOK_STATE/net"
	exec 8>"$NOOK_STATE/net/starts.lock"
	flock 8
	nook network create --parent wire --subnet 198.51.100.0/24 --ip-range 198.51.100.192/28 lan 8>&- 3>&- >created 2>&1 &
	local create=$!
	defined() { [ -e "$NOOK_ROOT/networks/lan.json" ]; }
	eventually defined
	sleep 0.3
	run in_world ip link show nk-lan
	[ "$status" != 0 ]
	exec 8>&-
	wait "$create"
	in_world ip link show nk-lan
	nook network rm lan
}

@test "parent: network rm when the card has gone takes the bridge away" {
	in_world ip link add wire2 type veth peer name wire3
	in_world ip link set wire2 up
	nook network create --parent wire2 --ipam none lan
	in_world ip link show nk-lan
	in_world ip link del wire2
	nook network rm lan
	assert_equal "$(net_made)" ""
}
