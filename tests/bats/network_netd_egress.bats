#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nook-netd as resolver of a container with --egress: names that are not allowed, addresses that
# no name may lead to, and the container's firewall, which knows an address before the container
# does. The table inside is nft's here, with the sets of src/plan/net_firewall.c.
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# seconds: 27

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
	wall
	dnsmasq_upstream --max-ttl=3000 \
		--host-record=api.example.org,203.0.113.7,2001:db8::7,60 \
		--host-record=long.example.org,203.0.113.8,600 \
		--host-record=brief.example.org,203.0.113.9,1 \
		--host-record=other.example.net,203.0.113.10 \
		--host-record=meta.example.org,169.254.169.254 \
		--host-record=meta6.example.org,fd00:ec2::254 \
		--host-record=lan.example.org,10.89.0.3 \
		--host-record=lo.example.org,127.0.0.1 \
		--host-record=mapped.example.org,::ffff:10.0.0.1 \
		--host-record=shared.example.org,100.64.0.1 \
		--host-record=mixed.example.org,203.0.113.11 \
		--host-record=mixed.example.org,192.168.0.1 \
		--cname=alias.example.org,other.example.net \
		--txt-record=api.example.org,words
}
teardown() {
	[ -z "${WORLD:-}" ] || netd_world_end
	nook_teardown
}

# In web: out only to what egress4 and egress6 have, and to loopback.
wall() {
	in_ns web nft -f - <<-'END'
		table inet nook {
			set egress4 { type ipv4_addr; flags timeout; }
			set egress6 { type ipv6_addr; flags timeout; }
			chain output {
				type filter hook output priority 0; policy drop;
				oifname "lo" accept
				ct state established,related accept
				icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
				ip daddr @egress4 accept
				ip6 daddr @egress6 accept
			}
		}
	END
}
# egress WORDS [ID]: a resolver on 127.0.0.11 in web
egress() {
	in_ns web "$PROBES/netd_ask" "$NET_STATE" lan "egress ${2:-aaaa} $OWNER 127.0.0.11 $1" \
		udp:127.0.0.11:53 tcp:127.0.0.11:53 nft
}
inside() { in_ns web dig +tries=1 +time=4 @127.0.0.11 "$@"; }
status_inside() { inside "$@" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'; }
has() { in_ns web nft -j list set inet nook "egress$1" | jq -r '.nftables[]|select(.set).set.elem//[]|.[]|if type=="object" then "\(.elem.val) \(.elem.timeout // 0)" else "\(.) 0" end' | sort; }

@test "names that are allowed are answered, their addresses are in the firewall by then" {
	egress 'api.example.org,*.sub.example.org'
	[ "$(inside +short api.example.org)" = 203.0.113.7 ]
	[ "$(has 4)" = "203.0.113.7 60" ]
	[ "$(inside +short API.Example.ORG AAAA)" = 2001:db8::7 ]
	[ "$(has 6)" = "2001:db8::7 60" ]
	[ "$(inside +short +tcp api.example.org)" = 203.0.113.7 ]
	[ "$(inside +short api.example.org TXT)" = '"words"' ]
}

@test "other names are refused, and never asked upstream" {
	egress 'api.example.org,*.sub.example.org,db'
	local name
	for name in other.example.net example.org x.api.example.org sub.example.org \
		xsub.example.org web . org 3.0.89.10.in-addr.arpa; do
		[ "$(status_inside "$name")" = REFUSED ]
	done
	[ "$(status_inside api.example.org ANY)" = REFUSED ]
	inside other.example.net | grep -q 'EDE: 15'
	[ "$(grep -c 'query\[' "$DIR/dnsmasq.log" || true)" = 0 ]
	[ "$(status_inside a.sub.example.org)" = NXDOMAIN ]
	[ -z "$(has 4)" ]
}

@test "addresses around the container are refused, whatever name leads there" {
	egress '*.example.org'
	local name
	for name in meta lan lo shared mixed; do
		[ "$(status_inside $name.example.org)" = REFUSED ]
	done
	[ "$(status_inside meta6.example.org AAAA)" = REFUSED ]
	[ "$(status_inside mapped.example.org AAAA)" = REFUSED ]
	[ -z "$(has 4)$(has 6)" ]
}

@test "unless the name is allowed to lead there, or the address itself" {
	egress 'meta.example.org@private,*.example.org,10.89.0.3,2001:db8::99'
	# Addresses are there without a name, for good.
	[ "$(has 4)" = "10.89.0.3 0" ]
	[ "$(has 6)" = "2001:db8::99 0" ]
	[ "$(inside +short meta.example.org)" = 169.254.169.254 ]
	[ "$(inside +short lan.example.org)" = 10.89.0.3 ]
	[ "$(status_inside lo.example.org)" = REFUSED ]
	[[ $(has 4) == "10.89.0.3 0"$'\n'"169.254.169.254 "* ]]
}

@test "a chain of aliases is followed within the answer, and only there" {
	egress 'alias.example.org'
	[ "$(inside +short alias.example.org | tail -n 1)" = 203.0.113.10 ]
	[ "$(status_inside other.example.net)" = REFUSED ]
	[[ $(has 4) == "203.0.113.10 "* ]]
}

@test "an address leaves with its time, and stays when it is asked for again" {
	egress 'brief.example.org,api.example.org'
	inside +short brief.example.org
	# One second would be too short to connect in.
	[ "$(has 4)" = "203.0.113.9 10" ]
	expires() { in_ns web nft -j list set inet nook egress4 | jq '[.nftables[]|select(.set).set.elem[]?.elem.expires]|max'; }
	below() { [ "$(expires)" -le "$1" ]; }
	eventually below 8
	inside +short brief.example.org
	[ "$(expires)" -ge 9 ]
	no_elements() { [ -z "$(has 4)" ]; }
	EVENTUALLY_SECONDS=14 eventually no_elements
}

@test "an address whose set was made anew is put back before the next answer" {
	egress 'api.example.org'
	inside +short api.example.org
	in_ns web nft flush set inet nook egress4
	[ "$(inside +short api.example.org)" = 203.0.113.7 ]
	[[ $(has 4) == "203.0.113.7 "* ]]
	# Without the firewall there is no answer.
	in_ns web nft delete table inet nook
	[ "$(status_inside api.example.org)" = SERVFAIL ]
}

@test "hints of services are left out" {
	egress 'api.example.org'
	[ "$(status_inside api.example.org HTTPS)" = NOERROR ]
	[ -z "$(inside +short api.example.org HTTPS)" ]
}

@test "names of the network count as names, with their addresses" {
	egress 'db'
	[ "$(inside +short db)" = 10.89.0.3 ]
	[[ $(has 4) == "10.89.0.3 10" ]]
	[ "$(status_inside web)" = REFUSED ]
}

@test "traffic: only what was asked for by name gets through" {
	start_in_world nsenter --net=/run/netns/db python3 -c 'import http.server, socketserver
class Server(http.server.ThreadingHTTPServer):
    server_bind = socketserver.TCPServer.server_bind
Server(("10.89.0.3", 80), http.server.SimpleHTTPRequestHandler).serve_forever()'
	db_answers() { in_ns db curl -sf -o /dev/null http://10.89.0.3/; }
	eventually db_answers
	egress 'lan.example.org@private'
	run in_ns web curl -sf -m 1 -o /dev/null http://10.89.0.3/
	[ "$status" = 28 ]
	inside +short lan.example.org
	in_ns web curl -sf -m 5 -o /dev/null http://10.89.0.3/
}

@test "it ends with its owner; a second one for the same container takes its place" {
	egress 'api.example.org'
	egress_again() {
		in_ns web "$PROBES/netd_ask" "$NET_STATE" lan "egress aaaa $OWNER 127.0.0.12 db" \
			udp:127.0.0.12:53 tcp:127.0.0.12:53 nft
	}
	egress_again
	fails in_ns web dig +tries=1 +time=1 @127.0.0.11 api.example.org
	[ "$(in_ns web dig +short @127.0.0.12 db)" = 10.89.0.3 ]
	ask "end $OWNER"
	fails in_ns web dig +tries=1 +time=1 @127.0.0.12 db
	# The network's own goes on.
	[ "$(dig_in db +short web)" = 10.89.0.2 ]
}

@test "words that cannot be read are refused" {
	local words
	for words in 10.0.0.0/8 '*' 'a..b' '*.*.org' 'a b' 'http://x' 'x@public'; do
		run -1 egress "$words"
		[[ $output == *"egress"* ]]
	done
	[ -z "$(in_ns web ss -Huln)" ]
}

@test "alone: a resolver for a container that is on no network" {
	start_alone() {
		in_world "$NETD" --alone --state "$NET_STATE" --resolv-conf "$DIR/resolv.conf" \
			_egress </dev/null 3>&- 4>&-
	}
	start_alone
	netd_runs _egress
	start_alone # one more is to come
	in_ns web "$PROBES/netd_ask" "$NET_STATE" _egress "egress a1 $OWNER 127.0.0.11 api.example.org" \
		udp:127.0.0.11:53 tcp:127.0.0.11:53 nft
	[ "$(inside +short api.example.org)" = 203.0.113.7 ]
	# nook's own way to ask: a process in the namespace.
	in_ns db sleep 100 3>&- 4>&- &
	BACKGROUND+=($!)
	local sleeper
	in_db() { sleeper=$(in_world ip netns pids db | head -n 1) && [ -n "$sleeper" ]; }
	eventually in_db
	in_ns db nft 'add table inet nook; add set inet nook egress4 { type ipv4_addr; flags timeout; }; add set inet nook egress6 { type ipv6_addr; flags timeout; }'
	in_world "$NETD" --egress "$sleeper" --state "$NET_STATE" --network _egress --id b2 \
		--owner "$OWNER" --resolver 127.0.0.11 --allow long.example.org
	[ "$(in_ns db dig +short @127.0.0.11 long.example.org)" = 203.0.113.8 ]
	kill "$sleeper"
	kill "$OWNER_PID"
	EVENTUALLY_SECONDS=12 eventually netd_gone _egress
}
