#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016
# containerd and Podman over nook-runtime as most machines have them: systemd, cgroup v2, AppArmor.
# Each test is one container with much asked of it, since an emulated second is dear.
# asan: no, containers have less memory than the sanitizers want; tests/bats/oci_*.bats have them

load ../lib/nook
load lib/host
load lib/image

setup_file() {
	[ -d /run/systemd/system ] || return 0
	export BATS_TEST_TIMEOUT=$((${BATS_TEST_TIMEOUT:-60} * 2))
	busybox_image
	mkdir -p /etc/containers
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >/etc/containers/policy.json
	cat >/etc/containers/containers.conf <<-CONF
		[engine]
		runtime = "nook"
		cgroup_manager = "systemd"
		events_logger = "file"
		[engine.runtimes]
		nook = ["$RUNTIME"]
	CONF
}
setup() {
	need_systemd
	nook_setup
}
teardown() {
	[ -d /run/systemd/system ] || return 0
	podman_forgets as_u1
	podman_forgets as_root
	umount /var/lib/containers/storage/overlay 2>/dev/null || true
	systemctl stop machine.slice 2>/dev/null || true
	nook_teardown
}

I=nook-test:1
# The group of process $1.
group_of() { sed -n 's,^0::,/sys/fs/cgroup,p' "/proc/$1/cgroup"; }

@test "systemd: containerd: a scope with limits, exec, pause, metrics, AppArmor, and its end" {
	local dir=$BATS_TEST_TMPDIR/containerd pid
	mkdir "$dir"
	printf 'version = 2\nroot = "%s"\nstate = "%s"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\n  address = "%s"\n' \
		"$dir/root" "$dir/state" "$dir/sock" >"$dir/config.toml"
	containerd -c "$dir/config.toml" >"$dir/log" 2>&1 3>&- &
	daemon=$!
	ctr() { command ctr --connect-timeout 5s -a "$dir/sock" "$@"; }
	answers() { ctr version >/dev/null 2>&1; }
	EVENTUALLY_SECONDS=60 eventually answers
	ctr image import "$IMAGE" >/dev/null
	ctr run -d --runc-binary "$RUNTIME" --runc-systemd-cgroup --cgroup system.slice:nook:one \
		--memory-limit 67108864 --apparmor-default-profile nook-default "$IMAGE_NAME" one sleep 1000
	systemctl is-active nook-one.scope
	pid=$(ctr task ls | awk '$1 == "one" {print $2}')
	assert_equal "$(group_of "$pid")" /sys/fs/cgroup/system.slice/nook-one.scope
	assert_equal "$(cat /sys/fs/cgroup/system.slice/nook-one.scope/memory.max)" 67108864
	assert_match_file 'nook-default \(enforce\)' "/proc/$pid/attr/current"
	run ctr task exec --exec-id e1 one sh -c 'cat /proc/self/attr/current; exit 4'
	assert_exit 4
	assert_match 'nook-default \(enforce\)'
	ctr task pause one
	assert_equal "$(cat /sys/fs/cgroup/system.slice/nook-one.scope/cgroup.freeze)" 1
	ctr task resume one
	run ctr task metrics --format json one
	assert_equal "$(jq '.memory.usage_limit' <<<"$output" | tr -d '"')" 67108864
	ctr task kill -s KILL one
	ctr task delete one 2>/dev/null || true
	ctr container delete one
	gone() { ! systemctl is-active --quiet nook-one.scope; }
	EVENTUALLY_SECONDS=20 eventually gone
	kill "$daemon"
	wait "$daemon" || true
	ended() { ! mountpoint -q "$dir/state"; }
	eventually ended
}
assert_match_file() { grep -qE "$1" "$2" || { cat "$2" >&2; return 1; }; }

# podman_asks CMD...: what runs podman for its user.
podman_asks() {
	local pid group
	well() { [ "$("$@" podman inspect --format '{{.State.Health.Status}}' one)" = healthy ]; }
	"$@" podman load -q -i "$IMAGE" >/dev/null
	"$@" podman run -d --name one --network none --memory 64m --pids-limit 50 --health-cmd true \
		--health-interval 2s "$I" sleep 1000 >/dev/null
	pid=$("$@" podman inspect --format '{{.State.Pid}}' one)
	group=$(group_of "$pid")
	[[ $group == */libpod-*.scope* ]]
	# (Podman may ask for a group of its own below the scope.)
	scope=${group%%.scope*}.scope
	assert_equal "$(cat "$scope/memory.max") $(cat "$scope/pids.max")" "67108864 50"
	run "$@" podman exec one sh -c 'exit 4'
	assert_exit 4
	"$@" podman update --memory 32m one >/dev/null
	assert_equal "$(cat "$scope/memory.max")" 33554432
	"$@" podman pause one >/dev/null
	grep -qx 'frozen 1' "$scope/cgroup.events"
	"$@" podman unpause one >/dev/null
	run "$@" podman stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' one
	# (Podman shows the limit that it was made with.)
	assert_match '^1 .* / 67\.11MB$'
	EVENTUALLY_SECONDS=40 eventually well "$@"
	status=0
	"$@" podman run --rm --network none "$I" not-there 2>/dev/null || status=$?
	assert_exit 127
	"$@" podman rm -f -t 0 one >/dev/null
	[ ! -e "$scope" ]
}
# The mounts, processes and slices that Podman keeps, whatever its runtime.
podman_forgets() {
	"$@" podman rm -f -a -t 0 >/dev/null 2>&1 || true
	"$@" podman system migrate >/dev/null 2>&1 || true
}
as_root() { env TMPDIR=/var/tmp "$@"; }
as_u1() {
	runuser -u u1 -- env TMPDIR=/var/tmp HOME=/home/u1 XDG_RUNTIME_DIR=/run/user/1000 \
		DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "$@"
}

@test "systemd: Podman as root: scopes, limits, update, pause, stats, a healthcheck by timer" {
	cd /
	podman_asks as_root
}
@test "systemd: Podman as an ordinary user: scopes of the user's own systemd, limits, pause" {
	cd /
	eventually test -S /run/user/1000/bus
	podman_asks as_u1
}
