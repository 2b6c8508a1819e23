# SPDX-License-Identifier: Apache-2.0
# nook run --egress allow=NAME,...: what can be reached, what not, what is asked for outside.
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)
# vm: seldom, network_{rules,run,macvlan}.bats ask the older kernel the same questions

# shellcheck disable=SC2154 # $stderr, $pid, $STARTED come from the libraries
# seconds: 41

load ../lib/nook
load ../lib/background
load ../lib/net

setup() {
	need_root
	[ -x "$(dirname "$NOOK")/nook-netd" ] || skip "nook-netd was not built (no ldns)"
	background_setup
	net_world
	outer_servers
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

# The outer world: a name server whose questions stand in dns.log, web servers on three addresses.
outer_servers() {
	SERVERS=()
	in_outer ip addr add 198.51.100.3/24 dev wire
	cat >zone <<-'END'
		no-resolv
		no-hosts
		bind-interfaces
		listen-address=198.51.100.1
		log-queries
		local-ttl=300
		local=/example.org/
		host-record=api.example.org,198.51.100.1
		host-record=short.example.org,198.51.100.1,12
		host-record=six.example.org,2001:db8::1
		host-record=other.example.org,198.51.100.3
		host-record=inner.example.org,10.66.0.1
		host-record=meta.example.org,169.254.169.254
		host-record=mixed.example.org,198.51.100.1
		host-record=mixed.example.org,127.0.0.1
		host-record=a.deep.example.org,198.51.100.3
		cname=alias.example.org,api.example.org
	END
	in_outer dnsmasq --keep-in-foreground --conf-file="$PWD/zone" --log-facility="$PWD/dns.log" \
		--pid-file= >/dev/null 2>&1 3>&- &
	SERVERS+=($!)
	mkdir -p www
	echo hello >www/index.html
	in_outer python3 -m http.server --bind :: --directory www 80 >/dev/null 2>&1 3>&- &
	SERVERS+=($!)
	eventually in_outer curl -s -o /dev/null http://198.51.100.3/
	eventually in_outer dig +short +time=1 +tries=1 @198.51.100.1 api.example.org
	echo 'nameserver 198.51.100.1' >resolv.world
	in_world mount --bind "$PWD/resolv.world" /etc/resolv.conf
	: >dns.log
}

# In the network of the container that was begun last.
there() { in_world nsenter --net="/proc/$pid/ns/net" "$@"; }
names() { there dig +time=2 +tries=1 +noall +answer +comments @127.0.0.11 "$@"; }
reach() { there curl -gs -m 2 "http://$1/"; }
out_of_reach() { ! reach "$1"; }

@test "egress: an allowed name is reached, others are neither reached nor asked for" {
	begin web --network nook --egress allow=api.example.org,alias.example.org -- sleep 1000
	assert_equal "$(nook exec web cat /etc/resolv.conf)" "nameserver 127.0.0.11"
	# Before anybody has asked for it, its address is as closed as all the others.
	out_of_reach 198.51.100.1
	run names api.example.org
	[[ $output == *NOERROR*198.51.100.1* ]]
	assert_equal "$(reach 198.51.100.1)" hello
	out_of_reach 198.51.100.3
	run names alias.example.org
	[[ $output == *CNAME*api.example.org*198.51.100.1* ]]
	run names other.example.org
	[[ $output == *REFUSED* ]]
	out_of_reach 198.51.100.3
	run names +tcp other.example.org
	[[ $output == *REFUSED* ]]
	run names secret.data.api.example.org
	[[ $output == *REFUSED* ]]
	run cat dns.log
	[[ $output == *'query[A] api.example.org'* ]]
	[[ $output != *other.example.org* && $output != *secret* ]]
	# The container's own programs find it, too.
	nook exec web nslookup -type=a api.example.org
}

@test "egress: no other name server, no other way" {
	begin web --network nook --egress allow=api.example.org -- sleep 1000
	names api.example.org
	# Its address is open by now, and still nobody answers questions there.
	run there dig +time=1 +tries=1 @198.51.100.1 other.example.org
	[ "$status" != 0 ]
	run there dig +tcp +time=1 +tries=1 @198.51.100.1 other.example.org
	[ "$status" != 0 ]
	local gateway
	gateway=$(there ip route | awk '/default/{print $3}')
	run there dig +time=1 +tries=1 "@$gateway" other.example.org
	[ "$status" != 0 ]
	run there ping -c 1 -W 1 "$gateway"
	[ "$status" != 0 ]
	run grep -c other.example.org dns.log
	assert_equal "$output" 0
}

@test "egress: private, link-local and loopback addresses are refused unless allowed by name" {
	begin web --network nook \
		--egress allow=inner.example.org,meta.example.org --egress allow=mixed.example.org -- sleep 1000
	local name
	for name in inner meta mixed; do
		run names "$name.example.org"
		echo "$output"
		[[ $output == *REFUSED* ]]
	done
	run there nft list set inet nook egress4
	[[ $output != *elements* ]]
	begin lan --network nook --egress allow=inner.example.org@private -- sleep 1000
	run names inner.example.org
	[[ $output == *NOERROR*10.66.0.1* ]]
	run there nft list set inet nook egress4
	[[ $output == *10.66.0.1* ]]
}

@test "egress: below a domain, plain addresses, IPv6" {
	begin web --network nook --egress 'allow=*.deep.example.org,198.51.100.1,six.example.org' -- sleep 1000
	assert_equal "$(reach 198.51.100.1)" hello
	run names a.deep.example.org
	[[ $output == *198.51.100.3* ]]
	assert_equal "$(reach 198.51.100.3)" hello
	run names deep.example.org
	[[ $output == *REFUSED* ]]
	out_of_reach '[2001:db8::1]'
	run names six.example.org AAAA
	[[ $output == *2001:db8::1* ]]
	assert_equal "$(reach '[2001:db8::1]')" hello
}

@test "egress: an address leaves with its time, a connection may outlive it" {
	begin web --network nook --egress allow=short.example.org -- sleep 1000
	names short.example.org
	there python3 -c '
import socket, time
s = socket.create_connection(("198.51.100.1", 80))
time.sleep(14)
s.sendall(b"GET / HTTP/1.0\r\n\r\n")
s.settimeout(3)
print(s.recv(99).decode().split("\r\n")[0])' >late 3>&- &
	local late=$!
	closed() { [[ $(there nft list set inet nook egress4) != *elements* ]]; }
	EVENTUALLY_SECONDS=20 eventually closed
	out_of_reach 198.51.100.1
	wait "$late"
	[[ $(cat late) == *'200 OK'* ]]
	names short.example.org
	assert_equal "$(reach 198.51.100.1)" hello
}

@test "egress: rules and defaults beside it" {
	begin web --network nook --egress allow=api.example.org --firewall 'out accept tcp 80 to 198.51.100.3' -- sleep 1000
	assert_equal "$(reach 198.51.100.3)" hello
	names api.example.org
	# A change of the rules keeps what can be reached.
	nook firewall add web out drop to 198.51.100.9
	assert_equal "$(reach 198.51.100.1)" hello
	nook firewall rm --all web
	assert_equal "$(reach 198.51.100.1)" hello
	out_of_reach 198.51.100.3
	run_nook firewall ls web
	[ "$status" = 0 ]
	assert_equal "$output" $'egress api.example.org\ndefault in accept\ndefault out drop'
}

@test "egress: names of containers on its network; a container on none of ours" {
	nook network create --subnet 10.77.0.0/24 lan
	serve db there 80 --network lan --ip 10.77.0.5
	begin web --network lan --egress allow=db,api.example.org -- sleep 1000
	run names db
	[[ $output == *10.77.0.5* ]]
	assert_equal "$(reach 10.77.0.5)" there
	nook network create --subnet 10.78.0.0/24 --dns off silent
	begin alone --network silent --egress allow=api.example.org -- sleep 1000
	run names api.example.org
	[[ $output == *198.51.100.1* ]]
	assert_equal "$(reach 198.51.100.1)" hello
}

@test "egress: refusals; nothing of a resolver is left" {
	local base=(run --rootfs "$ROOTFS")
	run_nook "${base[@]}" --network none --egress allow=a.example true
	[ "$status" = 125 ]
	[[ $stderr == *'nothing can be reached'* ]]
	run_nook "${base[@]}" --egress a.example true
	[[ $stderr == *'allow=HOST'* ]]
	run_nook "${base[@]}" --egress 'allow=a_b/c' true
	[ "$status" = 125 ]
	run_nook "${base[@]}" --network nook --egress allow=a.example --dns 9.9.9.9 true
	[[ $stderr == *'does not go with --dns'* ]]
	run_nook "${base[@]}" --network nook --egress allow=a.example --cap-add NET_ADMIN true
	[[ $stderr == *'could change the rules'* ]]
	begin web --network nook --egress allow=api.example.org -- sleep 1000
	names api.example.org
	nook stop -t 0 web
	nook network prune --force
	gone() { ! in_world pgrep -f "nook-netd.*$NOOK_STATE" >/dev/null; }
	eventually gone
	assert_equal "$(net_made)" ""
}
