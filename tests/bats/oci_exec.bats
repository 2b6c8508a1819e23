#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# nook-runtime exec: one more process in a container, and what it may not do to it.

load ../lib/oci
setup() { oci_setup; need_root; }
teardown() { oci_teardown; }

container() { running sh -c 'exec sleep 1000'; }

@test "oci exec: output, input and exit code are the command's" {
	container
	run_rt exec "$ID" sh -c 'echo out; echo err >&2; exit 7'
	assert_equal "$status:$output:$stderr" "7:out:err"
	assert_equal "$(echo hello | rt exec "$ID" cat)" hello
	run_rt exec "$ID" sh -c 'kill -9 $$'
	assert_equal "$status" 137
}

@test "oci exec: in every namespace and cgroup of the container" {
	container
	local kind
	for kind in mnt uts ipc pid net cgroup; do
		assert_equal "$(rt exec "$ID" readlink "/proc/self/ns/$kind")" \
			"$(readlink "/proc/$(pid_of)/ns/$kind")"
	done
	rt exec -d --pid-file pid "$ID" sleep 1000
	assert_equal "$(cat "/proc/$(<pid)/cgroup")" "$(cat "/proc/$(pid_of)/cgroup")"
	has "$(cat "/proc/$(<pid)/cgroup")" "nook-$ID"
}

@test "oci exec: into a user namespace" {
	configure '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	cp -a "$ROOTFS" rootfs
	chown -R 100000:100000 rootfs
	configure '.root.path = $root' --arg root "$PWD/rootfs"
	container
	assert_equal "$(rt exec "$ID" id -u):$(rt exec "$ID" readlink /proc/self/ns/user)" \
		"0:$(readlink "/proc/$(pid_of)/ns/user")"
	rt exec -d --pid-file pid -u 5:6 "$ID" sleep 1000
	assert_equal "$(stat -c %u:%g "/proc/$(<pid)")" 100005:100006
}

@test "oci exec: -d returns while the command runs, and its process outlives the runtime" {
	container
	rt exec -d --pid-file pid "$ID" sh -c 'sleep 0.2; echo done >/dev/shm/done; exec sleep 1000' </dev/null
	eventually test "$(tr '\0' ' ' <"/proc/$(<pid)/cmdline")" != ""
	eventually rt exec "$ID" test -e /dev/shm/done
	assert_equal "$(awk '/^PPid/ {print $2}' "/proc/$(<pid)/status")" \
		"$(awk '/^PPid/ {print $2}' "/proc/$(pid_of)/status")"
}

@test "oci exec: -d of a command that is not there is an error" {
	container
	run_rt exec -d "$ID" nope
	assert_equal "$status $(said)" '255 "exec failed: unable to start container process: exec: \"nope\": executable file not found in $PATH"'
	run_rt exec "$ID" /nope
	assert_equal "$status $(said)" '255 "exec failed: unable to start container process: exec: \"/nope\": stat /nope: no such file or directory"'
	run_rt exec "$ID"
	assert_equal "$status $(said)" '255 "exec failed: process args cannot be empty"'
}

@test "oci exec: -u takes numbers and nothing else (CVE-2026-30892)" {
	container
	assert_equal "$(rt exec -u 1000:29 "$ID" id -u):$(rt exec -u 1000:29 "$ID" id -g)" 1000:29
	assert_equal "$(rt exec --user 7 "$ID" id -u):$(rt exec -u 7 "$ID" id -g)" 7:0
	local word
	for word in '' root 1000x ' 1' +1 -1 0x10 1: :1 1:2:3 4294967295 4294967296 99999999999999999999 1,2; do
		run_rt exec -u "$word" "$ID" id
		assert_equal "$word: $status:$output" "$word: 1:"
	done
}

@test "oci exec: groups, directory, environment, capabilities, no_new_privs" {
	container
	assert_equal "$(rt exec -g 29 --additional-gids 44 "$ID" id -G)" "0 29 44"
	assert_equal "$(rt exec -w /etc "$ID" pwd):$(rt exec --cwd /usr "$ID" pwd)" /etc:/usr
	assert_equal "$(rt exec -e A=1 --env B="2 3" "$ID" sh -c 'echo $A $B $PATH' | cut -c1-10)" "1 2 3 /usr"
	# The default has KILL, NET_BIND_SERVICE and AUDIT_WRITE; CHOWN is bit 0.
	assert_equal "$(rt exec --cap CAP_CHOWN -c SYS_TIME "$ID" awk '/^Cap(Prm|Eff|Bnd|Inh)/ {print $2}' /proc/self/status | tr '\n' ' ')" \
		"0000000000000000 0000000022000421 0000000022000421 0000000022000421 "
	run_rt exec --cap NONSENSE "$ID" true
	assert_equal "$status" 255
	configure '.process.noNewPrivileges = false'
	rt delete -f "$ID"
	container
	assert_equal "$(rt exec "$ID" awk '/^NoNewPrivs/ {print $2}' /proc/self/status)" 0
	assert_equal "$(rt exec --no-new-privs "$ID" awk '/^NoNewPrivs/ {print $2}' /proc/self/status)" 1
}

@test "oci exec: --process is the specification's object" {
	configure '.process.env += ["OF_CONTAINER=1"] | .process.user.uid = 9'
	container
	jq -n '{args: ["sh", "-c", "id -u; id -g; id -G; pwd; umask; env | sort; ulimit -n; cat /proc/self/oom_score_adj"],
		cwd: "/etc", env: ["PATH=/bin", "X=y"],
		user: {uid: 3, gid: 4, additionalGids: [5], umask: 63},
		rlimits: [{type: "RLIMIT_NOFILE", soft: 77, hard: 88}], oomScoreAdj: 500}' >process.json
	run_rt exec --process process.json "$ID"
	assert_equal "$output" "3
4
4 5
/etc
0077
HOME=/
PATH=/bin
PWD=/etc
SHLVL=1
X=y
77
500"
	assert_equal "$(rt exec -p /dev/stdin "$ID" <process.json)" "$output"
	run_rt exec -p process.json "$ID" true
	assert_equal "$status" 255
	echo '{"args": "true"}' >bad.json
	run_rt exec -p bad.json "$ID"
	has "$(said)" "args"
}

@test "oci exec: an empty HOME is none, in the configuration and in a process of its own" {
	echo 'root:x:0:0::/of/root:/bin/sh' >"$ROOTFS/etc/passwd"
	configure '.process.env = ["A=1", "HOME=", "B=2"]'
	command_is env
	assert_equal "$(rt run --bundle "$BUNDLE" "$ID" </dev/null 2>/dev/null)" $'A=1\nHOME=/of/root\nB=2'
	running sleep 1000
	assert_equal "$(rt exec -e HOME= "$ID" sh -c 'echo $HOME')" /of/root
	assert_equal "$(rt exec -e HOME=/x "$ID" sh -c 'echo $HOME')" /x
	rm "$ROOTFS/etc/passwd"
}

@test "oci exec: a paused container is refused, but for --ignore-paused" {
	container
	rt pause "$ID"
	run_rt exec "$ID" true
	has "$(said)" "cannot exec in a paused container"
	rt exec --ignore-paused "$ID" echo went on >out 3>&- &
	local pid=$!
	sleep 0.3
	assert_equal "$(cat out)" ""
	rt resume "$ID"
	wait "$pid"
	assert_equal "$(cat out)" "went on"
}

@test "oci exec: --cgroup puts it into a group below the container's" {
	container
	local dir file
	groups_of >groups
	while read -r dir; do
		mkdir "$dir/sub"
		[ ! -e "$dir/cpuset.cpus" ] || [ -e "$dir/cgroup.kill" ] || # version 1: nobody can be where none is set
			for file in cpus mems; do cat "$dir/cpuset.$file" >"$dir/sub/cpuset.$file"; done
	done <groups
	rt exec --cgroup /sub -d --pid-file pid "$ID" sleep 1000
	assert_equal "$(grep -vc "/nook-$ID/sub$" "/proc/$(<pid)/cgroup")" 0
	run_rt exec --cgroup ../up "$ID" true
	assert_equal "$status" 255
	run_rt exec --cgroup nosuch "$ID" true
	has "$(said)" " adding pid .*/nosuch/cgroup.procs: no such file"
	run_rt exec --cgroup nosuch:sub "$ID" true
	has "$(said)" "unknown controller nosuch"
	# What stands in a path is no controller: neither the group's own name nor the mount's.
	for word in "nook-$ID" sys fs,memory ''; do
		run_rt exec --cgroup "$word:sub" "$ID" true
		has "$status $(said)" "^255 .*unknown controller ${word%%,*}\"$"
	done
	if [ -d "/sys/fs/cgroup/memory/nook-$ID" ]; then
		rt exec --cgroup memory:sub -d --pid-file pid2 "$ID" sleep 1000
		assert_equal "$(grep -c "/nook-$ID/sub$" "/proc/$(<pid2)/cgroup")" 1
		has "$(cat "/proc/$(<pid2)/cgroup")" ":memory:/nook-$ID/sub"
	fi
	rt delete -f "$ID"
	nothing_left
}

@test "oci exec: no descriptor of the host, but for --preserve-fds" {
	container
	exec 7<"$BUNDLE"
	assert_equal "$(rt exec "$ID" sh -c 'ls /proc/self/fd | tr "\n" " "')" "0 1 2 3 "
	echo three >three
	assert_equal "$(rt exec --preserve-fds 1 "$ID" sh -c 'cat <&3' 3<three)" three
	exec 7<&-
}

@test "oci exec: the working directory may not lead out (CVE-2024-21626)" {
	container
	exec 7</
	run_rt exec --preserve-fds 5 -w /proc/self/fd/7 "$ID" ls
	assert_equal "$status" 255
	exec 7<&-
}

@test "oci exec: in a created container it runs before the command does" {
	created sleep 1000
	assert_equal "$(rt exec "$ID" echo early)" early
	status_is created
	rt start "$ID"
	status_is running
}

@test "oci exec: ten at once" {
	container
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		rt exec "$ID" echo "$i" >"out$i" 3>&- &
		pids[i]=$!
	done
	for i in 1 2 3 4 5 6 7 8 9 10; do wait "${pids[i]}"; done
	assert_equal "$(cat out? out10 | sort -n | tr '\n' ' ')" "1 2 3 4 5 6 7 8 9 10 "
	assert_equal "$(rt ps -f json "$ID" | jq length)" 1
}

@test "oci exec: --pidfd-socket gets a descriptor of the process" {
	container
	recv_fd sock
	rt exec -d --pidfd-socket sock "$ID" sleep 1000
	eventually test -s sock.link
	has "$(cat sock.link)" "pidfd"
}
# recv_fd SOCKET: listen there in the background; what the descriptor is -> SOCKET.link, the text
# that came with it -> SOCKET.text.
recv_fd() {
	python3 - "$1" 3>&- <<-'PY' &
		import array, os, socket, sys
		name = sys.argv[1]
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.bind(name)
		s.listen(1)
		open(name + ".ready", "w").close()
		c, _ = s.accept()
		text, fds, _, _ = socket.recv_fds(c, 4096, 1)
		open(name + ".text", "wb").write(text)
		open(name + ".link", "w").write(os.readlink("/proc/self/fd/%d" % fds[0]))
	PY
	eventually test -e "$1.ready"
}

@test "oci exec: into init's own group where the container's hands its controllers on (version 2)" {
	local mount dir controller
	mount=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
	[ -n "$mount" ] || skip "no cgroup version 2 here"
	container
	dir=$mount/nook-$ID
	read -r controller _ <"$dir/cgroup.controllers" || skip "no controller of version 2 here"
	mkdir "$dir/inner"
	pid_of >"$dir/inner/cgroup.procs"
	echo "+$controller" >"$dir/cgroup.subtree_control"
	rt exec -d --pid-file pid "$ID" sleep 1000
	has "$(cat "/proc/$(<pid)/cgroup")" "^0::/nook-$ID/inner$"
	rt delete -f "$ID"
	nothing_left
}
