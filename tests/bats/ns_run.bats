#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# nook ns run and nook unshare: what the command finds, how it ends, its explanations, and what is
# refused. The scenarios are in ns_run_scenarios.bats.

load ../lib/nook
setup() {
	nook_setup
	cd "$BATS_TEST_TMPDIR" || return
	chmod 0777 .
	export PROBES
}
teardown() { nook_teardown; }

refused() { # CODE WORDS HINT ARGS: as root; and by an ordinary user the same
	run_nook ns run "${@:4}"
	assert_refused "$1" "$2" "$3"
}
refused_user() {
	status=0
	output=$(as_subid_user "$NOOK" "${@:4}" 2>stderr) || status=$?
	stderr=$(cat stderr)
	assert_refused "$1" "$2" "$3"
}

@test "ns run: all but the namespaces is the caller's" {
	need_root
	see='pwd; echo "$SOMETHING"; umask; ulimit -n; cat <&7; ps -o sid= -p $$; grep -E "^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp|SigIgn|SigBlk)" /proc/self/status'
	mkdir dir
	local outside inside
	outside=$(cd dir && umask 027 && ulimit -Sn 77 && trap '' USR2 && SOMETHING='a b' sh -c "$see" 7<<<seven)
	for kinds in --uts --time-offset=boottime=5 --unshare; do
		inside=$(cd dir && umask 027 && ulimit -Sn 77 && trap '' USR2 &&
			SOMETHING='a b' "$NOOK" ns run --uts "$kinds" sh -c "$see" 7<<<seven)
		assert_equal "$inside" "$outside"
	done
}
@test "ns run: in a user namespace all capabilities, and as oneself none" {
	need_root
	# shellcheck disable=SC2016
	run as_user "$NOOK" ns run --user sh -c 'sed -n "s/^CapEff:\t//p" /proc/self/status'
	assert_output "$(printf %016x $(((1 << ($(cat /proc/sys/kernel/cap_last_cap) + 1)) - 1)))"
	run as_user "$NOOK" ns run --map current sh -c 'id -u; sed -n "s/^CapEff:\t//p" /proc/self/status'
	assert_output "$TEST_UID"$'\n0000000000000000'
	# What nook does before the command is done with them all the same.
	run as_user "$NOOK" ns run --map current --hostname me --mount-proc --net sh -c 'hostname; id -g; ls -d /proc/2; ip -o link | cut -c1-12'
	assert_output "me
$TEST_UID
/proc/2
1: lo: <LOOP"
}
@test "ns run: the network has lo, and it is up" {
	need_root
	for way in --net --unshare; do
		run_nook ns run --net "$way" ip -o link
		assert_match '^1: lo: <LOOPBACK,UP,LOWER_UP>'
		assert_equal "${#lines[@]}" 1
	done
}
@test "ns run: maps that unshare(1) makes, too" {
	need_root
	local see='id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups'
	assert_equal "$(as_user "$NOOK" ns run --user sh -c "$see")" "$(as_user unshare --map-root-user sh -c "$see")"
	assert_equal "$(as_user "$NOOK" ns run --unshare --user sh -c "$see")" "$(as_user unshare --map-root-user sh -c "$see")"
	assert_equal "$(as_user "$NOOK" ns run --map current sh -c "$see")" "$(as_user unshare --map-current-user sh -c "$see")"
	assert_equal "$(as_user "$NOOK" ns run --unshare --map current sh -c "$see")" "$(as_user unshare --map-current-user sh -c "$see")"
	assert_equal "$(as_subid_user "$NOOK" ns run --map 0:200007:5 sh -c "$see")" \
		"$(as_subid_user unshare --map-users 200007,0,5 --map-groups 200007,0,5 --setuid 0 --setgid 0 sh -c "$see")"
}
@test "ns run: 340 lines of a map work, 341 are refused" {
	need_root
	local i maps=()
	for ((i = 0; i < 340; i++)); do maps+=(--uidmap "$i:$((2 * i)):1"); done
	run_nook ns run "${maps[@]}" --gidmap 0:100000:1 sh -c 'wc -l </proc/self/uid_map'
	assert_output 340
	run_nook ns run "${maps[@]}" --uidmap 999:999:1 --gidmap 0:100000:1 true
	assert_refused 125 '341 times --uidmap: the kernel takes at most 340' 'neighbouring'
	# It wants them in one write of less than a page, too.
	maps=()
	for ((i = 0; i < 340; i++)); do maps+=(--map "$i:$((1000000 + 2 * i)):1"); done
	run_nook ns run "${maps[@]}" true
	assert_refused 125 '340 times --map: as text [0-9]+ bytes.* at most 4095' 'neighbouring'
}
@test "ns run: without a command it is the user's shell" {
	echo 'echo I am $0 $((6 * 7))' | SHELL=/bin/bash "$NOOK" ns run --user --uts >out
	assert_equal "$(cat out)" 'I am /bin/bash 42'
	echo 'echo $0' | env -u SHELL "$NOOK" ns run --user --uts >out
	assert_equal "$(cat out)" /bin/sh
}
@test "ns run: exit codes: 7, not found, not executable, a signal" {
	touch plain
	echo exit 7 >seven
	local way ways=(--user "--user --pid" "--user --pid --no-init" "--user --time-offset boottime=5" "--user --unshare")
	for way in "${ways[@]}"; do
		while read -r code command; do
			# shellcheck disable=SC2086
			run_nook ns run $way $command
			assert_exit "$code" || { echo "$way: $command"; return 1; }
		done <<-'COMMANDS'
			0 true
			7 sh seven
			127 no-such-command
			127 ./no/such
			126 ./plain
		COMMANDS
		# shellcheck disable=SC2086
		run_nook ns run $way sh -c 'sh -c "kill -USR1 \$\$"; exit $?'
		assert_exit 138
	done
	run_nook ns run --user sh -c 'kill -TERM $$'
	assert_exit 143
	run_nook ns run --user --pid sh -c 'kill -TERM $$'
	assert_exit 143
	for way in "${ways[@]}"; do
		# shellcheck disable=SC2086
		run_nook ns run $way no-such-command
		assert_refused 127 'no-such-command'
	done
}
@test "ns run: a terminal is shared: ^C comes once, and it is given back" {
	command -v script >/dev/null || skip "no script(1)"
	[ -z "${NOOK_VM:-}" ] || skip "keys come by the clock, which is too fast here (the host's run has it)"
	cat >session <<-'END'
		trap : INT
		for way in --uts --pid; do
			"$NOOK" ns run --user $way bash -c 'trap "echo got INT" INT; test -t 0 && echo up; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.2; done'
			set -- $(ps -o tpgid=,pgid= -p $$)
			[ "$1" = "$2" ] && echo mine
		done
	END
	export NOOK
	run script -qec 'sh ./session' /dev/null < <(sleep 0.8; printf '\003'; sleep 2; printf '\003'; sleep 2)
	assert_equal "$(grep -c 'up' <<<"$output")" 2
	assert_equal "$(grep -c 'got INT' <<<"$output")" 2
	assert_equal "$(grep -c 'mine' <<<"$output")" 2
}

@test "ns run: job control of the caller's shell: &, ^Z, fg and ^C" {
	command -v script >/dev/null || skip "no script(1)"
	[ -z "${NOOK_VM:-}" ] || skip "keys come by the clock, which is too fast here (the host's run has it)"
	export NOOK
	keys() {
		sleep 0.5
		# In the background it leaves the terminal to the shell.
		echo '"$NOOK" ns run --user --pid sleep 1.5 &'
		sleep 0.7
		echo 'echo still $((40 + 2))'
		for kind in --pid --uts; do
			echo '"$NOOK" ns run --user '$kind' sh -c "echo go; sleep 30"'
			sleep 0.8
			printf '\032' # ^Z
			sleep 0.6
			echo 'echo stopped $?'
			sleep 0.3
			echo fg
			sleep 0.6
			printf '\003' # ^C
			sleep 0.6
			echo 'echo ended $?'
			sleep 0.3
		done
		echo exit
	}
	run script -qec 'bash --norc -i' /dev/null < <(keys)
	assert_match 'still 42'
	assert_equal "$(grep -cE 'stopped 14[78]' <<<"$output")" 2
	assert_equal "$(grep -c 'ended 130' <<<"$output")" 2
}

# -- explanations --

# The same environment for the explanation and for what is made of it. What bats itself has open
# from 10 on a shell cannot close for the script.
in_env() {
	local as=$1
	shift
	"$as" bash -c 'cd "$0" || exit; exec env -i PATH=/usr/bin:/bin TMPDIR="$0" NOOK_ROOT=/none NOOK_STATE=/none HOME=/ NASTY="a '"'"'b
c" "$@" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- 10>&- 11>&-' "$BATS_TEST_TMPDIR" "$@" </dev/null
}
# same_inside AS ARGS: what a probe sees is the same from nook, from the C program and the script.
same_inside() {
	need_cc
	local as=$1 way
	shift
	in_env "$as" "$NOOK" ns run --explain=c "$@" "$PROBES/probe" "$PWD/outside" >x.c 2>c.err
	cc -O2 -Wall -Wextra -Werror -static -o x x.c
	in_env "$as" "$NOOK" ns run --explain=sh "$@" "$PROBES/probe" "$PWD/outside" >x.sh 2>sh.err
	in_env "$as" "$NOOK" ns run "$@" "$PROBES/probe" "$PWD/outside" >nook.out 2>nook.err
	in_env "$as" "$PWD/x" >c.out 2>c.err
	in_env "$as" sh "$PWD/x.sh" >sh.out 2>sh.err
	cat nook.err c.err sh.err
	[ "$(wc -l <nook.out)" -gt 50 ]
	# /tmp is the machine's: others come and go there.
	diff <(grep -v '^ *"/tmp/' nook.out) <(grep -v '^ *"/tmp/' c.out)
	diff <(grep -v '^ *"/tmp/' nook.out | sort) <(grep -v '^ *"/tmp/' sh.out | sort)
}
@test "ns run: C and script see what nook's command sees (root)" {
	need_root
	"$PROBES/probe" --outside >outside
	same_inside env --uts --hostname h
	same_inside env --all --mount-proc --map root
	same_inside env --pid --no-init --ipc --net --time-offset monotonic=100
	same_inside env --map auto --mount --uts
	same_inside env --ipc -u nobody
}
@test "ns run: C and script see what nook's command sees (ordinary users)" {
	need_root
	"$PROBES/probe" --outside >outside
	same_inside as_user --all --mount-proc
	same_inside as_user --map current --uts --hostname h --net
	same_inside as_subid_user --map auto --mount --pid
}
@test "ns run: C and script see what nook's command sees (in place)" {
	need_root
	"$PROBES/probe" --outside >outside
	same_inside env --unshare --uts --hostname h --mount --ipc --net --cgroup
	same_inside as_user --unshare --user --uts --hostname h --mount --net
	same_inside as_user --unshare --map current --uts --hostname h
	same_inside env --unshare --time-offset boottime=100
}

# strace of a start against --explain=json.
same_calls() {
	local as=$1
	shift
	need_plain_build
	rm -f trace.* pid
	local start=(env -i PATH=/usr/bin:/bin NOOK_ROOT=/none NOOK_STATE=/none "$NOOK" ns run)
	"$as" "${start[@]}" --explain=json "$@" >plan.json 2>/dev/null
	export -f as_user as_subid_user user_env
	export TEST_UID SUBID_UID BATS_TEST_TMPDIR BATS_FILE_TMPDIR
	ASAN_OPTIONS=$UNTRACED strace -ff -X raw -xx -v -s 99999 -o "$PWD/trace" bash -c '"$@"' bash "$as" \
		sh -c 'echo $$ >"$0"; exec "$@"' "$PWD/pid" "${start[@]}" "$@" >strace.out 2>&1 || {
		cat strace.out
		return 1
	}
	python3 "$TOP/tests/lib/match_strace.py" plan.json trace "$(cat pid)"
}
@test "ns run: strace of a start is the plan, call by call" {
	host_only
	need_root
	same_calls env --uts --hostname h true
	same_calls env --all --mount-proc true
	same_calls env --map auto --net --time-offset boottime=5 -u 3:4 /bin/true
	same_calls as_user --all --mount-proc true
	same_calls as_subid_user --map auto --mount true
}
@test "ns run: strace of a start in place is the plan" {
	host_only
	need_root
	same_calls env --unshare --uts --hostname h --net --mount true
	same_calls as_user --unshare --user --uts true
	# A step that is not done is missed.
	jq '.steps |= map(if .op == "unshare" then (., .) else . end)' plan.json >changed.json
	run python3 "$TOP/tests/lib/match_strace.py" changed.json trace "$(cat pid)"
	assert_exit 1
}
@test "ns run: --explain runs nothing, --debug shows each step" {
	run_nook ns run --user --pid --explain touch ran
	assert_exit 0
	[ ! -e ran ]
	assert_match '^ *[0-9]+  clone3: new user, pid namespaces'
	run_nook ns run --user --pid --debug /bin/true
	assert_exit 0
	assert_stderr_match ' parent +namespaces .* us  a process with its own users and their ids, process numbers$'
	assert_equal "$(grep -c ' us  ' <<<"$stderr")" "$("$NOOK" ns run --user --pid --explain=json /bin/true | jq '.steps | length - 1')" # execve does not come back
}

# -- what is refused --

@test "ns run: no kind, no command, no such option" {
	refused 125 'which namespaces shall be new' '--all' true
	refused 125 'empty word' 'program' --uts ''
	refused 125 'no option.*--nett' 'did you mean --net' --nett true
	refused 125 '--explain' 'words, json, c or sh' --explain=xml --uts true
}
@test "ns run: an ordinary user without a user namespace" {
	need_root
	local kind
	for kind in --uts --ipc --pid --mount --net --cgroup --time --unshare\ --uts --mount-proc; do
		# shellcheck disable=SC2086
		refused_user 125 'an ordinary user needs a user namespace' 'add --user' ns run $kind true
	done
}
@test "ns run: maps that cannot be" {
	refused 125 '--map: .*not an id map|--map nonsense' 'root, auto, current, or INSIDE:OUTSIDE:LENGTH' --map nonsense true
	refused 125 'not an id map' 'INSIDE:OUTSIDE:LENGTH' --map 0 true
	refused 125 'not an id map' 'INSIDE:OUTSIDE:LENGTH' --map 0:1:2:3 true
	refused 125 'not an id map' 'INSIDE:OUTSIDE:LENGTH' --map 0:1:0 true
	refused 125 'ids end at 4294967294' 'smaller' --map 0:4294967295:1 true
	refused 125 '--map 5:300:10 overlaps 0:100:10 inside' 'one range only' --map 0:100:10 --map 5:300:10 true
	refused 125 '--map 50:105:10 overlaps 0:100:10 outside' 'one range only' --map 0:100:10 --map 50:105:10 true
	refused 125 '--map root does not go with ranges' 'one or the other' --map root --map 0:1000:5 true
	refused 125 'it is root already' 'one of' --map root --map auto true
}
@test "ns run: ids that are not the user's to give" {
	need_root
	refused_user 125 '--map 0:1000:1: these ids outside are not this user' "what it may give: $SUBID_UID, 200000-265535" \
		ns run --map 0:1000:1 true
	refused_user 125 '--map 0:265530:10: these ids' '200000-265535' ns run --map 0:265530:10 true
	refused_user 125 '--gidmap 0:0:1: these ids' '200000-265535' ns run --uidmap "0:$SUBID_UID:1" --gidmap 0:0:1 true
	# Inside another user namespace root has only what is mapped there.
	output=$("$NOOK" ns run --map 0:100000:50 "$NOOK" ns run --map 0:40:20 true 2>stderr) || status=$?
	stderr=$(cat stderr)
	assert_refused 125 '--map 0:40:20: these ids' '0-49'
	# With helpers missing, said before anything is made.
	status=0
	output=$(as_user "$NOOK" ns run --uidmap "0:$TEST_UID:1" --uidmap "1:$TEST_UID:1" true 2>stderr) || status=$?
	stderr=$(cat stderr)
	assert_refused 125 'overlaps'
	# root, whose map has no 0 and not itself: the lowest there is.
	run_nook ns run --map 7:100000:3 --map 20:200000:3 sh -c 'id -u; id -g'
	assert_output $'7\n7'
}
@test "ns run: who is not mapped cannot run the command" {
	need_root
	refused 125 'user 99' 'mapped in the user namespace' --map 0:100000:50 -u 99:0 true
	refused 125 'who runs the command.*no-such-user' '.' --uts -u no-such-user true
	refused_user 125 'user 5|group 5' 'mapped in the user namespace' ns run --user -u 5:0 true
}
@test "ns run: names, clocks and places that cannot be" {
	refused 125 'not a host name' 'at most 64' --hostname 'a b' true
	refused 125 'not a clock with a time' 'monotonic=TIME' --time-offset 5 true
	refused 125 'mount-proc=/no/such' 'directory that is there' --user --mount-proc=/no/such true
	refused 125 'not a directory|Not a directory' 'directory' --user --mount-proc=/etc/passwd true
	refused 125 'how far they are from the host' 'negative' --user --time-offset monotonic=-99999d true
}
@test "ns run: what does not go together" {
	refused 125 '--mount-proc does not go with --unshare' 'leave it away' --unshare --mount-proc true
	refused 125 '--unshare --map auto: nobody stays outside' '--map root' --unshare --map auto true
	refused 125 '--unshare with ranges of ids' '--map root' --unshare --map 0:100000:5 true
	refused 125 '--debug does not go with --unshare' '--explain' --unshare --debug --user true
	refused 125 '--as-is is about --unshare --pid and --time' 'leave it away' --as-is --user true
	refused 125 '--no-init without a process 1' 'add --pid' --no-init --user true
	refused 125 '--no-init without a process 1' 'leave it away' --unshare --as-is --pid --user --no-init true
}
@test "ns run: where parts of /proc are hidden a new one is refused before anything is made" {
	need_root
	run_covered() {
		unshare --mount --propagation private sh -euc 'mount -t tmpfs none /proc/fs; exec "$@"' sh "$@"
	}
	status=0
	output=$(run_covered "$NOOK" ns run --user --mount-proc true 2>stderr) || status=$?
	stderr=$(cat stderr)
	assert_refused 125 'mount-proc: the kernel allows no new procfs where' 'unmasked /proc'
	# Root of the machine may.
	run run_covered "$NOOK" ns run --mount-proc true
	assert_exit 0
}

# -- nook unshare --

@test "unshare: root inside is the user, the others are the subordinate ids" {
	need_root
	output=$(as_subid_user "$NOOK" unshare sh -c 'id -u; tr -s " " </proc/self/uid_map; touch mine; chown 1000:1000 mine; readlink /proc/self/ns/mnt')
	assert_line 0
	assert_line " 0 $SUBID_UID 1"
	assert_line " 1 200000 65536"
	refute_line "$(readlink /proc/self/ns/mnt)"
	assert_equal "$(stat -c %u:%g mine)" 200999:200999
	# What containers have left can be removed.
	as_subid_user "$NOOK" unshare sh -c 'mkdir -m 0700 left; touch left/file; chown -R 7:7 left'
	run as_subid_user rm -rf left
	assert_differs "$status" 0
	as_subid_user "$NOOK" unshare rm -rf left mine
	[ ! -e left ]
	output=$(echo 'echo $0 $(id -u)' | SHELL=/bin/sh as_subid_user "$NOOK" unshare)
	assert_output '/bin/sh 0'
}
@test "unshare: exit codes, and the other seven stay" {
	need_root
	status=0
	as_subid_user "$NOOK" unshare sh -c 'exit 9' || status=$?
	assert_exit 9
	output=$(as_subid_user "$NOOK" unshare sh -c 'cd /proc/self/ns; readlink uts ipc pid net cgroup time')
	assert_output "$(cd /proc/self/ns && readlink uts ipc pid net cgroup time)"
	run as_subid_user "$NOOK" unshare --explain true
	assert_match newuidmap
}
@test "unshare: without subordinate ids it says what is missing" {
	need_root
	status=0
	output=$(as_user "$NOOK" unshare sh -c 'id -u; wc -l </proc/self/uid_map' 2>stderr) || status=$?
	stderr=$(cat stderr)
	assert_exit 0
	assert_output $'0\n1'
	assert_stderr_match 'only one user id inside.*subuid'
}
@test "unshare: root needs none" {
	need_root
	run_nook unshare true
	assert_refused 125 'nook unshare is for ordinary users' 'as it is'
}

# -- kept ones --

@test "ns run: --keep: the namespaces outlive the command under a name" {
	need_root
	local inside
	inside=$("$NOOK" ns run --keep alive --uts --ipc --hostname kept sh -c 'readlink /proc/self/ns/uts /proc/self/ns/ipc')
	run_nook ns enter alive sh -c 'hostname; readlink /proc/self/ns/uts /proc/self/ns/ipc'
	assert_output "kept"$'\n'"$inside"
	# Taken names are not taken again, and nothing has run.
	run_nook ns run --keep alive --uts touch ran
	assert_refused 125 '--keep: the name "alive" is taken' 'nook ns rm alive'
	[ ! -e ran ]
	nook ns rm alive
	run_nook ns enter alive true
	assert_exit 125
}
@test "ns run: --keep: a network is one that ip netns sees" {
	need_root
	# Mounts of /run/netns stay there, as ip netns leaves them.
	run -0 in_private_mounts sh -euc '
		mount -t tmpfs none /run
		inside=$("$NOOK" ns run --keep lan --net readlink /proc/self/ns/net)
		[ "$(ip netns exec lan readlink /proc/self/ns/net)" = "$inside" ]
		[ "$("$NOOK" ns enter lan readlink /proc/self/ns/net)" = "$inside" ]
		"$NOOK" ns rm lan
		ip netns list'
	assert_output ""
}
@test "ns run: --keep by an ordinary user, and with clocks" {
	need_root
	local way
	for way in --uts --time-offset=boottime=9d; do
		output=$(as_user "$NOOK" ns run --keep mine --user --uts --hostname kept "$way" true)
		output=$(as_user "$NOOK" ns enter mine hostname)
		as_user "$NOOK" ns rm mine
		assert_output kept
		output=$(as_subid_user "$NOOK" ns run --keep mine --user --map auto --uts --hostname kept "$way" true)
		output=$(as_subid_user "$NOOK" ns enter mine hostname)
		as_subid_user "$NOOK" ns rm mine
		assert_output kept
	done
}
@test "ns run: --keep says what cannot be kept, and keeps nothing of what never ran" {
	need_root
	run_nook ns run --keep it --pid true
	assert_refused 125 'a PID namespace ends with its process 1' 'nook ns hold pid --name it'
	run_nook ns run --keep it --pid --uts --hostname kept true
	assert_exit 0
	assert_stderr_match '^nook: warn: --keep: not the PID namespace'
	run_nook ns enter it hostname
	assert_output kept
	nook ns rm it
	# A lease lasts as long as nook.
	run_nook ns run --keep it --user --map auto cat /proc/self/uid_map
	assert_exit 0
	assert_stderr_match "^nook: warn: --keep with --map auto: .* \\(from $(awk '{ print $2; exit }' <<<"$output") on\\) may be given to others"
	nook ns rm it
	run_nook ns run --keep it --user --map 0:100000:10 true
	assert_exit 0
	assert_equal "$stderr" ''
	nook ns rm it
	run_nook ns run --keep 'a/b' --uts true
	assert_refused 125 '--keep' 'letter'
	run_nook ns run --keep it --uts no-such-command
	assert_exit 127
	run_nook ns rm it
	assert_refused 125 'no namespace named'
	run_nook ns run --keep it --unshare --uts true
	assert_refused 125 '--keep does not go with --unshare' 'ns hold'
}

@test "ns run: --keep where names cannot be kept runs nothing" {
	need_root
	mkdir -m 777 "$BATS_TEST_TMPDIR/open"
	run_nook --state "$BATS_TEST_TMPDIR/open" ns run --keep it --uts touch "$BATS_TEST_TMPDIR/ran"
	assert_refused 125 'can be written by others' 'chmod go-w'
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
}
