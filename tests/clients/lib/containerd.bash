# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# containerd on a host of lib/host.bash.

# containerd_begin HOST: starts it there, with the test image.
containerd_begin() {
	local dir=$BATS_FILE_TMPDIR/containerd
	mkdir -p "$dir"
	busybox_image
	[ -e "$dir/config.toml" ] || cat >"$dir/config.toml" <<-TOML
		version = 2
		root = "$dir/root"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
	TOML
	echo "$1" >"$dir/host"
	containerd_start "$1"
	ctr image import "$IMAGE" >/dev/null
}
containerd_start() {
	local dir=$BATS_FILE_TMPDIR/containerd
	in_host "$1" sh -c 'echo $$ >"$1/pid"; exec containerd -c "$1/config.toml"' sh "$dir" \
		</dev/null >>"$dir/log" 2>&1 3>&- &
	EVENTUALLY_SECONDS=20 eventually containerd_answers || { tail "$dir/log" >&2; return 1; }
}
containerd_answers() { ctr --connect-timeout 1s version >/dev/null 2>&1; }
containerd_restart() {
	local host
	read -r host <"$BATS_FILE_TMPDIR/containerd/host"
	in_host "$host" sh -c 'kill "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.05; done' sh \
		"$(<"$BATS_FILE_TMPDIR/containerd/pid")"
	containerd_start "$host"
}

RUNC=(--runc-binary "$RUNTIME")
ctr() {
	local host
	read -r host <"$BATS_FILE_TMPDIR/containerd/host"
	in_host "$host" ctr "$@"
}
run_ctr() {
	status=0
	output=$(ctr "$@" 2>"$BATS_TEST_TMPDIR/.stderr") || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/.stderr")
	mapfile -t lines <<<"$output"
}

# On a terminal, what comes out in $output.
on_terminal() {
	output=$(SHELL=/bin/bash script -qec "$(declare -f in_host join_groups ctr)
		BATS_FILE_TMPDIR=$BATS_FILE_TMPDIR
		ctr $(printf '%q ' "$@")" /dev/null </dev/null | tr -d '\r')
}

# What a test has left: the end of most of them.
containers_end() {
	local id
	for id in $(ctr container ls -q); do
		ctr task resume "$id" >/dev/null 2>&1 || true
		ctr task delete --force "$id" >/dev/null 2>&1 || true
		ctr container delete "$id" >/dev/null 2>&1 || true
	done
}
