#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# What tutorials on namespaces show by hand, each with `nook ns run`, under its number in the list of
# scenarios. scenarios.bats has the same for containers.
# vm: seldom, ns_run makes the same calls on 6.1

load ../lib/nook
load ../lib/machine
setup() {
	nook_setup
	cd "$BATS_TEST_TMPDIR" || return
	chmod 0777 .
}
teardown() {
	local pid
	for pid in "${STARTED[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
	for pid in "${STARTED[@]}"; do wait "$pid" 2>/dev/null || true; done
	nook_teardown
}
STARTED=()
KINDS='cgroup ipc mnt net pid time user uts'

# Every check of a test twice: by root, and by an ordinary user, who needs --user.
both() {
	run_nook ns run "$@"
	"$CHECK" || { echo "(as root)" >&2; return 1; }
	[ "$(id -u)" = 0 ] || return 0
	status=0
	output=$(as_user "$NOOK" ns run --user "$@" 2>stderr) || status=$?
	stderr=$(cat stderr)
	mapfile -t lines <<<"$output"
	"$CHECK" || { echo "(as an ordinary user)" >&2; return 1; }
}
# One in the background; with "ready" as its first word it is up.
ready() {
	: >out
	env --default-signal "$NOOK" ns run "$@" 3>&- >out 2>err &
	nook=$!
	STARTED+=("$nook")
	eventually grep -qx ready out || { cat out err >&2; return 1; }
}
ends_with() {
	status=0
	wait "$nook" || status=$?
	assert_equal "$status" "$1"
}

@test "scenario A1 (ns run): a shell as nobody in new namespaces, alone and PID 1" {
	need_root
	run_nook ns run --ipc --pid --mount-proc --no-init -u 65534:65534 \
		sh -c 'id; echo "I am $$"; ps -eo pid,user,args --no-headers; exit 42'
	assert_exit 42
	assert_match '^uid=65534\(nobody\) gid=65534\(nogroup\) groups=65534'
	assert_line 'I am 1'
	assert_match '^ +1 nobody +sh -c'
	assert_match '^ +[0-9]+ nobody +ps -eo'
	assert_equal "$(grep -c ' nobody ' <<<"$output")" 2
	# By name, and with a small process 1 the shell is the second.
	run_nook ns run --ipc --mount-proc -u nobody sh -c 'id -un; echo $$'
	assert_output $'nobody\n2'
}
@test "scenario A1 (ns run): its exit code comes back also when signals interrupt the wait" {
	need_root
	ready --ipc --mount-proc --no-init -u 65534:65534 \
		sh -c 'trap : USR1 WINCH; echo ready; until [ -e go ]; do sleep 0.05; done; exit 42'
	for _ in 1 2 3 4 5; do
		kill -USR1 "$nook"
		kill -WINCH "$nook"
		sleep 0.02
	done
	touch go
	ends_with 42
}

# The names in /proc/PID/ns of the kinds that differ from ours.
differing() {
	local kind
	for kind in $KINDS; do
		[ "$(readlink "/proc/self/ns/$kind")" = "$(grep "^$kind:" <<<"$1")" ] || echo "$kind"
	done
}
SEE='cd /proc/self/ns; readlink cgroup ipc mnt net pid time user uts'
kind_name() { case $1 in mount) echo mnt ;; *) echo "$1" ;; esac; }

@test "scenario A2 (ns run): clone leads into each kind, and into no other" {
	need_root
	local kind name init
	for kind in user mount uts ipc pid net cgroup time; do
		name=$(kind_name $kind)
		for init in "" --no-init; do
			[ $kind = pid ] || [ -z "$init" ] || continue
			# shellcheck disable=SC2086
			run_nook ns run --$kind $init sh -c "$SEE"
			assert_exit 0
			assert_equal "$(differing "$output")" "$name"
		done
		output=$(as_user "$NOOK" ns run --user --$kind sh -c "$SEE")
		assert_equal "$(differing "$output" | sort | paste -sd' ')" \
			"$(printf '%s\n' user "$name" | sort -u | paste -sd' ')"
	done
	run_nook ns run --all sh -c "$SEE"
	assert_equal "$(differing "$output" | paste -sd' ')" "$KINDS"
}
@test "scenario A2 (ns run): unshare moves the process itself into each kind but PID" {
	need_root
	local kind pid first
	for kind in user mount uts ipc net cgroup time; do
		# Before 6.2 clocks are like PIDs: for children only.
		if [ $kind = time ] && [ "$(printf '%s\n' 6.2 "$(uname -r)" | sort -V | head -n 1)" != 6.2 ]; then
			run_nook ns run --unshare --time true
			assert_refused 125 'only its children' 'as-is'
			run_nook ns run --unshare --time --as-is sh -c "exec readlink /proc/self/ns/time_for_children"
			assert_differs "$output" "$(readlink /proc/self/ns/time)"
			continue
		fi
		# No process is made: nook becomes the shell.
		"$NOOK" ns run --unshare --$kind sh -c "echo \$\$; $SEE" >out 3>&- &
		pid=$!
		wait $pid
		{ read -r first; output=$(cat); } <out
		assert_equal "$first" $pid
		assert_equal "$(differing "$output")" "$(kind_name $kind)"
		# What util-linux' unshare shows is the same.
		assert_equal "$(differing "$output")" "$(differing "$(unshare --$kind sh -c "$SEE")")"
	done
	output=$(as_user "$NOOK" ns run --unshare --user --mount --uts --ipc --net --cgroup sh -c "$SEE")
	assert_equal "$(differing "$output" | paste -sd' ')" "cgroup ipc mnt net user uts"
}
@test "scenario A2 (ns run): a clear word on what the kernel does not allow" {
	run_nook ns run --user --unshare --pid true
	assert_refused 125 'no process moves into a new PID namespace, only its children' \
		'leave --unshare away.*--as-is.*Cannot allocate memory'
	run_nook ns run --unshare --all true
	assert_refused 125 'PID namespace'
}

@test "scenario A3 (ns run): a shell in a new PID namespace forks as often as it likes" {
	CHECK=check_a3
	check_a3() { assert_exit 0 && assert_output $'1\n2\n3\ndone' && assert_equal "$stderr" ""; }
	local init
	for init in --pid --no-init; do
		both --pid "$init" sh -c 'for i in 1 2 3; do /bin/echo $i; done; (true); /bin/echo done'
	done
}
@test "scenario A3 (ns run): asked for exactly the trap, it says so, and the trap is there" {
	need_root
	local unshared
	unshared=$(unshare --pid sh -c '/bin/true; /bin/echo again' 2>&1) || true
	run_nook ns run --unshare --pid --as-is sh -c '/bin/true; /bin/echo again'
	assert_exit 2
	assert_output ""
	assert_stderr_match '^nook: warn: --as-is: sh stays in its PID namespace, its first child is process 1'
	assert_stderr_match 'annot fork|allocate memory'
	assert_equal "$(grep -v '^nook: warn' <<<"$stderr")" "$unshared"
	# Its first child is process 1 there.
	run_nook ns run --unshare --pid --as-is sh -c 'sh -c "echo \$\$"; true'
	assert_output 1
}

@test "scenario A4 (ns run): nested three deep a process has four numbers" {
	need_root
	local as chain mark pid
	for as in env as_user; do
		mark=2000$RANDOM
		: >out
		$as "$NOOK" ns run --user --mount-proc "$NOOK" ns run --user --mount-proc "$NOOK" ns run --user --mount-proc \
			sh -c 'echo $$; kill -0 99999 2>/dev/null || echo nothing; exec sleep '$mark 3>&- >out 2>err &
		STARTED+=($!)
		eventually pgrep -fx "sleep $mark" || { cat out err; return 1; }
		pid=$(pgrep -fx "sleep $mark")
		chain=$(awk '/^NSpid/ {print NF - 1, $NF}' "/proc/$pid/status")
		# Four levels, and its own number inside is the last of the chain.
		assert_equal "$chain" "4 2"
		assert_equal "$(cat out)" $'2\nnothing'
		# How it ended comes back through all of them.
		kill -USR1 "$pid"
		status=0
		wait "${STARTED[-1]}" || status=$?
		assert_exit 138
	done
}

@test "scenario A5 (ns run): when PID 1 ends, all of it ends" {
	need_root
	ready --pid sh -c 'sleep 1007 & setsid sleep 1007 & (trap "" TERM HUP; sleep 1007) & echo ready; until [ -e go ]; do sleep 0.05; done; exit 3'
	local init pidns
	init=$(cat "/proc/$nook/task/$nook/children")
	pidns=$(readlink "/proc/${init% }/ns/pid")
	[ -n "$pidns" ]
	touch go
	ends_with 3
	run readlink /proc/[0-9]*/ns/pid
	refute_line "$pidns"
}
@test "scenario A5 (ns run): PID 1 reaps orphans and forwards signals" {
	CHECK=check_a5
	check_a5() { assert_exit 0 && assert_output $'zombies: 0\ninit: nook-init'; }
	both --mount-proc sh -c 'for i in 1 2 3; do (sleep 0.05 &); done; sleep 0.4
		echo "zombies: $(grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l)"; echo "init: $(cat /proc/1/comm)"'
	local kinds
	for kinds in "--user --pid" --user "--user --pid --no-init"; do
		# shellcheck disable=SC2086
		ready $kinds sh -c 'trap "echo got it; exit 17" TERM; echo ready; while :; do sleep 0.05; done'
		kill -TERM "$nook"
		ends_with 17
		grep -qx 'got it' out
	done
}
@test "scenario A5 (ns run): when nook is killed, nothing of it is left" {
	local kinds mark
	for kinds in --user "--user --pid" "--user --pid --no-init" "--user --time-offset boottime=5"; do
		mark=3000$RANDOM
		# shellcheck disable=SC2086
		ready $kinds sh -c "echo ready; exec sleep $mark"
		eventually pgrep -fx "sleep $mark"
		kill -KILL "$nook"
		ends_with 137
		eventually bash -c "! pgrep -fx 'sleep $mark'"
	done
}
@test "scenario A6 (ns run): children have the memberships of their parent" {
	CHECK=check_a6
	check_a6() {
		assert_exit 0 && assert_equal "${lines[0]}" \
			'cgroup ipc mnt net pid pid_for_children time time_for_children user uts' && assert_line same
	}
	both --all --mount-proc sh -c 'echo $(ls /proc/self/ns)
		ids() { for k in '"$KINDS"'; do readlink /proc/$1/ns/$k; done; }
		sleep 5 & mine=$(ids $$) theirs=$(ids $!); kill $!
		grandchild=$(sh -c "sh -c \"for k in '"$KINDS"'; do readlink /proc/self/ns/\\\$k; done\"")
		[ "$mine" = "$theirs" ] && [ "$mine" = "$grandchild" ] && echo same'
}

@test "scenario B1 (ns run): host and domain name set inside leave the outside alone" {
	local before
	before=$(hostname)/$(cat /proc/sys/kernel/domainname)
	CHECK=check_b1
	check_b1() {
		assert_exit 0 && assert_output $'first\nsecond\nnis' &&
			assert_equal "$(hostname)/$(cat /proc/sys/kernel/domainname)" "$before"
	}
	both --hostname first --domainname nis sh -c 'hostname; hostname second; hostname; cat /proc/sys/kernel/domainname'
	both --unshare --hostname first --domainname nis \
		sh -c 'hostname; hostname second; hostname; cat /proc/sys/kernel/domainname'
}

@test "scenario B2 (ns run): SysV queues, memory and semaphores are seen on their own side only" {
	need_root
	# "Outside" is an IPC namespace of the test's own: the machine keeps what it has.
	run -0 unshare --ipc bash -euc '
		ids() { ipcs "$1" | sed -n "s/^\(0x[0-9a-f]*\) .*/\1/p"; }
		ipcmk -Q >/dev/null; ipcmk -M 4096 >/dev/null; ipcmk -S 1 >/dev/null
		before=$(ipcs -a)
		"$NOOK" ns run --ipc bash -euc "ipcmk -Q >/dev/null; ipcmk -M 4096 >/dev/null; ipcmk -S 2 >/dev/null; ipcs -a" >inside
		[ "$(ipcs -a)" = "$before" ] && echo "outside as before"
		for kind in -q -m -s; do [ "$(ids $kind | wc -l)" = 1 ]; done
		[ "$(grep -c ^0x inside)" = 3 ] && echo "inside its own three"
		for key in $(ids -q) $(ids -m) $(ids -s); do ! grep -q "^$key" inside; done
		"$NOOK" ns run --uts ipcs -a >shared
		[ "$(grep -c ^0x shared)" = 3 ] && echo "without --ipc they are the same"'
	assert_line 'outside as before'
	assert_line 'inside its own three'
	assert_line 'without --ipc they are the same'
}
@test "scenario B2 (ns run): POSIX message queues are seen on their own side only" {
	need_root
	run -0 unshare --ipc bash -euc '
		"$PROBES/mqueue" make /outside
		"$NOOK" ns run --ipc sh -c "\$PROBES/mqueue see /outside; \$PROBES/mqueue make /inside" || true
		"$PROBES/mqueue" see /inside || echo "not outside"
		"$NOOK" ns run --uts "$PROBES/mqueue" see /outside'
	assert_output "/outside is there
/outside: No such file or directory
/inside is there
/inside: No such file or directory
not outside
/outside is there"
}

@test "scenario B3 (ns run): an ordinary user is root inside and itself outside" {
	need_root
	install -m 0600 /dev/null secret
	echo "only root reads this" >secret
	output=$(as_user "$NOOK" ns run --user sh -c '
		id -u; cat secret 2>&1; stat -c %u:%g secret; touch mine; cat /proc/self/uid_map /proc/self/gid_map
		ls /root 2>&1') || true
	mapfile -t lines <<<"$output"
	assert_equal "${lines[0]}" 0
	assert_match 'secret.*Permission denied'
	assert_match '/root.*Permission denied'
	# Root outside is nobody inside: 65534.
	assert_line 65534:65534
	assert_equal "$(stat -c %u mine)" "$TEST_UID"
	# inside, outside, length
	assert_equal "$(grep -c "^ *0 *$TEST_UID *1\$" <<<"$output")" 2
}
@test "scenario B3 (ns run): maps are ranges: inside, outside, length" {
	need_root
	run_nook ns run --uidmap 0:100000:10 --uidmap 20:200000:5 --gidmap 0:300000:7 \
		sh -c 'id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "'
	assert_output $'0\n0\n 0 100000 10\n 20 200000 5\n 0 300000 7'
	run_nook ns run --map 0:100000:10 -u 3:4 sh -c 'id -u; id -g; touch mine'
	assert_output $'3\n4'
	assert_equal "$(stat -c %u:%g mine)" 100003:100004
	# Subordinate ids, by newuidmap.
	output=$(as_subid_user "$NOOK" ns run --map auto sh -c 'id -u; tr -s " " </proc/self/uid_map; touch own; chown 5:6 own')
	assert_output "0
 0 $SUBID_UID 1
 1 200000 65536"
	assert_equal "$(stat -c %u:%g own)" 200004:200005
	output=$(as_subid_user "$NOOK" ns run --map 0:200100:50 --map "77:$SUBID_UID:1" sh -c 'id -u; tr -s " " </proc/self/gid_map')
	assert_output "0
 0 200100 50
 77 $SUBID_UID 1"
}
@test "scenario B3 (ns run): the child waits until the maps are written" {
	need_root
	local plan
	plan=$("$NOOK" ns run --map auto --explain=json true)
	# Its first own act is to wait, and what it waits for comes behind both maps.
	jq -e '[.steps[] | select(.actor == "init")] | .[1].op == "await" and .[1].args.message.name == "MAPPED"' <<<"$plan"
	jq -e '[.steps[] | select(.actor == "parent") | .op + " " + (.args.path.format? // .args.message.name? // "")] |
		(index("openat2 /proc/%d/uid_map") < index("openat2 /proc/%d/gid_map")) and
		(index("openat2 /proc/%d/gid_map") < index("tell MAPPED"))' <<<"$plan"
	for _ in 1 2 3 4 5 6 7 8; do
		run_nook ns run --map auto sh -c 'id -u; id -g; cat /proc/self/setgroups'
		assert_output $'0\n0\nallow'
		# Without anybody's help setgroups has to be denied first.
		run as_user "$NOOK" ns run --user sh -c 'id -u; id -g; cat /proc/self/setgroups'
		assert_output $'0\n0\ndeny'
	done
}
@test "scenario B4 (ns run): users first, then all the others belong to them" {
	CHECK=check_b4
	check_b4() {
		assert_exit 0 && assert_equal "$(sort -u <<<"$output" | wc -l)" 1 &&
			assert_differs "${lines[0]}" "$(readlink /proc/self/ns/user)" && assert_equal "${#lines[@]}" 8
	}
	# The first line is the user namespace itself, the others the owners.
	# shellcheck disable=SC2016
	local owners='cd /proc/self/ns; readlink user; "$PROBES/owner" cgroup ipc mnt net pid time uts'
	export PROBES
	both --all sh -c "$owners"
	both --all --time-offset boottime=5 sh -c "$owners"
	need_root
	output=$(as_user "$NOOK" ns run --unshare --user --cgroup --ipc --mount --net --uts sh -c "${owners/pid time /}")
	assert_equal "$(sort -u <<<"$output" | wc -l)" 1
}
@test "scenario B4 (ns run): all rights inside, and none outside" {
	need_root
	output=$(as_user "$NOOK" ns run --all --mount-proc sh -c '
		hostname mine && mount -t tmpfs none /mnt && ip address add 10.98.7.6/32 dev lo && echo inside')
	assert_output inside
	# What belongs to the machine stays out of reach: with --user alone the other seven do.
	local way command
	for way in --user --unshare; do
		for command in 'hostname nsrun-test' 'mount -t tmpfs none /mnt' 'ip address add 10.98.7.6/32 dev lo' 'chown 0:0 /etc/passwd'; do
			run as_user "$NOOK" ns run --user $way sh -c "$command"
			assert_differs "$status" 0
		done
	done
}

@test "scenario B5 (ns run): clocks of its own, and the wall clock is nobody's to set" {
	local boot inside before after mono mono_in
	read -r mono boot before < <("$PROBES/clocks")
	CHECK=check_b5
	check_b5() {
		assert_exit 0 || return
		read -r mono_in inside _ <<<"${lines[0]}"
		[ "$inside" -ge $((boot + 86400)) ] && [ "$mono_in" -ge $((mono + 3600)) ] &&
			[ "$mono_in" -lt $((mono + 4200)) ] || explain_failure "clocks as set" || return
		assert_line 'Operation not permitted' && assert_line refused
	}
	export PROBES
	# CAP_SYS_TIME counts in the machine's own user namespace only.
	both --map root --time-offset monotonic=1h,boottime=1d sh -c '"$PROBES/clocks"; "$PROBES/clocks" set || echo refused'
	read -r _ _ after < <("$PROBES/clocks")
	[ $((after - before)) -lt 600 ]
}

@test "scenario B6 (ns run): inside, the own cgroup is the top" {
	need_root
	local dir name output outside unshared
	dir=$(cgroup_mount pids) || skip "no cgroup controller pids here"
	name=nsrun-$$
	mkdir "$dir/$name"
	in_group() { sh -c 'echo 0 >"$0/cgroup.procs"; exec "$@"' "$dir/$name" "$@"; }
	output=$(in_group "$NOOK" ns run --cgroup grep -E 'pids|^0::' /proc/self/cgroup) || true
	outside=$(in_group "$NOOK" ns run --uts grep -E 'pids|^0::' /proc/self/cgroup) || true
	unshared=$(in_group "$NOOK" ns run --unshare --cgroup grep -E 'pids|^0::' /proc/self/cgroup) || true
	eventually rmdir "$dir/$name"
	grep -q ":/.*$name\$" <<<"$outside"
	refute_match "$name"
	assert_match ':/$'
	assert_equal "$output" "$unshared"
}

# Scenario C1: everything outside is shared, as systemd makes it: what leaked would be seen.
shared_mounts() { unshare --mount --propagation shared "$@"; }

@test "scenario C1 (ns run): /proc shows the inside, and outside works on after the inside has gone" {
	CHECK=check_c1
	check_c1() { assert_exit 0 && assert_output '/proc/1 /proc/2 /proc/3'; }
	both --mount-proc sh -c 'sleep 100 & cd /proc; echo /proc/[0-9]*; kill $!'
	need_root
	run -0 shared_mounts bash -euc '
		before=$(cut -d" " -f3- /proc/self/mountinfo | sort)
		"$NOOK" ns run --mount-proc sh -c "mount -t tmpfs none /mnt && ls /proc | grep -c ^1\$"
		"$NOOK" ns run --unshare --mount mount -t tmpfs none /mnt
		[ "$(cut -d" " -f3- /proc/self/mountinfo | sort)" = "$before" ] && echo "mounts as before"
		[ -e "/proc/$$/comm" ] && [ -e /proc/1/comm ] && echo "proc works"'
	assert_output $'1\nmounts as before\nproc works'
}
@test "scenario C1 (ns run): a procfs at a place of its own" {
	need_root
	mkdir procs
	run_nook ns run --mount-proc="$PWD/procs" sh -c 'cat procs/1/comm; ls -d procs/2'
	assert_output $'nook-init\nprocs/2'
	[ -z "$(ls procs)" ]
}
@test "scenario C5 (ns run): a bind mount of / as root" {
	need_root
	mkdir -m 0777 new
	local inode
	inode=$(stat -c %i /etc/passwd)
	CHECK=check_c5
	check_c5() { assert_exit 0 && assert_output $'same files\none root'; }
	both --mount sh -euc 'mount --rbind / new; cd new; pivot_root . .; umount -l .; cd /
		[ "$(stat -c %i /etc/passwd)" = "$1" ] && echo "same files"
		[ "$(awk "\$5 == \"/\"" /proc/self/mountinfo | wc -l)" = 1 ] && echo "one root"' sh "$inode"
}
