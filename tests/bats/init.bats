#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm: no, one small program without nook, the same on every kernel
# nook-init by itself: PID 1 of a PID namespace that unshare makes.

load ../lib/nook
setup() {
	nook_setup
	INIT=${NOOK%/*}/nook-init
	cd "$BATS_TEST_TMPDIR" || return
}
teardown() {
	[ -z "${pid-}" ] || kill -KILL "$pid" 2>/dev/null || true
	[ -z "${outer-}" ] || kill -KILL "$outer" 2>/dev/null || true
	nook_teardown
}

# PID 1 of a namespace. Signals are set back, since a suite run in the background has SIGINT
# ignored; and nothing here may last.
if [ "$(id -u)" = 0 ]; then
	PIDNS=(unshare --pid --fork --mount-proc --)
else
	PIDNS=(unshare --user --map-root-user --pid --fork --mount-proc --)
fi
CLEAN=(env --default-signal timeout --foreground 20)
in_pidns() { "${CLEAN[@]}" "${PIDNS[@]}" "$@"; }

# Start nook-init as PID 1 in the background; $pid is what the host sees of it.
begin() {
	env --default-signal "${PIDNS[@]}" "$INIT" "$@" 2>/dev/null 3>&- &
	outer=$!
	eventually init_pid
}
init_pid() {
	pid=$(cat "/proc/$outer/task/$outer/children") && pid=${pid%% *}
	[ -n "$pid" ] && [ "$(cat "/proc/$pid/comm")" = nook-init ]
}
ends_with() {
	status=0
	wait "$outer" || status=$?
	assert_equal "$status" "$1"
}

@test "init: the exit code is the command's" {
	for code in 0 1 7 255; do
		run -"$code" in_pidns "$INIT" sh -c "exit $code"
	done
	run -3 in_pidns "$INIT" -- sh -c 'exit 3'
}

@test "init: 128 + N when a signal ended the command" {
	run -143 in_pidns "$INIT" sh -c 'kill -TERM $$'
	run -137 in_pidns "$INIT" sh -c 'kill -KILL $$'
}

@test "init: arguments and environment arrive as they are" {
	export WORD='a b'
	run -0 in_pidns "$INIT" sh -c 'printf "<%s>" "$@" "$WORD"' sh 'x y' '' '--' 'ü'
	assert_output '<x y><><--><ü><a b>'
}

@test "init: no such command: 127" {
	run_it() { in_pidns "$INIT" "$@" 2>&1; }
	run -127 run_it no-such-command
	assert_output 'nook-init: no-such-command: no such command'
	run -127 run_it ./no-such-file
	run -127 run_it ''
	PATH=/usr/bin:/bin run -127 run_it /etc/passwd/below-a-file
}

@test "init: not executable: 126" {
	run_it() { in_pidns "$INIT" "$@" 2>&1; }
	echo 'exit 0' >plain
	run -126 run_it ./plain
	assert_match 'not allowed to execute'
	chmod +x plain
	run -126 run_it ./plain
	assert_match 'neither a program'
	run -126 run_it /
	# A directory of PATH that holds one that may not be run does not hide the next.
	mkdir first second
	echo >first/tool
	printf '#!/bin/sh\nexit 9\n' >second/tool
	chmod +x second/tool
	run -9 env PATH="$PWD/first:$PWD/second:$PATH" "${PIDNS[@]}" "$INIT" tool
	rm second/tool
	run -126 env PATH="$PWD/first:$PWD/second:$PATH" "${PIDNS[@]}" "$INIT" tool
}

@test "init: without a command: 125 and how to use it" {
	run -125 "$INIT"
	assert_match usage
	run -125 "$INIT" --
}

@test "init: the command is not PID 1, nook-init is" {
	run -0 in_pidns "$INIT" sh -c 'echo $$ $PPID; cat /proc/1/comm'
	assert_line '2 1'
	assert_line nook-init
}

@test "init: signals that PID 1 would not get reach the command" {
	for sig in TERM INT HUP QUIT USR1 USR2 ALRM; do
		begin sleep 60
		kill -"$sig" "$pid"
		ends_with $((128 + $(kill -l "$sig")))
	done
}

@test "init: a command that handles a signal handles it once" {
	begin sh -c 'trap "echo got" TERM; echo ready; while :; do sleep 0.05; done' >out
	eventually grep -q ready out
	kill -TERM "$pid"
	eventually grep -q got out
	sleep 0.2
	assert_equal "$(grep -c got out)" 1
	kill -KILL "$pid"
	wait "$outer" || true # unshare's own code for this is 1
}

@test "init: kill 0 in the command does not come back as another signal" {
	run -0 in_pidns "$INIT" \
		sh -c 'trap "echo trapped; trap - TERM; exit 0" TERM; kill 0; sleep 1; echo not reached'
	assert_output trapped
}

@test "init: orphans are reaped, and no zombie stays" {
	begin sh -c 'for i in 1 2 3 4 5; do (sleep 0.1 & ) ; done; sleep 0.6; echo ready; sleep 60' >out
	eventually grep -q ready out
	zombies() { ps --ppid "$pid" -o state= | grep -c Z; }
	run zombies
	assert_output 0
	# Orphans did come to it while they lived, and all that is left is the command.
	assert_equal "$(ps --ppid "$pid" -o pid= | wc -l)" 1
	kill -TERM "$pid"
	ends_with 143
}

@test "init: ends when the command does, whatever else still runs" {
	run -4 in_pidns "$INIT" \
		sh -c '(sleep 60 >/dev/null 2>&1 &); exit 4'
}

@test "init: SIGTSTP stops the command, SIGCONT lets it go on" {
	begin sleep 60
	child() { ps --ppid "$pid" -o state= | tr -d ' '; }
	is() { [ "$(child)" = "$1" ]; }
	eventually is S
	kill -TSTP "$pid"
	eventually is T
	kill -CONT "$pid"
	eventually is S
	kill -TERM "$pid"
	ends_with 143
}

@test "init: a stop inside, which nobody would undo, does not last" {
	run -0 in_pidns "$INIT" \
		sh -c 'kill -TSTP $$; echo went on'
	assert_output 'went on'
}

@test "init: signals ignored or blocked before do not make it deaf" {
	run -5 timeout 20 sh -c 'trap "" CHLD TERM; exec "$@"' sh \
		"${PIDNS[@]}" "$INIT" sh -c 'sleep 0.1; exit 5'
}

@test "init: a pipe that the command closes is closed" {
	begin sh -c 'echo said; exec >&- 2>&-; sleep 60' >out
	eventually grep -q said out
	# Descriptors of nook-init itself: none.
	run ls "/proc/$pid/fd"
	assert_output ''
	kill -TERM "$pid"
	ends_with 143
}

@test "init: descriptors beyond 2 are the command's" {
	run -0 in_pidns "$INIT" sh -c 'cat <&5' 5<<<'from five'
	assert_output 'from five'
}

@test "init: without a PID namespace it still reaps" {
	run -6 timeout 20 "$INIT" sh -c '(sleep 0.1 &); sleep 0.3; ps -o state= --ppid $PPID | grep -c Z; exit 6'
	assert_output 0
}

@test "init: the command has the terminal, and ^C reaches it once" {
	cat >inside <<-'E'
		trap 'echo interrupted; exit 21' INT
		ps -o stat= -p $$
		echo ready
		while :; do sleep 0.05; done
	E
	# script(1) makes a pty; what is typed goes in by its stdin.
	printf '#!/bin/sh\nexec %s %s sh ./inside\n' "${PIDNS[*]}" "$INIT" >start
	chmod +x start
	type_it() {
		eventually grep -q ready out
		printf '\003'
		sleep 0.3
	}
	: >out
	status=0
	type_it | "${CLEAN[@]}" script -qec ./start /dev/null >out || status=$?
	assert_equal "$status" 21
	# "+": in the foreground of its terminal.
	grep -q '+' out
	assert_equal "$(grep -c interrupted out)" 1
}

@test "init: it is small" {
	begin sleep 60
	[ "$(awk '/^Pss:/ {print $2}' "/proc/$pid/smaps_rollup")" -le 64 ]
	[ "$(stat -c %s "$INIT")" -le 16384 ]
	kill -TERM "$pid"
	ends_with 143
}
