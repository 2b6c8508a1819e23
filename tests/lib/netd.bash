# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A world of its own for nook-netd: a mount and a network namespace that play the host, a bridge
# nk-lan with the network `lan` (10.89.0.0/24, fd89::/64), and two network namespaces on it, `web`
# (.2) and `db` (.3). Its files are made by hand, in the formats of src/net/{store,lease}.h.
#
#   netd_world			make it; netd_world_end: take it away (in teardown)
#   in_world CMD…, in_ns web CMD…   there, with the paths of the tests
#   lan_json KEY=VALUE…		write the definition (JSON values)
#   lease web|db NAME ALIASES [OWNER]	add a line;  no_leases: take all of them away
#   upstream ADDRESS MODE	tests/lib/fake_dns.py, its log in $DIR/ADDRESS.log
#   dnsmasq_upstream ARG…	on 127.0.0.53, its log in $DIR/dnsmasq.log
#   nameservers ADDRESS…	the host's resolv.conf
#   netd_start [ARG…]		nook-netd of lan; netd_pid its pid
#   ask REQUEST SOCKET…		netd_ask there
#   $NET_ROOT $NET_STATE $DIR $OWNER (words of a process that lives until netd_world_end)

: "${NETD:=$(dirname "$NOOK")/nook-netd}"
need_netd() {
	[ -x "$NETD" ] || skip "nook-netd was not built (no ldns)"
	local tool
	for tool in dig dnsmasq nft curl; do
		command -v "$tool" >/dev/null || skip "needs $tool (the host's run has it)"
	done
}

# Programs of the background must not hold bats' own descriptors.
start_in_world() {
	nsenter -t "$WORLD" -m -n "$@" </dev/null >>"$DIR/background.log" 2>&1 3>&- 4>&- &
	BACKGROUND+=($!)
}
# `! CMD` alone does not fail a test.
fails() { ! "$@"; }
in_world() { nsenter -t "$WORLD" -m -n "$@"; }
in_ns() {
	local ns=$1
	shift
	nsenter -t "$WORLD" -m nsenter --net=/run/netns/"$ns" "$@"
}

world_is_made() { [ "$(readlink "/proc/$WORLD/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

netd_world() {
	DIR=$BATS_TEST_TMPDIR/world NET_ROOT=$DIR/root/networks NET_STATE=$DIR/state/net
	BACKGROUND=()
	mkdir -p "$NET_ROOT" "$NET_STATE/lan"
	unshare -mn --propagation private sleep 300 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	WORLD=$!
	eventually world_is_made
	sleep 300 >/dev/null 2>&1 3>&- 4>&- &
	BACKGROUND+=($!)
	OWNER_PID=$!
	OWNER=$("$PROBES/netd_ask" owner "$OWNER_PID")
	in_world bash -eu <<-'END'
		mount -t tmpfs tmpfs /run
		ip link set lo up
		ip link add nk-lan type bridge
		ip addr add 10.89.0.1/24 dev nk-lan
		ip -6 addr add fd89::1/64 dev nk-lan nodad
		ip link set nk-lan up
		i=2
		for ns in web db; do
			ip netns add $ns
			ip link add v$ns type veth peer name eth0 netns $ns
			ip link set v$ns master nk-lan up
			ip -n $ns link set lo up
			ip -n $ns link set eth0 up
			ip -n $ns addr add 10.89.0.$i/24 dev eth0
			ip -n $ns -6 addr add fd89::$i/64 dev eth0 nodad
			ip -n $ns route add default via 10.89.0.1
			i=$((i + 1))
		done
	END
	lan_json internal=false
	nameservers 127.0.0.53
}

netd_world_end() {
	local pid
	for pid in "${BACKGROUND[@]}" $WORLD; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	eventually netd_gone
}
netd_gone() { ! "$PROBES/netd_ask" "$NET_STATE" "${1:-lan}"; }
netd_runs() { "$PROBES/netd_ask" "$NET_STATE" "${1:-lan}"; }

lan_json() {
	local -A v=([internal]=false [dns_enabled]=true)
	local pair
	for pair in "$@"; do
		v[${pair%%=*}]=${pair#*=}
	done
	jq -n --argjson internal "${v[internal]}" --argjson dns "${v[dns_enabled]}" '{name: "lan",
		id: ("0123456789abcdef" * 4), driver: "bridge", network_interface: "nk-lan",
		created: "2026-11-22T12:00:00Z", subnets: [
			{subnet: "10.89.0.0/24", gateway: "10.89.0.1"},
			{subnet: "fd89::/64", gateway: "fd89::1"}],
		ipv6_enabled: true, internal: $internal, isolate: false, dns_enabled: $dns, mtu: 0,
		labels: {}, options: {}, ipam_options: {driver: "host-local"}}' >"$NET_ROOT/.new"
	mv "$NET_ROOT/.new" "$NET_ROOT/lan.json"
}

lease() {
	local ns=$1 n=2 id=aaaaaaaaaaaa1111
	[ "$ns" = web ] || n=3 id=bbbbbbbbbbbb2222
	local file=$NET_STATE/lan/leases
	{
		[ ! -e "$file" ] || cat "$file"
		echo "10.89.0.$n/24,fd89::$n/64 02:42:0a:59:00:0$n eth0 v$ns $id $2 $3 - ${4:-$OWNER}"
	} >"$file.new"
	mv "$file.new" "$file"
}
no_leases() {
	: >"$NET_STATE/lan/leases.new"
	mv "$NET_STATE/lan/leases.new" "$NET_STATE/lan/leases"
}

nameservers() {
	printf 'nameserver %s\n' "$@" >"$DIR/resolv.new"
	mv "$DIR/resolv.new" "$DIR/resolv.conf"
}

bound() { in_world ss -Huln "src $1:53" | grep -q .; }
upstream() {
	start_in_world python3 "$TOP/tests/lib/fake_dns.py" "$1" "$2" "$DIR/$1.log"
	eventually bound "$1"
}
dnsmasq_upstream() {
	start_in_world dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts \
		--listen-address=127.0.0.53 --bind-interfaces --log-queries --user=root \
		--log-facility="$DIR/dnsmasq.log" --pid-file --local=/#/ --edns-packet-max=4096 "$@"
	eventually bound 127.0.0.53
}
# How often the upstream was asked for a name.
asked_upstream() { grep -c "query\[[A-Z0-9]*\] $1 " "$DIR/dnsmasq.log" || true; }

netd_start() {
	in_world "$NETD" --root "$NET_ROOT" --state "$NET_STATE" --resolv-conf "$DIR/resolv.conf" \
		"$@" lan </dev/null 3>&- 4>&-
}
netd_pid() { in_world ss -Hulnp "src ${1:-10.89.0.1}:53" | sed -n 's/.*pid=\([0-9]*\).*/\1/p' | head -n 1; }
ask() { in_world "$PROBES/netd_ask" "$NET_STATE" lan "$@"; }

# dig of a namespace, at the resolver of lan: dig_in web ARG…
dig_in() {
	local ns=$1
	shift
	in_ns "$ns" dig +tries=1 +time=4 @10.89.0.1 "$@"
}
status_of() { dig_in web "$@" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'; }
