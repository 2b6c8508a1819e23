# SPDX-License-Identifier: Apache-2.0
# A networked start that fails, or an actor that is killed, at each step: `nook network prune` takes
# away what is left, and then nothing is. Needs a build with -Dfault=true (make fault).
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)

load ../lib/nook
load ../lib/net

export BATS_TEST_TIMEOUT=900
# Every second step, before it and after it: each moment between two. In the virtual machine every
# 31st, from another first one in each test.
if [ -n "${NOOK_VM:-}" ]; then STRIDE=31 FIRST=$((1 + ${BATS_TEST_NUMBER:-0} % 31)); else STRIDE=2 FIRST=1; fi
# seconds: 130

setup_file() {
	fault_build
	ROOTFS=$BATS_FILE_TMPDIR/rootfs
	export ROOTFS
	busybox_rootfs "$ROOTFS"
	touch "$ROOTFS"/etc/{hostname,hosts,resolv.conf}
}

setup() {
	need_root
	nook_setup
	net_world
	NOOK=$FAULTY
}
teardown() {
	net_world_end
	nook_teardown
}

# Links, rules, leases, sockets and processes of nook in this world.
left() {
	net_made
	cat "$NOOK_STATE"/net/*/leases 2>/dev/null || true
	in_world ss -Hltun | grep -v ':53 ' || true
	# shellcheck disable=SC2012 # numbers
	pgrep -f -- "--state $NOOK_STATE" || true
	ls -A "$NOOK_STATE/containers"
}
# What was killed ends in its own time: each look buries what is dead by then.
nothing_left() {
	nook ps -q >/dev/null
	nook network prune --force >/dev/null
	[ -z "$(left)" ]
}

# So that each start is a first one.
as_before() {
	in_world sh -c 'cd /proc/sys/net && echo 0 >ipv4/ip_forward && echo 0 >ipv6/conf/all/forwarding &&
		echo 1 >ipv6/conf/wire/accept_ra'
}

# every_step WHEN:WHAT OPTIONS…: once for each step of a first start on the network.
every_step() {
	local what=$1 step n code out
	shift
	as_before
	n=$(nook run --explain=json "$@" | jq '.steps | length')
	[ "$n" -gt 150 ]
	# Without a fault it works: what fails below fails for the fault.
	nook run "$@"
	nook network prune --force >/dev/null
	for ((step = FIRST; step <= n; step += STRIDE)); do
		code=0
		as_before
		out=$(nook run --fault "$step:$what" "$@" 2>&1 </dev/null) || code=$?
		case $what:$code in
			*fail:0 | *fail:12[567] | *kill:0 | *kill:125 | *kill:137 | *kill:132) ;;
			*) printf 'step %d of %d %s: exit code %d\n%s\n' "$step" "$n" "$what" "$code" "$out"; return 1 ;;
		esac
		if [[ $what == *fail && $code = 125 ]]; then
			[[ $out == *"step $step of $n: "* ]] ||
				{ printf 'step %d of %d %s: does not name the step: %s\n' "$step" "$n" "$what" "$out"; return 1; }
		fi
		eventually nothing_left || { echo "after step $step $what: $out"; left; return 1; }
	done
}

networked() {
	nook network create --subnet 10.77.0.0/24 --subnet fd77::/64 lan
	nook network create --subnet 10.78.0.0/24 --internal db
	every_step "$1" --network lan --network db -p 8080:80 -p 127.0.0.1:5300:53/udp \
		--rootfs "$ROOTFS" /bin/true
}

@test "network fault: each step fails before it is done" { networked before:fail; }
@test "network fault: each step fails after it is done" { networked after:fail; }
@test "network fault: each actor is killed before each step" { networked before:kill; }
@test "network fault: each actor is killed after each step" { networked after:kill; }
