#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# -i and -t as a person at a terminal meets them: script(1) makes the terminal.
# vm: seldom, a terminal is the same since long before 6.1

load ../lib/nook
setup() {
	nook_setup
	ROOTFS=$BATS_TEST_TMPDIR/rootfs
	busybox_rootfs "$ROOTFS"
	cd "$BATS_TEST_TMPDIR" || return
	: >out
	export ROOTFS
}
teardown() { nook_teardown; }

# Run a shell script on a terminal of its own; what is typed comes from stdin. Output: the file
# out, without carriage returns.
on_terminal() {
	printf '#!/bin/sh\n%s\n' "$1" >session
	chmod +x session
	status=0
	# A suite in the background has SIGINT ignored, and children inherit that.
	env --default-signal timeout -k 1 --foreground 20 script -qefc ./session /dev/null >out || status=$?
	# script(1) echoes the NUL that it sends at the end of its stdin.
	output=$(tr -d '\r\0' <out | sed 's/^^@//')
}
on_terminal_status() {
	on_terminal "$1"
	echo "$status" >code
}
# Type $2 once $1 is on the screen.
type_after() {
	eventually grep -q -- "$1" out
	# shellcheck disable=SC2059
	printf "$2"
	sleep 0.3
}

@test "terminal: -t gives a terminal with the size of the caller's" {
	on_terminal 'stty rows 31 cols 77
		"$NOOK" run -it --rootfs "$ROOTFS" sh -c "tty; stty size"' </dev/null
	assert_exit 0
	assert_match '^/dev/(pts/0|console)$'
	assert_line '31 77'
}

@test "terminal: a new size of the caller's arrives inside" {
	on_terminal 'stty rows 31 cols 77
		(sleep 0.7; stty rows 50 cols 90 </dev/tty) &
		"$NOOK" run -it --rootfs "$ROOTFS" sh -c \
			"trap \"stty size; exit 0\" WINCH; i=0; while [ \$i -lt 100 ]; do sleep 0.1; i=\$((i+1)); done"' </dev/null
	assert_exit 0
	assert_line '50 90'
}

@test "terminal: what is typed goes in, ^C as a signal inside" {
	{
		type_after ready 'word\n'
		type_after 'got word' '\003'
	} | on_terminal_status '"$NOOK" run -it --rootfs "$ROOTFS" sh -c \
		"trap \"echo interrupted; exit 9\" INT; echo ready; read -r w; echo got \$w; while :; do sleep 0.1; done"'
	assert_equal "$(cat code)" 9
	grep -q interrupted out
}
@test "terminal: the caller's is as it was, however it ended" {
	for ending in 'exit 3' 'kill -KILL $$' 'no-such-command'; do
		on_terminal 'before=$(stty -g)
			"$NOOK" run -it --rootfs "$ROOTFS" sh -c '"'$ending'"'
			[ "$(stty -g)" = "$before" ] && echo as before' </dev/null
		assert_line 'as before'
	done
	on_terminal 'before=$(stty -g)
		"$NOOK" run -it --rootfs "$ROOTFS" /no/such/command
		[ "$(stty -g)" = "$before" ] && echo as before' </dev/null
	assert_line 'as before'
}

@test "terminal: it is raw while the command runs, and as before after SIGTERM and SIGSEGV of nook" {
	# The signal is meant here: the sanitizer is not to take it for a fault.
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0
	for sig in TERM SEGV; do
		# In the foreground, so that nook may set the terminal.
		on_terminal 'before=$(stty -g)
			(sleep 0.7
			 stty -a </dev/tty | grep -q -- -icanon && echo raw
			 kill -'$sig' "$(cat pid)") &
			sh -c "echo \$\$ >pid; exec \"\$NOOK\" run -it --init --rootfs \"\$ROOTFS\" sleep 30"
			[ "$(stty -g)" = "$before" ] && echo as before' </dev/null
		assert_line raw
		assert_line 'as before'
	done
	# The next command clears away what the killed nook could not.
	nook ps >/dev/null
}

@test "terminal: the exit code comes through" {
	on_terminal '"$NOOK" run -it --rootfs "$ROOTFS" sh -c "exit 42"' </dev/null
	assert_exit 42
}

@test "terminal: -i without a terminal: stdin is a file or pipe, byte for byte" {
	head -c 300000 /dev/urandom >data
	status=0
	"$NOOK" run -i --rootfs "$ROOTFS" cat <data >copy || status=$?
	assert_exit 0
	cmp data copy
}

@test "terminal: without -i stdin is not read" {
	rest=$(printf 'a\nb\n' | { "$NOOK" run --rootfs "$ROOTFS" cat; cat; })
	assert_equal "$rest" $'a\nb'
	rest=$(printf 'a\nb\n' | { "$NOOK" run -t --rootfs "$ROOTFS" true; cat; })
	assert_equal "$rest" $'a\nb'
}

@test "terminal: -it with a pipe as stdin ends where the pipe does" {
	# A shell with a line editor changes the terminal while the end of file is on its way: often,
	# since it is a race. (nook itself below timeout: a shell in between would leave it behind.)
	for _ in 1 2 3 4 5 6; do
		run -0 timeout -k 1 20 "$NOOK" run -it --rootfs "$ROOTFS" sh < <(printf 'echo one; echo two\n')
		output=${output//$'\r'/}
		assert_line one
		assert_line two
	done
	run -0 timeout -k 1 20 "$NOOK" run -it --rootfs "$ROOTFS" sh -c 'stty -echo; cat; echo; echo end' \
		< <(printf 'no newline')
	assert_match 'no newline'
	assert_match 'end'
}

@test "terminal: all output arrives, also what was written last" {
	for _ in 1 2 3; do
		run -0 timeout -k 1 20 "$NOOK" run -t --rootfs "$ROOTFS" sh -c 'seq 1 20000'
		assert_equal "$(tr -d '\r' <<<"$output" | md5sum)" "$(seq 1 20000 | md5sum)"
	done
}

@test "terminal: a reader that goes away ends the command" {
	run -0 timeout -k 1 20 sh -c '"$NOOK" run -t --rootfs "$ROOTFS" yes | head -n 1 | tr -d "\r"'
	assert_output y
}

@test "terminal: a slow reader gets everything" {
	total=$("$NOOK" run -t --rootfs "$ROOTFS" sh -c 'seq 1 30000' | { sleep 1; wc -l; })
	assert_equal "$total" 30000
}
