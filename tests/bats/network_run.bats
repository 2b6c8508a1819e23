# SPDX-License-Identifier: Apache-2.0
# nook run on networks: cards, addresses, the way out, published ports, and what is refused.
# shellcheck disable=SC2154 # stderr, owner: of the libraries
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)
# seconds: 20

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
	[ -z "${WORLD:-}" ] || nook network prune --force >/dev/null 2>&1 || true
	net_world_end
	background_teardown
}

inside() { nook run --rootfs "$ROOTFS" "$@"; }

@test "network: the network nook is made when it is first used" {
	run_nook run --network nook --rootfs "$ROOTFS" sh -c 'ip -o addr; ip route; ip -6 route; cat /etc/hosts'
	echo "$output" "$stderr"
	[ "$status" = 0 ]
	[[ $output == *'lo    inet 127.0.0.1/8'* ]]
	[[ $output == *'eth0    inet 10.'*'.2/24'* ]]
	[[ $output == *'eth0    inet6 fd'* ]]
	[[ $output == *'default via 10.'*'.1 dev eth0'* ]]
	[[ $output == *'default via fd'*'::1 dev eth0'* ]]
	[[ $stderr == *'forwards packets from now on: net.ipv4.ip_forward=1'* ]]
	in_world ip link show nook0
	# It is said once.
	run_nook run --network nook --rootfs "$ROOTFS" true
	assert_equal "$stderr" ""
	# No card is left.
	# It goes with the namespace, which the kernel takes down when it has time.
	no_card() { [ "$(in_world ip -o link show type veth | grep -vc wire)" = 0 ]; }
	eventually no_card
}

@test "network: gateway, the outer world, and what it sees" {
	local gateway
	gateway=$(inside --network nook sh -c "ip route | awk '/default/{print \$3}'")
	inside --network nook ping -c 1 -W 5 "$gateway"
	inside --network nook ping -c 1 -W 5 198.51.100.1
	inside --network nook ping -c 1 -W 5 2001:db8::1
	# Masqueraded: the outer world knows no route to the LAN.
	in_outer tcpdump -ni wire -c 1 icmp >seen 2>/dev/null &
	local dump=$!
	sleep 1
	inside --network nook ping -c 1 -W 5 198.51.100.1
	wait "$dump"
	[[ $(cat seen) == *'198.51.100.2 > 198.51.100.1'* ]]
}

@test "network: cards as they were asked for" {
	nook network create --subnet 10.77.0.0/24 --subnet fd77::/64 lan
	nook network create --subnet 10.78.0.0/24 --internal db
	run_nook run --network lan:ip=10.77.0.9,ip6=fd77::9,mac=02:00:00:00:00:09,ifname=lan0,alias=www \
		--network db --hostname h --name web --rootfs "$ROOTFS" \
		sh -c 'ip -o addr; cat /sys/class/net/lan0/address; ip route; cat /etc/hosts'
	echo "$output" "$stderr"
	[ "$status" = 0 ]
	[[ $output == *'lan0    inet 10.77.0.9/24'* ]]
	[[ $output == *'lan0    inet6 fd77::9/64'* ]]
	[[ $output == *'eth0    inet 10.78.0.2/24'* ]]
	[[ $output == *'02:00:00:00:00:09'* ]]
	[[ $output == *'default via 10.77.0.1 dev lan0'* ]]
	[[ $output == *$'10.77.0.9\th web'* ]]
	[[ $output == *$'10.78.0.2\th web'* ]]
	run_nook run --network lan --ip 10.77.0.8 --mac-address 02:00:00:00:00:08 --rootfs "$ROOTFS" \
		ip -o addr show eth0
	[[ $output == *'inet 10.77.0.8/24'* ]]
}

@test "network: two containers, and what inspect and ps tell" {
	serve web hello 80 --network nook -p 8080:80 -p 127.0.0.1:5300:53/udp --expose 9000
	nook inspect web | jq '.[0].NetworkSettings' >settings
	cat settings
	local ip
	ip=$(jq -r .Networks.nook.IPAddress settings)
	assert_equal "$(jq -r .IPAddress settings)" "$ip"
	assert_equal "$(jq -r '.Networks.nook.Gateway' settings)" "${ip%.*}.1"
	assert_equal "$(jq -r '.Networks.nook.IPPrefixLen' settings)" 24
	[[ $(jq -r .Networks.nook.MacAddress settings) == ??:??:??:??:??:?? ]]
	assert_equal "$(jq -c '.Ports["80/tcp"]' settings)" \
		'[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}]'
	assert_equal "$(jq -c '.Ports["53/udp"]' settings)" '[{"HostIp":"127.0.0.1","HostPort":"5300"}]'
	assert_equal "$(jq -c '.Ports["9000/tcp"]' settings)" null
	assert_equal "$(nook inspect web | jq -r '.[0].HostConfig.NetworkMode')" nook
	[[ $(nook ps) == *'0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 127.0.0.1:5300->53/udp'* ]]
	assert_equal "$(nook ps --format json | jq -c '.[0].Networks')" '["nook"]'
	assert_equal "$(inside --network nook wget -qO- "http://$ip/")" hello
}

@test "network: a published port is reached from everywhere" {
	serve web hello 80 --network nook -p 8080:80 -p 127.0.0.1:8081:80
	local ip gateway
	ip=$(nook inspect web | jq -r '.[0].NetworkSettings.IPAddress')
	gateway=$(nook inspect web | jq -r '.[0].NetworkSettings.Gateway')
	for url in http://127.0.0.1:8080 http://198.51.100.2:8080 'http://[::1]:8080' 'http://[2001:db8::2]:8080' \
		"http://$gateway:8080" http://127.0.0.1:8081; do
		assert_equal "$url $(in_world curl -gsS -m 5 "$url" 2>&1)" "$url hello"
	done
	for url in http://198.51.100.2:8080 'http://[2001:db8::2]:8080'; do
		assert_equal "$url $(in_outer curl -gsS -m 5 "$url" 2>&1)" "$url hello"
	done
	run in_outer curl -gsS -m 2 http://198.51.100.2:8081
	[ "$status" != 0 ]
	# From its LAN, and from itself.
	local web=$pid
	sleeper other --network nook
	for from in "$web" "$pid"; do
		for url in http://198.51.100.2:8080 'http://[2001:db8::2]:8080' "http://$gateway:8080"; do
			assert_equal "$url $(nsenter --net="/proc/$from/ns/net" curl -gsS -m 5 "$url" 2>&1)" "$url hello"
		done
	done
}

@test "network: a port that is taken, and by whom" {
	serve web hello 80 --network nook -p 8080:80
	run_nook run --network nook -p 8080:80 --rootfs "$ROOTFS" true
	echo "$stderr"
	assert_refused 125 'port 8080/tcp of this machine belongs to container "web": Address already in use' 'another port'
	nsenter --net="/proc/$WORLD/ns/net" python3 -c '
import socket, time
s = socket.create_server(("127.0.0.1", 9090))
time.sleep(100)' 3>&- &
	STARTED+=($!)
	listens() { in_world ss -ltn | grep -q ':9090 '; }
	eventually listens
	run_nook run --network nook -p 9090:80 --rootfs "$ROOTFS" true
	assert_refused 125 "port 9090/tcp of this machine belongs to python3 .process ${STARTED[-1]}.: Address already in use" 'another port'
	# Nobody else gets ours.
	run in_world python3 -c 'import socket; socket.create_server(("0.0.0.0", 8080))'
	[ "$status" != 0 ]
	[[ $output == *'Address already in use'* ]]
	run_nook run --network nook -p 203.0.113.1:80:80 --rootfs "$ROOTFS" true
	assert_refused 125 'publish a port at 203.0.113.1: Cannot assign requested address' 'ip addr'
	# Free ones are chosen.
	serve other there 80 --network nook -p 80 -p 127.0.0.1::81
	local port
	port=$(nook inspect other | jq -r '.[0].NetworkSettings.Ports["80/tcp"][0].HostPort')
	assert_equal "$(in_world curl -sS -m 5 "http://127.0.0.1:$port")" there
}

@test "network: bad input is one line, a hint and 125" {
	nook network create --subnet 10.77.0.0/24 lan
	run_nook run --network nowhere --rootfs "$ROOTFS" true
	assert_refused 125 'nowhere' 'nook network'
	run_nook run --network lan:ip=10.99.0.1 --rootfs "$ROOTFS" true
	assert_refused 125 '10.99.0.1 is not an address of network "lan"' 'its subnet is 10.77.0.0/24'
	run_nook run --network lan:ip=10.77.0.1 --rootfs "$ROOTFS" true
	assert_refused 125 "10.77.0.1 of network \"lan\" is the gateway's" 'free address'
	sleeper web --network lan
	run_nook run --network lan:ip=10.77.0.2 --rootfs "$ROOTFS" true
	assert_refused 125 '10.77.0.2 of network "lan" belongs to web' 'free address'
	run_nook run --network lan:ifname=0123456789abcdef --rootfs "$ROOTFS" true
	assert_refused 125 'has 16 characters' 'at most 15'
	run_nook run --network lan --network lan --rootfs "$ROOTFS" true
	assert_refused 125 '--network lan is given twice' 'one card'
}

@test "network: killed, nook leaves nothing that the next one does not take away" {
	serve web hello 80 --network nook -p 8080:80
	local ip
	ip=$(nook inspect web | jq -r '.[0].NetworkSettings.IPAddress')
	kill -9 "$owner"
	wait "$owner" || true
	eventually test ! -e "/proc/$pid"
	serve again there 80 --network nook -p 8080:80
	assert_equal "$(nook inspect again | jq -r '.[0].NetworkSettings.IPAddress')" "$ip"
	assert_equal "$(in_world curl -sS -m 5 http://127.0.0.1:8080)" there
	kill -9 "$owner"
	wait "$owner" || true
	eventually test ! -e "/proc/$pid"
	nook ps >/dev/null
	nook network prune --force
	assert_equal "$(net_made)" ""
}

@test "network: all addresses, in the words of Docker" {
	serve web hello 80 --network nook -p 0.0.0.0:8080:80
	assert_equal "$(in_outer curl -sS -m 5 http://198.51.100.2:8080)" hello
	assert_equal "$(in_world curl -sS -m 5 http://127.0.0.1:8080)" hello
	nook network prune
	assert_equal "$(in_outer curl -sS -m 5 http://198.51.100.2:8080)" hello
	nook stop -t 0 web
	assert_equal "$(in_world nft list table inet nook | grep -c 8080)" 0
}

@test "network: rules that were flushed come back whole, also by a start elsewhere" {
	nook network create inner --internal
	begin a --network inner -- sleep 100
	in_world nft flush ruleset
	nook network create other
	nook run --network other --rootfs "$ROOTFS" true
	in_world nft list set inet nook internal | grep -q nk-inner
	in_world nft list set inet nook bridges | grep -q nk-inner
}

@test "network: a VPN that takes the way out in halves leaves subnets" {
	in_world ip route add 0.0.0.0/1 via 198.51.100.1
	in_world ip route add 128.0.0.0/1 via 198.51.100.1
	begin web --network nook -- sleep 100
	[[ $(nook inspect web | jq -r '.[0].NetworkSettings.IPAddress') == 10.89.* ]]
}

@test "network: ports of a killed one are not taken from who has them now" {
	nook network create other
	begin web --network nook -p 8080:80 -- sleep 100
	kill -9 "$owner"
	wait "$owner" 2>/dev/null || true
	# Its rules go, its lease stays; its port is published from another network.
	nook network reload
	serve hello hello 80 --network other -p 8080:80
	begin next --network nook -- sleep 100
	assert_equal "$(in_world nft list map inet nook ports4 | grep -c 8080)" 1
	assert_equal "$(in_outer curl -sS -m 5 http://198.51.100.2:8080)" hello
}

@test "network: the names of a killed nook-netd come back with reload" {
	command -v dig >/dev/null || skip "needs dig (the host's run has it)"
	begin web --network nook -- sleep 100
	local gateway=10.89.0.1 resolver
	answers() { [[ $(in_world dig +short +tries=1 +time=1 "@$gateway" web) == 10.89.* ]]; }
	resolver_pid() { in_world ss -Hulnp "src $gateway:53" | sed -n 's/.*pid=\([0-9]*\).*/\1/p' | head -n 1; }
	eventually answers
	resolver=$(resolver_pid)
	# Where one answers nothing is done.
	run_nook network reload
	[ "$status" = 0 ]
	[[ $stderr != *nook-netd* ]]
	assert_equal "$(resolver_pid)" "$resolver"
	kill -9 "$resolver"
	no_resolver() { [ -z "$(resolver_pid)" ]; }
	eventually no_resolver
	run_nook network reload
	[ "$status" = 0 ]
	[[ $stderr == *"network nook: its resolver (nook-netd) was gone and answers again"* ]]
	eventually answers
}

@test "network: --explain makes nothing" {
	local form
	for form in words json c sh; do
		run_nook run --explain=$form --network nook -p 8080:80 --rootfs "$ROOTFS" true
		[ "$status" = 0 ]
		[[ $output == *nook0* ]]
		assert_equal "$(net_made)" ""
		assert_equal "$(ls -A "$NOOK_ROOT/networks")" ""
	done
	[ "$(in_world cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
}

@test "network: the plan as a C program and as a script does the same" {
	need_cc
	nook network create --subnet 10.77.0.0/24 --subnet fd77::/64 lan
	local words='ip -o addr show eth0 scope global; ip route; ip link show lo'
	inside --network lan -p 8080:80 sh -c "$words" >want
	nook network prune >/dev/null
	nook run --explain=c --network lan -p 8080:80 --rootfs "$ROOTFS" sh -c "$words" >start.c
	cc -O1 -o start start.c
	in_world "$PWD/start" >got
	diff want got
	# Its ports lead nowhere any more.
	[[ $(in_world nft list map inet nook ports4) != *8080* ]]
	nook network prune >/dev/null
	nook run --explain=sh --network lan -p 8080:80 --rootfs "$ROOTFS" sh -c "$words" >start.sh
	in_world bash "$PWD/start.sh" >got
	diff want got
}

@test "network: a firewall of others that drops what is forwarded is told, with what permits it" {
	in_world nft add table inet theirs
	in_world nft 'add chain inet theirs forward { type filter hook forward priority 0; policy drop; }'
	run_nook run --network nook --rootfs "$ROOTFS" true
	echo "$stderr"
	[ "$status" = 0 ]
	[[ $stderr == *'; this permits it: nft '* ]]
	# Once.
	run_nook run --network nook --rootfs "$ROOTFS" true
	assert_equal "$stderr" ""
}

@test "network: root's default, and what NOOK_NETWORK makes of it" {
	run_nook run --rootfs "$ROOTFS" ip -o addr show eth0
	[ "$status" = 0 ]
	[[ $output == *'inet 10.'* ]]
	NOOK_NETWORK=none run_nook run --rootfs "$ROOTFS" ls /sys/class/net
	assert_equal "$output" lo
	NOOK_NETWORK=nowhere run_nook run --rootfs "$ROOTFS" true
	assert_refused 125 'nowhere'
	# A root that has no say in this network: loopback, and it is told.
	run in_world unshare -r "$NOOK" --root "$NOOK_ROOT" --state "$BATS_TEST_TMPDIR/other" run --rootfs "$ROOTFS" \
		ls /sys/class/net
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *'only loopback in the network'* ]]
}

@test "network: many first starts at once make one bridge and one table, and each its ports" {
	local i n
	nook network create --subnet 10.77.0.0/24 one
	nook network create --subnet 10.78.0.0/24 two
	for i in 1 2 3 4 5 6 7 8; do
		n=one
		((i % 2)) || n=two
		nsenter --net="/proc/$WORLD/ns/net" --mount="/proc/$WORLD/ns/mnt" --wd="$PWD" -- \
			"$NOOK" run --rootfs "$ROOTFS" --name "c$i" --network $n -p "808$i:80" sleep 100 \
			3>&- >"c$i.out" 2>&1 &
		STARTED+=($!)
	done
	for i in 1 2 3 4 5 6 7 8; do eventually is_up "c$i" || { cat "c$i.out"; return 1; }; done
	all_ports() { [ "$(in_world nft list map inet nook ports4 | grep -o '808[1-8]' | sort -u | wc -l)" = 8 ]; }
	eventually all_ports
	in_world nft list set inet nook lan4 | grep -q 10.77.0.0/24
	in_world nft list set inet nook lan4 | grep -q 10.78.0.0/24
	# While containers come, prune takes nothing of theirs.
	for i in 1 2 3 4 5 6; do
		nook network prune >/dev/null &
		nook run --network one --rootfs "$ROOTFS" ping -c 1 -W 5 10.77.0.1 >/dev/null
		wait $!
	done
	all_ports
}

@test "network: no container plays the router of another, or of this machine" {
	nook network create --subnet 10.79.0.0/24 four
	assert_equal "$(inside --network four cat /proc/sys/net/ipv6/conf/eth0/accept_ra)" 0
	assert_equal "$(in_world cat /proc/sys/net/ipv6/conf/nk-four/accept_ra)" 0
	assert_equal "$(inside --network nook cat /proc/sys/net/ipv6/conf/eth0/accept_ra)" 0
	assert_equal "$(in_world cat /proc/sys/net/ipv6/conf/nook0/accept_ra)" 0
}
