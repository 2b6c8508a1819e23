#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is known about containers that run, and how they end: ps, inspect, kill, stop, wait.

load ../lib/nook
load ../lib/background
setup() { background_setup; }
teardown() { background_teardown; }

# Has a handler for TERM, so that it can end as PID 1.
HANDLER='trap "exit 7" TERM; while :; do sleep 0.05; done'
ends_with() {
	status=0
	wait "$1" || status=$?
	assert_equal "$status" "$2"
}
# The shell of $pid listens: a signal that comes before its trap is lost, as for any PID 1.
listens() {
	local caught
	caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$pid/status")
	((0x$caught >> ($(kill -l "$1") - 1) & 1))
}
# waits PID NAME: that nook has found the container whose end it waits for.
waits() { readlink "/proc/$1/fd/"* 2>/dev/null | grep -q "/$2/lock\$"; }
init_of() { nook inspect "$1" | jq '.[0].State.Pid'; }
nothing_kept() {
	[ -z "$(ls -A "$NOOK_STATE/containers" 2>/dev/null)" ] || {
		ls -laR "$NOOK_STATE" >&2
		return 1
	}
}

@test "ps: nothing runs, then something, then nothing" {
	run_nook ps
	assert_exit 0
	assert_output "CONTAINER ID   NAME   COMMAND   CREATED   STATUS   PID   PORTS   ROOTFS"
	run_nook ps --format json
	assert_output "[]"
	begin web -- sh -c "$HANDLER"
	run_nook ps
	assert_match "^[0-9a-f]{12} +web +\"sh -c trap .*…\" +.* ago +Up .* +[0-9]+ +- +$ROOTFS\$"
	run_nook ps -q
	assert_match '^[0-9a-f]{12}$'
	run_nook ps -q --no-trunc
	assert_match '^[0-9a-f]{64}$'
	run_nook ps --format json
	assert_equal "$(jq -r '.[0].Command[2]' <<<"$output")" "$HANDLER"
	nook stop web
	run_nook ps -q
	assert_output ""
	nothing_kept
}

@test "ps: the oldest first, and no words" {
	begin b -- sleep 100
	begin a -- sleep 100
	assert_equal "$(nook ps --format json | jq -c '[.[].Names[0]]')" '["b","a"]'
	run_nook ps extra
	assert_refused 125 'takes no words'
	nook kill a b
}

@test "inspect: Docker's names for what was asked for" {
	begin web -h host1 --domainname dom -e A=b -w /etc -u alice --read-only --cap-drop CHOWN \
		--cap-add NET_ADMIN --ulimit nofile=33:44 -v /usr:/mnt:ro --tmpfs /scratch -- sleep 100
	run_nook inspect web
	assert_exit 0
	check() { jq -e ".[0] | $1" <<<"$output" >/dev/null || explain_failure "expected: $1"; }
	check '.Name == "/web" and .Path == "sleep" and .Args == ["100"]'
	check '.State.Status == "running" and .State.Running and .State.Pid > 1'
	check '(.Id | length) == 64 and (.Created | endswith("Z"))'
	check '.Config.Hostname == "host1" and .Config.Domainname == "dom"'
	check '.Config.User == "1000:1000" and .Config.WorkingDir == "/etc"'
	check '.Config.Env | index("A=b")'
	check '.Config.Cmd == ["sleep", "100"] and .Config.Tty == false'
	check '.HostConfig.ReadonlyRootfs and .HostConfig.Privileged == false'
	check '.HostConfig.CapDrop == ["CAP_CHOWN"] and .HostConfig.CapAdd == ["CAP_NET_ADMIN"]'
	check '.HostConfig.Ulimits == [{"Name": "nofile", "Hard": 44, "Soft": 33}]'
	check '.Mounts | any(.Source == "/usr" and .Destination == "/mnt" and .RW == false)'
	check '.Mounts | any(.Type == "tmpfs" and .Destination == "/scratch")'
	check '.HostConfig.PidMode == "private" and .HostConfig.NetworkMode == "none"'
	local pid
	pid=$(init_of web)
	assert_equal "$(jq '.[0].Nook.Namespaces.net' <<<"$output")" "$(stat -Lc %i "/proc/$pid/ns/net")"
	nook kill web
}

@test "inspect, ps: the command as it was asked for, also with --init" {
	begin web --init -- sleep 100
	run_nook inspect web
	assert_equal "$(jq -c '.[0] | [.Path, .Args, .Config.Cmd, .HostConfig.Init]' <<<"$output")" \
		'["sleep",["100"],["sleep","100"],true]'
	assert_equal "$(nook ps --format json | jq -c '.[0].Command')" '["sleep","100"]'
	nook stop web
	ends_with "$owner" 143
}

@test "inspect: limits" {
	need_root
	need_cgroup memory
	begin web --memory 64m --pids-limit 50 --cpus 0.5 -- sleep 100
	run_nook inspect web
	assert_equal "$(jq -c '.[0].HostConfig | [.Memory, .PidsLimit, .NanoCpus]' <<<"$output")" \
		'[67108864,50,500000000]'
	nook kill web
}

@test "by name, by id, by the beginning of an id" {
	begin web -- sleep 100
	local id
	id=$(nook ps -q --no-trunc)
	for word in web "$id" "${id:0:12}" "${id:0:3}"; do
		run_nook inspect "$word"
		assert_equal "$(jq -r '.[0].Id' <<<"$output")" "$id"
	done
	run_nook inspect web "$id"
	assert_equal "$(jq length <<<"$output")" 2
	nook kill web
}

@test "an id that begins as two do is refused" {
	local n
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do
		begin "c$n" -- sleep 100
	done
	local digit
	digit=$(nook ps -q | cut -c1 | sort | uniq -d | head -1)
	run_nook kill "$digit"
	assert_refused 125 "containers have an id that begins with $digit"
	# shellcheck disable=SC2046
	nook kill $(nook ps -q) >/dev/null
}

@test "no such container: one line, one hint, 125" {
	words_only
	for command in inspect kill stop wait; do
		run_nook "$command" nothing
		assert_refused 125 'no container named "nothing" is running' 'nook ps'
		run_nook "$command" ../../etc
		assert_refused 125 'no container named'
		run_nook "$command"
		assert_refused 125 "nook $command needs the name"
	done
}

@test "kill: the signal that was asked for" {
	begin web -- sh -c 'trap "exit 5" USR1; while :; do sleep 0.05; done'
	eventually listens USR1
	run_nook kill -s USR1 web
	assert_exit 0
	assert_output web
	ends_with "$owner" 5
	begin web -- sleep 100
	nook kill web
	ends_with "$owner" 137
	for name in SIGTERM term 15; do
		begin web -- sh -c "$HANDLER"
		eventually listens TERM
		nook kill -s "$name" web
		ends_with "$owner" 7
	done
	run_nook kill -s NOSUCH web
	assert_refused 125 'no such signal: NOSUCH'
	nothing_kept
}

@test "kill: the faults of one do not stop the others" {
	begin web -- sleep 100
	run_nook kill nothing web
	assert_exit 125
	assert_line web
	ends_with "$owner" 137
}

@test "stop: returns when the name is free" {
	for _ in 1 2 3 4 5; do
		begin web -- sh -c "$HANDLER"
		eventually listens TERM
		run_nook stop web
		assert_exit 0
		assert_output web
		nothing_kept
		ends_with "$owner" 7
	done
}

@test "stop: kills what does not listen" {
	# As PID 1 without a handler it never sees TERM.
	begin web -- sleep 100
	local start=${EPOCHREALTIME/./}
	run_nook stop -t 1 web
	assert_exit 0
	local took=$(((${EPOCHREALTIME/./} - start) / 1000))
	[ "$took" -ge 900 ] && [ "$took" -lt 5000 ]
	ends_with "$owner" 137
	begin web -- sleep 100
	nook stop --time 0 web
	ends_with "$owner" 137
	run_nook stop -t soon web
	assert_refused 125 'not a number of seconds'
}

@test "wait: many waiters, each gets the exit code" {
	begin web -- sh -c "$HANDLER"
	eventually listens TERM
	local i pids=()
	for i in 1 2 3 4 5 6 7 8; do
		"$NOOK" wait web 3>&- >"wait$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do eventually waits "$i" web; done
	nook stop web
	for i in "${pids[@]}"; do ends_with "$i" 0; done
	for i in 1 2 3 4 5 6 7 8; do assert_equal "$(cat "wait$i")" 7; done
}

@test "wait: several containers, in the order of the words" {
	begin a -- sh -c 'trap "exit 3" TERM; while :; do sleep 0.05; done'
	eventually listens TERM
	local first=$owner
	begin b -- sh -c "$HANDLER"
	eventually listens TERM
	"$NOOK" wait a b 3>&- >waited &
	local waiter=$!
	eventually waits "$waiter" a
	nook stop b
	ends_with "$owner" 7
	nook stop a
	ends_with "$first" 3
	ends_with "$waiter" 0
	assert_equal "$(cat waited)" "$(printf '3\n7')"
}

@test "a name in use is refused, a free one is taken again" {
	begin web -- sleep 100
	run_nook run --rootfs "$ROOTFS" --name web true
	assert_refused 125 'the name "web" belongs to container [0-9a-f]{12}, which is running' 'nook stop web'
	nook kill web
	# At once: its nook may still be tidying up.
	run_nook run --rootfs "$ROOTFS" --name web true
	assert_exit 0
	nothing_kept
}

@test "twenty at once with one name: exactly one wins" {
	local i pids=() won=0 lost=0
	for i in {1..20}; do
		"$NOOK" run --rootfs "$ROOTFS" --name web sleep 100 3>&- 2>"err$i" &
		pids+=($!)
		STARTED+=($!)
	done
	all_others_refused() {
		[ "$(cat err* | grep -c 'the name "web" belongs to container')" = 19 ]
	}
	# However long it takes: the time limit of the test is the only one.
	EVENTUALLY_SECONDS=1000 eventually all_others_refused
	eventually is_up web
	nook kill web
	for i in "${!pids[@]}"; do
		status=0
		wait "${pids[$i]}" || status=$?
		case $status in
		137) won=$((won + 1)) ;;
		125)
			lost=$((lost + 1))
			grep -q 'the name "web" belongs to container' "err$((i + 1))"
			;;
		*) cat "err$((i + 1))" >&2; return 1 ;;
		esac
	done
	assert_equal "$won $lost" "1 19"
	nothing_kept
}

@test "names are checked" {
	words_only
	for name in '' .x -x a/b ../x 'a b' "$(printf 'x%.0s' {1..129})"; do
		run_nook run --rootfs "$ROOTFS" --name="$name" true
		assert_exit 125
		nothing_kept
	done
}

@test "a killed nook: the next ps sees nothing and leaves nothing" {
	begin web -- sleep 100
	local pid
	pid=$(init_of web)
	kill -9 "$owner"
	wait "$owner" || true
	run_nook ps -q
	assert_exit 0
	assert_output ""
	nothing_kept
	gone() { [ ! -e "/proc/$1" ] || [ "$(awk '{print $3}' "/proc/$1/stat")" = Z ]; }
	eventually gone "$pid"
}

@test "a killed nook: its cgroups go too" {
	need_root
	need_cgroup memory
	begin web --memory 64m --pids-limit 50 -- sh -c 'sleep 100 & sleep 100'
	local groups
	groups=$(nook inspect web | jq -r '.[0].Nook.Cgroups[]')
	[ -n "$groups" ]
	kill -9 "$owner"
	wait "$owner" || true
	run_nook run --rootfs "$ROOTFS" --name web true
	assert_exit 0
	for group in $groups; do
		[ ! -e "$group" ] || explain_failure "$group is left"
	done
	nothing_kept
}

@test "a killed nook: who waited learns of it" {
	begin web -- sleep 100
	"$NOOK" wait web 3>&- >waited &
	local waiter=$!
	sleep 0.2
	kill -9 "$owner"
	ends_with "$waiter" 0
	assert_equal "$(cat waited)" 137
	nothing_kept
}

@test "a nook killed at any time leaves nothing" {
	local i
	for i in {1..25}; do
		"$NOOK" run --rootfs "$ROOTFS" --name "k$i" sleep 100 3>&- 2>/dev/null &
		local pid=$!
		sleep "0.00$((RANDOM % 10))"
		kill -9 "$pid"
		wait "$pid" || true
	done
	run_nook ps -q
	assert_exit 0
	assert_output ""
	nothing_kept
}

@test "state of a newer nook is told, and left alone" {
	begin web -- sleep 100
	nook kill web
	wait "$owner" || true
	mkdir -p "$NOOK_STATE/containers/new"
	echo '{"version": 2}' >"$NOOK_STATE/containers/new/state.json"
	run_nook ps
	assert_exit 125
	assert_stderr_match 'container "new".*of version 2, this nook knows version 1'
	run_nook inspect new
	assert_refused 125 'of version 2'
	[ -e "$NOOK_STATE/containers/new/state.json" ]
	rm -r "$NOOK_STATE/containers/new"
}

@test "a state directory that others can write to is refused" {
	mkdir -m 0777 "$NOOK_STATE"
	chmod 0777 "$NOOK_STATE"
	run_nook ps
	assert_refused 125 'can be written by others' 'chmod go-w'
	run_nook run --rootfs "$ROOTFS" true
	assert_refused 125 'can be written by others'
	chmod 0700 "$NOOK_STATE"
	if [ "$(id -u)" = 0 ]; then
		chown 65534 "$NOOK_STATE"
		run_nook ps
		assert_refused 125 'belongs to user 65534'
		chown 0 "$NOOK_STATE"
	fi
}

@test "a link in the place of a container's directory is not followed" {
	nook ps >/dev/null
	mkdir elsewhere
	echo '{}' >elsewhere/state.json
	ln -s "$PWD/elsewhere" "$NOOK_STATE/containers/evil"
	run_nook kill evil
	assert_exit 125
	[ -e elsewhere/state.json ]
	rm "$NOOK_STATE/containers/evil"
}

@test "as an ordinary user" {
	need_root
	chmod -R a+rX "$ROOTFS"
	as_user "$NOOK" run --rootfs "$ROOTFS" --name mine sleep 100 3>&- 2>mine.err &
	owner=$!
	mine() { as_user "$NOOK" ps | grep -q "mine.*Up"; }
	eventually mine || { cat mine.err >&2; return 1; }
	# Root's own is another state directory.
	run_nook ps -q
	assert_output ""
	run --separate-stderr as_user "$NOOK" inspect mine
	assert_equal "$(jq -r '.[0].Name' <<<"$output")" /mine
	run --separate-stderr as_user "$NOOK" stop -t 0 mine
	assert_exit 0
	ends_with "$owner" 137
	run --separate-stderr as_user "$NOOK" ps -q
	assert_output ""
}
