# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What bench/net and bench/traffic share: each begins anew in a network and a mount namespace of its
# own, with Podman in it.

[ "$(id -u)" = 0 ] || { echo "bench: needs root" >&2; exit 1; }
if [ -z "${NK_BENCH_NET:-}" ]; then
	# shellcheck disable=SC2016 # for the inner shell
	exec env NK_BENCH_NET=1 unshare -mn sh -c \
		'if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
		mount -t tmpfs run /run; mount -t tmpfs lib /var/lib/containers 2>/dev/null || true
		ip link set lo up; exec "$@"' - "bench/${0##*/}" "$@"
fi

work=$(mktemp -d)
chmod 0755 "$work"
# Where an ordinary user can reach it, too.
mkdir "$work/bin"
built=$(dirname "$(realpath "${NOOK:-build/nook}")")
cp "$built"/nook "$built"/nook-{init,netd,dhcp} "$work/bin"
nook=$work/bin/nook
export NOOK_STATE=/run/nook NOOK_ROOT=$work/root
pids=()
# shellcheck disable=SC2317 # by trap
end() {
	local pid dir
	for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
	[ -z "${podman_on:-}" ] || pod rm -f -a -t 0 >/dev/null 2>&1 || true
	"$nook" network prune --force >/dev/null 2>&1 || true
	# Podman takes directories beside the hierarchies for hierarchies.
	find /sys/fs/cgroup/*/libpod_parent -xdev -type f -name tasks -delete 2>/dev/null || true
	for dir in /sys/fs/cgroup/*/libpod_parent; do
		rmdir -p "$dir/conmon" 2>/dev/null || rmdir "$dir"/* "$dir" 2>/dev/null || true
	done
	rm -rf "$work" 2>/dev/null || true
}
trap end EXIT
progress() { echo "bench: networks, $*" >&2; }

root=$work/rootfs
mkdir -p "$root"/{bin,proc,sys,dev,etc,tmp,run}
echo 'int main(void) { return 0; }' | gcc -O2 -static -x c - -o "$root/bin/true"
echo '#include <unistd.h>
int main(void) { return pause(); }' | gcc -O2 -static -x c - -o "$root/bin/sleep"

# ---- Podman with its default network: netavark or CNI, whichever Debian's has ----
podman_on=
pod_options=(--root "$work/pod" --runroot /run/pod --cgroup-manager cgroupfs --events-backend none)
pod() { podman "${pod_options[@]}" "$@"; }
podman_begin() {
	command -v podman >/dev/null || return 0
	export CONTAINERS_CONF=$work/containers.conf
	printf '%s\n' '[containers]' 'default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]' \
		>"$CONTAINERS_CONF"
	pod run --rm --rootfs "$root" /bin/true >"$work/podman.log" 2>&1 && podman_on=1 ||
		progress "no podman: $(tail -n 1 "$work/podman.log")"
}

value() { awk -F '\t' -v n="$2" '$1 == n { print $2 }' "$work/$1.out"; }
ratio() { [ -n "$1" ] && [ -n "$2" ] && awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
ms() { [ -z "$1" ] || awk -v v="$1" 'BEGIN { printf "%.2f", v / 1000 }'; }

# running WHOSE NAME COMMAND…: a container that stays, in the background; WHOSE says of it what nook says of
# its own ("$nook", or user_nook). Leaves its init in $pid.
running() {
	local whose=$1 name=$2 i
	shift 2
	"$@" >"$work/$name.log" 2>&1 &
	pids+=($!)
	for ((i = 0; i < 200; i++)); do
		pid=$("$whose" inspect "$name" 2>/dev/null | jq -r '.[0].State.Pid // empty' 2>/dev/null) && [ -n "$pid" ] && return
		sleep 0.05
	done
	cat "$work/$name.log" >&2
	return 1
}
keeper() { # NAME OPTION…
	running "$nook" "$1" "$nook" run --name "$1" "${@:2}" --rootfs "$root" /bin/sleep
}
