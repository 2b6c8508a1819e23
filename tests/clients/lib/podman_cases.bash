# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# What Podman is asked over nook-runtime, alike as root (podman.bats) and as an ordinary user
# (podman_rootless.bats).

I=nook-test:1

sleeper() { podman run -d --name one --network none "$@" "$I" sleep 1000 >/dev/null; }
state_of() { podman inspect --format '{{.State.Status}}' "$1"; }
state_is() { [ "$(state_of "$1")" = "$2" ]; }

case_run() {
	run_podman run --rm --network none -e MINE=too "$I" sh -c 'echo $FROM_IMAGE $MINE; echo wrong >&2; exit 3'
	assert_exit 3
	assert_output 'yes too'
	assert_stderr_match '^wrong$'
	output=$(echo 'standard input' | podman run --rm -i --network none "$I" cat)
	assert_output 'standard input'
}
case_codes() {
	run_podman run --rm --network none "$I" not-there
	assert_exit 127
	run_podman run --rm --network none "$I" /no/such
	assert_exit 127
	run_podman run --rm --network none "$I" /bin/not-executable
	assert_exit 126
	run_podman run --rm --network none "$I" /etc
	assert_exit 126
	# Only execve finds that it is no program.
	printf garbage >"$BATS_TEST_TMPDIR/no-format"
	chmod a+rx "$BATS_TEST_TMPDIR/no-format"
	run_podman run --rm --network none -v "$BATS_TEST_TMPDIR/no-format:/no-format" "$I" /no-format
	assert_exit 126
	assert_stderr_match 'exec format error'
	run_podman run --rm --network none -w /no/such/directory "$I" pwd
	assert_differs "$status" 0
	run_podman ps -a -q
	assert_output ''
}
case_detached() {
	podman run -d --name one --network none "$I" sh -c 'echo to the log; echo and errors >&2; exit 7' >/dev/null
	run_podman wait one
	assert_output 7
	run_podman logs one
	assert_line 'to the log'
	assert_stderr_match '^and errors$'
	run_podman inspect --format '{{.State.ExitCode}} {{.State.Status}} {{.OCIRuntime}}' one
	assert_output '7 exited nook'
	podman start one >/dev/null
	run_podman wait one
	assert_output 7
	run_podman logs one
	assert_equal "$(grep -c 'to the log' <<<"$output")" 2
}
case_create_start() {
	podman create --name one --network none "$I" sleep 1000 >/dev/null
	state_is one created
	podman init one >/dev/null
	state_is one initialized
	podman start one >/dev/null
	state_is one running
	podman restart -t 0 one >/dev/null
	state_is one running
	podman rm -f -t 0 one >/dev/null
}
case_exec() {
	sleeper
	run_podman exec -e MINE=yes -w /tmp -u alice one sh -c 'echo $MINE $(pwd) $(id -u) $(id -G); exit 9'
	assert_exit 9
	assert_output 'yes /tmp 1000 1000 29'
	run_podman exec one not-there
	assert_exit 127
	run_podman exec one /bin/not-executable
	assert_exit 126
	output=$(echo input | podman exec -i one cat)
	assert_output input
	podman exec -d one sh -c 'echo done >/tmp/flag; sleep 999'
	there() { podman exec one sh -c 'test -s /tmp/flag && ps | grep -q "sleep 99[9]"'; }
	eventually there
	run_podman top one pid args
	assert_match '^1 +sleep 1000'
	run_podman exec --privileged one grep CapEff: /proc/self/status
	refute_match 0000000000000000
}
case_terminal() {
	sleeper
	# (Podman may miss the words of a command that ends at once, with every runtime.)
	terminal run --rm -it --network none "$I" sh -c 'tty; test -t 0 -a -t 1 -a -t 2 && echo three; sleep 0.5; exit 4'
	assert_exit 4
	assert_match '/dev/pts/0$'
	assert_line three
	terminal exec -it one sh -c 'tty; sleep 0.5; exit 5'
	assert_exit 5
	assert_match '/dev/pts/0$'
}
case_signals() {
	podman run -d --name one --network none "$I" sh -c 'trap "echo heard; exit 42" USR1; echo up; while :; do sleep 0.1; done' >/dev/null
	up() { podman logs one | grep -q up; }
	eventually up
	podman kill -s USR1 one >/dev/null
	run_podman wait one
	assert_output 42
	podman logs one | grep -q heard
	podman rm one >/dev/null
	sleeper
	podman kill one >/dev/null
	run_podman wait one
	assert_output 137
}
case_stop() {
	podman run -d --name one --network none --stop-signal INT "$I" sh -c 'trap "exit 6" INT; echo up; while :; do sleep 0.1; done' >/dev/null
	up() { podman logs one | grep -q up; }
	eventually up
	podman stop -t 5 one >/dev/null
	run_podman inspect --format '{{.State.ExitCode}}' one
	assert_output 6
	podman rm one >/dev/null
	sleeper
	podman stop -t 0 one >/dev/null 2>&1
	run_podman inspect --format '{{.State.ExitCode}}' one
	assert_output 137
}
case_pause() {
	sleeper
	podman pause one >/dev/null
	state_is one paused
	run_podman exec one true
	assert_differs "$status" 0
	podman unpause one >/dev/null
	state_is one running
	podman exec one true
	podman pause one >/dev/null
	podman unpause --all >/dev/null
	podman rm -f -t 0 one >/dev/null
}
case_volumes() {
	local vol=$BATS_TEST_TMPDIR/vol
	mkdir -m 0777 "$vol"
	chmod 0777 "$vol"
	chmod 0755 "$BATS_TEST_TMPDIR"
	echo host >"$vol/file"
	run_podman run --rm --network none -v "$vol:/rw" -v "$vol:/ro:ro" --mount type=tmpfs,destination=/scratch,tmpfs-size=1m \
		-v named:/named "$I" sh -c 'cat /rw/file; echo x >/rw/new; echo x 2>/dev/null >/ro/new || echo refused
			df -k /scratch | tail -n 1 | tr -s " " | cut -d" " -f2; echo kept >/named/x'
	assert_output $'host\nrefused\n1024'
	[ -s "$vol/new" ]
	run_podman run --rm --network none -v named:/named "$I" cat /named/x
	assert_output kept
	podman volume rm named >/dev/null
}
case_readonly() {
	run_podman run --rm --read-only --network none "$I" sh -c 'touch /x 2>/dev/null || echo refused; touch /tmp/x /run/x && echo may'
	assert_output $'refused\nmay'
	run_podman run --rm --read-only --read-only-tmpfs=false --network none "$I" sh -c 'touch /tmp/x 2>/dev/null || echo refused'
	assert_output refused
}
case_security() {
	run_podman run --rm --network none "$I" grep -E '^(Seccomp|NoNewPrivs|CapInh|CapAmb):' /proc/self/status
	assert_line $'Seccomp:\t2'
	assert_line $'CapInh:\t0000000000000000'
	assert_line $'CapAmb:\t0000000000000000'
	run_podman run --rm --network none --security-opt seccomp=unconfined --security-opt no-new-privileges --cap-drop all \
		--cap-add net_bind_service "$I" grep -E '^(Seccomp|NoNewPrivs|CapEff):' /proc/self/status
	assert_line $'Seccomp:\t0'
	assert_line $'NoNewPrivs:\t1'
	assert_line $'CapEff:\t0000000000000400'
	run_podman run --rm --network none "$I" sh -c 'wc -c </proc/keys; (echo 0 >/proc/sys/kernel/hostname) 2>/dev/null || echo refused'
	assert_output $'0\nrefused'
	run_podman run --rm --network none --sysctl kernel.msgmax=4096 --hostname named --add-host other:1.2.3.4 \
		--group-add 77 --umask 0027 "$I" \
		sh -c 'cat /proc/sys/kernel/msgmax; hostname; id -G; umask'
	assert_line 4096
	assert_line named
	assert_line '0 77'
	assert_line 0027
	run_podman run --rm --privileged --network none "$I" sh -c 'mount -t tmpfs none /tmp && test -e /dev/full && echo may'
	assert_output may
	run_podman run --rm --network none --init "$I" sh -c 'tr "\0" " " </proc/1/cmdline'
	assert_match 'init|catatonit'
}
case_namespaces() {
	sleeper
	run_podman run --rm --network container:one --pid container:one --ipc container:one "$I" \
		sh -c 'ps | grep -q "sleep 100[0]" && echo seen'
	assert_output seen
	run_podman run --rm --network host --uts host "$I" hostname
	assert_output "$(in_host "$(<"$BATS_FILE_TMPDIR/podman/host")" hostname)"
}
case_health() {
	sleeper --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1
	run_podman healthcheck run one
	assert_exit 1
	podman exec one touch /tmp/well
	run_podman healthcheck run one
	assert_exit 0
	run_podman inspect --format '{{.State.Health.Status}}' one
	assert_output healthy
}
case_pod() {
	podman pod create --name p --share net,ipc,uts --hostname together >/dev/null
	podman run -d --pod p --name web "$I" httpd -f -p 8000 -h /etc >/dev/null
	asked() { run_podman run --rm --pod p "$I" sh -c 'hostname; wget -q -O - http://127.0.0.1:8000/passwd | head -n 1'; [ "$status" = 0 ]; }
	eventually asked
	assert_output $'together\nroot:x:0:0:root:/root:/bin/sh'
	podman pod pause p >/dev/null
	state_is web paused
	podman pod unpause p >/dev/null
	podman pod stop -t 0 p >/dev/null 2>&1
	state_is web exited
	podman pod rm -f -t 0 p >/dev/null
	run_podman ps -a -q
	assert_output ''
}
case_many() {
	local i pids=()
	for i in 1 2 3 4 5 6; do
		podman run --rm --network none "$I" sh -c "exit 1$i" 3>&- &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6; do
		status=0
		wait "${pids[i - 1]}" || status=$?
		assert_exit "1$i"
	done
}
case_build() {
	local dir=$BATS_TEST_TMPDIR/context
	mkdir -m 0755 "$dir"
	chmod 0755 "$BATS_TEST_TMPDIR"
	printf '%s\n' "FROM $IMAGE_NAME" 'RUN echo built >/built && test "$(id -u)" = 0' \
		'USER alice' 'RUN id -u >/tmp/who' 'CMD cat /built /tmp/who' >"$dir/Containerfile"
	podman build -q --runtime "$RUNTIME" --isolation oci --network none -t made "$dir" >"$BATS_TEST_TMPDIR/id"
	run_podman run --rm --network none made
	assert_output $'built\n1000'
	podman rmi made >/dev/null
}
# On a terminal: $output without the carriage returns.
terminal() {
	status=0
	output=$(SHELL=/bin/bash script -qec "$(declare -f podman in_host join_groups)
		BATS_FILE_TMPDIR=$BATS_FILE_TMPDIR PODMAN_CONF=$PODMAN_CONF SUBID_UID=$SUBID_UID
		PODMAN_USER=${PODMAN_USER:-root}
		podman $(printf '%q ' "$@")" /dev/null </dev/null | tr -d '\r'; exit "${PIPESTATUS[0]}") || status=$?
}
