#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is left when a step of ns run fails, or when an actor is killed there: nothing. Needs a build
# with -Dfault=true, as fault.bats; FAULTY names one that is there.
# vm: seldom, ns_run and lifecycle go through the same steps on 6.1

load ../lib/nook

# In the virtual machine, where a start takes half a second, every 7th step, from another first one
# in each test.
if [ -n "${NOOK_VM:-}" ]; then STRIDE=7; else STRIDE=1; fi

setup_file() {
	fault_build
}
setup() {
	nook_setup
	need_root
	# In the words of each process of this test, and of no other.
	MARK=97$RANDOM.$RANDOM
}
teardown() { nook_teardown; }

# pgrep itself has the mark in its words, and leaves itself out.
none_left() { [ -z "$(pgrep -f "$MARK")" ]; }

# every_step WHEN:WHAT OPTIONS…: once for each step of the plan.
every_step() {
	local what=$1 step n code out ops command=(/bin/true "$MARK")
	shift
	mapfile -t ops < <("$FAULTY" ns run --explain=json "$@" "${command[@]}" | jq -r '.steps[] | .actor + " " + .op')
	n=${#ops[@]}
	[ "$n" -gt 5 ]
	# Without a fault it works: what fails below fails for the fault.
	"$FAULTY" ns run "$@" "${command[@]}"
	[ -z "${KEPT:-}" ] || "$FAULTY" ns rm "$KEPT"
	for ((step = 1 + BATS_TEST_NUMBER % STRIDE; step <= n; step += STRIDE)); do
		code=0
		out=$("$FAULTY" ns run --fault "$step:$what" "$@" "${command[@]}" 2>&1 </dev/null) || code=$?
		case $what:$code in
			# What nook waits for is no act of its own; the one in between has done its work.
			*:0) [[ ${ops[step - 1]} == 'parent await' || ${ops[step - 1]} == 'middle exit' ||
				"$what ${ops[step - 1]}" == 'after:kill middle tell' || ($what == after:* && $step = "$n") ]] ||
				{ printf 'step %d of %d %s: nothing happened\n' "$step" "$n" "$what"; return 1; } ;;
			*before:fail:12[56] | *before:kill:125 | *before:kill:137 | *before:kill:132) ;;
			*after:fail:12[56] | *after:kill:125 | *after:kill:137 | *after:kill:132) ;;
			*) printf 'step %d of %d %s: exit code %d\n%s\n' "$step" "$n" "$what" "$code" "$out"; return 1 ;;
		esac
		if [[ $what == *fail && $code = 125 ]]; then
			[[ $out == *"step $step of $n: "* ]] ||
				{ printf 'step %d of %d %s: does not name the step: %s\n' "$step" "$n" "$what" "$out"; return 1; }
		fi
		eventually none_left || { pgrep -af "$MARK"; return 1; }
		if [ -n "${KEPT:-}" ]; then
			run "$FAULTY" ns rm "$KEPT"
			[ "$((status == 0))" = "$((code == 0))" ] || { echo "step $step of $n $what: $code, kept: $status"; return 1; }
		fi
	done
}

all() { every_step "$1" --all --mount-proc --hostname h; }
between() { every_step "$1" --map auto --time-offset boottime=5 --net --mount --pid -u 3:4; }
place() { every_step "$1" --unshare --user --uts --hostname h --net --mount; }

@test "fault: ns run: each step fails before it is done" { all before:fail; }
@test "fault: ns run: each step fails after it is done" { all after:fail; }
@test "fault: ns run: each actor is killed before each step" { all before:kill; }
@test "fault: ns run: each actor is killed after each step" { all after:kill; }
@test "fault: ns run: each step fails, with a process in between" { between before:fail && between after:fail; }
@test "fault: ns run: each actor is killed, with a process in between" { between before:kill && between after:kill; }
@test "fault: ns run: each step fails, in place" { place before:fail && place after:fail; }
@test "fault: ns run: nook is killed at each step, in place" { place before:kill && place after:kill; }
@test "fault: ns run: a name is not kept when a step fails" {
	KEPT=it every_step before:fail --keep it --uts --ipc
	KEPT=it every_step after:fail --keep it --uts --ipc
}
