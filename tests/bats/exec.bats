#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nook exec: one more command in a container that runs.
# vm: seldom, oci_exec joins the same way on 6.1 and on version 2 of cgroups

load ../lib/nook
load ../lib/background
setup() { background_setup; }
teardown() { background_teardown; }
pid='' # begin sets it

spaces() { readlink /proc/"$1"/ns/{cgroup,ipc,mnt,net,pid,time,user,uts}; }
inside() {
	nook exec "$@" sh -c 'for k in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$k; done'
}

@test "exec: in all namespaces of the container" {
	sleeper web
	assert_equal "$(inside web)" "$(spaces "$pid")"
	assert_differs "$(inside web)" "$(spaces self)"
	run_nook exec web sh -c 'echo $$; ps -o comm'
	assert_line sleep
	refute_line bash
}

@test "exec: all eight are the container's own, also users and clocks" {
	need_root
	sleeper web --userns map --uidmap 0:300000:65536 --gidmap 0:300000:65536 \
		--time-offset boottime=100000
	assert_equal "$(inside web)" "$(spaces "$pid")"
	for kind in user time; do
		assert_differs "$(readlink "/proc/$pid/ns/$kind")" "$(readlink "/proc/self/ns/$kind")"
	done
	assert_equal "$(nook exec web id -u)" 0
	assert_equal "$(nook exec -u alice web id -u)" 1000
	"$NOOK" exec web sleep 33 3>&- &
	slept() { pgrep -xf 'sleep 33' >/dev/null; }
	eventually slept
	assert_equal "$(stat -c %u "/proc/$(pgrep -xf 'sleep 33')")" 300000
}

@test "exec: namespaces that the container shares with the host stay shared" {
	sleeper web --pid host --uts host --ipc host --cgroupns host
	assert_equal "$(inside web)" "$(spaces "$pid")"
	assert_equal "$(nook exec web readlink /proc/self/ns/uts)" "$(readlink /proc/self/ns/uts)"
}

@test "exec: the exit code is the command's" {
	sleeper web
	for code in 0 1 7 255; do
		run_nook exec web sh -c "exit $code"
		assert_exit "$code"
	done
	run_nook exec web sh -c 'kill -TERM $$'
	assert_exit 143
	run_nook exec web no-such-command
	assert_refused 127 'execute no-such-command'
	run_nook exec web /etc/passwd
	assert_refused 126 'execute /etc/passwd'
	mkdir "$ROOTFS/adir"
	run_nook exec web /adir
	assert_exit 126
}

@test "exec: bad words" {
	words_only
	run_nook exec
	assert_refused 125 'needs the name of a container and a command'
	run_nook exec web
	assert_refused 125 'needs a command'
	run_nook exec web true
	assert_refused 125 'no container named "web" is running' 'nook ps'
	sleeper web
	run_nook exec -w relative web true
	assert_refused 125 'absolute path'
	run_nook exec -u nosuchuser web true
	assert_refused 125 'no user "nosuchuser" in the command.s /etc/passwd'
	run_nook exec -w /no/such/dir web true
	assert_refused 125 'working directory' '-w'
}

@test "exec: who it is" {
	sleeper web
	assert_equal "$(nook exec web id)" 'uid=0(root) gid=0(root)'
	assert_equal "$(nook exec -u alice web id)" \
		'uid=1000(alice) gid=1000(alice) groups=29(audio),44(video)'
	assert_equal "$(nook exec -u alice web sh -c 'echo $HOME')" /home/alice
	assert_equal "$(nook exec -u alice:daemon web id -g)" 1
	assert_equal "$(nook exec -u 4242:4343 web sh -c 'id -u; id -g')" "$(printf '4242\n4343')"
}

@test "exec: as the container's user when none is named" {
	sleeper web -u alice
	assert_equal "$(nook exec web id -u)" 1000
	assert_equal "$(nook exec -u root web id -u)" 0
}

@test "exec: a hostile passwd is read inside only" {
	sleeper web
	echo 'outsider:x:777:777::/:/bin/sh' >"$BATS_TEST_TMPDIR/outside"
	for target in "$BATS_TEST_TMPDIR/outside" ../../../../../../../../..$BATS_TEST_TMPDIR/outside; do
		rm -f "$ROOTFS/etc/passwd"
		ln -s "$target" "$ROOTFS/etc/passwd"
		run_nook exec -u outsider web true
		assert_refused 125 'no user "outsider"'
	done
	rm "$ROOTFS/etc/passwd"
	mkfifo "$ROOTFS/etc/passwd"
	run_nook exec -u alice web true
	assert_refused 125 'not a plain file'
}

@test "exec: a device or a FIFO in place of passwd is not even opened" {
	need_root
	command -v strace >/dev/null || skip "no strace here (the host's run has it)"
	sleeper web
	for kind in 'c 1 5' p; do
		rm "$ROOTFS/etc/passwd"
		# shellcheck disable=SC2086
		mknod "$ROOTFS/etc/passwd" $kind
		ASAN_OPTIONS=$UNTRACED run -125 strace -f -e trace=openat2,openat,open -o trace \
			"$NOOK" exec -u alice web true
		grep 'etc/passwd".*O_PATH' trace
		run ! grep -E 'passwd".*O_RDONLY[^P]*, resolve' trace
		run ! grep '/proc/self/fd' trace
	done
}

@test "exec: environment and working directory" {
	sleeper web -e FROM=run -e BOTH=run -w /etc
	run_nook exec -e BOTH=exec -e OWN=1 web sh -c 'echo $FROM $BOTH $OWN; pwd'
	assert_line "run exec 1"
	assert_line /etc
	assert_equal "$(HANDED=on nook exec -e HANDED web sh -c 'echo $HANDED')" on
	assert_equal "$(SECRET=s nook exec web sh -c 'echo "<$SECRET>"')" '<>'
	assert_equal "$(nook exec -w /home/alice web pwd)" /home/alice
}

@test "exec: standard input only with -i" {
	sleeper web
	assert_equal "$(echo hello | nook exec -i web cat)" hello
	assert_equal "$(echo hello | nook exec web cat)" ""
	head -c 3000000 /dev/urandom >blob
	assert_equal "$(nook exec -i web md5sum <blob | cut -d' ' -f1)" "$(md5sum <blob | cut -d' ' -f1)"
}

@test "exec: a terminal of the container's own with -t" {
	sleeper web
	run_nook exec -t web sh -c 'tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all; echo $TERM'
	assert_exit 0
	output=${output//$'\r'/}
	assert_match '^/dev/pts/[0-9]+$'
	assert_line all
	assert_line xterm
	run_nook exec -t -u alice web sh -c 'echo out >/dev/tty; stat -c %u "$(tty)"; exit 4'
	assert_exit 4
	output=${output//$'\r'/}
	assert_line out
	assert_line 1000
}

@test "exec: -t in a container with no devpts says so" {
	sleeper web --tmpfs /dev/pts
	run_nook exec -t web true
	assert_refused 125 'a new terminal' 'leave -t away'
}

@test "exec: capabilities, system calls and limits are the container's" {
	sleeper web --cap-drop CHOWN --ulimit nofile=33:44 --security-opt no-new-privileges
	status_of() { grep -E '^(Cap(Prm|Eff|Bnd|Inh|Amb)|NoNewPrivs|Seccomp):' "$1"; }
	assert_equal "$(nook exec web cat /proc/self/status | status_of /dev/stdin)" \
		"$(status_of "/proc/$pid/status")"
	assert_equal "$(nook exec web sh -c 'ulimit -Sn; ulimit -Hn')" "$(printf '33\n44')"
	run_nook exec web chown 1:1 /etc/passwd
	assert_exit 1
	assert_equal "$(nook exec -u alice web grep CapEff /proc/self/status | cut -f2)" 0000000000000000
}

@test "exec: in the container's cgroups, and under their limits" {
	need_root
	need_cgroup memory
	need_cgroup pids
	sleeper web --memory 32m --memory-swap 32m --pids-limit 10
	assert_equal "$(nook exec web cat /proc/self/cgroup)" "$(nook exec web cat /proc/1/cgroup)"
	local group
	group=$(awk -F: '$2 == "memory" || $2 == "" {print $3}' "/proc/$pid/cgroup" | sort -u)
	"$NOOK" exec web sleep 44 3>&- &
	slept() { pgrep -xf 'sleep 44' >/dev/null; }
	eventually slept
	assert_equal "$(cat "/proc/$(pgrep -xf 'sleep 44')/cgroup")" "$(cat "/proc/$pid/cgroup")"
	[ -n "$group" ]
	# Over the limit: the kernel ends it, and the container goes on.
	run_nook exec web sh -c 'dd if=/dev/zero of=/dev/null bs=100M count=1'
	assert_exit 137
	is_up web
	run_nook exec web sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done; wait'
	assert_stderr_match "can't fork"
}

@test "exec: no descriptor of the host gets in, but those asked for" {
	sleeper web
	exec 7</etc/hostname 8</etc/hostname
	run_nook exec web sh -c 'ls /proc/self/fd'
	assert_output "$(printf '0\n1\n2\n3')"
	exec 7<&- 8<&-
	assert_equal "$("$NOOK" exec --preserve-fds 1 web sh -c 'cat <&3' 3</etc/hostname)" \
		"$(cat /etc/hostname)"
}

@test "exec: signals are handed on" {
	sleeper web
	"$NOOK" exec web sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 0.05; done' 3>&- >out &
	local exec=$!
	up() { grep -q up out; }
	eventually up
	kill -TERM "$exec"
	status=0
	wait "$exec" || status=$?
	assert_equal "$status" 9
	is_up web
}

@test "exec: the command ends with its nook, and with the container" {
	sleeper web
	"$NOOK" exec web sleep 55 3>&- &
	local exec=$!
	slept() { pgrep -xf 'sleep 55' >/dev/null; }
	not_slept() { ! slept; }
	eventually slept
	kill -9 "$exec"
	eventually not_slept
	is_up web
	"$NOOK" exec web sleep 55 3>&- &
	exec=$!
	eventually slept
	nook kill web
	status=0
	wait "$exec" || status=$?
	assert_equal "$status" 137
}

@test "exec: an ended container is told" {
	sleeper web
	nook stop -t 0 web
	run_nook exec web true
	assert_refused 125 'no container named "web" is running'
}

@test "exec: --explain runs nothing, --debug shows each step" {
	sleeper web
	run_nook exec --explain web touch /made
	assert_exit 0
	assert_match 'setns\(container, .*CLONE_NEWPID'
	assert_match 'PR_SET_DUMPABLE'
	[ ! -e "$ROOTFS/made" ]
	run_nook exec --explain=json web touch /made
	jq -e . <<<"$output" >/dev/null
	[ ! -e "$ROOTFS/made" ]
	run_nook exec --debug web touch /made
	assert_exit 0
	assert_stderr_match 'us +join the container'
	[ -e "$ROOTFS/made" ]
}

@test "exec: many at once" {
	sleeper web
	local i pids=()
	for i in {1..20}; do
		"$NOOK" exec web sh -c "echo $i" 3>&- >"out$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	for i in {1..20}; do assert_equal "$(cat "out$i")" "$i"; done
}

@test "exec: as an ordinary user" {
	need_root
	chmod -R a+rX "$ROOTFS"
	as_user "$NOOK" run --rootfs "$ROOTFS" --name mine sleep 100 3>&- 2>mine.err &
	local owner=$!
	mine() { as_user "$NOOK" ps | grep -q "mine.*Up"; }
	eventually mine || { cat mine.err >&2; return 1; }
	run --separate-stderr as_user "$NOOK" exec mine sh -c 'id -u; hostname; ps'
	assert_exit 0
	assert_line 0
	assert_match 'sleep 100'
	run --separate-stderr as_user "$NOOK" exec -t mine tty
	assert_exit 0
	as_user "$NOOK" kill mine
	wait "$owner" || true
}
