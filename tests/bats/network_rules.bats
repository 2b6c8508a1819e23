# SPDX-License-Identifier: Apache-2.0
# nook's netlink messages and its nftables rules: what the kernel makes of them is what their words
# say, and packets go where the rules say. $PROBES/net_batch sends them; no container is needed, a
# process in a network namespace is one.
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)

# shellcheck disable=SC2154 # owner, pid: lib/net.bash
# seconds: 39

load ../lib/nook
load ../lib/background
load ../lib/net

setup() {
	need_root
	nook_setup
	net_world
	KEEPERS=()
}
teardown() {
	local pid
	for pid in "${KEEPERS[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
	for pid in "${KEEPERS[@]}"; do wait "$pid" 2>/dev/null || true; done
	net_world_end
	nook_teardown
}

batch() { in_world "$PROBES/net_batch" "$@"; }
inside() { nsenter --net="/proc/$1/ns/net" -- "${@:2}"; }

# A network namespace with a card: host_on BRIDGE-INDEX NAME ADDRESS… via GATEWAY… -> $KEEPER
host_on() {
	net_keeper --net
	KEEPERS+=("$KEEPER")
	batch veth "v$2" "$1" "$KEEPER" eth0 2000
	inside "$KEEPER" "$PROBES/net_batch" card eth0 2000 "${@:3}"
}

# A server that answers WORD and the client's address: web PID PORT WORD
web() {
	# No function: that would put a shell in front, and $! would be that one.
	nsenter --net="/proc/$1/ns/net" -- python3 - "$2" "$3" >"$BATS_TEST_TMPDIR/web.$1.$2" 2>&1 3>&- <<'PY' &
import socket, sys, threading
port, word = int(sys.argv[1]), sys.argv[2]
tcp = socket.create_server(('::', port), family=socket.AF_INET6, dualstack_ipv6=True)
udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
udp.bind(('::', port))
def datagrams():
    while True:
        _, peer = udp.recvfrom(100)
        udp.sendto(f'{word} for {peer[0]}\n'.encode(), peer)
threading.Thread(target=datagrams, daemon=True).start()
print('ready', flush=True)
while True:
    line, peer = tcp.accept()
    line.sendall(f'{word} for {peer[0]}\n'.encode())
    line.close()
PY
	KEEPERS+=($!)
	eventually grep -q ready "$BATS_TEST_TMPDIR/web.$1.$2"
}
ask() { # HOST PORT [udp]: what is answered within a second
	timeout 5 python3 - "$@" <<'PY'
import socket, sys
host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ':' in host else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM if len(sys.argv) > 3 else socket.SOCK_STREAM)
s.settimeout(1)
try:
    s.connect((host, port))
    if len(sys.argv) > 3:
        s.send(b'?')
    print(s.recv(100).decode().strip().replace('::ffff:', ''))
except OSError as e:
    print('nothing' if isinstance(e, TimeoutError) else e.strerror)
PY
}
from() { # PID|outer|world CMD…
	case $1 in
	outer) in_outer "${@:2}" ;;
	world) in_world "${@:2}" ;;
	*) inside "$@" ;;
	esac
}
answer() { from "$1" bash -c "$(declare -f ask); ask $2 $3 ${4:-}"; }
# hears WORDS FROM HOST PORT [udp]. A first packet may be lost to the search for its neighbour, which asks
# once a second on a busy machine.
hears() { eventually heard "$@" || { echo "it says: $(answer "${@:2}")" >&2; return 1; }; }
heard() { [ "$(answer "${@:2}")" = "$1" ]; }

# Two LANs, forwarding, rules: web servers w1 and w2 on the first, w3 on the second.
two_lans() {
	in_world sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	batch bridge nook0 1000 10.89.0.1/24 fd12::1/64
	batch bridge nk-two 1001 10.90.0.1/24 fd13::1/64
	in_world sysctl -qw net.ipv4.conf.nook0.route_localnet=1 net.ipv4.conf.nk-two.route_localnet=1
	batch rules
	batch network nook0 "${1:-plain}" 10.89.0.0/24 fd12::/64
	batch network nk-two "${2:-plain}" 10.90.0.0/24 fd13::/64
	host_on 1000 w1 10.89.0.2/24 fd12::2/64 via 10.89.0.1 fd12::1
	w1=$KEEPER
	host_on 1000 w2 10.89.0.3/24 fd12::3/64 via 10.89.0.1 fd12::1
	w2=$KEEPER
	host_on 1001 w3 10.90.0.2/24 fd13::2/64 via 10.90.0.1 fd13::1
	w3=$KEEPER
	web "$w1" 80 one
	web "$w2" 80 two
	web "$w3" 80 three
}

# The words, loaded by nft, make the ruleset that the messages make.
same_rules() {
	batch "$@"
	in_world nft list ruleset >by_messages
	in_world nft flush ruleset
	# The table goes before it is made, which nft refuses where there is none.
	in_world nft add table inet nook
	batch --words "$@" | in_world nft -f -
	in_world nft list ruleset >by_words
	diff by_messages by_words
	[ -s by_words ]
}

@test "rules: the words of the host's table make the same table" {
	cd "$BATS_TEST_TMPDIR"
	same_rules rules
	grep -q 'chain forward' by_words
	for change in 'network nook0 isolate 10.89.0.0/24 fd12::/64' 'network nk-two internal 10.90.0.0/16' \
		'publish tcp all 8080:80:3 10.89.0.2 fd12::2' 'publish udp 127.0.0.1 5353:53:1 10.89.0.2' \
		'publish tcp 2001:db8::2 443:8443:1 fd12::2'; do
		batch rules
		# shellcheck disable=SC2086
		batch $change
		in_world nft list ruleset >by_messages
		batch rules
		# shellcheck disable=SC2086
		batch --words $change >words
		in_world nft -f - <words
		in_world nft list ruleset >by_words
		diff by_messages by_words
		# And the element is there.
		grep -q 'elements = ' by_words
	done
	batch rules
	batch publish tcp all 8080:80:3 10.89.0.2 fd12::2
	assert_equal "$(batch elements ports4)" 3
	# Twice is no fault, another target is: "File exists".
	batch publish tcp all 8080:80:3 10.89.0.2 fd12::2
	run batch publish tcp all 8082:80:1 10.89.0.9
	[ "$status" = 1 ]
	[[ $output == *'File exists'* ]]
	batch unpublish tcp all 8080:80:3 10.89.0.2 fd12::2
	assert_equal "$(batch elements ports4)" 0
	run batch unpublish tcp all 8080:80:3 10.89.0.2 fd12::2
	[[ $output == *'No such file or directory'* ]]
}

@test "rules: the words of a container's firewall make the same table" {
	cd "$BATS_TEST_TMPDIR"
	same_rules firewall 'in accept tcp 80 from 192.168.0.2' 'in accept udp 100-200 from fd00::/12' 'in drop' \
		'out accept icmp' 'out accept to 192.168.16.0/20' 'out drop'
	grep -q 'ip saddr 192.168.0.2 tcp dport 80 accept' by_words
	grep -q 'ip6 saddr fd00::/12 udp dport 100-200 accept' by_words
	grep -q 'meta l4proto ipv6-icmp accept' by_words
	grep -q 'ip daddr 192.168.16.0/20 accept' by_words
	same_rules firewall in=drop out=drop egress=127.0.0.11
	assert_equal "$(grep -c 'policy drop' by_words)" 2
	grep -q 'ip daddr @egress4 accept' by_words
}

@test "rules: links, addresses and routes are what ip makes of the words" {
	cd "$BATS_TEST_TMPDIR"
	show() {
		in_world ip -d -o link show nook0
		in_world ip -o addr show nook0
		in_world ip -d -o link show vw1 | sed 's/link-netnsid [0-9]*//'
		inside "$KEEPER" ip -d -o link show eth0
		inside "$KEEPER" ip -o addr show
		inside "$KEEPER" ip route
		inside "$KEEPER" ip -6 route
	}
	# Ages and link-local addresses, which the kernel makes of a random MAC outside.
	steady() { sed -e '/fe80:/d' -e 's/[a-z_]*timer *[0-9.]*//g' -e 's/designated[a-z_]* [^ ]*//g' \
		-e 's/link\/ether [0-9a-f:]* brd/link\/ether brd/' -e 's/veth addrgenmode.*//' -e 's/state [A-Z]*//' \
		-e 's/\(NO-CARRIER\|LOWER_UP\),*//g' "$1"; }
	batch bridge nook0 1000 10.89.0.1/24 fd12::1/64
	host_on 1000 w1 10.89.0.2/24 fd12::2/64 via 10.89.0.1 fd12::1
	inside "$KEEPER" ping -qc1 -W2 10.89.0.1
	inside "$KEEPER" ping -qc1 -W2 fd12::1
	show >by_messages
	grep -q '2000: eth0@if' by_messages
	grep -q 'mtu 1450' by_messages
	grep -q 'alias nook network of a test' by_messages
	grep -q 'default via 10.89.0.1 dev eth0 proto static' by_messages
	in_world ip link del vw1
	in_world ip link del nook0
	batch --words bridge nook0 1000 10.89.0.1/24 fd12::1/64 | in_world ip -batch -
	net_keeper --net
	KEEPERS+=("$KEEPER")
	batch --words veth vw1 1000 "$KEEPER" eth0 2000 | sed "s/[\$]pid/$KEEPER/" | in_world ip -batch -
	batch --words card eth0 2000 10.89.0.2/24 fd12::2/64 via 10.89.0.1 fd12::1 | inside "$KEEPER" ip -batch -
	inside "$KEEPER" ping -qc1 -W2 10.89.0.1
	show >by_words
	diff <(steady by_messages) <(steady by_words)
	grep -q '02:6e:01:00:00:31' by_words
}

@test "rules: a LAN reaches itself, its gateway and the world; the world sees this machine" {
	two_lans
	web "$OUTER" 80 outer
	hears "two for 10.89.0.2" "$w1" 10.89.0.3 80
	hears "two for fd12::2" "$w1" fd12::3 80
	inside "$w1" ping -qc1 -W2 10.89.0.1
	hears "outer for 198.51.100.2" "$w1" 198.51.100.1 80
	hears "outer for 2001:db8::2" "$w1" 2001:db8::1 80
	hears "outer for 198.51.100.2" "$w1" 198.51.100.1 80 udp
	# From LAN to LAN with its own address.
	hears "three for 10.89.0.2" "$w1" 10.90.0.2 80
	# Who has a route in does not come in past the published ports.
	in_outer ip route add 10.89.0.0/24 via 198.51.100.2
	in_outer ip -6 route add fd12::/64 via 2001:db8::2
	[ "$(answer outer 10.89.0.2 80)" = nothing ]
	[ "$(answer outer fd12::2 80)" = nothing ]
	# This machine itself does.
	hears "one for 10.89.0.1" world 10.89.0.2 80
}

@test "rules: a published port is reached from everywhere" {
	two_lans
	batch publish tcp all 8080:80:1 10.89.0.2 fd12::2
	batch publish udp all 8080:80:1 10.89.0.2 fd12::2
	# From outside with the client's address.
	hears "one for 198.51.100.1" outer 198.51.100.2 8080
	hears "one for 198.51.100.1" outer 198.51.100.2 8080 udp
	hears "one for 2001:db8::1" outer 2001:db8::2 8080
	# From this machine.
	hears "one for 10.89.0.1" world 127.0.0.1 8080
	hears "one for 198.51.100.2" world 198.51.100.2 8080
	hears "one for 10.89.0.1" world 127.0.0.1 8080 udp
	# From its own LAN, from itself (hairpin), from another LAN.
	hears "one for 10.89.0.1" "$w2" 198.51.100.2 8080
	hears "one for 10.89.0.1" "$w2" 10.89.0.1 8080
	hears "one for 10.89.0.1" "$w1" 198.51.100.2 8080
	hears "one for fd12::1" "$w1" 2001:db8::2 8080
	[[ $(answer "$w3" 198.51.100.2 8080) == "one for "* ]]
	# What is not published is not there, and afterwards nothing is.
	hears "Connection refused" outer 198.51.100.2 8081
	batch unpublish tcp all 8080:80:1 10.89.0.2 fd12::2
	hears "Connection refused" outer 198.51.100.2 8080
}

@test "rules: a port at one address is not at the others" {
	two_lans
	batch publish tcp 127.0.0.1 8080:80:1 10.89.0.2
	batch publish tcp 198.51.100.2 8081:80:2 10.89.0.2
	batch publish tcp 2001:db8::2 8083:80:1 fd12::2
	hears "one for 10.89.0.1" world 127.0.0.1 8080
	hears "Connection refused" outer 198.51.100.2 8080
	hears "one for 198.51.100.1" outer 198.51.100.2 8081
	hears "Connection refused" world 127.0.0.1 8081
	hears "one for 2001:db8::1" outer 2001:db8::2 8083
	# Nor does a container come to this machine's loopback with packets of its own making.
	web "$WORLD" 7000 private
	inside "$w3" ip route del local 127.0.0.0/8 table local || inside "$w3" ip link set lo down
	inside "$w3" ip route add 127.0.0.0/8 via 10.90.0.1
	hears "private for 127.0.0.1" world 127.0.0.1 7000
	[ "$(answer "$w3" 127.0.0.1 7000)" != "private for 10.90.0.2" ]
	[[ $(answer "$w3" 127.0.0.1 8080) != "one for "* ]]
}

# A client that keeps its port, as many do that speak UDP: what it is answered.
keeps_port() {
	in_outer python3 - "$1" "$2" <<'PY'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 5555))
s.settimeout(1)
try:
    s.connect((sys.argv[1], int(sys.argv[2])))
    s.send(b'?')
    print(s.recv(100).decode().split()[0])
except OSError as e:
    print('nothing' if isinstance(e, TimeoutError) else e.strerror)
PY
}

@test "rules: what was sent by UDP before and after a container goes where it should" {
	two_lans
	# Nobody is there: that is remembered, and has to be forgotten when somebody is.
	[ "$(keeps_port 198.51.100.2 8080)" = "Connection refused" ]
	batch publish udp all 8080:80:1 10.89.0.2
	[ "$(keeps_port 198.51.100.2 8080)" = "Connection refused" ]
	[ "$(keeps_port 198.51.100.2 8090)" = "Connection refused" ]
	batch forget udp-port 8081 8089
	[ "$(keeps_port 198.51.100.2 8080)" = "Connection refused" ]
	batch forget udp-port 8080 8080
	[ "$(keeps_port 198.51.100.2 8080)" = one ]
	# Another container with the port.
	batch unpublish udp all 8080:80:1 10.89.0.2
	batch publish udp all 8080:80:1 10.89.0.3
	[ "$(keeps_port 198.51.100.2 8080)" = one ]
	batch forget answers-of 10.89.0.9
	[ "$(keeps_port 198.51.100.2 8080)" = one ]
	batch forget answers-of 10.89.0.2
	[ "$(keeps_port 198.51.100.2 8080)" = two ]
	batch unpublish udp all 8080:80:1 10.89.0.3
	batch publish udp all 8080:80:1 10.89.0.2
	batch forget udp-port 8000 8100
	[ "$(keeps_port 198.51.100.2 8080)" = one ]
}

@test "rules: internal and isolated networks" {
	two_lans internal isolate
	web "$OUTER" 80 outer
	# internal: itself and its gateway only.
	hears "two for 10.89.0.2" "$w1" 10.89.0.3 80
	inside "$w1" ping -qc1 -W2 10.89.0.1
	[ "$(answer "$w1" 198.51.100.1 80)" = nothing ]
	[ "$(answer "$w1" 10.90.0.2 80)" = nothing ]
	# isolated: the world, but no other LAN.
	hears "outer for 198.51.100.2" "$w3" 198.51.100.1 80
	[ "$(answer "$w3" 10.89.0.2 80)" = nothing ]
	batch bridge nk-3 1002 10.91.0.1/24
	batch network nk-3 plain 10.91.0.0/24
	host_on 1002 w4 10.91.0.2/24 via 10.91.0.1
	web "$KEEPER" 80 four
	[ "$(answer "$w3" 10.91.0.2 80)" = nothing ]
	[ "$(answer "$KEEPER" 10.90.0.2 80)" = nothing ]
	hears "outer for 198.51.100.2" "$KEEPER" 198.51.100.1 80
	# A packet within a LAN passes, also where br_netfilter shows it to these rules.
	in_world sysctl -qw net.bridge.bridge-nf-call-iptables=1 || true
	hears "two for 10.89.0.2" "$w1" 10.89.0.3 80
}

@test "rules: a container's firewall decides by its rules in their order" {
	two_lans
	batch publish tcp all 8080:80:1 10.89.0.2
	# Web server 1 accepts only from the address of server 2; server 2 only goes out to server 1.
	inside "$w1" "$PROBES/net_batch" firewall 'in accept tcp 80 from 10.89.0.3' 'in drop'
	inside "$w2" "$PROBES/net_batch" firewall 'out accept to 10.89.0.2' 'out drop'
	hears "one for 10.89.0.3" "$w2" 10.89.0.2 80
	[ "$(answer "$w2" 10.90.0.2 80)" = nothing ]
	[ "$(answer "$w3" 10.89.0.2 80)" = nothing ]
	[ "$(answer outer 198.51.100.2 8080)" = nothing ]
	[ "$(answer "$w2" 10.89.0.2 80 udp)" = nothing ]
	# The answers to what goes out come in, loopback passes, neighbours are found.
	hears "three for 10.89.0.2" "$w1" 10.90.0.2 80
	hears "one for 127.0.0.1" "$w1" 127.0.0.1 80
	hears "three for fd12::2" "$w1" fd13::2 80
	# Another table takes the place of the first.
	inside "$w1" "$PROBES/net_batch" firewall 'in accept icmp' in=drop
	inside "$w3" ping -qc1 -W2 10.89.0.2
	inside "$w3" ping -qc1 -W2 fd12::2
	[ "$(answer "$w2" 10.89.0.2 80)" = nothing ]
}

@test "rules: egress is what the sets hold, for as long as they hold it" {
	two_lans
	web "$w3" 53 dns
	inside "$w1" "$PROBES/net_batch" firewall egress=10.89.0.3 'out accept tcp 53'
	web "$w2" 53 resolver
	[ "$(answer "$w1" 10.90.0.2 80)" = nothing ]
	inside "$w1" nft add element inet nook egress4 '{ 10.90.0.2 timeout 2s }'
	hears "three for 10.89.0.2" "$w1" 10.90.0.2 80
	# No other resolver, even at an address that is allowed and by a rule.
	[ "$(answer "$w1" 10.90.0.2 53)" = nothing ]
	hears "Operation not permitted" "$w1" 10.90.0.2 53 udp
	hears "resolver for 10.89.0.2" "$w1" 10.89.0.3 53 udp
	[ "$(answer "$w1" 10.89.0.3 80)" = nothing ]
	gone() { [ "$(answer "$w1" 10.90.0.2 80)" = nothing ]; }
	eventually gone
}

# What a container says of its network, and whether it reaches the outer world.
WHAT='ip -o addr show eth0 | sed "s/.*inet6* //; s/ .*//; /fe80/d"; ip route; ping -qc1 -W2 198.51.100.1 >/dev/null && echo reached'

@test "rules: --explain=c is a program that makes the same network" {
	need_cc
	busybox_rootfs "$BATS_TEST_TMPDIR/rootfs"
	cd "$BATS_TEST_TMPDIR"
	local arguments=(--network nook -p 8080:80 --rootfs "$PWD/rootfs")
	nook network inspect nook >/dev/null # which makes it
	nook run "${arguments[@]}" --explain=c sh -c "$WHAT" >start.c
	cc -std=gnu17 -O2 -Wall -Wextra -Werror -static -o start start.c
	in_world "$PWD/start" >by_program
	in_world nft list ruleset >rules_by_program
	in_world ip link del nook0
	in_world nft flush ruleset
	nook run "${arguments[@]}" sh -c "$WHAT" >by_nook
	in_world nft list ruleset >rules_by_nook
	diff by_program by_nook
	diff rules_by_program rules_by_nook
	grep -q reached by_nook
	# The ports are gone, the table stands.
	grep -q 'map ports4' rules_by_nook
	run ! grep -q 8080 rules_by_nook
	no_card() { [ "$(in_world ip -o link show type veth | grep -vc wire)" = 0 ]; }
	eventually no_card
	nook network prune --force
}

@test "rules: --explain=sh makes the same network with ip and nft" {
	busybox_rootfs "$BATS_TEST_TMPDIR/rootfs"
	cd "$BATS_TEST_TMPDIR"
	local arguments=(--network nook -p 8080:80 --rootfs "$PWD/rootfs")
	nook network inspect nook >/dev/null # which makes it
	nook run "${arguments[@]}" --explain=sh sh -c "$WHAT" >start.sh
	in_world sh "$PWD/start.sh" >by_script
	in_world nft list ruleset >rules_by_script
	in_world ip link del nook0
	in_world nft flush ruleset
	nook run "${arguments[@]}" sh -c "$WHAT" >by_nook
	in_world nft list ruleset >rules_by_nook
	diff by_script by_nook
	diff rules_by_script rules_by_nook
	grep -q reached by_nook
	nook network prune --force
}

@test "rules: --explain=json has the messages and their commands" {
	busybox_rootfs "$BATS_TEST_TMPDIR/rootfs"
	nook run --network nook -p 127.0.0.1:8080:80 --rootfs "$BATS_TEST_TMPDIR/rootfs" --explain=json true >"$BATS_TEST_TMPDIR/plan.json"
	jq -e '[.steps[] | select(.op == "netlink") | .args.messages.commands[]] |
		(any(startswith("link add name nook0 ")) and any(startswith("link add name nk")) and
		 any(. == "add element inet nook at_ports4 { 127.0.0.1 . tcp . 8080 : 10.89.0.2 . 80 }"))' \
		"$BATS_TEST_TMPDIR/plan.json"
	jq -e '.steps[] | select(.op == "bind") | .args.address | .address == "127.0.0.1" and .value == 8080' \
		"$BATS_TEST_TMPDIR/plan.json"
	# As many bytes as hex digits say, and as many messages as there are.
	jq -e '[.steps[] | select(.op == "netlink") | .args.messages | (.hex | length) == 2 * .len and .messages > 0] | all' \
		"$BATS_TEST_TMPDIR/plan.json"
}

@test "rules: the calls are those of the plan" {
	need_plain_build
	busybox_rootfs "$BATS_TEST_TMPDIR/rootfs"
	cd "$BATS_TEST_TMPDIR"
	command -v strace >/dev/null || skip 'needs strace'
	local arguments=(run --name called --network nook -p 8080:80 --rootfs "$PWD/rootfs")
	# What is there already is not made again: once, then look.
	nook "${arguments[@]}" true 2>/dev/null
	nook "${arguments[@]}" --explain=json true >plan.json
	in_world env ASAN_OPTIONS="$UNTRACED" timeout 50 strace -ff -X raw -xx -v -s 99999 -o "$PWD/trace" \
		sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$PWD/pid" "$NOOK" "${arguments[@]}" true
	run python3 "$TOP/tests/lib/match_strace.py" plan.json trace "$(cat pid)"
	echo "$output"
	[ "$status" = 0 ]
	nook network prune --force
}

@test "rules: a client of a UDP port that never stops asking finds the next container" {
	background_setup
	serve_udp() { # NAME ADDRESS WORD
		begin "$1" --network "nook:ip=$2" -p 9000:9000/udp -- sleep 100
		web "$pid" 9000 "$3"
	}
	ask_from_5555() {
		in_outer timeout 20 python3 - <<'PY'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 5555))
s.settimeout(0.3)
s.connect(('198.51.100.2', 9000))
for i in range(20):
    try:
        s.send(b'?\n')
        print(s.recv(100).decode().split()[0])
        break
    except OSError:
        pass
else:
    print('nothing')
PY
	}
	STARTED=()
	in_world sysctl -qw net.ipv4.ip_forward=1
	assert_equal "$(ask_from_5555)" nothing
	serve_udp first 10.89.0.77 one
	assert_equal "$(ask_from_5555)" one
	kill -KILL "$owner"
	wait "$owner" || true
	nook network prune --force >/dev/null 2>&1 || true
	# With another address than the first had.
	serve_udp second 10.89.0.78 two
	assert_equal "$(ask_from_5555)" two
	kill -KILL "$owner"
	wait "$owner" || true
	nook network prune --force
}

@test "rules: two nooks with roots of their own share the table" {
	busybox_rootfs "$BATS_TEST_TMPDIR/rootfs"
	cd "$BATS_TEST_TMPDIR"
	other() { nook --root "$PWD/root2" --state "$PWD/state2" "$@"; }
	nook network create one --subnet 10.71.0.0/24
	other network create two --subnet 10.72.0.0/24
	nook run --network one --rootfs "$PWD/rootfs" true
	other run --network two --rootfs "$PWD/rootfs" true
	in_world nft list table inet nook >both
	grep -q nk-one both
	grep -q nk-two both
	# What goes with the last network of the one stays for the other.
	nook network rm one
	in_world nft list table inet nook >left
	run ! grep -q nk-one left
	grep -q nk-two left
	other network rm two
	run ! in_world nft list table inet nook
}
