#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016
# Kubernetes' way to containers: containerd's CRI plugin over nook-runtime, with the configuration
# of docs/kubernetes.md and a RuntimeClass's handler.
# vm: no, the virtual machine has tests/clients/systemd.bats
# asan: no, containers have less memory than the sanitizers want; tests/bats/oci_*.bats have them

load ../lib/nook
load lib/host
load lib/image
load lib/containerd

setup_file() {
	host_begin node
	cri_begin node
}
teardown_file() { host_end node; }
setup() {
	nook_setup
	cri_client
}
teardown() {
	pods_end
	exec 7>&- 8<&-
	nook_teardown
}

cri_begin() {
	local dir=$BATS_FILE_TMPDIR/containerd
	mkdir -p "$dir" "$BATS_FILE_TMPDIR/logs"
	{
		echo 'version = 2'
		echo "root = \"$dir/root\""
		echo 'state = "/run/containerd"'
		cat <<-TOML
			[plugins."io.containerd.grpc.v1.cri"]
			  sandbox_image = "docker.io/library/nook-pause:1"
			  restrict_oom_score_adj = true
			  disable_tcp_service = true
			[plugins."io.containerd.grpc.v1.cri".cni]
			  bin_dir = "/usr/lib/cni"
		TOML
		# The page's own words, with the path of the program under test.
		page_block kubernetes toml | sed "s,/usr/local/bin/nook-runtime,$RUNTIME,"
	} >"$dir/config.toml"
	in_host "$1" sh -c 'mkdir -p /etc/cni/net.d; cat >/etc/cni/net.d/10-pods.conflist' <<-'CNI'
		{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "cni0",
		 "isGateway": true, "ipMasq": false, "ipam": {"type": "host-local", "subnet": "10.77.0.0/24",
		 "routes": [{"dst": "0.0.0.0/0"}]}}]}
	CNI
	containerd_begin "$1"
	pause_image
	ctr -n k8s.io image import "$IMAGE" >/dev/null
	ctr -n k8s.io image import "$PAUSE_IMAGE" >/dev/null
}
# Block of the language $2 on page $1.
page_block() { awk -v kind="$2" '$0 == "```" kind {inside = 1; next} /^```/ {inside = 0} inside' "$TOP/docs/$1.md"; }

# One client a test: a python that has to read its libraries for each call is slow.
cri_client() {
	mkfifo "$BATS_TEST_TMPDIR/asked" "$BATS_TEST_TMPDIR/answered"
	in_host node "$TOP/tests/clients/lib/cri" /run/containerd/containerd.sock \
		<"$BATS_TEST_TMPDIR/asked" >"$BATS_TEST_TMPDIR/answered" 3>&- &
	exec 7>"$BATS_TEST_TMPDIR/asked" 8<"$BATS_TEST_TMPDIR/answered"
}
# cri METHOD [JSON]
cri() {
	local answer
	echo "$1 ${2-}" >&7
	read -r -t 40 -u 8 answer || return
	case $answer in
	'cri: '*) echo "$answer" >&2; return 1 ;;
	*) echo "$answer" ;;
	esac
}

# pod [JSON to merge into its configuration]: $POD
pod() {
	local more=${1-}
	POD_CONFIG=$(jq -nc --arg n "p$BATS_TEST_NUMBER" --arg logs "$BATS_FILE_TMPDIR/logs" \
		--argjson more "${more:-"{}"}" '{metadata: {name: $n, uid: $n, namespace: "default", attempt: 0},
			hostname: "pod-host", log_directory: $logs, linux: {cgroup_parent: "/kubepods"}} * $more')
	POD=$(cri RunPodSandbox "$(jq -nc --argjson c "$POD_CONFIG" \
		'{config: $c, runtime_handler: "nook"}')" | jq -r .pod_sandbox_id)
	[ -n "$POD" ]
}
# container NAME JSON-of-words [JSON to merge]: $CONTAINER, started
container() {
	local more=${3-}
	CONTAINER=$(cri CreateContainer "$(jq -nc --arg pod "$POD" --argjson pc "$POD_CONFIG" --arg n "$1" \
		--argjson words "$2" --arg image "$IMAGE_NAME" --argjson more "${more:-"{}"}" \
		'{pod_sandbox_id: $pod, sandbox_config: $pc, config: ({metadata: {name: $n},
			image: {image: $image}, command: $words, log_path: ($n + ".log"),
			linux: {security_context: {seccomp: {profile_type: 0},
				namespace_options: {pid: 1}}}} * $more)}')" | jq -r .container_id)
	[ -n "$CONTAINER" ] || return
	cri StartContainer "{\"container_id\": \"$CONTAINER\"}" >/dev/null
}
sleeper() { container "${2:-one}" '["sleep", "1000"]' "${1-}"; }
# exec_in CMD...: $status, $output, $stderr
exec_in() {
	local answer
	answer=$(cri ExecSync "$(jq -nc --arg c "$CONTAINER" '{container_id: $c, cmd: $ARGS.positional, timeout: 10}' \
		--args -- "$@")") || { status=1 output='' stderr=''; return 0; }
	status=$(jq '.exit_code // 0' <<<"$answer")
	output=$(jq -r '.stdout // ""' <<<"$answer")
	stderr=$(jq -r '.stderr // ""' <<<"$answer")
}
container_state() { cri ContainerStatus "{\"container_id\": \"$CONTAINER\"}" | jq -c '[.status.state // 0, .status.exit_code // 0]'; }
state_is() { [ "$(container_state)" = "$1" ]; }

pods_end() {
	local id
	for id in $(cri ListPodSandbox | jq -r '.items[]?.id'); do
		cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}" >/dev/null
		cri RemovePodSandbox "{\"pod_sandbox_id\": \"$id\"}" >/dev/null
	done
}

@test "CRI: the runtime is ready" {
	run cri Status '{}'
	assert_equal "$(jq -c '[.status.conditions[] | select(.status == 1) | .type]' <<<"$output")" \
		'["RuntimeReady","NetworkReady"]'
}
@test "CRI: a pod with two containers that share network, IPC and host name, not processes" {
	pod
	container web '["httpd", "-f", "-p", "80", "-h", "/etc"]'
	sleeper
	exec_in wget -q -O - http://127.0.0.1/passwd
	assert_match '^root:'
	exec_in hostname
	assert_output pod-host
	exec_in sh -c 'ps | grep -c "[h]ttpd"'
	assert_output 0
	# The pod has an address, and answers there.
	run cri PodSandboxStatus "{\"pod_sandbox_id\": \"$POD\"}"
	address=$(jq -r .status.network.ip <<<"$output")
	[[ $address == 10.77.0.* ]]
	run in_host node busybox wget -q -O - "http://$address/passwd"
	assert_match '^root:'
}
@test "CRI: containers of a pod that share processes" {
	pod '{"linux": {"security_context": {"namespace_options": {"pid": 0}}}}'
	sleeper '{"linux": {"security_context": {"namespace_options": {"pid": 0}}}}'
	sleeper '{"linux": {"security_context": {"namespace_options": {"pid": 0}}}}' two
	exec_in sh -c 'ps | grep -c "[s]leep 1000$"'
	assert_output 2
}
@test "CRI: the host's network, processes and IPC" {
	pod '{"linux": {"security_context": {"namespace_options": {"network": 2, "pid": 2, "ipc": 2}}}, "hostname": ""}'
	sleeper '{"linux": {"security_context": {"namespace_options": {"network": 2, "pid": 2, "ipc": 2}}}}'
	exec_in sh -c 'for k in net ipc pid; do readlink /proc/self/ns/$k; done'
	assert_equal "$output" "$(in_host node sh -c 'for k in net ipc pid; do readlink /proc/self/ns/$k; done')"
}
@test "CRI: exec: output, errors, exit code, what is no program" {
	pod
	sleeper
	exec_in sh -c 'echo out; echo err >&2; exit 5'
	assert_exit 5
	assert_output out
	assert_equal "$stderr" err
	run cri ExecSync "{\"container_id\": \"$CONTAINER\", \"cmd\": [\"not-there\"]}"
	assert_differs "$status" 0
	assert_match 'executable file not found in \$PATH'
	run cri ExecSync "{\"container_id\": \"$CONTAINER\", \"cmd\": [\"sleep\", \"100\"], \"timeout\": 1}"
	assert_differs "$status" 0
	assert_match 'timeout'
	state_is '[1,0]'
}
@test "CRI: a container and an exec with a terminal" {
	pod
	container tty '["sh", "-c", "tty; sleep 1000"]' '{"tty": 1}'
	logged() { grep -q 'stdout F /dev/pts/0' "$BATS_FILE_TMPDIR/logs/tty.log"; }
	eventually logged
	on_terminal -n k8s.io task exec -t --exec-id t1 "$CONTAINER" tty
	assert_match '/dev/pts/[0-9]+$'
}
@test "CRI: log, exit code, states" {
	pod
	container one '["sh", "-c", "echo logged; echo wrong >&2; exit 7"]'
	eventually state_is '[2,7]'
	grep -q 'stdout F logged' "$BATS_FILE_TMPDIR/logs/one.log"
	grep -q 'stderr F wrong' "$BATS_FILE_TMPDIR/logs/one.log"
	sleeper '' two
	state_is '[1,0]'
	cri StopContainer "{\"container_id\": \"$CONTAINER\", \"timeout\": 0}" >/dev/null
	state_is '[2,137]'
	cri RemoveContainer "{\"container_id\": \"$CONTAINER\"}" >/dev/null
}
@test "CRI: a container whose program is not there is told at its start" {
	pod
	run container bad '["/no/such"]'
	assert_differs "$status" 0
	assert_match 'no such file or directory|not found in \$PATH'
}
@test "CRI: limits, update, stats" {
	local dir
	pod
	sleeper '{"linux": {"resources": {"memory_limit_in_bytes": 67108864, "cpu_period": 100000, "cpu_quota": 50000, "cpu_shares": 512}}}'
	dir=kubepods/$CONTAINER
	limits() { in_host node sh -c "cd /sys/fs/cgroup; cat memory/$dir/memory.limit_in_bytes cpu/$dir/cpu.cfs_quota_us cpu/$dir/cpu.shares"; }
	run limits
	assert_output $'67108864\n50000\n512'
	cri UpdateContainerResources "{\"container_id\": \"$CONTAINER\", \"linux\": {\"memory_limit_in_bytes\": 33554432, \"cpu_quota\": 25000, \"cpu_period\": 100000, \"cpu_shares\": 256}}" >/dev/null
	run limits
	assert_output $'33554432\n25000\n256'
	run cri ContainerStats "{\"container_id\": \"$CONTAINER\"}"
	assert_equal "$(jq '.stats.cpu.usage_core_nano_seconds.value > 0 and .stats.memory.working_set_bytes.value > 0' <<<"$output")" true
}
@test "CRI: seccomp profiles: the default, none, one of one's own" {
	pod
	sleeper
	exec_in grep -E '^Seccomp:' /proc/self/status
	assert_output $'Seccomp:\t2'
	sleeper '{"linux": {"security_context": {"seccomp": {"profile_type": 1}}}}' two
	exec_in grep -E '^Seccomp:' /proc/self/status
	assert_output $'Seccomp:\t0'
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}' \
		>"$BATS_FILE_TMPDIR/no-mkdir.json"
	sleeper "{\"linux\": {\"security_context\": {\"seccomp\": {\"profile_type\": 2, \"localhost_ref\": \"$BATS_FILE_TMPDIR/no-mkdir.json\"}}}}" three
	exec_in mkdir /tmp/x
	assert_exit 1
	assert_equal "$stderr" "mkdir: can't create directory '/tmp/x': Operation not permitted"
}
@test "CRI: user, group, supplementary groups, no new privileges, capabilities" {
	pod
	sleeper '{"linux": {"security_context": {"run_as_user": {"value": 1000}, "run_as_group": {"value": 2000}, "supplemental_groups": [3000, 4000], "no_new_privs": 1}}}'
	exec_in sh -c 'id -u; id -g; id -G; grep NoNewPrivs: /proc/self/status'
	assert_output $'1000\n2000\n2000 29 3000 4000\nNoNewPrivs:\t1' ||
		assert_output $'1000\n2000\n2000 3000 4000\nNoNewPrivs:\t1'
	sleeper '{"linux": {"security_context": {"capabilities": {"drop_capabilities": ["ALL"], "add_capabilities": ["NET_ADMIN"]}}}}' two
	exec_in grep -E '^Cap(Eff|Inh):' /proc/self/status
	assert_output $'CapInh:\t0000000000000000\nCapEff:\t0000000000001000'
	sleeper '{"linux": {"security_context": {"run_as_username": "alice"}}}' three
	exec_in id -un
	assert_output alice
}
@test "CRI: sysctls of the pod" {
	pod '{"linux": {"sysctls": {"kernel.shm_rmid_forced": "1", "net.ipv4.ip_unprivileged_port_start": "80"}}}'
	sleeper
	exec_in cat /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ip_unprivileged_port_start
	assert_output $'1\n80'
}
@test "CRI: masked and read-only paths, as said and as by default; a read-only root" {
	pod
	sleeper '{"linux": {"security_context": {"readonly_rootfs": 1, "masked_paths": ["/proc/keys", "/etc/group"], "readonly_paths": ["/proc/sys", "/tmp"]}}}'
	exec_in sh -c 'wc -c </proc/keys; wc -c </etc/group; (echo >/tmp/x) 2>/dev/null || echo refused; (echo >/x) 2>/dev/null || echo refused; (echo 1 >/proc/sys/kernel/shm_rmid_forced) 2>/dev/null || echo refused'
	assert_output $'0\n0\nrefused\nrefused\nrefused'
}
@test "CRI: mounts: read-only, private, from the host, both ways" {
	local dir=$BATS_FILE_TMPDIR/share
	in_host node sh -c "mkdir -p $dir && mount --bind $dir $dir && mount --make-rshared $dir && mkdir -p $dir/in $dir/out"
	mount_of() { jq -nc --arg d "$dir" --argjson how "$1" '{mounts: [{container_path: "/share", host_path: $d, propagation: $how}], linux: {security_context: {privileged: 1}}}'; }
	pod '{"linux": {"security_context": {"privileged": 1}}}'
	sleeper "{\"mounts\": [{\"container_path\": \"/ro\", \"host_path\": \"$dir\", \"readonly\": 1}]}"
	exec_in sh -c '(echo >/ro/x) 2>/dev/null || echo refused'
	assert_output refused
	sleeper "{\"mounts\": [{\"container_path\": \"/share\", \"host_path\": \"$dir\", \"propagation\": 0}]}" private
	private=$CONTAINER
	sleeper "{\"mounts\": [{\"container_path\": \"/share\", \"host_path\": \"$dir\", \"propagation\": 1}]}" slave
	slave=$CONTAINER
	in_host node sh -c "mount -t tmpfs none $dir/in && touch $dir/in/seen"
	exec_in ls /share/in
	assert_output seen
	CONTAINER=$private
	exec_in ls /share/in
	assert_output ''
	CONTAINER=$slave
	exec_in grep -c ' /share .* master:' /proc/self/mountinfo
	assert_output 1
	in_host node umount "$dir/in"
	exec_in ls /share/in
	assert_output ''
}
@test "CRI: privileged containers, and mounts that go both ways" {
	local dir=$BATS_FILE_TMPDIR/both
	in_host node sh -c "mkdir -p $dir && mount --bind $dir $dir && mount --make-rshared $dir && mkdir -p $dir/out"
	pod '{"linux": {"security_context": {"privileged": 1}}}'
	sleeper "$(jq -nc --arg d "$dir" '{mounts: [{container_path: "/share", host_path: $d, propagation: 2}], linux: {security_context: {privileged: 1}}}')"
	exec_in sh -c 'mount -t tmpfs none /share/out && touch /share/out/made'
	assert_exit 0
	run in_host node ls "$dir/out"
	assert_output made
	exec_in umount /share/out
	run in_host node ls "$dir/out"
	assert_output ''
}
@test "CRI: devices" {
	pod
	sleeper '{"devices": [{"container_path": "/dev/also", "host_path": "/dev/full", "permissions": "rw"}]}'
	exec_in sh -c '(echo >/dev/also) 2>&1 | grep -o "No space left"; test ! -e /dev/full-not'
	assert_output 'No space left'
}
@test "CRI: a restart of containerd finds its pods again; nothing is left of them" {
	pod
	sleeper
	containerd_restart
	EVENTUALLY_SECONDS=20 eventually state_is '[1,0]'
	exec_in echo again
	assert_output again
	pods_end
	nothing() {
		[ -z "$(in_host node sh -c 'find /run/containerd/runc/k8s.io -mindepth 1 ! -path "*/@filters*"
			find /sys/fs/cgroup/*/kubepods -mindepth 1 -type d')" ]
	}
	eventually nothing
}
