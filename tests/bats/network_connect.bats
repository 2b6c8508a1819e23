#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# nook network connect and disconnect: cards into and out of what runs, with traffic; reload and
# prune; what other firewalls do.
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)
# seconds: 50

load ../lib/nook
load ../lib/background
load ../lib/net

setup() {
	need_root
	background_setup
	net_world
	in_world mount -t tmpfs none /run
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

# What the web server at address $2 says, seen from container $1.
get() { nook exec "$1" sh -c "printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 2 $2 80" | tail -n 1; }
cards() { nook exec "$1" ls /sys/class/net | grep -v -e sit0 -e tunl0 | tr '\n' ' '; }
address() { nook network inspect "$1" | jq -r --arg n "$2" '.[0].containers[] | select(.name == $n) | .interfaces[].subnets[0].ipnet | sub("/.*"; "")'; }

@test "network connect: a second card in a running container, and out again" {
	nook network create lab
	nook network create db
	serve web hello 80 --network lab
	begin other --network db -- sleep 100
	run_nook network connect db web
	assert_exit 0
	assert_output ''
	assert_equal "$(cards web)" 'eth0 eth1 lo '
	assert_equal "$(get other "$(address db web)")" hello
	nook network inspect db | jq -e '.[0].containers | map(.name) | sort == ["other", "web"]'
	# Its route out stays where it was.
	assert_equal "$(nook exec web ip route | grep -c ^default)" 1
	[[ $(nook exec web ip route | grep ^default) == *'dev eth0'* ]]

	run_nook network connect db web
	assert_refused 125 'web is on network "db" already, with its card eth1' 'disconnect db web'
	nook network disconnect db web
	assert_equal "$(cards web)" 'eth0 lo '
	nook network inspect db | jq -e '.[0].containers | map(.name) == ["other"]'
	run_nook network disconnect db web
	assert_refused 125 'web is not on network "db"' 'nook network inspect db'
}

@test "network connect: into a container without a network, with a way out" {
	begin web --network none -- sleep 100
	assert_equal "$(cards web)" 'lo '
	nook network connect nook web
	nook exec web ping -c 1 -W 5 198.51.100.1
	nook exec web ping -c 1 -W 5 2001:db8::1
}

@test "network connect: as it was asked for" {
	nook network create --subnet 10.5.0.0/24 --subnet fd05::/64 lab
	begin web --network none -- sleep 100
	nook network connect --ip 10.5.0.77 --ip6 fd05::77 --mac-address 02:00:00:00:00:77 \
		--alias www --alias shop --ifname lan7 lab web
	run -0 nook exec web ip -o addr show lan7
	assert_match 'inet 10\.5\.0\.77/24'
	assert_match 'inet6 fd05::77/64'
	[[ $(nook exec web cat /sys/class/net/lan7/address) = 02:00:00:00:00:77 ]]
	nook network inspect lab | jq -e '.[0].containers[].interfaces.lan7.aliases == ["www", "shop"]'
	in_world ping -c 1 -W 5 10.5.0.77
}

@test "network connect: what is wrong is said, and nothing is half made" {
	local words error made
	nook network create --subnet 10.5.0.0/24 lab
	begin web --network lab --ip 10.5.0.5 -- sleep 100
	begin other --network none -- sleep 100
	begin host --network host -- sleep 100
	made=$(net_made)
	while IFS='|' read -r words error; do
		# shellcheck disable=SC2086 # words
		run_nook network connect $words
		assert_refused 125 "$error" || { echo "$words" >&2; return 1; }
	done <<-END
		|connect needs a network and a container
		lab|connect needs a network and a container
		lab other third|connect takes a network and a container: third
		nowhere other|there is no network "nowhere"
		lab nobody|no container named "nobody"
		lab ns:nobody|no network namespace is called "nobody"
		lab ns:/etc/passwd|/etc/passwd is not a network namespace
		lab ns:/proc/self/ns/net|uses this machine's own network
		lab host|host uses this machine's own network
		--ip 10.5.0.5 lab other|10.5.0.5 of network "lab" belongs to web
		--ip 10.5.0.1 lab other|is the gateway's
		--ip 10.6.0.1 lab other|is not an address of network "lab"
		--ip fd00::1 lab other|an address of IPv6
		--ip x lab other|"x" is not an IP address
		--mac-address 01:00:00:00:00:01 lab other|not the hardware address
		--ifname lo lab other|has a card called lo already
		--ifname a-name-of-sixteen lab other|cannot be the name of a card
		--ifname a%d lab other|cannot be the name of a card
		--ifname a,b lab other|cannot be the name of a card
		--alias a_b! lab other|cannot be a name on a network
		--link x lab other|no option --link
	END
	assert_equal "$(net_made)" "$made"
	assert_equal "$(wc -l <"$NOOK_STATE/net/lab/leases")" 1
	assert_equal "$(cards other)" 'lo '
}

@test "network connect: named network namespaces, of ip netns and of nook ns hold" {
	nook network create lab
	in_world ip netns add blue
	nook ns hold net --name red
	nook network connect lab ns:blue
	nook network connect lab ns:red
	local blue red
	blue=$(address lab ns:blue) red=$(address lab ns:red)
	in_world ip netns exec blue ping -c 1 -W 5 "$red"
	nook ns enter red ping -c 1 -W 5 "$blue"
	in_world ip netns exec red ping -c 1 -W 5 198.51.100.1
	# Its name goes, and so does what nook knew of it.
	in_world ip netns del blue
	nook network inspect lab | jq -e '.[0].containers | map(.name) == ["ns:red"]'
	nook network disconnect lab ns:red
	nook network prune
	assert_equal "$(net_made)" ""
}

@test "network connect: names, in a container and in a named namespace" {
	nook network create --subnet 10.5.0.0/24 lab
	nook network create --subnet 10.6.0.0/24 db
	begin server --network lab -- sleep 100
	begin web --network none -- sleep 100
	nook network connect --alias www lab web
	assert_equal "$(nook exec web cat /etc/resolv.conf)" 'nameserver 10.5.0.1'
	assert_equal "$(name_in web server)" "$(address lab server)"
	assert_equal "$(name_in server www)" "$(address lab web)"
	nook network connect db web
	assert_equal "$(nook exec web cat /etc/resolv.conf)" $'nameserver 10.5.0.1\nnameserver 10.6.0.1'
	# One resolver knows the names of both, for who is on both.
	begin other --network db -- sleep 100
	assert_equal "$(name_in web other)" "$(address db other)"
	assert_equal "$(name_in web server)" "$(address lab server)"
	assert_equal "$(name_in server other)" ''
	nook network disconnect lab web
	assert_equal "$(nook exec web cat /etc/resolv.conf)" 'nameserver 10.6.0.1'
	nook network disconnect db web
	assert_match_text "$(nook exec web cat /etc/resolv.conf)" 'no network'

	in_world ip netns add blue
	nook network connect lab ns:blue
	[[ $(in_world ip netns exec blue cat /etc/resolv.conf) == *'nameserver 10.5.0.1' ]]
	assert_equal "$(in_world ip netns exec blue dig +short server @10.5.0.1)" "$(address lab server)"
	assert_equal "$(name_in server blue)" "$(address lab ns:blue)"
	nook network disconnect lab ns:blue
	in_world test ! -e /etc/netns
	# What somebody else has written stays.
	in_world mkdir -p /etc/netns/blue
	in_world sh -c 'echo nameserver 9.9.9.9 >/etc/netns/blue/resolv.conf'
	nook network connect lab ns:blue
	assert_equal "$(in_world cat /etc/netns/blue/resolv.conf)" 'nameserver 9.9.9.9'
	in_world rm -r /etc/netns
	nook network disconnect lab ns:blue
	nook network connect lab ns:blue
	in_world test -e /etc/netns/blue/resolv.conf
	in_world ip netns del blue
	nook network prune
	in_world test ! -e /etc/netns/blue
}
assert_match_text() { [[ $1 =~ $2 ]] || { echo "$1 does not match $2" >&2; return 1; }; }
# The address of name $2, as container $1 finds it.
name_in() {
	in_world nsenter --net="/proc/$(nook inspect "$1" | jq '.[0].State.Pid')/ns/net" \
		dig +short +time=2 "$2" "@$(nook exec "$1" cat /etc/resolv.conf | awk '/^nameserver/ {print $2; exit}')"
}

@test "network connect: --explain shows each step in four forms and makes nothing" {
	nook network create lab
	begin web --network none -- sleep 100
	local form
	for form in words json c sh; do
		run_nook network connect --explain=$form lab web
		assert_exit 0
		[[ $output == *nk-lab* ]] || { echo "$form: $output" >&2; return 1; }
	done
	assert_equal "$(cards web)" 'lo '
	assert_equal "$(net_made)" ""
	[ ! -s "$NOOK_STATE/net/lab/leases" ]
	nook network connect lab web
	run_nook network disconnect --explain lab web
	assert_match 'ip link del dev nk'
	assert_equal "$(cards web)" 'eth0 lo '
}

@test "network connect: --explain=sh is a script that does the same" {
	nook network create lab
	begin web --network lab -- sleep 100 # its bridge and rules are there
	begin other --network none -- sleep 100
	nook network connect --explain=c lab other >connect.c
	need_cc
	cc -w -o connect connect.c
	nsenter -t "$WORLD" -n -m -- "$PWD/connect" 2>&1 || true
	run_nook network connect --debug lab other
	assert_exit 0
	assert_stderr_match 'its card eth0 on network lab'
}

@test "network disconnect: published ports lead nowhere, and are free" {
	serve web hello 80 --network nook -p 8080:80
	assert_equal "$(in_world curl -sS -m 5 http://127.0.0.1:8080)" hello
	nook network disconnect nook web
	run in_world curl -sS -m 2 http://198.51.100.2:8080
	[ "$status" != 0 ]
	assert_equal "$(in_world nft list map inet nook ports4 | grep -c 8080)" 0
}

@test "network reload: rules and ports come back after a flush" {
	serve web hello 80 --network nook -p 8080:80
	begin other --network nook -- sleep 100
	in_world nft list table inet nook >before
	in_world nft flush ruleset
	run in_outer curl -sS -m 2 http://198.51.100.2:8080
	[ "$status" != 0 ]
	[[ $(nook network map) == *"rules are gone: nook network reload"* ]]
	run_nook network reload
	assert_exit 0
	assert_equal "$output$stderr" ''
	in_world nft list table inet nook >after
	cmp before after
	assert_equal "$(in_outer curl -sS -m 5 http://198.51.100.2:8080)" hello
	nook exec other ping -c 1 -W 5 198.51.100.1
}

# foreign WHO RULES…: with those rules the way out is closed; what reload prints to open it -> $command
foreign() {
	local who=$1
	shift
	printf '%s\n' "$@" | in_world nft -f -
	begin web --network nook -- sleep 100
	run nook exec web ping -c 1 -W 1 198.51.100.1
	[ "$status" != 0 ]
	in_world nft list ruleset | grep -v -e nook >rules-before
	run_nook network reload
	assert_exit 0
	assert_stderr_match "$who drops what network nook forwards; this permits it: "
	# They are not changed by nook.
	in_world nft list ruleset | grep -v -e nook | cmp - rules-before
	command=$(sed -n 's/.*this permits it: //p' <<<"$stderr" | head -n 1)
}
permitted() {
	nook exec web ping -c 1 -W 5 198.51.100.1
	run_nook network reload
	refute_stderr_match 'drops'
}

@test "network: a bare nft policy is told, and the printed command opens it" {
	foreign "chain passing of nftables' table inet guard" \
		'table inet guard { chain passing { type filter hook forward priority 0; policy drop; }; }'
	in_world sh -c "$command"
	permitted
}

@test "network: Docker's firewall is told, with its own chain" {
	foreign "Docker's firewall" 'table ip filter {
		chain DOCKER-USER { return
		}
		chain FORWARD { type filter hook forward priority 0; policy drop; jump DOCKER-USER
		}
	}'
	[[ $command == 'iptables -I DOCKER-USER -i nook0 -j ACCEPT; iptables -I DOCKER-USER -o nook0 -j ACCEPT' ]]
	in_world nft insert rule ip filter DOCKER-USER iifname nook0 accept
	in_world nft insert rule ip filter DOCKER-USER oifname nook0 accept
	permitted
}

@test "network: ufw and firewalld are told, with their commands" {
	printf '%s\n' 'table ip filter {
		chain ufw-before-forward {
		}
		chain FORWARD { type filter hook forward priority 0; policy drop; jump ufw-before-forward
		}
	}
	table inet firewalld {
		chain filter_FORWARD { type filter hook forward priority 10; policy accept; reject
		}
	}' | in_world nft -f -
	run_nook network create lab
	assert_exit 0
	assert_output lab
	assert_stderr_match 'ufw drops what network lab forwards; this permits it: ufw route allow in on nk-lab; ufw route allow out on nk-lab'
	assert_stderr_match 'firewalld drops .*firewall-cmd --permanent --zone=trusted --add-interface=nk-lab; firewall-cmd --reload'
	# A network without a way out is not forwarded.
	run_nook network create --internal inner
	assert_equal "$stderr" ''
}

@test "network prune: what the dead have left, line by line; networks in use stay" {
	nook network create lab --subnet 10.89.0.0/24 --subnet fd00::/64
	nook network create spare
	serve web hello 80 --network lab -p 8080:80
	in_world ip netns add blue
	nook network connect spare ns:blue
	# As if its nook had been killed, and the state lost.
	in_world ip netns del blue
	in_world ip link add nk0123456789a master nk-spare type veth peer name stray
	in_world nft add element inet nook ports4 '{ tcp . 8181 : 10.89.0.77 . 80 }'
	in_world nft add element inet nook at_ports6 '{ ::7 . udp . 5353 : fd00::77 . 53 }'
	# Of a nook with another --root, perhaps.
	in_world nft add element inet nook ports4 '{ tcp . 8282 : 10.99.0.77 . 80 }'
	run_nook network prune
	assert_exit 0
	assert_match '^lease 10\.[0-9.]+ of ns:blue of network spare$'
	assert_match '^card nk0123456789a of network spare$'
	assert_match '^port 8181/tcp, which led to 10\.89\.0\.77$'
	assert_match '^port 5353/udp, which led to fd00::77$'
	assert_match '^bridge nk-spare$'
	refute_match '8282'
	refute_match 'lab'
	refute_match '8080'
	assert_equal "$(in_outer curl -sS -m 5 http://198.51.100.2:8080)" hello
	nook exec web ping -c 1 -W 5 198.51.100.1
	nook network ls -q | grep -qx spare
	run_nook network prune --all
	assert_match '^network spare$'
	assert_equal "$(nook network ls -q)" lab
	nook stop web
	run_nook network prune
	assert_match '^bridge nk-lab$'
	assert_match '^nftables table nook$'
	assert_equal "$(net_made)" ''
}

@test "network map: a tree of at most 80 columns, and JSON" {
	nook network create --subnet 10.5.0.0/24 --ipv6 lab
	serve web hello 80 --network lab -p 8080:80 -p 127.0.0.1:9000-9003:9000-9003/udp
	nook network connect --alias www nook web
	run_nook network map
	assert_exit 0
	assert_line 'this machine'
	assert_match 'card wire: veth, up'
	assert_match '198\.51\.100\.2/24'
	assert_match 'network lab: bridge nk-lab, up'
	assert_match '10\.5\.0\.0/24, gateway 10\.5\.0\.1'
	assert_match 'web: eth0'
	assert_match '8080/tcp -> 80'
	assert_match '127\.0\.0\.1:9000-9003/udp -> 9000-9003'
	assert_match 'names www'
	assert_match 'default by 198\.51\.100\.1 over wire'
	assert_match "nook's rules stand"
	refute_match $'\033'
	LC_ALL=C.UTF-8 awk 'length($0) > 80 { print; bad = 1 } END { exit bad }' <<<"$output"
	nook network map --format json | jq -e '
		(.networks[] | select(.name == "lab") | .bridge.up and (.cards | length == 1) and
			.cards[0].container == "web" and .cards[0].ports[0].host_port == 8080) and
		(.routes[] | select(.to == "default" and .family == "ipv4") | .gateway == "198.51.100.1") and
		.firewall.rules and .firewall.forward_ipv4'
	# Not a word of it without networks, and no fault either.
	nook stop web
	nook network prune --all
	run_nook network map
	assert_exit 0
	refute_match 'network (nook|lab):'
}

# announce PID: a router advertisement to all neighbours of the namespace of PID's eth0.
announce() {
	in_world nsenter --net="/proc/$1/ns/net" python3 - <<-'END'
		import socket, struct
		s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
		s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
		prefix = socket.inet_pton(socket.AF_INET6, "2001:db8:bad::")
		ra = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
		ra += struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 3600, 3600, 0) + prefix
		s.sendto(ra, ("ff02::1", 0, 0, socket.if_nametoindex("eth0")))
	END
}

@test "network connect: no neighbour plays the router of the new card" {
	local rogue
	nook network create --subnet 10.5.0.0/24 --subnet fd05::/64 lab
	begin rogue --network lab -- sleep 100
	rogue=$pid
	begin web --network none -- sleep 100
	in_world ip netns add blue
	nook network connect lab web
	nook network connect lab ns:blue
	assert_equal "$(nook exec web cat /proc/sys/net/ipv6/conf/eth0/accept_ra)" 0
	assert_equal "$(in_world ip netns exec blue cat /proc/sys/net/ipv6/conf/eth0/accept_ra)" 0
	# One that listens hears it: a card beside theirs, made by hand.
	in_world ip link add heard type veth peer name port
	in_world ip link set port master nk-lab up
	in_world sysctl -qw net.ipv6.conf.heard.accept_ra=2
	in_world ip link set heard up
	hears() { announce "$rogue" && in_world ip -6 addr show dev heard | grep -q 2001:db8:bad; }
	eventually hears
	run nook exec web sh -c 'ip -6 route; ip -6 addr'
	[[ $output != *2001:db8:bad* && $output != *'via fe80'* ]]
	run in_world ip netns exec blue sh -c 'ip -6 route; ip -6 addr'
	[[ $output != *2001:db8:bad* && $output != *'via fe80'* ]]
	in_world ip netns del blue
	nook stop -t 0 rogue web
	nook network prune
}

@test "network connect: what an old namespace has left takes no resolver from a new one" {
	nook network create --subnet 10.5.0.0/24 lab
	nook network create --subnet 10.6.0.0/24 db
	in_world ip netns add blue
	nook network connect lab ns:blue
	in_world ip netns del blue
	# Another of that name, on another network.
	in_world ip netns add blue
	nook network connect db ns:blue
	begin web --network lab -- sleep 100
	nook network prune
	assert_equal "$(in_world ip netns exec blue cat /etc/resolv.conf | grep -v '^#')" 'nameserver 10.6.0.1'
	assert_equal "$(in_world ip netns exec blue dig +short +time=2 blue)" "$(address db ns:blue)"
	in_world ip netns del blue
	nook network prune
	in_world test ! -e /etc/netns
	nook stop -t 0 web
}
