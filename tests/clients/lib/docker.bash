# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Docker on hosts of lib/host.bash.

# docker_begin HOST [OPTION of dockerd...]: starts it there, with the test image.
docker_begin() {
	local host=$1 dir=$BATS_FILE_TMPDIR/docker-$1
	shift
	mkdir -p "$dir"
	busybox_image
	printf '%q ' dockerd --data-root "$dir/data" --exec-root /run/docker --pidfile /run/docker.pid \
		--host unix:///run/docker.sock "$@" >"$dir/command"
	docker_start "$host"
	docker_on "$host" load -q -i "$IMAGE" >/dev/null
}
docker_start() {
	local dir=$BATS_FILE_TMPDIR/docker-$1
	in_host "$1" bash -c "exec $(<"$dir/command")" </dev/null >>"$dir/log" 2>&1 3>&- &
	EVENTUALLY_SECONDS=30 eventually docker_answers "$1" || { tail "$dir/log" >&2; return 1; }
}
docker_answers() { docker_on "$1" version >/dev/null 2>&1; }
docker_stop() {
	in_host "$1" sh -c 'pid=$(cat /run/docker.pid); kill "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done'
}

docker_on() {
	local host=$1
	shift
	in_host "$host" env HOME=/run DOCKER_HOST=unix:///run/docker.sock docker "$@"
}
docker() { docker_on "$DOCKER_NODE" "$@"; }
run_docker() {
	status=0
	output=$(docker "$@" 2>"$BATS_TEST_TMPDIR/.stderr") || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/.stderr")
	mapfile -t lines <<<"$output"
}
docker_clean() {
	local all
	mapfile -t all < <(docker ps -a -q)
	[ ${#all[@]} -eq 0 ] || docker rm -f "${all[@]}" >/dev/null
}
