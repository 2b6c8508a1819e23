#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nook-netd carries on what comes to a published port that NAT does not turn: [::1] first of all.
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions

load ../lib/nook
load ../lib/netd

setup() {
	nook_setup
	need_root
	need_netd
	netd_world
	lease web web -
	lease db db -
	netd_start
}
teardown() {
	[ -z "${WORLD:-}" ] || netd_world_end
	nook_teardown
}

start_in_ns() {
	local ns=$1
	shift
	start_in_world nsenter --net=/run/netns/"$ns" "$@"
}
web_server() {
	mkdir -p "$DIR/www"
	echo hello >"$DIR/www/index.html"
	head -c 20000000 /dev/urandom >"$DIR/www/big"
	# Without the name of its address, which it would ask a server for that is not here.
	start_in_ns web python3 -c 'import functools, http.server, socketserver, sys
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    server_bind = socketserver.TCPServer.server_bind
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
Server(("10.89.0.2", 80), handler).serve_forever()' "$DIR/www"
	eventually in_ns web curl -sf -o /dev/null http://10.89.0.2/
}
get() { in_world curl -sfg --max-time 10 "http://[::1]:8080/$1"; }

@test "a server on IPv4 only is reached at [::1]" {
	web_server
	ask "port tcp 10.89.0.2 80 $OWNER" tcp:::1:8080
	[ "$(get)" = hello ]
	[ "$(get big | sha256sum)" = "$(sha256sum <"$DIR/www/big")" ]
	local i jobs=()
	for i in {1..40}; do
		get >"$DIR/got.$i" &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	[ "$(cat "$DIR"/got.* | sort | uniq -c | xargs)" = "40 hello" ]
}

@test "it ends with its owner, and with the word" {
	web_server
	sleep 100 3>&- 4>&- &
	local other=$!
	ask "port tcp 10.89.0.2 80 $("$PROBES/netd_ask" owner $other)" tcp:::1:8081
	ask "port tcp 10.89.0.2 80 $OWNER" tcp:::1:8080
	in_world curl -sfg "http://[::1]:8081/" >/dev/null
	kill -KILL $other
	wait $other || true
	is_free() { [ -z "$(in_world ss -Hltn "sport = $1")" ]; }
	eventually is_free 8081
	[ "$(get)" = hello ]
	ask "end $OWNER"
	is_free 8080
	# Its names stay.
	[ "$(dig_in db +short web)" = 10.89.0.2 ]
}

@test "what one side ends the other may still answer, and a reset is a reset" {
	start_in_ns web python3 -c 'import socket, struct
s = socket.create_server(("10.89.0.2", 80))
while True:
    c, _ = s.accept()
    data = b""
    while part := c.recv(65536):
        data += part
        if data == b"reset":
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            break
    else:
        c.sendall(b"%d bytes" % len(data))
    c.close()'
	ask "port tcp 10.89.0.2 80 $OWNER" tcp:::1:8080
	web_listens() { in_ns web ss -Hltn 'sport = 80' | grep -q .; }
	eventually web_listens
	in_world python3 - <<-'END'
		import socket
		s = socket.create_connection(("::1", 8080), 5)
		s.sendall(b"x" * 3000000)
		s.shutdown(socket.SHUT_WR)
		assert s.recv(100) == b"3000000 bytes"
		assert s.recv(100) == b""
		s = socket.create_connection(("::1", 8080), 5)
		s.sendall(b"reset")
		try:
		    s.recv(100)
		    raise SystemExit("no reset")
		except ConnectionResetError:
		    pass
	END
}

@test "a reader that is slow makes the writer wait, and costs no processor" {
	start_in_ns web python3 -c 'import socket
s = socket.create_server(("10.89.0.2", 80))
c, _ = s.accept()
c.sendall(b"x" * 40000000)
c.shutdown(socket.SHUT_WR)
c.recv(1)'
	ask "port tcp 10.89.0.2 80 $OWNER" tcp:::1:8080
	web_listens() { in_ns web ss -Hltn 'sport = 80' | grep -q .; }
	eventually web_listens
	in_world python3 - "$(netd_pid)" <<-'END'
		import socket, sys, time
		def ticks():
		    return sum(map(int, open("/proc/%s/stat" % sys.argv[1]).read().rsplit(")")[1].split()[11:13]))
		s = socket.create_connection(("::1", 8080), 5)
		time.sleep(0.5)
		s.shutdown(socket.SHUT_WR)
		before = ticks()
		time.sleep(1)
		assert ticks() - before < 20, ticks() - before
		n = 0
		while part := s.recv(1 << 20):
		    n += len(part)
		assert n == 40000000, n
	END
}

@test "nobody listens inside: the client is told, and the port lives on" {
	ask "port tcp 10.89.0.2 80 $OWNER" tcp:::1:8080
	run in_world curl -sg --max-time 5 "http://[::1]:8080/"
	# Cut off: before curl had seen that it was connected, while it sent, or before an answer.
	[[ $status == 7 || $status == 5[256] ]]
	web_server
	[ "$(get)" = hello ]
}

@test "connections that do nothing leave room for others" {
	web_server
	ask "port tcp 10.89.0.2 80 $OWNER" tcp:::1:8080
	in_world python3 - <<-'END'
		import socket
		held = [socket.create_connection(("::1", 8080), 5) for _ in range(200)]
		s = socket.create_connection(("::1", 8080), 5)
		s.sendall(b"GET / HTTP/1.0\r\n\r\n")
		s.settimeout(5)
		assert b"200 OK" in s.recv(1000)
	END
	[ "$(dig_in db +short web)" = 10.89.0.2 ]
	# Their descriptors are given back.
	few() { [ "$(find "/proc/$(netd_pid)/fd" | wc -l)" -lt 100 ]; }
	eventually few
}

@test "packets of UDP go there and back, from the address that was asked" {
	start_in_ns web python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.89.0.2", 5300))
while True:
    data, peer = s.recvfrom(65536)
    s.sendto(b"%d " % peer[1] + data, peer)'
	in_world ip -6 addr add fd77::1/128 dev lo nodad
	in_world ip -6 addr add fd77::2/128 dev lo nodad
	ask "port udp 10.89.0.2 5300 $OWNER" udp::::5301
	ask "port udp fd89::2 5300 $OWNER" udp:::1:5302 # nobody there: no harm
	web_bound() { in_ns web ss -Hlun 'sport = 5300' | grep -q .; }
	eventually web_bound
	in_world python3 - <<-'END'
		import socket
		socket.setdefaulttimeout(3)
		ports = set()
		for address in ("::1", "fd77::1", "fd77::2"):
		    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		    s.connect((address, 5301))  # only what comes from there is let through
		    for i in range(3):
		        s.send(b"x" * 1000 * (i + 1))
		        port, data = s.recv(65536).split(b" ", 1)
		        assert data == b"x" * 1000 * (i + 1)
		        ports.add((address, port))
		assert len(ports) == 3, ports
		# More peers than there is room for: the oldest one goes.
		many = []
		for i in range(400):
		    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		    s.connect(("::1", 5301))
		    s.send(b"hello")
		    assert s.recv(100).endswith(b"hello")
		    many.append(s)
		s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		s.connect(("::1", 5302))
		s.send(b"nobody")
	END
	[ "$(dig_in db +short web)" = 10.89.0.2 ]
	[ "$(find "/proc/$(netd_pid)/fd" | wc -l)" -lt 320 ]
}

@test "requests that make no sense are refused, with the reason" {
	run -1 ask "port tcp 10.89.0.2 80 $OWNER"
	[[ $output == *"with one socket"* ]]
	run -1 ask "port tcp 10.89.0.2 0 $OWNER" tcp:::1:8080
	run -1 ask "port tcp nowhere 80 $OWNER" tcp:::1:8080
	run -1 ask "port udp 10.89.0.2 80 $OWNER" tcp:::1:8080
	[[ $output == *"not a socket for udp"* ]]
	run -1 ask "port tcp 10.89.0.2 80 pid:1:1:-" tcp:::1:8080
	[[ $output == *"No such process"* ]]
	run -1 ask "dance" tcp:::1:8080
	run -1 ask "egress ID $OWNER 127.0.0.11 a.example" tcp:::1:8080
	[[ $output == *"three sockets"* ]]
	# What came along with them is closed.
	[ "$(find "/proc/$(netd_pid)/fd" | wc -l)" -lt 25 ]
	[ -z "$(in_world ss -Hltn 'sport = 8080')" ]
}

@test "more than 32 may ask at once: they stand in a queue" {
	in_world python3 - "$NET_STATE/lan/netd.sock" <<-'END'
		import socket, sys
		held = []
		for i in range(60):
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.settimeout(8)
		    s.connect(sys.argv[1])
		    held.append(s)
		for s in held:
		    s.send(b"dance")
		for s in held:
		    assert s.recv(100).startswith(b"error: "), "no answer"
		    s.close()
		# And who says nothing does not keep the others waiting for long.
		held = []
		for i in range(40):
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.settimeout(4)
		    s.connect(sys.argv[1])
		    held.append(s)
		held[-1].send(b"dance")
		assert held[-1].recv(100).startswith(b"error: "), "no answer"
	END
}

@test "with nothing to do it does not wake up, whatever ports it has" {
	ask "port tcp 10.89.0.2 80 $OWNER" tcp:::1:8080
	ask "port udp 10.89.0.2 80 $OWNER" udp:::1:8080
	local pid before after
	pid=$(netd_pid)
	switches() { sed -n 's/^voluntary_ctxt_switches:\t*//p' "/proc/$pid/status"; }
	idle() { # for a second
		before=$(switches)
		sleep 1
		after=$(switches)
		[ $((after - before)) = 0 ]
	}
	eventually idle
}

netd_with_few_descriptors() {
	in_world prlimit --nofile="$1:$1" "$NETD" --root "$NET_ROOT" --state "$NET_STATE" \
		--resolv-conf "$DIR/resolv.conf" lan </dev/null 3>&- 4>&-
}
begin_anew() {
	no_leases
	eventually netd_gone
	lease web web -
	lease db db -
	netd_with_few_descriptors "$1"
}

@test "one port's peers by UDP take no places from another port" {
	begin_anew 200 # 12 peers
	start_in_ns web python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.89.0.2", 5300))
while True:
    s.sendto(*s.recvfrom(65536))'
	web_bound() { in_ns web ss -Hlun 'sport = 5300' | grep -q .; }
	eventually web_bound
	ask "port udp 10.89.0.2 5300 $OWNER" udp:::1:5301
	ask "port udp 10.89.0.2 5300 $OWNER" udp:::1:5302
	in_world python3 - <<-'END'
		import socket
		socket.setdefaulttimeout(3)
		held = []
		def peer(port):
		    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		    s.connect(("::1", port))
		    s.send(b"hello")
		    assert s.recv(100) == b"hello"
		    held.append(s)
		for i in range(40):
		    peer(5301)
		for i in range(5):
		    peer(5302)
		peer(5301)
		# These are fewer, and were not put out for it.
		for s in held[40:45]:
		    port = s.getsockname()[1]
		    s.send(b"again")
		    assert s.recv(100) == b"again"
	END
}

@test "without descriptors it waits, costs no processor, and forgets nothing" {
	upstream 127.0.0.53 silent
	upstream 127.0.0.13 fixed
	begin_anew 48
	in_ns web python3 - "$(netd_pid)" "$NET_STATE/lan" "$DIR" <<-'END'
		import os, socket, struct, sys, time
		pid, lan, home = sys.argv[1:]
		def ticks():
		    return sum(map(int, open("/proc/%s/stat" % pid).read().rsplit(")")[1].split()[11:13]))
		# Each of them has a descriptor, for 2.4 s.
		u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		u.connect(("10.89.0.1", 53))
		for i in range(64):
		    u.send(struct.pack(">6H", i, 0x100, 1, 0, 0, 0) + b"\3x%02d\7example\0" % i +
		        struct.pack(">2H", 1, 1))
		time.sleep(0.3)
		assert len(os.listdir("/proc/%s/fd" % pid)) == 48
		# Nobody can be let in now, nor can its files be read.
		held = socket.create_connection(("10.89.0.1", 53), 5)
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.settimeout(5)
		s.connect(lan + "/netd.sock")
		s.send(b"dance")
		text = open(lan + "/leases").read().replace(" db ", " other ")
		open(lan + "/leases.new", "w").write(text)
		os.rename(lan + "/leases.new", lan + "/leases")
		open(home + "/resolv.new", "w").write("nameserver 127.0.0.13\n")
		os.rename(home + "/resolv.new", home + "/resolv.conf")
		u.send(struct.pack(">6H", 99, 0x100, 1, 0, 0, 0) + b"\3x99\7example\0" +
		    struct.pack(">2H", 1, 1))
		before = ticks()
		time.sleep(1)
		assert len(os.listdir("/proc/%s/fd" % pid)) == 48
		assert ticks() - before < 15, ticks() - before
		assert s.recv(100).startswith(b"error: "), "no answer"
	END
	other_is_there() { [ "$(dig_in web +short other)" = 10.89.0.3 ]; }
	eventually other_is_there
	[ "$(dig_in web +short a.example)" = 203.0.113.9 ]
	[ "$(dig_in web +short +tcp web)" = 10.89.0.2 ]
}
