#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# nook network connect fails, or is killed, at each step: then `nook network prune`, and nothing of
# it is left: no link, rule, lease, socket or process; and the next connect works. Needs a build with
# -Dfault=true (make fault).
# vm: seldom, network_{rules,run,egress,macvlan}.bats ask the older kernel the same questions
# asan: no, not seen with the sanitizers yet (network_{dns,netd_ports,netd_egress}.bats have been)
# seconds: 21

load ../lib/nook
load ../lib/background
load ../lib/net

export BATS_TEST_TIMEOUT=600

setup_file() { fault_build; }
setup() {
	need_root
	background_setup
	net_world
	NOOK=$FAULTY
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

left() {
	net_made
	cat "$NOOK_STATE"/net/*/leases 2>/dev/null || true
	pgrep -f -- "--state $NOOK_STATE" || true
	nook exec web ls /sys/class/net | grep -v -e '^lo$' -e sit0 -e tunl0 || true
}
# What was killed ends in its own time: each look prunes what is dead by then.
nothing_left() {
	nook network prune >/dev/null
	[ -z "$(left)" ]
}

# every_step WHEN:WHAT: into a running container, on a network whose bridge is not there yet.
every_step() {
	local n step code out
	nook network create --subnet 10.77.0.0/24 --subnet fd77::/64 lan
	begin web --network none -- sleep 600
	n=$(nook network connect --explain=json lan web | jq '.steps | length')
	[ "$n" -ge 15 ]
	for ((step = 1; step <= n; step++)); do
		code=0
		out=$(nook network connect --fault "$step:$1" lan web 2>&1 </dev/null) || code=$?
		case $1:$code in
			*fail:0 | *fail:125 | *kill:0 | *kill:137) ;;
			*) printf 'step %d of %d %s: exit code %d\n%s\n' "$step" "$n" "$1" "$code" "$out"; return 1 ;;
		esac
		# How many there are changes: what a failed one has done of the host, the next finds done.
		if [[ $1 == *fail && $code = 125 ]]; then
			[[ $out == *"step $step of "* ]] || { echo "does not name the step: $out"; return 1; }
			# The card is not half there, and its address is free.
			! grep -q . "$NOOK_STATE/net/lan/leases" || { echo "after step $step: a lease"; return 1; }
		fi
		# One that was tolerated, or an after-step's, which is never run here.
		[ "$code" != 0 ] || nook network disconnect lan web
		eventually nothing_left || { echo "after step $step $1: $out"; left; return 1; }
	done
	nook network connect lan web
	in_world ping -c 1 -W 5 10.77.0.2
}

@test "network connect fault: each step fails before it is done" { every_step before:fail; }
@test "network connect fault: each step fails after it is done" { every_step after:fail; }
@test "network connect fault: it is killed before each step" { every_step before:kill; }
@test "network connect fault: it is killed after each step" { every_step after:kill; }

@test "network disconnect fault: killed at each step, the next one finishes" {
	local n step when
	nook network create --subnet 10.77.0.0/24 lan
	begin web --network none -- sleep 600
	nook network connect lan web
	n=$(nook network disconnect --explain=json lan web | jq '.steps | length')
	for ((step = 1; step <= n; step++)); do
		for when in before after; do
			nook network disconnect --fault "$step:$when:kill" lan web >/dev/null 2>&1 || true
			nook network disconnect lan web
			eventually nothing_left || { echo "step $step $when"; left; return 1; }
			nook network connect lan web
		done
	done
}
