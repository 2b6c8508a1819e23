#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.seccomp, labels, network devices and intelRdt of config.json, by what they do.
load ../lib/attack
setup() { attack_setup; }
teardown() {
	[ -z "${agent-}" ] || { kill "$agent" && wait "$agent"; } 2>/dev/null || true
	attack_teardown
}

seccomp_is() { configure '.linux.seccomp = ($s | fromjson)' --arg s "$1"; }

@test "seccomp: errno, argument, log and trap do what they are named" {
	seccomp_is '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
		"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 100},
			     {"names": ["rmdir", "unlinkat"], "action": "SCMP_ACT_ERRNO"},
			     {"names": ["sync"], "action": "SCMP_ACT_LOG"},
			     {"names": ["ioprio_set", "no_such_call"], "action": "SCMP_ACT_KILL_PROCESS"}]}'
	run_container sh -c 'mkdir /tmp/a; rmdir /tmp; sync && echo synced; ionice -c 3 true 2>/dev/null; echo "$?"; grep Seccomp: /proc/self/status'
	assert_stderr_match 'Network is down'
	assert_stderr_match 'Operation not permitted'
	assert_line synced
	assert_line 159 # SIGSYS
	assert_match '^Seccomp:.2$'
}

@test "seccomp: a filter without no_new_privs, for root and for a user" {
	seccomp_is '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 100}]}'
	for uid in 0 1000; do
		for nnp in true false; do
			configure '.process.user = {uid: ($u | tonumber), gid: 0} | .process.noNewPrivileges = ($n == "true")' --arg u "$uid" --arg n "$nnp"
			run_container sh -c 'mkdir /tmp/a; grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status | tr -s "\t\n" " "; id -u'
			assert_stderr_match 'Network is down'
			[[ ${lines[0]} = "NoNewPrivs: $([ $nnp = true ] && echo 1 || echo 0) Seccomp: 2 "* ]] || explain_failure "uid $uid, $nnp"
			refute_match CAP_SYS_ADMIN
		done
	done
}

@test "seccomp: a filter that allows only what the command needs lets it start" {
	seccomp_is '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names":
		["execve", "capset", "prctl", "exit_group", "exit", "write", "brk", "arch_prctl", "set_tid_address",
		"set_robust_list", "rseq", "mprotect", "prlimit64", "readlinkat", "readlink", "getrandom", "getuid", "newfstatat", "fstat",
		"ioctl", "mmap", "setuid", "setgid", "getgid", "geteuid"], "action": "SCMP_ACT_ALLOW"}]}'
	for nnp in true false; do
		configure '.process.noNewPrivileges = ($n == "true")' --arg n "$nnp"
		run_container echo started
		assert_output started
	done
}

@test "seccomp: a filter compiled once is found again, and not believed when it was touched" {
	seccomp_is '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}'
	local cached
	run_container true
	cached=$(find "$RT_ROOT" -name 'seccomp-*.bpf')
	[ "$(wc -l <<<"$cached")" = 1 ] && [ -n "$cached" ] || explain_failure "kept: $cached"
	[ "$(stat -c %a:%u "$cached")" = 600:0 ]
	run_rt list -q
	assert_output ''
	# The last byte, a part of what it would return.
	printf '\377' | dd of="$cached" bs=1 seek=$(($(stat -c %s "$cached") - 1)) conv=notrunc status=none
	run_container sh -c 'mkdir /tmp/new || echo refused'
	assert_output refused
	chmod 0666 "$cached"
	run_container sh -c 'mkdir /tmp/new || echo refused'
	assert_output refused
}

@test "seccomp: of the filters that are kept the oldest go" {
	seccomp_is '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}'
	run_container true
	local cache i
	cache=$(dirname "$(find "$RT_ROOT" -name 'seccomp-*.bpf')")
	for i in $(seq 100 199); do touch -d "@$((1577836800 + i))" "$cache/seccomp-$i.bpf"; done
	touch -d 2019-01-01 "$cache/not-ours"
	seccomp_is '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["rmdir"], "action": "SCMP_ACT_ERRNO"}]}'
	run_container sh -c 'rmdir /tmp || echo refused'
	assert_output refused
	# The two that were compiled and the newest of the others.
	assert_equal "$(cd "$cache" && echo seccomp-???.bpf)" "$(printf 'seccomp-%s.bpf ' {138..199} | sed 's/ $//')"
	assert_equal "$(find "$cache" -name 'seccomp-*' | wc -l)" 64
	[ -e "$cache/not-ours" ]
}

@test "seccomp: what contradicts itself is refused with the reason" {
	seccomp_is '{"defaultAction": "SCMP_ACT_NOTIFY"}'
	run_container true
	assert_stderr_match 'SCMP_ACT_NOTIFY cannot be'
	seccomp_is '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/x", "syscalls": [{"names": ["write"], "action": "SCMP_ACT_NOTIFY"}]}'
	run_container true
	assert_stderr_match 'SCMP_ACT_NOTIFY cannot be used for the write syscall'
	seccomp_is '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}'
	run_container true
	assert_stderr_match 'listenerPath'
	seccomp_is '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/nowhere.sock", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}'
	run_container true
	[ "$status" = 1 ]
	assert_stderr_match 'failed to connect with seccomp agent'
	[ -z "$(rt list -q)" ]
}

agent() {
	command -v python3 >/dev/null || skip "no python3 here (the host's run has it)"
	python3 "$TOP/tests/lib/seccomp_agent.py" "$BATS_TEST_TMPDIR/agent" "$BATS_TEST_TMPDIR/states" &
	agent=$!
	eventually [ -S "$BATS_TEST_TMPDIR/agent" ]
	seccomp_is '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$BATS_TEST_TMPDIR"'/agent", "listenerMetadata": "some words",
		"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
		"syscalls": [{"names": ["mkdir", "mkdirat", "execve", "openat", "read", "close", "setresuid", "capset"], "action": "SCMP_ACT_NOTIFY"}]}'
}

@test "seccomp: an agent answers, and has the state of the process" {
	agent
	for nnp in true false; do
		rm -f states
		configure '.process.noNewPrivileges = ($n == "true") | .annotations = {a: "b"}' --arg n "$nnp"
		run_container sh -c 'mkdir /tmp/a'
		[ "$status" = 1 ]
		assert_stderr_match 'No medium found'
		jq -e --arg id "$ID" --arg bundle "$BUNDLE" '.fds == ["seccompFd"] and .metadata == "some words" and .pid > 1
			and .state.id == $id and .state.bundle == $bundle and .state.annotations.a == "b" and .state.pid == .pid
			and (.ociVersion | length > 0)' states >/dev/null || explain_failure "$(cat states)"
	done
}

@test "seccomp: an agent answers for create and start, and for exec" {
	agent
	command_is sleep 60
	rt create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	rt start "$ID"
	run_in_container sh -c 'mkdir /tmp/a'
	[ "$status" = 1 ]
	assert_stderr_match 'No medium found'
	[ "$(wc -l <states)" = 2 ]
	jq -se '.[1].pid != .[0].pid and .[1].state.status == "running"' states >/dev/null || explain_failure "$(cat states)"
	# without it calls answer ENOSYS, and nobody waits for ever
	kill "$agent"
	wait "$agent" 2>/dev/null || true
	agent=
	RT_PATIENCE=5 run_in_container true
	[ "$status" != 0 ]
	assert_stderr_match 'failed to connect with seccomp agent'
}

@test "labels that this machine does not have are refused" {
	if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ]; then
		configure '.process.apparmorProfile = "some-profile"'
		run_container true
		[ "$status" = 1 ]
		assert_stderr_match 'apparmor'
		configure 'del(.process.apparmorProfile)'
		container sleep 60
		run_rt exec --apparmor some-profile "$ID" true
		[ "$status" != 0 ]
		assert_stderr_match 'apparmor'
	else
		configure '.process.apparmorProfile = "no-such-profile"'
		run_container true
		[ "$status" = 1 ]
		assert_stderr_match 'no-such-profile|AppArmor'
	fi
	[ ! -e /sys/fs/selinux/enforce ] || return 0
	rt delete --force "$ID" 2>/dev/null || true
	configure 'del(.process.apparmorProfile) | .process.selinuxLabel = "system_u:system_r:container_t:s0"'
	run_container true
	assert_stderr_match 'selinux label is specified in config, but selinux is disabled or not supported'
	configure 'del(.process.selinuxLabel) | .linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	run_container true
	assert_stderr_match 'selinux label is specified in config'
}

# In a network namespace of the test's own, so that the machine's has no links of ours.
in_a_network() { unshare --net -- "$@"; }

@test "network devices move in with their addresses, and up" {
	configure '.linux.netDevices = {nookd0: {}, nookd1: {name: "inside1"}}'
	command_is sh -c 'ip -o addr show dev nookd0; ip -o link show dev inside1; echo "$(cat /sys/class/net/nookd0/mtu /sys/class/net/nookd0/address)"'
	run --separate-stderr in_a_network bash -euc '
		ip link add nookd0 type veth peer name nookp0
		ip link add nookd1 type veth peer name nookp1
		ip link set nookd0 mtu 1400 address 02:00:00:00:00:07
		ip addr add 169.254.169.13/32 dev nookd0
		ip addr add fd00::7/64 dev nookd0
		"$1" --root "$2" run --bundle "$3" "$4" </dev/null
		ip -o link show' sh "$RUNTIME" "$RT_ROOT" "$BUNDLE" "$ID"
	assert_exit 0
	assert_match 'nookd0 .*169\.254\.169\.13/32 .*global'
	assert_match 'nookd0 .*fd00::7/64 .*global'
	assert_match 'inside1.*[<,]UP[,>]'
	assert_match '^1400$'
	assert_match '^02:00:00:00:00:07$'
}

@test "network devices: what cannot be moved is said, and nothing has moved" {
	configure '.linux.netDevices = {nookd0: {}, nookd1: {name: "lo"}}'
	command_is true
	run --separate-stderr in_a_network bash -uc '
		ip link add nookd0 type veth peer name nookp0
		ip link add nookd1 type veth peer name nookp1
		ip addr add 10.9.0.1/24 dev nookd0
		"$1" --root "$2" run --bundle "$3" "$4" </dev/null && echo started
		ip -o addr show dev nookd0; ip -o link show dev nookd1' sh "$RUNTIME" "$RT_ROOT" "$BUNDLE" "$ID"
	refute_match started
	assert_stderr_match 'nookd1.*lo'
	assert_match 'nookd0 .*10\.9\.0\.1/24'
	assert_match nookd1
	configure '.linux.netDevices = {"no-such-dev0": {}}'
	run_container true
	assert_stderr_match 'no-such-dev0.*No such device'
	configure '.linux.namespaces |= map(select(.type != "network")) | .linux.netDevices = {lo: {}}
		| .mounts |= map(select(.type != "sysfs")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	run_container true
	assert_stderr_match 'unable to move network devices without a NET namespace'
}

@test "network devices: the runtime stays in its own network namespace" {
	configure '.linux.netDevices = {nookd0: {}}'
	command_is true
	ASAN_OPTIONS=$UNTRACED run --separate-stderr in_a_network bash -euc '
		ip link add nookd0 type veth peer name nookp0
		strace -qq -o strace.out -e trace=setns -e signal=none "$1" --root "$2" run --bundle "$3" "$4" </dev/null' \
		sh "$RUNTIME" "$RT_ROOT" "$BUNDLE" "$ID"
	assert_exit 0
	# Who has not gone there cannot fail to come back.
	[ ! -s strace.out ] || { cat strace.out >&2; return 1; }
}

@test "intelRdt is refused where there is no resctrl" {
	[ ! -e /sys/fs/resctrl/schemata ] || skip "this machine has resctrl mounted"
	configure '.linux.intelRdt = {closID: "guaranteed", l3CacheSchema: "L3:0=7f0"}'
	run_container true
	[ "$status" = 1 ]
	assert_stderr_match 'intelRdt|resctrl'
}
