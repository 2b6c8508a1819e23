#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# nook-runtime killed, or a step of it failing, at any moment: what `state` says is true, and
# `delete --force` leaves nothing. Needs a build with -Dfault=true (make fault).
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through
# seconds: 40

load ../lib/oci

export BATS_TEST_TIMEOUT=600
if [ -n "${NOOK_VM:-}" ]; then STRIDE=31 KILLS=10 SPREAD=.; else STRIDE=1 KILLS=500 SPREAD=.0; fi

setup_file() { fault_build; }
setup() {
	need_root
	RUNTIME=$(dirname "$FAULTY")/nook-runtime
	oci_setup
	MARK=97$RANDOM.$RANDOM
	# Few capabilities to be dropped one by one, few mounts: fewer steps of the same kinds.
	configure '.process.capabilities.bounding = [$caps[] | "CAP_" + ascii_upcase] | .mounts |= .[0:3] |
		.linux.maskedPaths |= .[0:2] | .linux.readonlyPaths |= .[0:1] |
		.hooks.poststop = [{path: "/bin/true"}] | .hooks.createRuntime = .hooks.poststop' \
		--argjson caps "$(capsh --print | sed -n 's/^Bounding set =//p' | tr ',' '\n' | sed 's/^cap_//' | jq -R . | jq -s .)"
	command_is sleep "$MARK"
}
teardown() { oci_teardown; }

marked_processes() { pgrep -f "sleep $MARK" || true; }
none_left() { [ -z "$(marked_processes)" ]; }

# These run thousands of times: without bats' trap on every command, and with few forks.
untraced() {
	local -
	set +T
	"$@"
}
rt() { "$RUNTIME" --root "$STATE" "$@"; }
nothing_left() {
	local left=()
	shopt -s nullglob
	left=("$STATE/$ID"* /sys/fs/cgroup/nook-"$ID"* /sys/fs/cgroup/*/nook-"$ID"*)
	shopt -u nullglob
	[ ${#left[@]} -eq 0 ] || { echo "left: ${left[*]}" >&2; return 1; }
}
no_process_in_groups() {
	local file pid
	for file in /sys/fs/cgroup/nook-"$ID"/cgroup.procs /sys/fs/cgroup/*/nook-"$ID"/cgroup.procs; do
		[ ! -e "$file" ] || ! read -r pid <"$file" || return 1
	done
} 2>/dev/null

let_go() { [[ $(rt state "$ID" 2>/dev/null) != *'"creating"'* ]]; }

# What is said of the container is so: and then nothing is left of it.
truthful() {
	local said now='' pid=0
	# Init, which ends when nobody answers it, holds the lock a moment longer than who was killed.
	let_go || eventually let_go || { echo "$1: status creating with nobody at work" >&2; return 1; }
	if said=$(rt state "$ID" 2>/dev/null); then
		[[ $said =~ \"status\":\ \"([a-z]+)\" ]] && now=${BASH_REMATCH[1]}
		[[ $said =~ \"pid\":\ ([0-9]+) ]] && pid=${BASH_REMATCH[1]}
		case $now in
			created | running)
				[ -e "/proc/$pid" ] || { echo "$1: it is $now, and process $pid is not there" >&2; return 1; } ;;
			stopped) no_process_in_groups || eventually no_process_in_groups ||
				{ echo "$1: stopped, and processes are left" >&2; return 1; } ;;
			*) echo "$1: status $now with nobody at work" >&2; return 1 ;;
		esac
		if [ "$now" = created ]; then
			# Its init may just be on its way out: nobody tells it any more to wait for start.
			if rt start "$ID" 2>"$BATS_TEST_TMPDIR/said"; then
				status_is running || { echo "$1: started, and not running" >&2; return 1; }
			elif ! grep -q 'already dead' "$BATS_TEST_TMPDIR/said" || ! status_is stopped; then
				echo "$1: created, and start fails: $(cat "$BATS_TEST_TMPDIR/said")" >&2
				return 1
			fi
		fi
	fi
	rt delete --force "$ID" || { echo "$1: delete --force fails" >&2; return 1; }
	nothing_left || { echo "$1: after delete --force" >&2; return 1; }
}

# every_step WHEN:WHAT: create, once for each step of its plan.
every_step() {
	local what=$1 step n code out=$BATS_TEST_TMPDIR/said
	n=$(rt create --bundle "$BUNDLE" --explain=json "$ID" | jq '.steps | length')
	[ "$n" -gt 80 ]
	created
	rt delete -f "$ID"
	for ((step = 1 + BATS_TEST_NUMBER % STRIDE; step <= n; step += STRIDE)); do
		code=0
		rt create --bundle "$BUNDLE" --fault "$step:$what" "$ID" >"$out" 2>&1 </dev/null 3>&- || code=$?
		case $what:$code in
			# 0: a step behind the wait for `start`, which this test does not reach
			*:0 | *fail:1 | *kill:1 | *kill:137) ;;
			*) echo "step $step of $n $what: exit code $code: $(<"$out")" >&2; return 1 ;;
		esac
		if [ "$code" = 1 ]; then
			[[ $what == *kill || $(<"$out") == *"step $step of $n: "* || $(<"$out") == *"start container process"* ]] ||
				{ echo "step $step of $n $what: does not name the step: $(<"$out")" >&2; return 1; }
			nothing_left || { echo "step $step of $n $what" >&2; return 1; }
		elif [ "$code" = 0 ]; then
			rt delete --force "$ID"
		else
			truthful "step $step of $n $what" || return 1
		fi
	done
	eventually none_left
}

@test "oci fault: each step of create fails before it is done" { untraced every_step before:fail; }
@test "oci fault: each step of create fails after it is done" { untraced every_step after:fail; }
@test "oci fault: each actor of create is killed before each step" { untraced every_step before:kill; }
@test "oci fault: each actor of create is killed after each step" { untraced every_step after:kill; }

# each_call STRIDE CMD...: kill a command at each of its system calls, with a container that setup_one
# has made before, and look at what is left. strace counts each kind of call by itself.
each_call() {
	local stride=$1 n=0 code call names=() count
	local -A seen=()
	shift
	setup_one
	ASAN_OPTIONS=$UNTRACED strace -qq -o trace -e trace=all "$RUNTIME" --root "$STATE" "$@" </dev/null >"$OUT" 2>&1 3>&-
	rt delete --force "$ID"
	while IFS='(' read -r call _; do
		[[ $call =~ ^[a-z0-9_]+$ ]] || continue
		seen[$call]=$((${seen[$call]:-0} + 1))
		names+=("$call:${seen[$call]}")
	done <trace
	[ ${#names[@]} -gt 30 ]
	for ((n = 1; n < ${#names[@]}; n += stride)); do
		call=${names[n]%:*} count=${names[n]#*:}
		setup_one
		code=0
		ASAN_OPTIONS=$UNTRACED strace -qq -o /dev/null -e trace=none -e "inject=$call:signal=KILL:when=$count" \
			"$RUNTIME" --root "$STATE" "$@" </dev/null >"$OUT" 2>&1 3>&- || code=$?
		# 0: one call less than in the other run
		[ "$code" = 137 ] || [ "$code" = 0 ] ||
			{ echo "$call $count: exit code $code: $(<"$OUT")" >&2; return 1; }
		truthful "$call $count" || return 1
	done
	eventually none_left
}

@test "oci fault: start is killed at each of its system calls" {
	host_only
	setup_one() { created; }
	untraced each_call 1 start "$ID"
}

@test "oci fault: delete is killed at each of its system calls" {
	host_only
	setup_one() { running; rt kill "$ID" KILL; }
	untraced each_call 1 delete --force "$ID"
}

@test "oci fault: create is killed at every third of its system calls" {
	host_only
	setup_one() { :; }
	untraced each_call 3 create --bundle "$BUNDLE" "$ID"
}

@test "oci fault: nook-runtime killed at random times" { untraced random_kills; }
random_kills() {
	local i pid
	for ((i = 1; i <= KILLS; i++)); do
		case $((i % 3)) in
			0) "$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- & ;;
			1) "$RUNTIME" --root "$STATE" create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- & ;;
			2) running
				"$RUNTIME" --root "$STATE" delete --force "$ID" </dev/null >/dev/null 2>&1 3>&- & ;;
		esac
		pid=$!
		sleep "0${SPREAD}0$((RANDOM % 10))$((RANDOM % 10))"
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" || true
		truthful "kill $i" || return 1
	done
	eventually none_left
}

@test "oci fault: init killed at random times: create fails or it is stopped, and nothing is left" { untraced init_kills; }
ended_all() { for init in $killed; do [ ! -e "/proc/$init" ] || return 1; done; }
init_kills() {
	local i pid init killed
	for ((i = 1; i <= KILLS; i += 10)); do
		"$RUNTIME" --root "$STATE" create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0${SPREAD}0$((RANDOM % 10))"
		# shellcheck disable=SC2013 # on purpose
		killed=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null || true)
		for init in $killed; do kill -9 "$init" || true; done
		wait "$pid" || true
		# One that has been killed takes a while to end, and is what it was until then.
		eventually ended_all || return 1
		truthful "init $i" || return 1
	done
	eventually none_left
}
