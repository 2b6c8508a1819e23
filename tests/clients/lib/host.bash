# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A host for container engines: a machine within the machine, which an engine may take for its own.
#
# It has its own mounts, network, processes, host name, IPC and groups: what an engine lays into
# /run, /var/lib, iptables or a cgroup is gone with it, and when its first process ends, everything
# in it ends. Groups: one directory in each hierarchy of the real machine, seen as the root.
#
#	setup_file() { host_begin one; }
#	teardown_file() { host_end one; }
#	in_host one CMD...
#
# $RUNTIME: the runtime under test (default: nook-runtime beside $NOOK).

: "${RUNTIME:=$(dirname "$NOOK")/nook-runtime}"
export RUNTIME

HOST_DIRS=(/run /var/lib /etc/docker /etc/containers /etc/cni /etc/containerd)

# Directories of the real machine's cgroup hierarchies.
hierarchies() { awk '$3 ~ /^cgroup2?$/ && !seen[$2]++ {print $2}' /proc/mounts; }

host_begin() {
	local dir=$BATS_FILE_TMPDIR/host-$1 group=nook-host-$1-$BASHPID mount JOIN
	need_root
	mkdir "$dir"
	echo "$group" >"$dir/group"
	chmod 0755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/ "$BATS_FILE_TMPDIR" "$dir"
	while read -r mount; do
		mkdir "$mount/$group"
		[ ! -e "$mount/$group/cpuset.mems" ] || [ -s "$mount/$group/cgroup.controllers" ] || {
			cat "$mount/cpuset.cpus" >"$mount/$group/cpuset.cpus"
			cat "$mount/cpuset.mems" >"$mount/$group/cpuset.mems"
		}
	done < <(hierarchies)
	mkfifo "$dir/up"
	# The first process of the host is a bash, since that reaps whatever becomes its child.
	join_groups "$group"
	"${JOIN[@]}" unshare --cgroup --mount --net --uts --ipc --pid --fork --mount-proc \
		--propagation private --kill-child=KILL bash "$TOP/tests/clients/lib/init" \
		"$1" "$dir/up" "${HOST_DIRS[@]}" </dev/null >"$dir/log" 2>&1 3>&- &
	disown $!
	echo $! >"$dir/parent"
	if ! read -r -t 20 <>"$dir/up"; then
		cat "$dir/log" >&2
		return 1
	fi
	echo "$(<"/proc/$!/task/$!/children")" >"$dir/pid"
}

# JOIN: what runs the words behind it in group $1 of every hierarchy.
join_groups() {
	# shellcheck disable=SC2016
	JOIN=(sh -c 'group=$1
		shift
		while read -r _ dir type _; do
			case $type in cgroup | cgroup2) echo $$ >"$dir/$group/cgroup.procs" ;; esac
		done </proc/mounts
		exec "$@"' sh "$1")
}

in_host() {
	local dir=$BATS_FILE_TMPDIR/host-$1 group pid JOIN
	shift
	read -r group <"$dir/group"
	read -r pid <"$dir/pid"
	join_groups "$group"
	"${JOIN[@]}" nsenter --target "$pid" --mount --net --uts --ipc --pid --cgroup --wdns="${HOST_WD:-/}" -- "$@"
}

host_end() {
	local dir=$BATS_FILE_TMPDIR/host-$1 group mount parent
	[ -s "$dir/parent" ] || return 0
	read -r group <"$dir/group"
	read -r parent <"$dir/parent"
	# This is unshare; its child goes with it, and all processes of the host with that one.
	kill -KILL "$parent" 2>/dev/null || true
	# Who is frozen cannot end.
	find "$(hierarchies | grep -m 1 freezer)/$group" -name freezer.state -exec sh -c \
		'for f; do echo THAWED >"$f"; done' sh {} + 2>/dev/null || true
	while read -r mount; do
		eventually remove_group "$mount/$group"
	done < <(hierarchies)
}
remove_group() {
	[ -d "$1" ] || return 0
	find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -d "$1" ]
}

# A host on which the runtime is installed, as `make install` does it, and which has something that
# answers to systemctl's restart of a daemon.
installed_host() {
	in_host "$1" sh -euc 'mount -t tmpfs -o mode=0755 tmpfs /usr/local/bin
		install "$1" /usr/local/bin/nook-runtime
		cat >/usr/local/bin/systemctl
		chmod 0755 /usr/local/bin/systemctl' sh "$RUNTIME" <<-'SH'
		#!/bin/sh -eu
		[ "$1" = restart ]
		pid=$(cat "/run/$2.test-pid" 2>/dev/null) && {
			kill "$pid"
			while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
		}
		case $2 in
		docker) set -- docker docker dockerd ;;
		containerd) set -- containerd ctr containerd ;;
		esac
		setsid "$3" </dev/null >>"/run/$1.log" 2>&1 &
		echo $! >"/run/$1.test-pid"
		for i in $(seq 300); do
			"$2" version >/dev/null 2>&1 && exit
			sleep 0.1
		done
		tail "/run/$1.log" >&2
		exit 1
	SH
}
