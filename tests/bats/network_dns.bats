#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nook-netd as resolver of a network, asked by containers' namespaces, with dnsmasq and a server of
# odd answers (tests/lib/fake_dns.py) upstream. All of it in namespaces of the test's own.
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# seconds: 39

load ../lib/nook
load ../lib/netd

setup() {
	nook_setup
	need_root
	need_netd
	netd_world
	lease web web www,app
	lease db DB www
}
teardown() {
	[ -z "${WORLD:-}" ] || netd_world_end
	nook_teardown
}

@test "containers are found by name, alias and short id, over both families" {
	netd_start
	[ "$(dig_in web +short db)" = 10.89.0.3 ]
	[ "$(dig_in web +short DB AAAA)" = fd89::3 ]
	[ "$(dig_in db +short app)" = 10.89.0.2 ]
	[ "$(dig_in db +short aaaaaaaaaaaa AAAA)" = fd89::2 ]
	[ "$(in_ns web dig +short @fd89::1 db)" = 10.89.0.3 ]
	[ "$(dig_in web +short +tcp db)" = 10.89.0.3 ]
	[ "$(dig_in web +short db ANY | sort | xargs)" = "10.89.0.3 fd89::3" ]
	# An alias that two have leads to both.
	[ "$(dig_in web +short www | sort | xargs)" = "10.89.0.2 10.89.0.3" ]
	# The host may ask, too.
	[ "$(in_world dig +short @10.89.0.1 web)" = 10.89.0.2 ]
}

@test "and by address" {
	netd_start
	[ "$(dig_in web +short -x 10.89.0.3)" = DB. ]
	[ "$(dig_in web +short -x fd89::2)" = web. ]
	[ "$(status_of -x 10.89.0.77)" = NXDOMAIN ]
	[ "$(status_of -x fd89::77)" = NXDOMAIN ]
	# No name ends there, but names lie below.
	[ "$(status_of 0.89.10.in-addr.arpa PTR)" = NOERROR ]
}

@test "what a name has not is NODATA, what is no name NXDOMAIN, and neither is asked upstream" {
	dnsmasq_upstream --address=/ghost/203.0.113.1 --address=/#/203.0.113.2
	netd_start
	run dig_in web db MX
	[[ $output == *"status: NOERROR"* && $output == *"ANSWER: 0"* && $output == *SOA* ]]
	[ "$(status_of ghost)" = NXDOMAIN ]
	[ "$(status_of ghost AAAA)" = NXDOMAIN ]
	[ "$(status_of -x 10.89.0.77)" = NXDOMAIN ]
	dig_in web db TXT >/dev/null
	[ "$(grep -c 'query\[' "$DIR/dnsmasq.log" || true)" = 0 ]
	# Other names are.
	[ "$(dig_in web +short ghost.example)" = 203.0.113.2 ]
}

@test "names follow the leases" {
	netd_start
	no_leases
	eventually netd_gone
	lease web web -
	netd_start
	[ "$(status_of db)" = NXDOMAIN ]
	lease db db -
	[ "$(dig_in web +short db)" = 10.89.0.3 ]
}

@test "a name whose owner was killed is gone at once" {
	sleep 100 3>&- 4>&- &
	local other=$!
	no_leases
	lease web web -
	lease db late - "$("$PROBES/netd_ask" owner $other)"
	netd_start
	[ "$(dig_in web +short late)" = 10.89.0.3 ]
	kill -KILL $other
	wait $other || true
	late_is_gone() { [ "$(status_of late)" = NXDOMAIN ]; }
	eventually late_is_gone
}

@test "who is on several networks is told the names of all of them, and nobody else is" {
	sleep 100 3>&- 4>&- &
	local other=$! words
	words=$("$PROBES/netd_ask" owner $other)
	mkdir "$NET_STATE/lan2"
	jq '.name = "lan2" | .network_interface = "nk-lan2" |
		.subnets = [{subnet: "10.90.0.0/24", gateway: "10.90.0.1"}]' \
		"$NET_ROOT/lan.json" >"$NET_ROOT/lan2.json"
	printf '%s\n' "10.90.0.2/24 02:42:0a:5a:00:02 eth1 vweb2 aaaaaaaaaaaa1111 web - - $OWNER" \
		"10.90.0.7/24 02:42:0a:5a:00:07 eth0 vfar cccccccccccc3333 far there - $words" \
		"10.90.0.8/24 02:42:0a:5a:00:08 eth0 vdb2 dddddddddddd4444 db - - $OWNER" \
		>"$NET_STATE/lan2/leases"
	netd_start
	[ "$(dig_in web +short far)" = 10.90.0.7 ]
	[ "$(dig_in web +short there)" = 10.90.0.7 ]
	[ "$(dig_in web +short -x 10.90.0.7)" = far. ]
	# Its own network comes first.
	[ "$(dig_in web +short db)" = 10.89.0.3 ]
	run dig_in db far
	[[ $output == *"status: NXDOMAIN"* ]]
	kill -KILL $other
	wait $other || true
	[ "$(status_of far)" = NXDOMAIN ]
	rm -r "$NET_STATE/lan2"
	[ "$(status_of there)" = NXDOMAIN ]
}

@test "it ends with the last lease and leaves no socket and no lock" {
	netd_start
	netd_runs
	kill "$OWNER_PID"
	eventually netd_gone
	[ ! -e "$NET_STATE/lan/netd.sock" ]
	port_free() { [ -z "$(in_world ss -Hultn 'src 10.89.0.1:53')" ]; }
	eventually port_free
}

@test "a second start is no second process" {
	netd_start
	local pid
	pid=$(netd_pid)
	netd_start
	[ "$(netd_pid)" = "$pid" ]
	# Many at once: one is left, and all say that it answers.
	no_leases
	eventually netd_gone
	lease web web -
	local i jobs=()
	for i in {1..10}; do
		netd_start &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do
		wait "$i"
	done
	[ "$(in_world ss -Huln 'src 10.89.0.1:53' | wc -l)" = 1 ]
	[ "$(dig_in db +short web)" = 10.89.0.2 ]
}

@test "one that has only begun is not believed: a start waits until it answers, or fails itself" {
	# Somebody has port 53 of the gateway still, for a while.
	hold_53() {
		start_in_world python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.89.0.1", 53))
time.sleep(60)'
		HOLDER=${BACKGROUND[-1]}
		eventually bound 10.89.0.1
	}
	answers() { "$PROBES/netd_ask" "$NET_STATE" lan answers; }
	hold_53
	netd_start &
	local first=$!
	eventually netd_runs
	fails answers # what a start asks
	netd_start &
	local second=$!
	sleep 0.3
	kill -0 $second
	kill "$HOLDER"
	wait "$HOLDER" || true
	wait $second
	answers
	[ "$(dig_in db +short web)" = 10.89.0.2 ]
	wait $first || true # it has waited for port 53 for 2 s only
	# It never gets it: both say so.
	no_leases
	eventually netd_gone
	lease web web -
	hold_53
	netd_start >"$DIR/first" 2>&1 &
	first=$!
	eventually netd_runs
	run -1 netd_start
	[[ $output == *"port 53 of 10.89.0.1"* ]]
	fails wait $first
	kill "$HOLDER"
}

@test "one that was killed is followed by another" {
	netd_start
	kill -KILL "$(netd_pid)"
	eventually netd_gone
	[ -e "$NET_STATE/lan/netd.sock" ]
	netd_start
	[ "$(dig_in db +short web)" = 10.89.0.2 ]
	run -1 ask dance # and it is the new one that listens
	[[ $output == *"not 'dance'"* ]]
}

@test "leases that come and go while it ends always find one" {
	local i
	for i in {1..15}; do
		no_leases
		lease web web -
		# As nook does: first the lease, then the look whether one runs.
		netd_runs || netd_start
		[ "$(dig_in db +short web)" = 10.89.0.2 ] || {
			echo "round $i"
			return 1
		}
	done
}

@test "the rest is asked upstream, once: by UDP and TCP, with what it takes there" {
	dnsmasq_upstream --host-record=api.example.org,203.0.113.7,2001:db8::7,60
	netd_start
	[ "$(dig_in web +short api.example.org)" = 203.0.113.7 ]
	[ "$(dig_in db +short +tcp API.example.org)" = 203.0.113.7 ]
	[ "$(dig_in db +short api.example.org AAAA)" = 2001:db8::7 ]
	# The letters of the question come back as they were.
	dig_in db API.example.org | grep -q '^;API.example.org'
	[ "$(asked_upstream api.example.org)" = 2 ] # A and AAAA
	ttl_goes_down() { [ "$(dig_in web +noall +answer api.example.org | awk '{print $2}')" -lt 59 ]; }
	eventually ttl_goes_down
	[ "$(asked_upstream api.example.org)" = 2 ]
}

@test "a negative answer is kept for as long as its SOA says" {
	upstream 127.0.0.53 nxdomain
	netd_start
	[ "$(status_of none.example)" = NXDOMAIN ]
	dig_in web none.example | grep -q SOA
	[ "$(status_of none.example)" = NXDOMAIN ]
	[ "$(grep -c none.example "$DIR/127.0.0.53.log")" = 1 ]
	asked_again() {
		[ "$(status_of none.example)" = NXDOMAIN ]
		[ "$(grep -c none.example "$DIR/127.0.0.53.log")" = 2 ]
	}
	eventually asked_again
}

@test "an answer that does not fit into UDP comes by TCP, whole" {
	local s
	printf -v s '%250s' ''
	dnsmasq_upstream "--txt-record=big.example,${s// /a},${s// /b},${s// /c},${s// /d},${s// /e},${s// /f}"
	netd_start
	run dig_in web +noedns +ignore big.example TXT
	[[ $output == *"flags: qr tc"* && $output == *"ANSWER: 0"* ]]
	run dig_in web +bufsize=4096 +ignore big.example TXT
	[[ $output == *"flags: qr tc"* ]] # 1232 is what goes without fragments
	run dig_in web +tcp big.example TXT
	[[ $output == *ffffff* && $output == *"ANSWER: 1"* ]]
	# Seven hundred bytes: too many for who knows no EDNS, not for others.
	dig_in web +ignore +noedns db | grep -q 'ANSWER: 1'
}

@test "EDNS: our size, our version, no options of others" {
	dnsmasq_upstream --address=/a.example/203.0.113.1
	netd_start
	dig_in web a.example | grep -q 'udp: 1232'
	[[ $(dig_in web +noedns a.example) != *EDNS* ]]
	dig_in web +noednsneg +edns=1 a.example | grep -q BADVERS
	[ "$(dig_in web +short +dnssec a.example)" = 203.0.113.1 ]
	dig_in web +dnssec a.example | grep -q 'flags: do'
}

@test "servers that do not answer, refuse or fail are followed by the next" {
	upstream 127.0.0.11 silent
	upstream 127.0.0.12 servfail
	upstream 127.0.0.13 fixed
	netd_start
	nameservers 127.0.0.10 127.0.0.13 # nobody there
	[ "$(dig_in web +short a.example)" = 203.0.113.9 ]
	nameservers 127.0.0.12 127.0.0.13
	[ "$(dig_in web +short b.example)" = 203.0.113.9 ]
	nameservers 127.0.0.11 127.0.0.13
	[ "$(dig_in web +short c.example)" = 203.0.113.9 ]
	# The one that was silent rests: it is not asked the next time.
	[ "$(dig_in web +short d.example)" = 203.0.113.9 ]
	grep -q c.example "$DIR/127.0.0.11.log"
	fails grep -q d.example "$DIR/127.0.0.11.log"
	nameservers 127.0.0.12
	[ "$(status_of e.example)" = SERVFAIL ]
	nameservers 127.0.0.10
	[ "$(status_of e.example)" = SERVFAIL ]
}

@test "resolv.conf is read again when it has changed, and what was kept is forgotten" {
	upstream 127.0.0.13 fixed
	dnsmasq_upstream --address=/a.example/203.0.113.1
	netd_start
	[ "$(dig_in web +short a.example)" = 203.0.113.1 ]
	nameservers 127.0.0.13
	[ "$(dig_in web +short b.example)" = 203.0.113.9 ]
	[ "$(dig_in web +short a.example)" = 203.0.113.9 ]
}

@test "what old servers answer late is neither kept nor given to who asks after the change" {
	upstream 127.0.0.13 late
	dnsmasq_upstream --address=/#/203.0.113.1
	nameservers 127.0.0.13
	netd_start
	dig_in web +short a.example >"$DIR/a" 3>&- 4>&- &
	local a=$!
	dig_in web +short b.example >"$DIR/b" 3>&- 4>&- &
	local b=$!
	eventually grep -q a.example "$DIR/127.0.0.13.log"
	eventually grep -q b.example "$DIR/127.0.0.13.log"
	nameservers 127.0.0.53
	[ "$(dig_in web +short c.example)" = 203.0.113.1 ]
	[ "$(dig_in db +short b.example)" = 203.0.113.1 ]
	wait $a
	wait $b
	# It was in time for those who had asked.
	[ "$(cat "$DIR/a")" = 203.0.113.9 ]
	[ "$(dig_in web +short a.example)" = 203.0.113.1 ]
}

@test "answers that are none to our question are passed over" {
	upstream 127.0.0.53 forged
	netd_start
	local i
	for i in {1..5}; do
		[ "$(dig_in web +short "n$i.example")" = 203.0.113.9 ]
	done
	# Ports and ids differ each time.
	[ "$(awk '{print $4}' "$DIR/127.0.0.53.log" | sort -u | wc -l)" -ge 4 ]
	[ "$(awk '{print $5}' "$DIR/127.0.0.53.log" | sort -u | wc -l)" -ge 4 ]
}

@test "a server that knows no EDNS is asked without" {
	upstream 127.0.0.53 plain
	netd_start
	[ "$(dig_in web +short a.example)" = 203.0.113.9 ]
	grep -q 'a.example 1 plain' "$DIR/127.0.0.53.log"
}

@test "an internal network has no way out by names either" {
	dnsmasq_upstream --address=/#/203.0.113.1
	lan_json internal=true
	netd_start
	[ "$(dig_in web +short db)" = 10.89.0.3 ]
	[ "$(status_of a.example)" = NXDOMAIN ]
	[ "$(asked_upstream a.example)" = 0 ]
}

@test "who is not of the network gets no answer" {
	dnsmasq_upstream --address=/#/203.0.113.1
	in_world bash -eu <<-'END'
		ip netns add far
		ip link add vfar type veth peer name eth0 netns far
		ip addr add 172.16.0.1/24 dev vfar
		ip link set vfar up
		ip -n far link set eth0 up
		ip -n far addr add 172.16.0.2/24 dev eth0
		ip -n far route add default via 172.16.0.1
	END
	netd_start
	in_ns far ping -c 1 -W 2 10.89.0.1 >/dev/null
	fails in_ns far dig +tries=1 +time=1 @10.89.0.1 db
	fails in_ns far dig +tries=1 +time=1 +tcp @10.89.0.1 db
	[ "$(dig_in web +short db)" = 10.89.0.3 ]
}

@test "a container that asks without end takes nothing from the others" {
	upstream 127.0.0.53 slow
	netd_start
	# 3,000 questions that nobody answers, and 300 connections, from web.
	in_ns web python3 - "$DIR/flood" <<-'END' &
		import os, socket, struct, sys, time
		open(sys.argv[1], "w").write(str(os.getpid()))
		u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		u.connect(("10.89.0.1", 53))
		for i in range(3000):
		    label = b"x%d" % i
		    u.send(struct.pack(">6H", i, 0x100, 1, 0, 0, 0) + bytes([len(label)]) + label +
		        b"\4slow\7example\0" + struct.pack(">2H", 1, 1))
		held = []
		for i in range(300):
		    s = socket.socket()
		    s.settimeout(1)
		    try:
		        s.connect(("10.89.0.1", 53))
		        held.append(s)
		    except OSError:
		        break
		time.sleep(60)
	END
	eventually test -s "$DIR/flood"
	local flood
	flood=$(cat "$DIR/flood")
	BACKGROUND+=("$!" "$flood")
	eventually grep -q 'x9.slow.example' "$DIR/127.0.0.53.log"
	# A question may be lost before it is read, as any datagram may; dig tells that, too.
	[ "$(dig_in db +tries=5 +short web | tail -n 1)" = 10.89.0.2 ]
	[ "$(dig_in db +tries=5 +short a.example | tail -n 1)" = 203.0.113.9 ]
	[ "$(dig_in db +short +tcp web)" = 10.89.0.2 ]
	# All the while.
	kill -0 "$flood"
	# And upstream it is no flood either.
	[ "$(grep -c slow.example "$DIR/127.0.0.53.log")" -le 1000 ]
	kill "$flood"
}

@test "who asks in the name of another takes nothing from it: that one comes by TCP" {
	upstream 127.0.0.53 slow
	netd_start
	in_ns web ip addr add 10.89.0.3/32 dev lo
	in_ns web python3 - <<-'END'
		import socket, struct
		u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		u.bind(("10.89.0.3", 0))
		u.connect(("10.89.0.1", 53))
		for i in range(200):
		    label = b"x%d" % i
		    u.send(struct.pack(">6H", i, 0x100, 1, 0, 0, 0) + bytes([len(label)]) + label +
		        b"\4slow\7example\0" + struct.pack(">2H", 1, 1))
	END
	eventually grep -q 'x50.slow.example' "$DIR/127.0.0.53.log"
	run dig_in db +ignore a.example
	[[ $output == *"status: NOERROR"*"flags: qr tc"* ]]
	[ "$(dig_in db +short a.example)" = 203.0.113.9 ]
	[ "$(dig_in db +short web)" = 10.89.0.2 ]
}

@test "rubbish does not end it" {
	netd_start
	local pid
	pid=$(netd_pid)
	in_ns web python3 - <<-'END'
		import random, socket
		random.seed(5)
		u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		u.connect(("10.89.0.1", 53))
		head = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01"
		for i in range(2000):
		    n = random.choice((0, 1, 11, 12, 13, 40, 512, 5000))
		    body = bytes(random.randrange(256) for _ in range(n))
		    u.send(random.choice((body, head + body, head + b"\3web\0\0\1\0\1" + body)))
		for i in range(50):
		    s = socket.create_connection(("10.89.0.1", 53), 2)
		    try:
		        s.sendall(bytes(random.randrange(256) for _ in range(random.randrange(3000))))
		    except OSError:
		        pass
		    s.close()
	END
	[ "$(netd_pid)" = "$pid" ]
	[ "$(dig_in web +short db)" = 10.89.0.3 ]
}

@test "it takes nothing of its caller's along and gives up what it does not need" {
	exec 9<"$DIR/resolv.conf"
	netd_start
	exec 9<&-
	local pid
	pid=$(netd_pid)
	[[ $(readlink /proc/"$pid"/fd/*) != *resolv.conf* ]]
	[ "$(readlink "/proc/$pid/fd/2")" = /dev/null ]
	[ "$(readlink "/proc/$pid/cwd")" = / ]
	grep -q '^CapEff:.0000000000001000$' "/proc/$pid/status" # NET_ADMIN
	grep -q '^CapBnd:.0000000000000000$' "/proc/$pid/status"
	grep -q '^NoNewPrivs:.1$' "/proc/$pid/status"
	need_plain_build
	grep -q '^Seccomp:.2$' "/proc/$pid/status"
}

@test "a port 53 that is taken, an unknown network, wrong arguments: told, and nothing left" {
	start_in_world python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 53))
time.sleep(60)'
	eventually bound 0.0.0.0
	run -1 netd_start
	[[ $output == *"port 53 of 10.89.0.1"*"Address already in use"* && $output == *hint:* ]]
	netd_gone
	run -1 in_world "$NETD" --root "$NET_ROOT" --state "$NET_STATE" other
	[[ $output == *"network other"* ]]
	run -1 in_world "$NETD" --root "$NET_ROOT" --state "$NET_STATE" ../lan
	run -1 in_world "$NETD" lan
	run -1 in_world "$NETD" --root /nowhere --state "$NET_STATE" lan
	[[ $output == *"/nowhere"* ]]
}

@test "without names (--dns off) it has no port 53" {
	lan_json dns_enabled=false
	netd_start
	netd_runs
	fails bound 10.89.0.1
}
