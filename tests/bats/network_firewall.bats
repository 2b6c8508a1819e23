# SPDX-License-Identifier: Apache-2.0
# nook run --firewall and nook firewall: what passes, what does not, and what is refused.
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)

# shellcheck disable=SC2154 # $stderr, $pid, $STARTED come from the libraries
# seconds: 28

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
	# What killed ones have left is taken away by the next command.
	[ -z "${WORLD:-}" ] || nook ps >/dev/null || true
	net_world_end
	background_teardown
}

lan() { nook network create --subnet 10.77.0.0/24 --subnet fd77::/64 lan; }
# get FROM ADDRESS [PORT]: what the web server there says, from inside FROM (wget of a static busybox
# needs the host's libraries for names)
get() { nook exec "$1" sh -c "printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 2 $2 ${3:-80}" | tail -n 1 | grep .; }
refused() { run get "$@"; [ "$status" != 0 ] || { echo "$* came through: $output"; return 1; }; }
# One datagram that comes to port $2 in the network of process $1, within 3 s.
receive() {
	in_world nsenter --net="/proc/$1/ns/net" python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", int(sys.argv[1])))
s.settimeout(3)
print(s.recv(99).decode())' "$2" 2>/dev/null
}
rules_of() { in_world nsenter --net="/proc/$1/ns/net" nft list table inet nook; }

@test "firewall: server 1 takes server 2 only, server 2 reaches server 1 only" {
	lan
	serve one first 80 --network lan --ip 10.77.0.11 \
		--firewall 'in accept tcp 80 from 10.77.0.12' --firewall 'in drop'
	serve two second 80 --network lan --ip 10.77.0.12 \
		--firewall 'out accept to 10.77.0.11' --firewall 'out drop'
	serve three third 80 --network lan --ip 10.77.0.13
	assert_equal "$(get two 10.77.0.11)" first
	refused three 10.77.0.11
	refused two 10.77.0.13
	# What is let through is answered, also where the other direction is closed.
	assert_equal "$(get three 10.77.0.12)" second
	# Nothing but port 80, no ping, and the host neither.
	run nook exec two ping -c 1 -W 1 10.77.0.11
	[ "$status" != 0 ]
	run in_world curl -s -m 1 http://10.77.0.11/
	[ "$status" != 0 ]
	# Loopback passes always.
	assert_equal "$(get one 127.0.0.1)" first
	assert_equal "$(get two 127.0.0.1)" second
}

@test "firewall: ranges, udp, icmp, subnets, IPv6" {
	lan
	serve one first 8050 --network lan:ip=10.77.0.11,ip6=fd77::11 \
		--firewall 'in accept tcp 8000-8100 from fd77::/64' --firewall 'in accept icmp from 10.77.0.0/24' \
		--firewall 'in accept udp 5000' --firewall 'in drop'
	begin two --network lan:ip=10.77.0.12,ip6=fd77::12 -- sleep 1000
	assert_equal "$(get two fd77::11 8050)" first
	refused two 10.77.0.11 8050
	nook exec two ping -c 1 -W 2 10.77.0.11
	run nook exec two ping -6 -c 1 -W 1 fd77::11
	[ "$status" != 0 ]
	# Datagrams to the one port and not to the next.
	local first listener closed
	first=$(nook inspect one | jq '.[0].State.Pid')
	receive "$first" 5000 >got 3>&- &
	listener=$!
	receive "$first" 5001 >other 3>&- &
	closed=$!
	sleep 0.5
	in_world nsenter --net="/proc/$pid/ns/net" python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"no", ("10.77.0.11", 5001))
s.sendto(b"hi", ("10.77.0.11", 5000))'
	wait "$listener"
	wait "$closed" || true
	assert_equal "$(cat got)" hi
	assert_equal "$(cat other)" ""
}

@test "firewall: add, ls, rm and default work at once" {
	lan
	serve one first 80 --network lan --ip 10.77.0.11
	begin two --network lan --ip 10.77.0.12 -- sleep 1000
	assert_equal "$(get two 10.77.0.11)" first
	assert_equal "$(nook firewall ls one)" $'default in accept\ndefault out accept'
	run_nook firewall add one in drop
	assert_equal "$output" "1 in drop"
	[[ $stderr == *NET_RAW* ]]
	refused two 10.77.0.11
	run_nook firewall add --at 1 one 'in accept  tcp 80-80 from 10.77.0.12/32'
	assert_equal "$output" "1 in accept tcp 80 from 10.77.0.12"
	assert_equal "$(get two 10.77.0.11)" first
	assert_equal "$(nook firewall ls one)" \
		$'1 in accept tcp 80 from 10.77.0.12\n2 in drop\ndefault in accept\ndefault out accept'
	nook firewall rm one 1
	refused two 10.77.0.11
	nook firewall rm one in drop
	assert_equal "$(get two 10.77.0.11)" first
	nook firewall default one in drop
	refused two 10.77.0.11
	nook firewall add one in accept tcp 80
	assert_equal "$(get two 10.77.0.11)" first
	assert_equal "$(nook firewall ls --format json one | jq -c '[.default.in, .rules]')" '["drop",["in accept tcp 80"]]'
	nook firewall rm --all one
	refused two 10.77.0.11
	# What its network has, in the kernel's own words.
	run rules_of "$(nook inspect one | jq '.[0].State.Pid')"
	[[ $output == *'policy drop'* ]]
}

@test "firewall: ls tells when the kernel has other rules" {
	lan
	begin one --network lan --firewall 'in accept tcp 80' --firewall 'in drop' -- sleep 1000
	nook firewall ls one
	in_world nsenter --net="/proc/$pid/ns/net" nft add rule inet nook input tcp dport 22 accept
	run_nook firewall ls one
	[ "$status" = 125 ]
	[[ $output == *'2 in drop'* ]]
	[[ $stderr == *'the kernel has other rules than these'* ]]
	in_world nsenter --net="/proc/$pid/ns/net" nft flush ruleset
	run_nook firewall ls one
	[ "$status" = 125 ]
	[[ $stderr == *'the kernel has none of these rules'* ]]
	nook firewall default one in accept
	nook firewall ls one
}

@test "firewall: its root can neither change nor pass it" {
	lan
	begin two --network lan --ip 10.77.0.12 -- sleep 1000
	begin one --network lan --ip 10.77.0.11 --firewall 'out drop' -- sleep 1000
	run nook exec one ping -c 1 -W 1 10.77.0.12
	[ "$status" != 0 ]
	# No packet socket, no link that could be changed.
	run nook exec one ip link set eth0 down
	[ "$status" != 0 ]
	run nook exec one arping -c 1 -w 1 -I eth0 10.77.0.12
	[ "$status" != 0 ]
	nook exec two arping -c 1 -w 2 -I eth0 10.77.0.11
	# Neither with users of its own.
	run nook exec one unshare -U -r ip link set eth0 down
	[ "$status" != 0 ]
	run grep CapBnd "/proc/$pid/status"
	(((0x${output##*[[:space:]]} >> 12 & 3) == 0))
}

@test "firewall: what is refused, and nothing is made" {
	local base=(run --rootfs "$ROOTFS" --network none)
	run_nook "${base[@]}" --firewall 'in acept tcp 80' true
	assert_equal "$status" 125
	[[ $stderr == *'column 4: "acept" is not "accept" or "drop"'* ]]
	run_nook "${base[@]}" --firewall 'in drop' --firewall 'in accept tcp 80' true
	[[ $stderr == *'rule 2, "in accept tcp 80", is never reached: rule 1, "in drop"'* ]]
	run_nook "${base[@]}" --firewall 'in drop' --cap-add NET_ADMIN true
	[[ $stderr == *'--cap-add NET_ADMIN'*'could change the rules'* ]]
	run_nook "${base[@]}" --firewall 'in drop' --cap-add net_raw true
	[[ $stderr == *'raw frames pass the rules by'* ]]
	run_nook "${base[@]}" --firewall 'in drop' --privileged true
	[[ $stderr == *'--privileged'*'could change the rules'* ]]
	run_nook run --rootfs "$ROOTFS" --network host --firewall 'in drop' true
	[[ $stderr == *'does not go with --network host'* ]]
	assert_equal "$(net_made)" ""
}

@test "firewall: refusals of the commands leave the rules as they were" {
	begin one --network none --firewall 'in accept tcp 80' -- sleep 1000
	begin admin --network none --cap-add NET_ADMIN -- sleep 1000
	begin shared --network container:one -- sleep 1000
	run_nook firewall add one in accept tcp 80x
	[ "$status" = 125 ]
	[[ $stderr == *'column 15: "80x" is not a port'* ]]
	run_nook firewall add --at 3 one in drop
	[[ $stderr == *'--at 3: container one has 1 rule'* ]]
	run_nook firewall rm one 2
	[[ $stderr == *'rule 2 of container one'* ]]
	run_nook firewall rm one in drop
	[[ $stderr == *'rule "in drop" of container one'* ]]
	run_nook firewall default one in reject
	[[ $stderr == *'"in reject" is no default'* ]]
	run_nook firewall add admin in drop
	[[ $stderr == *'runs with NET_ADMIN'* ]]
	run_nook firewall add shared in drop
	[[ $stderr == *'has no network of its own'* ]]
	run_nook firewall add nobody in drop
	[ "$status" = 125 ]
	run_nook firewall add one
	[[ $stderr == *'a rule'* ]]
	assert_equal "$(nook firewall ls one)" $'1 in accept tcp 80\ndefault in accept\ndefault out accept'
	[ ! -e "$NOOK_STATE/containers/one/firewall" ]
	# What was changed goes with the container.
	nook firewall add one in drop
	[ -e "$NOOK_STATE/containers/one/firewall" ]
	nook stop -t 0 one
	[ ! -e "$NOOK_STATE/containers/one" ]
}

@test "firewall: many changes at once, none is lost" {
	local i changes=()
	begin one --network none -- sleep 1000
	for i in 1 2 3 4 5 6 7 8; do
		nook firewall add one in accept tcp "$((8000 + i))" 3>&- >/dev/null 2>&1 &
		changes+=($!)
	done
	for i in "${changes[@]}"; do wait "$i"; done
	assert_equal "$(nook firewall ls one | grep -c 'in accept tcp')" 8
}
