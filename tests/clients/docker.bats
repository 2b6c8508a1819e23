#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016
# Docker over nook-runtime: dockerd --add-runtime nook=…
# vm: no, the virtual machine has tests/clients/systemd.bats
# asan: no, containers have less memory than the sanitizers want; tests/bats/oci_*.bats have them
# seconds: 24

load ../lib/nook
load lib/host
load lib/image
load lib/docker

DOCKER_NODE=dock
I=nook-test:1

setup_file() {
	host_begin dock
	docker_begin dock --add-runtime "nook=$RUNTIME" --default-runtime nook
}
teardown_file() { host_end dock; }
setup() { nook_setup; }
teardown() {
	docker_clean
	nook_teardown
}

sleeper() { docker run -d --name one --network none "$@" "$I" sleep 1000 >/dev/null; }
state_is() { [ "$(docker inspect -f '{{.State.Status}}' "$1")" = "$2" ]; }

@test "docker: the runtime is known, and is the default" {
	run_docker info -f '{{.DefaultRuntime}} {{(index .Runtimes "nook").Path}}'
	assert_output "nook $RUNTIME"
	sleeper
	run_docker inspect -f '{{.HostConfig.Runtime}}' one
	assert_output nook
}
@test "docker: run: output, input, exit code" {
	run_docker run --rm --network none -e MINE=too "$I" sh -c 'echo $FROM_IMAGE $MINE; echo wrong >&2; exit 3'
	assert_exit 3
	assert_output 'yes too'
	assert_stderr_match '^wrong$'
	output=$(echo input | docker run --rm -i --network none "$I" cat)
	assert_output input
}
@test "docker: 127 and 126 for what is no program, and nothing left" {
	run_docker run --rm --network none "$I" not-there
	assert_exit 127
	assert_stderr_match 'executable file not found in \$PATH'
	run_docker run --rm --network none "$I" /no/such
	assert_exit 127
	run_docker run --rm --network none "$I" /bin/not-executable
	assert_exit 126
	run_docker run --rm --network none "$I" /etc
	assert_exit 126
	run_docker ps -a -q
	assert_output ''
}
@test "docker: run -d, logs, wait, start again" {
	docker run -d --name one --network none "$I" sh -c 'echo logged; echo errors >&2; exit 7' >/dev/null
	run_docker wait one
	assert_output 7
	run_docker logs one
	assert_output logged
	assert_stderr_match '^errors$'
	docker start one >/dev/null
	run_docker wait one
	assert_output 7
}
@test "docker: exec: user, directory, environment, exit codes, -d, -i" {
	sleeper
	run_docker exec -e MINE=yes -w /tmp -u alice one sh -c 'echo $MINE $(pwd) $(id -u) $(id -G); exit 9'
	assert_exit 9
	assert_output 'yes /tmp 1000 1000 29'
	# This Docker has 126 where Podman has 127.
	run_docker exec one not-there
	[[ $status = 12[67] ]]
	run_docker exec one /bin/not-executable
	assert_exit 126
	output=$(echo input | docker exec -i one cat)
	assert_output input
	docker exec -d one sh -c 'sleep 999'
	there() { docker exec one ps | grep -q 'sleep 999'; }
	eventually there
	run_docker top one
	assert_match 'sleep 1000'
	assert_match 'sleep 999'
}
@test "docker: terminals of run and exec" {
	local words
	words="$(declare -f docker docker_on in_host join_groups)
		BATS_FILE_TMPDIR=$BATS_FILE_TMPDIR DOCKER_NODE=$DOCKER_NODE;"
	sleeper
	status=0
	output=$(SHELL=/bin/bash script -qec "$words docker run --rm -it --network none $I sh -c 'tty; exit 4'" /dev/null </dev/null | tr -d '\r'; exit "${PIPESTATUS[0]}") || status=$?
	assert_match '/dev/pts/0$'
	assert_exit 4
	output=$(SHELL=/bin/bash script -qec "$words docker exec -it one sh -c 'tty; stty size; exit 5'" /dev/null </dev/null | tr -d '\r'; exit "${PIPESTATUS[0]}") || status=$?
	assert_match '/dev/pts/[0-9]+$'
}
@test "docker: kill, stop, pause, unpause, restart" {
	sleeper
	docker pause one >/dev/null
	state_is one paused
	docker unpause one >/dev/null
	state_is one running
	docker restart -t 0 one >/dev/null
	state_is one running
	docker kill one >/dev/null
	run_docker wait one
	assert_output 137
	docker rm one >/dev/null
	docker run -d --name one --network none --stop-signal INT "$I" sh -c 'trap "exit 6" INT; echo up; while :; do sleep 0.1; done' >/dev/null
	up() { docker logs one | grep -q up; }
	eventually up
	docker stop -t 5 one >/dev/null
	run_docker inspect -f '{{.State.ExitCode}}' one
	assert_output 6
}
@test "docker: limits reach the group, update changes them, stats reads them" {
	local id
	sleeper --memory 64m --pids-limit 33 --cpus 0.5 --cpu-shares 512
	id=$(docker inspect -f '{{.Id}}' one)
	limits() {
		in_host dock sh -c "cd /sys/fs/cgroup; cat memory/docker/$id/memory.limit_in_bytes \
			pids/docker/$id/pids.max cpu/docker/$id/cpu.cfs_quota_us cpu/docker/$id/cpu.shares"
	}
	run limits
	assert_output $'67108864\n33\n50000\n512'
	docker update --memory 32m --memory-swap 64m --cpus 0.25 --pids-limit 44 one >/dev/null
	run limits
	assert_output $'33554432\n44\n25000\n512'
	run_docker stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' one
	assert_match '^one 1 .* / 32MiB$'
}
@test "docker: too much memory is told" {
	docker run --name one --network none --memory 16m "$I" sh -c 'head -c 60000000 /dev/zero | tail' || true
	told() { [ "$(docker inspect -f '{{.State.OOMKilled}}' one)" = true ]; }
	eventually told
}
@test "docker: volumes, read-only root, tmpfs, devices" {
	local vol=$BATS_TEST_TMPDIR/vol
	mkdir "$vol"
	echo host >"$vol/file"
	run_docker run --rm --network none --read-only -v "$vol:/rw" -v "$vol:/ro:ro" --tmpfs /scratch:size=1m \
		-v named:/named --device /dev/full:/dev/also "$I" sh -c 'cat /rw/file; echo x >/rw/new
			(echo x >/ro/new) 2>/dev/null || echo refused; touch /x 2>/dev/null || echo refused
			df -k /scratch | tail -n 1 | tr -s " " | cut -d" " -f2; echo kept >/named/x
			(echo >/dev/also) 2>&1 | grep -o "No space left"'
	assert_output $'host\nrefused\nrefused\n1024\nNo space left'
	run_docker run --rm --network none -v named:/named "$I" cat /named/x
	assert_output kept
	docker volume rm named >/dev/null
}
@test "docker: seccomp, capabilities, no-new-privileges, sysctl, groups, init, privileged" {
	run_docker run --rm --network none "$I" grep -E '^(Seccomp|CapEff|CapInh):' /proc/self/status
	assert_output $'CapInh:\t0000000000000000\nCapEff:\t00000000a80425fb\nSeccomp:\t2'
	run_docker run --rm --network none --security-opt no-new-privileges --security-opt seccomp=unconfined \
		--cap-drop ALL --cap-add NET_BIND_SERVICE --user 1000 "$I" grep -E '^(Seccomp|NoNewPrivs|CapEff):' /proc/self/status
	assert_output $'CapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t0'
	run_docker run --rm --network none --sysctl kernel.msgmax=4096 --hostname named --group-add 77 --init \
		--ulimit core=0 "$I" sh -c 'cat /proc/sys/kernel/msgmax; hostname; id -G; tr "\0" " " </proc/1/cmdline; ulimit -c'
	assert_line 4096
	assert_line named
	assert_line '0 77'
	assert_match 'docker-init'
	run_docker run --rm --network none --cap-add SYS_ADMIN "$I" sh -c 'mount -t tmpfs none /tmp && echo may'
	assert_output may
}
@test "docker: -p, and a network of one's own" {
	docker run -d --name web -p 127.0.0.1:8080:80 "$I" httpd -f -p 80 -h /etc >/dev/null
	answers() { in_host dock busybox wget -q -O - http://127.0.0.1:8080/passwd | grep -q '^root:'; }
	eventually answers
	docker network create mine >/dev/null
	docker network connect mine web
	run_docker run --rm --network mine "$I" wget -q -O - http://web/passwd
	assert_match '^root:'
	docker rm -f web >/dev/null
	docker network rm mine >/dev/null
}
@test "docker: a second container in the namespaces of the first, and of the host" {
	sleeper
	run_docker run --rm --network container:one --pid container:one "$I" ps
	assert_match 'sleep 1000'
	run_docker run --rm --network host --uts host "$I" hostname
	assert_output dock
}
@test "docker: build with RUN steps, both builders" {
	local dir=$BATS_TEST_TMPDIR/context
	mkdir "$dir"
	printf '%s\n' "FROM $I" 'RUN echo built >/built && test "$(id -u)" = 0' 'USER alice' \
		'RUN id -u >/tmp/who' 'CMD cat /built /tmp/who' >"$dir/Dockerfile"
	in_host dock env HOME=/run DOCKER_BUILDKIT=0 docker build -q --network none -t made "$dir" >/dev/null 2>&1
	run_docker run --rm --network none made
	assert_output $'built\n1000'
	printf '%s\n' 'RUN exit 41' >>"$dir/Dockerfile"
	status=0
	in_host dock env HOME=/run DOCKER_BUILDKIT=0 docker build -q --network none "$dir" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	grep -q 'non-zero code: 41' "$BATS_TEST_TMPDIR/err"
}
@test "docker: restart policy" {
	docker run -d --name one --network none --restart on-failure:3 "$I" sh -c 'echo try; exit 1' >/dev/null
	gave_up() { [ "$(docker inspect -f '{{.RestartCount}} {{.State.Status}}' one)" = '3 exited' ]; }
	EVENTUALLY_SECONDS=15 eventually gave_up
	run_docker logs one
	assert_output $'try\ntry\ntry\ntry'
	docker rm one >/dev/null
	sleeper --restart always
	in_host dock kill -KILL "$(docker inspect -f '{{.State.Pid}}' one)"
	again() { [ "$(docker inspect -f '{{.RestartCount}} {{.State.Status}}' one)" = '1 running' ]; }
	EVENTUALLY_SECONDS=15 eventually again
}
@test "docker: healthcheck" {
	sleeper --health-cmd 'test -e /tmp/well' --health-interval 1s --health-retries 1
	unwell() { [ "$(docker inspect -f '{{.State.Health.Status}}' one)" = unhealthy ]; }
	EVENTUALLY_SECONDS=10 eventually unwell
	docker exec one touch /tmp/well
	well() { [ "$(docker inspect -f '{{.State.Health.Status}}' one)" = healthy ]; }
	EVENTUALLY_SECONDS=10 eventually well
}
@test "docker: a service without compose: started with the daemon, after it was stopped" {
	docker run -d --name one --network none --restart unless-stopped --stop-timeout 1 "$I" sleep 1000 >/dev/null
	docker_stop dock
	docker_start dock
	back() { state_is one running; }
	EVENTUALLY_SECONDS=15 eventually back
	docker exec one true
}
@test "docker: nothing is left in the runtime's state and groups" {
	sleeper
	docker rm -f one >/dev/null
	# (Docker is done with it before its shim is.)
	nothing() {
		[ -z "$(in_host dock sh -c 'find /run/docker/runtime-runc -mindepth 2 ! -path "*/@filters*"
			find /sys/fs/cgroup/*/docker -mindepth 1 -type d')" ]
	}
	eventually nothing
}
