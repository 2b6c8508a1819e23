#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Terminals of nook-runtime: handed over by --console-socket, or relayed.
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through

load ../lib/oci
setup() { oci_setup; need_root; }
teardown() { oci_teardown; }

# console SOCKET: listen as conmon and containerd do; what the terminal prints -> SOCKET.out, lines of
# SOCKET.in are typed.
console() {
	python3 - "$1" 3>&- <<-'PY' &
		import os, select, socket, sys
		name = sys.argv[1]
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.bind(name)
		s.listen(1)
		open(name + ".ready", "w").close()
		c, _ = s.accept()
		text, fds, _, _ = socket.recv_fds(c, 4096, 1)
		open(name + ".text", "wb").write(text)
		master = fds[0]
		out = open(name + ".out", "wb", buffering=0)
		typed = 0
		while True:
		    r, _, _ = select.select([master], [], [], 0.05)
		    if r:
		        try:
		            data = os.read(master, 4096)
		        except OSError:
		            break
		        if not data:
		            break
		        out.write(data)
		    if os.path.exists(name + ".in"):
		        data = open(name + ".in", "rb").read()
		        os.write(master, data[typed:])
		        typed = len(data)
	PY
	CONSOLE=$!
	eventually test -e "$1.ready"
}
on_terminal() {
	printf '#!/bin/sh\n%s\n' "$1" >session
	chmod +x session
	status=0
	env --default-signal timeout -k 1 --foreground 20 script -qefc ./session /dev/null >out </dev/null || status=$?
	output=$(tr -d '\r\0' <out | sed 's/^^@//;s/\^D//')
}

@test "oci terminal: create hands the master to --console-socket" {
	configure '.process.terminal = true | .process.consoleSize = {width: 77, height: 31}'
	command_is sh -c 'tty; stty size; read x; echo got $x; ls /proc/self/fd | tr "\n" " "'
	console sock
	rt create --bundle "$BUNDLE" --console-socket sock "$ID" </dev/null >"$OUT" 2>&1 3>&-
	rt start "$ID"
	eventually grep -q "31 77" sock.out
	has "$(head -1 sock.out)" "/dev/(pts/0|console)"
	echo hello >sock.in
	eventually grep -q "got hello" sock.out
	eventually ended
	wait "$CONSOLE"
	# echo of what was typed, and no descriptor but the terminal and the directory that ls reads
	has "$(tr -d '\r' <sock.out)" "^0 1 2 3 "
}

@test "oci terminal: a socket's path may be longer than sun_path" {
	local dir
	dir=$PWD/$(printf 'd%.0s' {1..120})
	mkdir "$dir"
	configure '.process.terminal = true'
	command_is echo hello
	(cd "$dir" && console s && ln s s.link) 3>&-
	eventually test -S "$dir/s"
	rt run -d --bundle "$BUNDLE" --console-socket "$dir/s" "$ID" </dev/null >"$OUT" 2>&1 3>&-
	eventually grep -q hello "$dir/s.out"
}

@test "oci terminal: run relays it, with the caller's size, input and exit code" {
	configure '.process.terminal = true'
	command_is sh -c 'stty size; read x; echo "got $x"; exit 5'
	on_terminal "stty rows 33 cols 99; echo line | $RUNTIME --root $STATE run --bundle $BUNDLE $ID; echo code \$?"
	has "$output" "33 99"
	has "$output" "got line"
	has "$output" "code 5"
	nothing_left
}

@test "oci terminal: exec -t, relayed and by a socket" {
	running sleep 1000
	on_terminal "$RUNTIME --root $STATE exec -t $ID sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all'; echo code \$?"
	has "$output" "/dev/pts/"
	has "$output" "^all$"
	has "$output" "code 0"
	console sock
	rt exec -d -t --console-socket sock "$ID" sh -c 'tty; echo hello'
	eventually grep -q hello sock.out
	wait "$CONSOLE"
}

@test "oci terminal: a socket without a terminal, and a terminal without a socket, are refused" {
	command_is true
	run_rt create --bundle "$BUNDLE" --console-socket sock "$ID"
	assert_equal "$status" 1
	has "$(said)" "cannot use console socket if runc will not detach or allocate tty"
	configure '.process.terminal = true'
	run_rt create --bundle "$BUNDLE" "$ID"
	has "$(said)" "cannot allocate tty if runc will detach without setting console socket"
	run_rt run --bundle "$BUNDLE" --console-socket sock "$ID"
	has "$(said)" "cannot use console socket"
	nothing_left
	configure '.process.terminal = false'
	running sleep 1000
	run_rt exec -d -t "$ID" true
	has "$(said)" "cannot allocate tty"
	run_rt exec --console-socket sock "$ID" true
	has "$(said)" "cannot use console socket"
	assert_equal "$status" 255
}

@test "oci terminal: nobody listens at the socket: an error, and nothing is left" {
	configure '.process.terminal = true'
	command_is true
	run_rt create --bundle "$BUNDLE" --console-socket "$PWD/nobody" "$ID"
	assert_equal "$status" 1
	has "$(said)" "nobody"
	nothing_left
}

@test "oci terminal: it is the user's, and the session's controlling one" {
	configure '.process.terminal = true | .process.user = {uid: 1000, gid: 1000}'
	command_is sh -c 'stat -c %u $(tty); echo ctty >/dev/tty; exit 0'
	on_terminal "$RUNTIME --root $STATE run --bundle $BUNDLE $ID"
	has "$output" "^1000$"
	has "$output" "^ctty$"
}

@test "oci terminal: --pidfd-socket of create" {
	command_is sleep 1000
	python3 - sock 3>&- <<-'PY' &
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.bind("sock")
		s.listen(1)
		open("ready", "w").close()
		c, _ = s.accept()
		text, fds, _, _ = socket.recv_fds(c, 4096, 1)
		for line in open("/proc/self/fdinfo/%d" % fds[0]):
		    if line.startswith("Pid:"):
		        open("pid.got", "w").write(line.split()[1])
	PY
	eventually test -e ready
	rt create --bundle "$BUNDLE" --pidfd-socket sock "$ID" </dev/null >"$OUT" 2>&1 3>&-
	eventually test -s pid.got
	assert_equal "$(cat pid.got)" "$(pid_of)"
}

@test "oci terminal: a console socket on which nobody accepts does not keep create for ever" {
	configure '.process.terminal = true'
	command_is sleep 1000
	python3 - deaf 3>&- <<-'PY' &
		import socket, sys, time
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.bind(sys.argv[1])
		s.listen(0)
		waiting = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(8)]
		for c in waiting:
		    c.setblocking(False)
		    try:
		        c.connect(sys.argv[1])
		    except BlockingIOError:
		        break
		open(sys.argv[1] + ".ready", "w").close()
		time.sleep(60)
	PY
	local deaf=$!
	eventually test -e deaf.ready
	RT_PATIENCE=20 run_rt create --bundle "$BUNDLE" --console-socket deaf "$ID"
	kill "$deaf"
	assert_equal "$status" 1
	has "$(said)" "create failed: .*send /dev/ptmx to .*/deaf: Connection timed out"
	nothing_left
}
