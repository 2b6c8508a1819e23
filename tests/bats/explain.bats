#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# --explain: the words, and that C, script and system calls are the same plan as the one that runs.
# seconds: 21
# vm: seldom, the plan and the calls are the same on both

load ../lib/nook
setup() {
	nook_setup
	cd "$BATS_TEST_TMPDIR" || return
	ROOTFS=$BATS_TEST_TMPDIR/rootfs
	# With all places for mounts: who is not the owner of a root file system cannot make them.
	busybox_rootfs --dirs "$ROOTFS"
	touch "$ROOTFS"/etc/{hostname,hosts,resolv.conf}
	cp "$PROBES/probe" "$ROOTFS/probe"
	"$PROBES/probe" --outside >"$ROOTFS/outside"
	chmod 0777 "$BATS_TEST_TMPDIR"
}
teardown() { nook_teardown; }

# ways [as_user] ARGS: run it three ways, output in nook.out, c.out and sh.out, exit codes in
# nook.code and so on. What bats itself has open from 10 on a shell cannot close for the script.
ways() {
	local as=env way
	case $1 in as_*) as=$1 && shift ;; esac
	"$as" "$NOOK" run --explain=c "$@" >x.c 2>/dev/null
	cc -O2 -Wall -Wextra -Werror -static -o x x.c
	"$as" "$NOOK" run --explain=sh "$@" >x.sh 2>/dev/null
	for way in nook c sh; do
		local command=("$NOOK" run "$@")
		[ $way = c ] && command=("$PWD/x")
		[ $way = sh ] && command=(sh "$PWD/x.sh")
		"$as" bash -c 'cd /; exec env TMPDIR=/tmp "$@" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- 10>&- 11>&-' \
			bash "${command[@]}" >$way.out 2>$way.err </dev/null && echo 0 >$way.code ||
			echo $? >$way.code
	done
}

# What the probe sees must be the same. A script has no filter, and what is mounted in which order
# is seen nowhere but in the order of the lines.
same_inside() {
	need_cc
	ways "$@" /probe /outside
	cat nook.err c.err sh.err
	assert_equal "$(cat nook.code c.code sh.code | paste -sd' ')" "0 0 0"
	[ "$(wc -l <nook.out)" -gt 80 ]
	diff nook.out c.out
	local not='"(Seccomp|descriptor [1-9][0-9]+)"'
	diff <(grep -vE "$not" nook.out | sort) <(grep -vE "$not" sh.out | sort)
}

# strace of a start against --explain=json.
same_calls() {
	local as=env
	case $1 in as_*) as=$1 && shift ;; esac
	need_plain_build
	rm -f trace.* pid
	"$as" "$NOOK" run --explain=json "$@" >plan.json 2>/dev/null
	# strace outside: a program that strace starts as an ordinary user has no setuid newuidmap.
	export -f as_user as_subid_user user_env
	export TEST_UID SUBID_UID BATS_TEST_TMPDIR BATS_FILE_TMPDIR
	ASAN_OPTIONS=$UNTRACED strace -ff -X raw -xx -v -s 99999 -o "$PWD/trace" bash -c '"$@"' bash "$as" \
		sh -c 'echo $$ >"$0"; exec "$@"' "$PWD/pid" "$NOOK" run "$@" >strace.out 2>&1 || {
		cat strace.out
		return 1
	}
	python3 "$TOP/tests/lib/match_strace.py" plan.json trace "$(cat pid)"
}

@test "explain: each step is told once, with its number, and nothing is run" {
	run_nook run --explain --rootfs "$ROOTFS" --memory 64m touch /ran
	assert_exit 0
	assert_line "in the new namespaces"
	assert_match '^in nook'
	[ ! -e "$ROOTFS/ran" ]
	local n
	n=$(sed -n 's/^\([0-9]*\) steps\. Nothing was run\.$/\1/p' <<<"$output")
	[ "$n" -gt 100 ]
	assert_equal "$(grep -oE '^ *[0-9]+  ' <<<"$output" | tr -d ' ' | sort -n | paste -sd' ')" \
		"$(seq "$n" | paste -sd' ')"
}

@test "explain: the number in an error is the number in the plan" {
	run_nook run --rootfs "$ROOTFS" /no/such
	assert_exit 127
	local step all
	read -r step all < <(sed -n 's/.*step \([0-9]*\) of \([0-9]*\):.*/\1 \2/p' <<<"$stderr")
	run_nook run --explain=json --rootfs "$ROOTFS" /no/such
	assert_equal "$(jq '.steps | length' <<<"$output")" "$all"
	assert_equal "$(jq -r --argjson n "$step" '.steps[$n - 1].syscall' <<<"$output")" execve
}

@test "explain: JSON has whole strings, names of numbers, and who undoes what" {
	local long
	long=$(printf 'x%.0s' {1..300})
	run_nook run --explain=json --rootfs "$ROOTFS" --pids-limit 9 echo "$long"
	assert_exit 0
	jq -e --arg long "$long" '
		.version == 1
		and (.steps | map(.n) == [range(1; length + 1)])
		and (.steps | map(select(.op == "execve") | .args.argv[1] == $long) | all)
		and (.steps | map(select(.op == "clone3") | .args.flags.names | index("CLONE_NEWNS")) | any)
		and (. as $p | [.steps[] | select(.undoes)] | length > 0
			and all(.undoes as $u | $p.steps[$u - 1].op == "mkdirat"))
		and (.slots as $s | [.steps[].args[]? | objects | .slot // empty]
			| all(. as $x | $s | index($x)))' <<<"$output"
}

@test "explain: strings of the user stay strings in C and sh" {
	need_cc
	local nasty=$'a"b\\c*/d??/e%d%s\n$(touch /tmp/nook-owned)`id`\'x\'\xff\u202eEND\nEND_2\n'
	ways --rootfs "$ROOTFS" -e "NASTY=$nasty" --hostname h \
		sh -c 'printf %s "$1$NASTY" | md5sum' sh "$nasty"
	assert_equal "$(cat nook.out)" "$(printf %s "$nasty$nasty" | md5sum)"
	assert_equal "$(cat c.out)" "$(cat nook.out)"
	assert_equal "$(cat sh.out)" "$(cat nook.out)"
	[ ! -e /tmp/nook-owned ]
	# In words, nothing that a terminal would obey.
	run_nook run --explain --rootfs "$ROOTFS" -e $'E=\033]0;x\007' -v $'/\033[31m:/m' true
	refute_match $'\033'
}

@test "explain: exit codes are the same: 7, not found, not executable, a signal" {
	need_cc
	touch "$ROOTFS/bin/plain"
	echo 'exit 7' >"$ROOTFS/seven"
	echo 'kill -TERM $$' >"$ROOTFS/killed"
	local way
	while read -r code command; do
		# shellcheck disable=SC2086
		ways --rootfs "$ROOTFS" $command
		for way in nook c sh; do
			[ "$(cat $way.code)" = "$code" ] || {
				echo "$way: $command: $(cat $way.code)" "$(cat $way.err)"
				return 1
			}
		done
	done <<-'COMMANDS'
		0 true
		7 sh /seven
		127 no-such-command
		126 /bin/plain
		143 --pid host sh /killed
	COMMANDS
}

@test "explain: signals reach the container of the C program and of the script" {
	need_cc
	ways --rootfs "$ROOTFS" true
	local program
	"$NOOK" run --explain=c --rootfs "$ROOTFS" sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 0.1; done' >x.c
	"$NOOK" run --explain=sh --rootfs "$ROOTFS" sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 0.1; done' >x.sh
	cc -O2 -static -o x x.c
	for program in ./x "sh x.sh"; do
		$program >signal.out 3>&- &
		local pid=$!
		eventually grep -q up signal.out
		kill -TERM $pid
		run wait $pid
		wait $pid && return 1 || assert_equal $? 9
	done
}

@test "explain: C and script see what nook's container sees (root)" {
	need_root
	same_inside --rootfs "$ROOTFS" --hostname h
}
@test "explain: C and script see what nook's container sees (overlay, new users)" {
	need_root
	same_inside --rootfs "$ROOTFS:O" --hostname h --userns private
}
@test "explain: C and script see what nook's container sees (a user, fewer rights, read-only)" {
	need_root
	same_inside --rootfs "$ROOTFS" --hostname h -u alice --cap-drop NET_RAW --ulimit nofile=64:70 \
		--security-opt no-new-privileges --read-only -w /home/alice -e "A=b 'c'"
}
@test "explain: C and script see what nook's container sees (limits)" {
	need_root
	need_cgroup memory
	need_cgroup pids
	same_inside --rootfs "$ROOTFS" --hostname h --memory 64m --pids-limit 60
}
@test "explain: C and script see what nook's container sees (host's namespaces, clocks)" {
	need_root
	same_inside --rootfs "$ROOTFS" --pid host --ipc host --uts host --network host \
		--cgroupns host --time-offset monotonic=100,boottime=50
}
@test "explain: C and script see what nook's container sees (volumes, sysctl, hosts)" {
	need_root
	mkdir -p vol/sub && touch file
	same_inside --rootfs "$ROOTFS" --hostname h --sysctl net.ipv4.ip_forward=1 --add-host a:1.2.3.4 \
		--dns 9.9.9.9 -v "$PWD/vol:/u:ro" -v "$PWD/file:/etc/one" --tmpfs /q:size=1m
}
@test "explain: C and script see what nook's container sees (ordinary user, one id)" {
	need_root
	same_inside as_user --rootfs "$ROOTFS" --hostname h
}
@test "explain: C and script see what nook's container sees (ordinary user, many ids)" {
	need_root
	same_inside as_subid_user --rootfs "$ROOTFS" --hostname h
}
@test "explain: C and script of the machine's own directories" {
	need_cc
	ways --hostname h host sh -c 'id -u; hostname; ls -d /home/* 2>/dev/null; echo x >/etc/x; cat /etc/x; exit 3'
	assert_equal "$(cat nook.code c.code sh.code | paste -sd' ')" "3 3 3"
	diff nook.out c.out
	diff nook.out sh.out
	assert_equal "$(cat nook.out)" $'0\nh\nx'
}

@test "explain: the C program relays a terminal" {
	need_cc
	"$NOOK" run --explain=c -t --rootfs "$ROOTFS" sh -c 'test -t 0 && stty size; exit 4' >x.c
	cc -O2 -Wall -Wextra -Werror -static -o x x.c
	run script -qec 'stty rows 33 cols 77; ./x' /dev/null </dev/null
	assert_exit 4
	assert_match '33 77'
}

@test "explain: strace of a start is the plan, call by call (root)" {
	host_only
	need_root
	same_calls --rootfs "$ROOTFS" true
	same_calls --rootfs "$ROOTFS:O" -t true
	same_calls host true
}
@test "explain: strace of a start is the plan, call by call (a process in between)" {
	host_only
	need_root
	same_calls --rootfs "$ROOTFS" --time-offset monotonic=5 --userns private true
	same_calls --rootfs "$ROOTFS" --network ns:/proc/self/ns/net --pid ns:/proc/self/ns/pid true
}
@test "explain: strace of a start is the plan, call by call (limits, user, volumes)" {
	host_only
	need_root
	need_cgroup memory
	same_calls --rootfs "$ROOTFS" -u alice --memory 64m --ulimit nofile=60:60 --read-only \
		-v /usr:/u:ro --tmpfs /q -e A=b --cap-drop all --cap-add chown --group-add audio --init true
}
@test "explain: strace of a start is the plan, call by call (ordinary users)" {
	host_only
	need_root
	same_calls as_user --rootfs "$ROOTFS" true
	same_calls as_subid_user --rootfs "$ROOTFS" true
}

@test "explain: a call that is in no step, or a step without its call, is seen" {
	need_root
	same_calls --rootfs "$ROOTFS" true
	local match=("$TOP/tests/lib/match_strace.py")
	for change in 'del(.steps[] | select(.op == "setsid"))' \
		'.steps |= map(if .op == "setsid" then (., .) else . end)' \
		'(.steps[] | select(.op == "umask" and .actor == "init") | .args.mask) = 63' \
		'(.steps[] | select(.op == "mkdirat" and .actor == "init") | .args.path) = "elsewhere"'; do
		jq "$change" plan.json >changed.json
		run python3 "${match[@]}" changed.json trace "$(cat pid)"
		assert_exit 1
	done
}
