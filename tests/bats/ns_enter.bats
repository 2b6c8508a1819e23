#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# nook ns enter: a command in namespaces that are there, compared with nsenter, ip netns and /proc.

load ../lib/nook
load ../lib/background
load ../lib/lab
setup() {
	background_setup
	chmod 0777 .
}
teardown() {
	targets_end
	background_teardown
}

ALL=(--uts --ipc --net --cgroup --pid --mount --mount-proc --time --fork)
eight='for k in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$k; done'
refused() { # WORDS HINT ARG...
	run_nook ns enter "${@:3}"
	assert_refused 125 "$1" "$2"
}

@test "ns enter: all namespaces of a process, as nsenter" {
	need_root
	target "${ALL[@]}"
	assert_equal "$(nook ns enter "$target" sh -c "$eight")" "$(spaces_of "$target")"
	assert_equal "$(nook ns enter --all "$target" sh -c "$eight")" \
		"$(nsenter --all --target "$target" sh -c "$eight")"
	assert_differs "$(nook ns enter "$target" sh -c "$eight")" "$(spaces_of self)"
}

@test "ns enter: also with users of its own, and it is root there" {
	need_root
	target --user --map-root-user "${ALL[@]}"
	assert_equal "$(nook ns enter "$target" sh -c "$eight; id -u")" "$(spaces_of "$target"; echo 0)"
	# Nobody is mapped to root: who enters stays who it is, and cannot be shown.
	targets_end
	target --user --map-user=5 --map-group=6 --uts
	assert_equal "$(nook ns enter "$target" id -u)" 5
	assert_equal "$(nook ns enter -u 5:6 "$target" id -u)" 5
}

@test "security: ns enter: nobody is in users of others with ids that are not mapped there" {
	need_root
	# Its maker has all rights over what is in it: root of outside would be theirs to trace.
	as_user unshare --user --map-user=5 --map-group=6 sleep 1000 3>&- &
	TARGETS+=("$!")
	local pid
	mapped() { pid=$(pgrep -u "$TEST_UID" -xf 'sleep 1000') && grep -q 5 "/proc/$pid/uid_map"; }
	eventually mapped
	refused 'neither root nor user 0 of outside is mapped in the users of process' 'hint: .*-u UID:GID' "$pid" true
	run_nook ns enter -u 5:6 "$pid" id -u
	assert_output 5
	run_nook ns enter --ids "$pid" id -u
	assert_output 5
	# By its file nothing is known before.
	refused 'user root of the joined user namespace|group root of the joined user namespace' 'hint: .id 0 has to be mapped' "/proc/$pid/ns/user" true
	run_nook ns enter -u 5:6 "/proc/$pid/ns/user" id -u
	assert_output 5
	kill -9 "$pid"
}

@test "scenario A2 setns: each kind of namespace alone, as nsenter" {
	need_root
	target --user --map-root-user "${ALL[@]}"
	local kind option
	for kind in user uts ipc net cgroup time pid; do
		run_nook ns enter --type "$kind" "$target" readlink "/proc/self/ns/$kind"
		if [ "$kind" = user ]; then
			assert_output "$(readlink "/proc/$target/ns/user")"
			continue
		fi
		assert_output "$(readlink "/proc/$target/ns/$kind")"
		assert_output "$(nsenter "--$kind" --target "$target" readlink "/proc/self/ns/$kind")"
	done
	# /proc of the other mounts shows other processes only.
	assert_equal "$(nook ns enter --type mount,pid "$target" readlink /proc/self/ns/mnt)" \
		"$(readlink "/proc/$target/ns/mnt")"
	for kind in ipc net cgroup time pid user; do
		option=$(nook ns enter --type uts "$target" readlink "/proc/self/ns/$kind")
		assert_equal "$option" "$(readlink "/proc/self/ns/$kind")"
	done
}

@test "scenario A2 setns: what only children can enter is said, and nobody falls into it" {
	need_root
	target --pid --mount-proc --fork
	run_nook ns enter --explain --type pid "$target" true
	assert_match 'join its process numbers \(these for children only\)'
	run_nook ns enter --type pid "$target" sh -c 'true; (exit 3); echo $?; true'
	assert_output 3
	# Its process 1 ends: nothing can start in it any more.
	exec 9<"/proc/$target/ns/pid"
	kill -9 "$target"
	eventually test ! -e "/proc/$target"
	run_nook ns enter /proc/$$/fd/9 true
	exec 9<&-
	assert_refused 125 'Cannot allocate memory' 'first process of the PID namespace has ended'
}

@test "scenario G3: enter some or all namespaces of a process and run a command there" {
	need_root
	target "${ALL[@]}"
	nsenter --target "$target" --uts hostname inner
	assert_equal "$(nook ns enter --type uts "$target" hostname)" inner
	assert_equal "$(nook ns enter --type net,uts "$target" sh -c 'hostname; ls /sys/class/net' | head -1)" inner
	run_nook ns enter "$target" ps -e -o comm=
	assert_line sleep
	refute_line bats
	assert_differs "$(nook ns enter --type net "$target" hostname)" inner
}

@test "scenario G4: exit code and signal come back unchanged" {
	need_root
	target --uts --pid --fork
	local code
	for code in 0 1 7 125 255; do
		run_nook ns enter "$target" sh -c "exit $code"
		assert_exit "$code"
		run_nook ns enter --type uts "$target" sh -c "exit $code"
		assert_exit "$code"
	done
	run_nook ns enter "$target" sh -c 'kill -TERM $$'
	assert_exit 143
	run_nook ns enter "$target" sh -c 'kill -KILL $$'
	assert_exit 137
	run_nook ns enter "$target" no-such-command
	assert_refused 127 'execute no-such-command'
	run_nook ns enter "$target" /etc/passwd
	assert_refused 126 'execute /etc/passwd'
	# A signal to nook is one to the command.
	"$NOOK" ns enter "$target" sh -c 'trap "exit 9" TERM; echo on >on; while :; do sleep 0.05; done' 3>&- &
	local pid=$!
	eventually test -s on
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	assert_exit 9
}

@test "ns enter: nook's end is the command's" {
	need_root
	target --uts --pid --fork
	"$NOOK" ns enter "$target" sleep 4711 3>&- &
	local pid=$!
	runs() { pgrep -xf 'sleep 4711' >/dev/null; }
	ended() { ! runs; }
	eventually runs
	kill -9 "$pid"
	wait "$pid" 2>/dev/null || true
	eventually ended
}

@test "ns enter: no descriptor is left behind, but what is handed on" {
	need_root
	target "${ALL[@]}"
	exec 7</etc/passwd
	assert_equal "$(nook ns enter "$target" sh -c 'ls /proc/self/fd' 3>&-)" $'0\n1\n2\n3'
	assert_equal "$(nook ns enter --type uts "$target" sh -c 'ls /proc/self/fd' 3>&-)" $'0\n1\n2\n3'
	assert_equal "$(nook ns enter --preserve-fds 1 "$target" sh -c 'ls /proc/self/fd; head -c 4 <&3' 3</etc/group)" \
		$'0\n1\n2\n3\n4\nroot'
	exec 7<&-
}

@test "ns enter: root and working directory of the target" {
	need_root
	: >target
	unshare --uts --mount chroot "$ROOTFS" sh -c 'cd /home/alice; echo there >/there; exec sleep 1000' 3>&- &
	TARGETS+=($!)
	target=$!
	eventually test -s "$ROOTFS/there"
	# Without --root it is the root of the mount namespace, as with nsenter.
	assert_equal "$(nook ns enter "$target" pwd)" /
	run_nook ns enter "$target" test -e /there
	assert_exit 1
	run_nook ns enter --root "$target" /bin/sh -c 'pwd; test -e /there'
	assert_exit 0
	assert_output /
	assert_equal "$(nook ns enter --root --cwd "$target" /bin/pwd)" /home/alice
	assert_equal "$(nook ns enter --root -w /etc "$target" /bin/pwd)" /etc
	assert_equal "$(nook ns enter --type uts --root "$target" /bin/cat /there)" there
	assert_equal "$(nook ns enter --type uts --cwd "$target" pwd -P)" "$ROOTFS/home/alice"
	assert_equal "$(nook ns enter --type uts "$target" pwd)" "$PWD"
	refused 'working directory' '-w' -w /no/such/dir "$target" true
	# Users by its own files then.
	assert_equal "$(nook ns enter --root -u alice "$target" /bin/id -un)" alice
	refused 'no user "alice"' . --type uts -u alice "$target" true
}

@test "ns enter: ids, groups and environment of the target" {
	need_root
	MARK=here setpriv --reuid 4242 --regid 4343 --groups 5,6 sleep 1000 3>&- &
	TARGETS+=($!)
	target=$!
	eventually grep -qa MARK "/proc/$target/environ"
	eventually grep -q '^Uid:.4242' "/proc/$target/status"
	assert_equal "$(nook ns enter --ids "$target" sh -c 'id -u; id -g; id -G')" $'4242\n4343\n4343 5 6'
	assert_equal "$(nook ns enter --env "$target" sh -c 'echo $MARK')" here
	assert_equal "$(nook ns enter "$target" sh -c 'id -u; echo "<$MARK>"')" $'0\n<>'
	assert_equal "$(nook ns enter -u 7:8 "$target" sh -c 'id -u; id -g; id -G')" $'7\n8\n8'
	# Nobody has rights of root any more.
	run_nook ns enter --ids "$target" sh -c 'sed -n "s/^CapEff:.//p" /proc/self/status'
	assert_output 0000000000000000
}

@test "ns enter: ids of a target in users of its own, as they are called there" {
	need_root
	unshare --user --keep-caps sh -c 'until [ -s mapped ]; do sleep 0.02; done
		setpriv --reuid 12 --regid 34 --clear-groups sh -c "echo there >there; exec sleep 1000"' 3>&- &
	TARGETS+=($!)
	changed() { [ "$(readlink "/proc/$!/ns/user")" != "$(readlink /proc/self/ns/user)" ]; }
	eventually changed
	echo 0 100000 1000 >"/proc/$!/uid_map"
	echo 0 100000 1000 >"/proc/$!/gid_map"
	echo yes >mapped
	eventually test -s there
	target=$(child_of $!)
	assert_equal "$(nook ns enter --ids "$target" sh -c 'id -u; id -g')" $'12\n34'
	assert_equal "$(stat -c %u "/proc/$target")" 100012
	assert_equal "$(nook ns enter "$target" id -u)" 0
}

@test "ns enter: the cgroups of the target" {
	need_root
	need_cgroup pids
	sleeper web --pids-limit 77
	run_nook ns enter --cgroup --type uts "$pid" cat /proc/self/cgroup
	assert_exit 0
	local line found=0
	while read -r line; do
		grep -qxF "$line" "/proc/$pid/cgroup" || explain_failure "not in $line"
		[[ $line != *:/nook* ]] || found=1
	done <<<"$output"
	assert_equal "$found" 1
	run_nook ns enter --type uts "$pid" cat /proc/self/cgroup
	assert_equal "$output" "$(cat /proc/self/cgroup)"
}

@test "ns enter: an ordinary user joins the users first and so gets the rights" {
	need_root
	as_user unshare --user --map-root-user --uts --net --ipc --mount sh -c 'echo there >there; exec sleep 1000' 3>&- &
	TARGETS+=($!)
	eventually test -s there
	target=$(pgrep -n -u "$TEST_UID" -xf 'sleep 1000')
	run as_user "$NOOK" ns enter "$target" sh -c 'hostname mine; hostname; id -u; readlink /proc/self/ns/net'
	assert_output "mine
0
$(readlink "/proc/$target/ns/net")"
	# By files, one by one: the user namespace comes first.
	run as_user "$NOOK" ns enter --explain=json "$target" true
	assert_equal "$(jq '[.steps[] | select(.op == "setns")] | length' <<<"$output")" 1
	status=0
	as_user "$NOOK" ns enter --type uts "$target" true 2>stderr || status=$?
	stderr=$(cat stderr)
	assert_refused 125 'join its host name \(setns\): Operation not permitted' 'join the user namespace too'
	status=0
	as_user "$NOOK" ns enter 1 true 2>stderr || status=$?
	stderr=$(cat stderr)
	assert_refused 125 'look at the namespaces of process 1 .*: Permission denied' "own user, or root"
}

@test "ns enter: users first or last, as rights demand, where there are only files" {
	need_root
	# Held by an ordinary user, whose holder is a process: so files are made by hand.
	in_lab TARGET_UID="$TEST_UID" <<-'LAB'
		"$NOOK" ns hold user uts net --name lab >/dev/null
		order() { jq -r '.steps[] | select(.op == "setns") | .why' <<<"$1"; }
		# Root joins users last, and so keeps its rights as long as it needs them.
		json=$("$NOOK" ns enter --explain=json held:lab true)
		same "$(order "$json" | tail -1)" "join: users and their ids"
		same "$("$NOOK" ns enter lab readlink /proc/self/ns/user)" \
			"user:[$(stat -L -c %i /run/nook/ns/lab/user)]"
		# One without rights out here gets them there: as root of it.
		json=$(setpriv --inh-caps=-all --bounding-set=-all "$NOOK" ns enter --explain=json held:lab true)
		same "$(order "$json" | head -1)" "join: users and their ids"
		same "$(setpriv --inh-caps=-all --bounding-set=-all "$NOOK" ns enter lab sh -c 'hostname x; hostname')" x
		"$NOOK" ns rm lab
	LAB
}

@test "ns enter: a user namespace is not joined twice" {
	need_root
	target --uts
	refused 'is the one you are in$' 'does not let anybody join it twice' --type user "$target" true
	refused 'is the one you are in$' 'twice' --type user,uts self true
	# Implied by all it is left out.
	run_nook ns enter "$target" readlink /proc/self/ns/uts
	assert_output "$(readlink "/proc/$target/ns/uts")"
	refute_match user
	run_nook ns enter --explain "$target" true
	refute_match NEWUSER
}

@test "ns enter: by file, by inode, by container, by spelled words" {
	need_root
	sleeper web
	assert_equal "$(nook ns enter web readlink /proc/self/ns/net)" "$(readlink "/proc/$pid/ns/net")"
	assert_equal "$(nook ns enter container:web readlink /proc/self/ns/net)" "$(readlink "/proc/$pid/ns/net")"
	assert_equal "$(nook ns enter "pid:$pid" readlink /proc/self/ns/net)" "$(readlink "/proc/$pid/ns/net")"
	assert_equal "$(nook ns enter "/proc/$pid/ns/uts" hostname)" "$(nook exec web hostname)"
	assert_equal "$(nook ns enter "$(readlink "/proc/$pid/ns/uts")" hostname)" "$(nook exec web hostname)"
	# A file or an inode is that one kind and nothing else.
	assert_equal "$(nook ns enter "$(readlink "/proc/$pid/ns/net")" readlink /proc/self/ns/uts)" "$(readlink /proc/self/ns/uts)"
	refused 'no uts namespace to enter' 'it has: net' --type uts "/proc/$pid/ns/net" true
	refused 'no process whose root directory' . --root "/proc/$pid/ns/net" true
	refused 'no process whose ids' . --ids "/proc/$pid/ns/net" true
	refused 'there is no namespace net:\[1\]' 'nook ns ls' 'net:[1]' true
}

@test "ns enter: a name with two meanings is refused, with both spellings" {
	need_root
	sleeper both
	in_lab STATE="$NOOK_STATE" <<-'LAB'
		export NOOK_STATE=$STATE
		"$NOOK" ns hold uts --name both >/dev/null
		rc=0
		"$NOOK" ns enter both true 2>err || rc=$?
		same $rc 125
		grep -qx 'nook: "both" is a container and a name of namespaces' err
		grep -qx 'hint: say which: container:both or held:both' err
		[ "$("$NOOK" ns enter container:both readlink /proc/self/ns/uts)" != "$("$NOOK" ns enter held:both readlink /proc/self/ns/uts)" ]
		"$NOOK" ns rm both
		"$NOOK" ns enter both true
		ip netns add both
		! "$NOOK" ns enter both true 2>err
		grep -qx 'hint: say which: container:both or netns:both' err
		"$NOOK" ns rm both
	LAB
	# "host" is process 1, unless somebody has taken the name.
	assert_equal "$(nook ns enter host readlink /proc/self/ns/net)" "$(readlink /proc/1/ns/net)"
	assert_equal "$(nook ns enter self readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"
}

@test "ns enter: bad words" {
	words_only
	refused 'needs to know what to enter' 'PID, a container'
	refused '"nothing-like-it" is no process, container or name' . nothing-like-it true
	refused 'there is no process 99999999' . 99999999 true
	refused 'is not the number of a process' . 99999999999 true
	refused 'is not the number of a process' . 0 true
	refused '/etc/passwd is not a namespace' 'files as /proc/PID/ns/net' /etc/passwd true
	refused '/etc is not a namespace' . /etc true
	refused '/dev/tty is not a namespace' . /dev/tty true
	refused 'No such file' . /no/such/file true
	refused 'type' 'user, mnt' --type nonsense 1 true
	refused 'exclude each other' . --all --type uts 1 true
	refused 'exclude each other' . --ids -u 5 1 true
	refused 'exclude each other' . --cwd -w / 1 true
	refused 'stands behind 1, where the command should be' 'options come first' 1 --type uts true
	refused 'empty word' . self ''
	mkfifo fifo
	refused 'is not a namespace' . ./fifo true
	run_nook ns enter $'a\nb\e[1m' true
	assert_exit 125
	[[ $stderr != *$'\e'* ]]
}

@test "ns enter: a process that ends between look and join" {
	need_root
	command -v strace >/dev/null || skip "no strace here (the host's run has it)"
	target --uts
	# The second pidfd_open is the plan's own, a second after the first look.
	ASAN_OPTIONS=$UNTRACED strace -qq -o /dev/null -e trace=pidfd_open \
		-e inject=pidfd_open:delay_enter=1000000:when=2 \
		"$NOOK" ns enter "$target" true 2>stderr 3>&- &
	local nook=$!
	sleep 0.4
	targets_end
	status=0
	wait "$nook" || status=$?
	stderr=$(cat stderr)
	assert_refused 125 'step [0-9]+ of [0-9]+: a hold on process [0-9]+ \(sleep\) \(pidfd_open\): No such process' 'the process has ended'
}

@test "ns enter: a process that has gone, whose number is still that of a group" {
	# On Linux before 6.15 pidfd_open says of it what it says of a thread.
	setsid sh -c 'sleep 1000 & echo $$ $! >numbers' 3>&-
	local leader child
	read -r leader child <numbers
	eventually test ! -e "/proc/$leader"
	assert_equal "$(awk '{ print $5 }' "/proc/$child/stat")" "$leader"
	refused "there is no process $leader" 'nook ns ls' "$leader" true
	kill -9 "$child"
	# A command that is not there: whose PATH, is said of no container.
	run_nook ns enter self nosuchcommand
	assert_refused 127 'execute nosuchcommand' 'looked in its PATH'
}

@test "ns enter: a thread is told to be one" {
	command -v python3 >/dev/null || skip "no python here (the host's run has one)"
	python3 -c 'import threading,time; t=threading.Thread(target=time.sleep,args=(1000,),daemon=True); t.start(); open("thread","w").write(str(t.native_id)); time.sleep(1000)' 3>&- &
	TARGETS+=("$!")
	eventually test -s thread
	refused "$(cat thread) is a thread of a process" 'Tgid' "$(cat thread)" true
}

@test "ns enter: a number that another process has got between look and join" {
	need_root
	command -v strace >/dev/null || skip "no strace here (the host's run has it)"
	# In a PID namespace of its own, where the next number can be chosen.
	run env UNTRACED="$UNTRACED" NOOK="$NOOK" unshare --pid --fork --mount-proc bash -c '
		next() { echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid; }
		next 500
		unshare --uts sleep 1000 &
		[ $! = 500 ] || exit 99
		sleep 0.2
		ASAN_OPTIONS=$UNTRACED strace -qq -o /dev/null -e trace=pidfd_open \
			-e inject=pidfd_open:delay_enter=1500000:when=2 \
			"$NOOK" ns enter 500 touch entered 2>stderr &
		nook=$!
		sleep 0.7
		kill -9 500
		wait 500
		next 500
		unshare --net sleep 1000 &
		[ $! = 500 ] || exit 98
		wait $nook
		echo $?' 3>&-
	assert_exit 0
	assert_line 125
	[ ! -e entered ]
	stderr=$(cat stderr)
	status=125
	assert_refused 125 'process 500 \(sleep\) has ended' .
}

@test "ns enter: a threaded caller cannot join mounts, nook it can start" {
	need_root
	command -v python3 >/dev/null || skip "no python here (the host's run has one)"
	target --mount
	# EINVAL (22): its threads share root and working directory. nook has one thread.
	run python3 -c '
import ctypes, os, subprocess, sys, threading, time
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
fd = os.open("/proc/%s/ns/mnt" % sys.argv[2], os.O_RDONLY)
libc = ctypes.CDLL(None, use_errno=True)
print(libc.setns(fd, 0x20000), ctypes.get_errno(), flush=True)
sys.exit(subprocess.call([sys.argv[1], "ns", "enter", "--type", "mnt", sys.argv[2], "readlink", "/proc/self/ns/mnt"]))' "$NOOK" "$target"
	assert_exit 0
	assert_output "-1 22
$(readlink "/proc/$target/ns/mnt")"
}

@test "ns enter: a terminal of its own with -t, and the caller's without" {
	need_root
	target --uts --mount
	run_nook ns enter -t "$target" sh -c 'tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all; exit 5'
	assert_exit 5
	output=${output//$'\r'/}
	assert_match '^/dev/pts/[0-9]+$'
	assert_line all
	assert_equal "$(echo hello | nook ns enter "$target" cat)" hello
	assert_equal "$(nook ns enter "$target" ps -o sid= -p "$$")" "$(ps -o sid= -p "$$")"
}

@test "ns enter: --explain in its four forms does what nook does" {
	need_root
	target --user --map-root-user "${ALL[@]}"
	nsenter --user --uts --target "$target" hostname inner
	local words=('--type=user,uts,pid' "$target" sh -c 'hostname; id -u; exit 3')
	run_nook ns enter "${words[@]}"
	assert_exit 3
	local want=$output
	assert_equal "$want" $'inner\n0'
	run_nook ns enter --explain "${words[@]}"
	assert_match 'setns\(target, CLONE_NEWUSER\|CLONE_NEWPID\|CLONE_NEWUTS\)'
	assert_match 'Nothing was run'
	run_nook ns enter --explain=json "${words[@]}"
	jq -e '.steps | map(.op) | index("setns")' <<<"$output"
	nook ns enter --explain=sh "${words[@]}" >script
	run sh script
	assert_exit 3
	assert_output "$want"
	command -v cc >/dev/null || return 0
	nook ns enter --explain=c "${words[@]}" >program.c
	cc -Wall -Wextra -Werror -o program program.c
	run ./program
	assert_exit 3
	assert_output "$want"
	# Its root and directory too.
	words=(--root --cwd "$target" sh -c 'pwd; hostname; exit 4')
	run_nook ns enter "${words[@]}"
	want=$output
	nook ns enter --explain=c "${words[@]}" >program.c
	cc -Wall -Wextra -Werror -o program program.c
	run ./program
	assert_exit 4
	assert_output "$want"
	nook ns enter --explain=sh "${words[@]}" >script
	run sh script
	assert_exit 4
	assert_output "$want"
}

@test "ns enter: strace of a start is the plan, call by call" {
	host_only
	need_root
	need_plain_build
	command -v strace >/dev/null || skip "no strace here (the host's run has it)"
	target --user --map-root-user "${ALL[@]}"
	local words start=(env -i PATH=/usr/bin:/bin NOOK_ROOT=/none NOOK_STATE=/none "$NOOK" ns enter)
	for words in '' '--type=uts' '--type=user,uts --root --cwd' '--ids -w /etc' '--type=pid,mnt -u 3:4'; do
		rm -f trace.* pid
		# shellcheck disable=SC2086
		"${start[@]}" --explain=json $words "$target" /bin/true >plan.json
		# shellcheck disable=SC2086
		ASAN_OPTIONS=$UNTRACED strace -ff -X raw -xx -v -s 99999 -o "$PWD/trace" \
			sh -c 'echo $$ >"$0"; exec "$@"' "$PWD/pid" "${start[@]}" $words "$target" /bin/true
		python3 "$TOP/tests/lib/match_strace.py" plan.json trace "$(cat pid)"
	done
}

@test "ns enter: nested three deep, the innermost at once" {
	need_root
	unshare --user --map-root-user --pid --fork unshare --user --map-root-user --uts --pid --fork \
		unshare --user --map-root-user --uts --net --pid --fork sleep 5511 3>&- &
	TARGETS+=($!)
	there() { target=$(pgrep -xf 'sleep 5511'); }
	eventually there
	assert_equal "$(nook ns enter "$target" sh -c "$eight")" "$(spaces_of "$target")"
	assert_equal "$(nook ns enter "$target" sh -c 'echo $PPID; id -u')" $'0\n0'
	kill -9 "$target"
}
