# SPDX-License-Identifier: Apache-2.0
# What is left when a step fails, or when an actor is killed there: nothing. Needs a build with
# -Dfault=true (make fault).
# seconds: 33
# vm: seldom, lifecycle and oci_lifecycle go through the same steps on 6.1

load ../lib/nook

# About a hundred starts a test; in the virtual machine, where one takes half a second, every 31st
# step, from another first one in each test.
export BATS_TEST_TIMEOUT=600
if [ -n "${NOOK_VM:-}" ]; then STRIDE=31 KILLS=10 SPREAD=.; else STRIDE=1 KILLS=500 SPREAD=.00; fi

setup_file() {
	fault_build
	ROOTFS=$BATS_FILE_TMPDIR/rootfs
	export ROOTFS
	busybox_rootfs "$ROOTFS"
	# What a user namespace may not make in a tree that it does not own.
	touch "$ROOTFS"/etc/{hostname,hosts,resolv.conf}
}

setup() {
	need_root
	nook_setup
	MARK=98$RANDOM.$RANDOM
}
teardown() { nook_teardown; }

# The command of this test's containers, told from everybody else's by its number.
marked_processes() { pgrep -f "sleep $MARK" || true; }
none_left() { [ -z "$(marked_processes)" ]; }

# A nook that was killed leaves its name and groups to the next command.
assert_nothing_left() {
	local list
	list=$("$FAULTY" ps -q)
	assert_equal "$list" ""
	assert_equal "$(ls -A "$NOOK_STATE/containers")" ""
	none_left || { marked_processes; return 1; }
}

steps_of() { "$FAULTY" run --explain=json "$@" | jq '.steps | length'; }

# every_step WHEN:WHAT OPTIONS…: once for each step of the plan.
every_step() {
	local what=$1 step n code out
	shift
	n=$(steps_of "$@")
	[ "$n" -gt 100 ]
	# Without a fault it works: what fails below fails for the fault.
	"$FAULTY" run "$@"
	for ((step = 1 + BATS_TEST_NUMBER % STRIDE; step <= n; step += STRIDE)); do
		code=0
		out=$("$FAULTY" run --fault "$step:$what" "$@" 2>&1 </dev/null) || code=$?
		case $what:$code in
			# 0: a step of `after`, whose failure comes too late for the exit code, or the
			# execve behind the one that succeeded, which is never reached.
			*fail:0 | *fail:12[567] | *kill:0 | *kill:125 | *kill:137 | *kill:132) ;;
			*) printf 'step %d of %d %s: exit code %d\n%s\n' "$step" "$n" "$what" "$code" "$out"; return 1 ;;
		esac
		if [[ $what == *fail && $code = 125 ]]; then
			[[ $out == *"step $step of $n: "* ]] ||
				{ printf 'step %d of %d %s: does not name the step: %s\n' "$step" "$n" "$what" "$out"; return 1; }
		fi
		if ((STRIDE > 1 || step % 40 == 0)); then assert_nothing_left; fi
	done
	assert_nothing_left
}

plain() { every_step "$1" --memory 64m --pids-limit 50 --rootfs "$ROOTFS" /bin/true; }
between() {
	every_step "$1" --userns auto --time-offset boottime=100 --read-only --sysctl kernel.shmmax=1000 \
		-v "$ROOTFS:/data:ro" --rootfs "$ROOTFS:O" /bin/true
}

@test "fault: each step of a start as root fails before it is done" { plain before:fail; }
@test "fault: each step of a start as root fails after it is done" { plain after:fail; }
@test "fault: each actor of a start as root is killed before each step" { plain before:kill; }
@test "fault: each actor of a start as root is killed after each step" { plain after:kill; }
@test "fault: each step fails before it is done, with a process in between" { between before:fail; }
@test "fault: each step fails after it is done, with a process in between" { between after:fail; }
@test "fault: each actor is killed before each step, with a process in between" { between before:kill; }
@test "fault: each actor is killed after each step, with a process in between" { between after:kill; }

# Namespaces of a process that another program has made, with a process in between.
entering() {
	local n step code out
	unshare --uts --ipc --net --pid --mount-proc --fork sleep "${MARK}1" 3>&- &
	local shell=$! target=
	there() { target=$(pgrep -xf "sleep ${MARK}1"); }
	eventually there
	enter() { "$FAULTY" ns enter "$@" --root --cwd --ids "$target" /bin/true; }
	n=$(enter --explain=json | jq '.steps | length')
	enter
	for ((step = 1 + BATS_TEST_NUMBER % STRIDE; step <= n; step += STRIDE)); do
		code=0
		out=$(enter --fault "$step:$1" 2>&1 </dev/null) || code=$?
		case $1:$code in
			*fail:0 | *fail:12[567] | *kill:0 | *kill:125 | *kill:137 | *kill:132) ;;
			*) printf 'step %d of %d %s: exit code %d\n%s\n' "$step" "$n" "$1" "$code" "$out"; return 1 ;;
		esac
	done
	# Nobody but the target itself is in its PID namespace.
	alone() { [ "$(find "/proc/$target/root/proc" -maxdepth 1 -name '[0-9]*' | wc -l)" = 1 ]; }
	eventually alone
	kill -9 "$target"
	wait "$shell" || true
}
@test "fault: each step of ns enter fails before it is done" { entering before:fail; }
@test "fault: each step of ns enter fails after it is done" { entering after:fail; }
@test "fault: each actor of ns enter is killed before each step" { entering before:kill; }
@test "fault: each actor of ns enter is killed after each step" { entering after:kill; }

@test "fault: nook killed at random times leaves nothing" {
	local i pid
	for ((i = 1; i <= KILLS; i++)); do
		"$FAULTY" run --memory 64m --rootfs "$ROOTFS" sleep "$MARK" >"$BATS_TEST_TMPDIR/words" 2>&1 &
		pid=$!
		sleep "0$SPREAD$((RANDOM % 10))$((RANDOM % 10))"
		kill -9 "$pid" || { echo "ended by itself:"; cat "$BATS_TEST_TMPDIR/words"; return 1; }
		wait "$pid" || true
		if ((i % 100 == 0 || i == KILLS)); then
			eventually none_left
			assert_nothing_left
		fi
	done
}

@test "fault: init killed at random times leaves nothing" {
	local i pid name init
	for ((i = 1; i <= KILLS; i += 5)); do
		name=victim$i
		"$FAULTY" run --name "$name" --memory 64m --rootfs "$ROOTFS" sleep "$MARK" >/dev/null 2>&1 &
		pid=$!
		sleep "0$SPREAD$((RANDOM % 10))"
		# shellcheck disable=SC2013 # on purpose
		for init in $(cat "/proc/$pid/task/$pid/children" 2>/dev/null); do kill -9 "$init" || true; done
		# It may not be registered yet, or be gone already.
		while kill -0 "$pid" 2>/dev/null && ! "$FAULTY" kill "$name" >/dev/null 2>&1; do sleep 0.01; done
		wait "$pid" || true
	done
	assert_nothing_left
}
