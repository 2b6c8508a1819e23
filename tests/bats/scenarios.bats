#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What tutorials on namespaces show by hand, each with nook, under its number in the list of scenarios
# that nook was built for. "Inside" is in the container, "outside" on the host.

load ../lib/nook
load ../lib/background
load ../lib/machine
setup() {
	background_setup
	cp "$PROBES"/{clocks,mqueue,owner} "$ROOTFS/bin/"
}
teardown() { background_teardown; }
KINDS='cgroup ipc mnt net pid time user uts'

# Run as the ordinary user with subordinate ids, with the tree in that user's hands.
run_as_ordinary() {
	chown -R "$SUBID_UID:$SUBID_UID" "$ROOTFS"
	status=0
	output=$(as_subid_user "$NOOK" "$@" 2>stderr) || status=$?
	stderr=$(cat stderr)
	mapfile -t lines <<<"$output"
}
# Every check of a test twice: by root, and by an ordinary user.
both() {
	run_nook "$@"
	"$CHECK" || { echo "(as root)" >&2; return 1; }
	[ "$(id -u)" = 0 ] || return 0
	run_as_ordinary "$@"
	"$CHECK" || { echo "(as an ordinary user)" >&2; return 1; }
}
# A container in the background; with "ready" as its first word it is up.
ready() {
	: >out
	env --default-signal "$NOOK" run --rootfs "$ROOTFS" "$@" 3>&- >out 2>err &
	nook=$!
	STARTED+=("$nook")
	eventually grep -qx ready out || { cat out err >&2; return 1; }
}
ends_with() {
	status=0
	wait "$nook" || status=$?
	assert_equal "$status" "$1"
}

@test "scenario A1: a shell as nobody in new namespaces, alone and PID 1" {
	CHECK=check_a1
	check_a1() {
		assert_exit 42 && assert_match '^uid=65534\(nobody\) gid=65534\(nogroup\)' &&
			assert_line 'I am 1' && assert_equal "$(grep -c '^ *[0-9]\+ ' <<<"$output")" 2 &&
			assert_match '^ +1 nobody +sh -c' && assert_match '\{ps\}|[0-9]:[0-9]+ ps'
	}
	both run --rootfs "$ROOTFS" -u 65534:65534 --network host sh -c 'id; echo I am $$; ps; exit 42'
}
@test "scenario A1: its exit code comes back also when signals interrupt the wait" {
	ready -u 65534:65534 sh -c 'trap : USR1 WINCH; echo ready; until [ -e /go ]; do sleep 0.05; done; exit 42'
	for _ in 1 2 3 4 5; do
		kill -USR1 "$nook"
		kill -WINCH "$nook"
		sleep 0.02
	done
	touch "$ROOTFS/go"
	ends_with 42
}

@test "scenario A2: clone, unshare and setns lead where they should, for each kind" {
	need_root
	# New ones, made by clone3 or unshare, and the same ones joined by setns.
	ready --userns auto --time private --name first \
		sh -c 'for k in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$k; done; echo ready; sleep 100'
	for kind in $KINDS; do
		run ! grep -qxF "$(readlink "/proc/self/ns/$kind")" out
	done
	join=(--userns container:first)
	for kind in cgroupns ipc network pid time uts; do join+=("--$kind" container:first); done
	run_nook run --rootfs "$ROOTFS" "${join[@]}" \
		sh -c 'for k in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$k; done'
	assert_exit 0
	# All but the mounts, which are new each time.
	assert_equal "$(grep -v mnt <<<"$output")" "$(grep -vE 'mnt|ready' out)"
}
@test "scenario A2: the command itself is in its PID and time namespace, not only its children" {
	need_root
	for option in --pid=private --pid=host --time-offset=boottime=5 --time=private; do
		run_nook run --rootfs "$ROOTFS" "$option" \
			sh -c 'cd /proc/self/ns; readlink pid; readlink pid_for_children; readlink time; readlink time_for_children'
		assert_exit 0
		assert_equal "${lines[0]}" "${lines[1]}"
		assert_equal "${lines[2]}" "${lines[3]}"
	done
}

@test "scenario A3: a shell in a new PID namespace forks as often as it likes" {
	CHECK=check_a3
	check_a3() { assert_exit 0 && assert_output $'1\n2\n3\ndone' && assert_equal "$stderr" ""; }
	both run --rootfs "$ROOTFS" sh -c '/bin/true; (exit 0); for i in 1 2 3; do /bin/echo $i | cat; done; echo done'
}
@test "scenario A3: a PID namespace whose first process has ended is told as that" {
	need_root
	run --separate-stderr -125 in_private_mounts bash -euc '
		unshare --pid --fork sh -c "read -r pid _ </proc/self/stat; echo \$pid >pid; exec sleep 100" 2>/dev/null 3>&- &
		until [ -s pid ]; do sleep 0.02; done
		touch bound
		mount --bind "/proc/$(cat pid)/ns/pid" bound
		kill -9 "$(cat pid)"
		wait
		"$NOOK" run --rootfs "$1" --pid "ns:$PWD/bound" true' bash "$ROOTFS"
	assert_stderr_match '^nook: .*Cannot allocate memory'
	assert_stderr_match '^hint: .*first process .*has ended'
}

@test "scenario A5: when PID 1 ends, all of it ends" {
	need_root
	ready --name all sh -c 'sleep 1007 & setsid sleep 1007 & (trap "" TERM HUP; sleep 1007) & echo ready; until [ -e /go ]; do sleep 0.05; done; exit 3'
	init=$(nook inspect all | jq '.[0].State.Pid')
	pidns=$(readlink "/proc/$init/ns/pid")
	touch "$ROOTFS/go"
	ends_with 3
	run readlink /proc/[0-9]*/ns/pid
	refute_line "$pidns"
}
@test "scenario A5: PID 1 reaps orphans and forwards signals" {
	CHECK=check_a5
	check_a5() { assert_exit 0 && assert_output $'zombies: 0\ninit: nook-init'; }
	both run --init --rootfs "$ROOTFS" sh -c 'for i in 1 2 3; do (sleep 0.05 &); done; sleep 0.4
		echo "zombies: $(grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l)"; echo "init: $(cat /proc/1/comm)"'
	ready --init sh -c 'trap "echo got it; exit 17" TERM; echo ready; while :; do sleep 0.05; done'
	kill -TERM "$nook"
	ends_with 17
	grep -qx 'got it' out
}
@test "scenario A6: children have the memberships of their parent" {
	CHECK=check_a6
	check_a6() {
		assert_exit 0 && assert_equal "${lines[0]}" \
			'cgroup ipc mnt net pid pid_for_children time time_for_children user uts' && assert_line same
	}
	both run --rootfs "$ROOTFS" sh -c 'echo $(ls /proc/self/ns)
		ids() { for k in '"$KINDS"'; do readlink /proc/$1/ns/$k; done; }
		sleep 5 & mine=$(ids $$) theirs=$(ids $!); kill $!
		grandchild=$(sh -c "sh -c \"for k in '"$KINDS"'; do readlink /proc/self/ns/\\\$k; done\"")
		[ "$mine" = "$theirs" ] && [ "$mine" = "$grandchild" ] && echo same'
}

@test "scenario B1: host and domain name set inside leave the outside alone" {
	local before
	before=$(hostname)/$(cat /proc/sys/kernel/domainname)
	CHECK=check_b1
	check_b1() {
		assert_exit 0 && assert_output $'first\nsecond\nnis' &&
			assert_equal "$(hostname)/$(cat /proc/sys/kernel/domainname)" "$before"
	}
	both run --rootfs "$ROOTFS" --cap-add SYS_ADMIN --hostname first --domainname nis \
		sh -c 'hostname; hostname second; hostname; cat /proc/sys/kernel/domainname'
}

@test "scenario B2: SysV queues, memory and semaphores are seen on their own side only" {
	need_root
	# "Outside" is an IPC namespace of the test's own: the machine keeps what it has.
	run -0 unshare --ipc bash -euc '
		ids() { ipcs "$1" | sed -n "s/^\(0x[0-9a-f]*\) .*/\1/p"; }
		ipcmk -Q >/dev/null; ipcmk -M 4096 >/dev/null; ipcmk -S 1 >/dev/null
		before=$(ipcs -a)
		"$NOOK" run host bash -euc "ipcmk -Q >/dev/null; ipcmk -M 4096 >/dev/null; ipcmk -S 2 >/dev/null; ipcs -a" >inside
		[ "$(ipcs -a)" = "$before" ] && echo "outside as before"
		for kind in -q -m -s; do [ "$(ids $kind | wc -l)" = 1 ]; done
		[ "$(grep -c ^0x inside)" = 3 ] && echo "inside its own three"
		for key in $(ids -q) $(ids -m) $(ids -s); do ! grep -q "^$key" inside; done
		"$NOOK" run --ipc host host ipcs -a >shared
		[ "$(grep -c ^0x shared)" = 3 ] && echo "with --ipc host they are the same"'
	assert_line 'outside as before'
	assert_line 'inside its own three'
	assert_line 'with --ipc host they are the same'
}
@test "scenario B2: POSIX message queues and shared memory are seen on their own side only" {
	need_root
	run -0 unshare --ipc --mount --propagation private bash -euc '
		mount -t tmpfs none /dev/shm
		echo outside >/dev/shm/nook-outside
		"$PROBES/mqueue" make /outside
		"$NOOK" run --rootfs "$1" sh -c "mqueue see /outside; mqueue make /inside; ls /dev/mqueue /dev/shm; echo inside >/dev/shm/nook-inside" || true
		ls /dev/shm
		"$PROBES/mqueue" see /inside || echo "not outside"
		"$NOOK" run --ipc host --rootfs "$1" sh -c "mqueue see /outside; cat /dev/shm/nook-outside"' bash "$ROOTFS"
	assert_output "/outside is there
/outside: No such file or directory
/inside is there
/dev/mqueue:
inside

/dev/shm:
nook-outside
/inside: No such file or directory
not outside
/outside is there
outside"
}
@test "scenario B2: an ordinary user's queues, too" {
	need_root
	run_as_ordinary run --rootfs "$ROOTFS" sh -c 'mqueue make /mine; ls /dev/mqueue'
	assert_output $'/mine is there\nmine'
	run_as_ordinary run host sh -c 'ipcmk -Q >/dev/null; ipcs -q | grep -c ^0x'
	assert_output 1
	run "$PROBES/mqueue" see /mine
	assert_exit 1
}

@test "scenario B3: an ordinary user is root inside and itself outside" {
	need_root
	install -m 0600 /dev/null secret
	mkdir dir
	echo "only root reads this" | tee secret dir/public >/dev/null
	chmod 0600 secret
	chmod 0700 "$ROOTFS/root"
	run_as_ordinary run --rootfs "$ROOTFS" -v "$PWD/secret:/secret" -v "$PWD/dir:/dir" sh -c '
		id -u; cat /secret; stat -c "%u:%g" /secret /dir/public; touch /root/mine; cat /proc/self/uid_map /proc/self/gid_map'
	assert_exit 0
	assert_equal "${lines[0]}" 0
	assert_stderr_match "secret.*Permission denied"
	# Root outside is nobody inside: 65534.
	assert_equal "${lines[1]}" 65534:65534
	# inside, outside, length
	assert_equal "$(tr -s ' ' <<<"${lines[3]}")" " 0 $SUBID_UID 1"
	assert_equal "$(tr -s ' ' <<<"${lines[4]}")" " 1 200000 65536"
	assert_equal "$(tr -s ' ' <<<"${lines[5]}")" " 0 $SUBID_UID 1"
	assert_equal "$(stat -c %u "$ROOTFS/root/mine")" "$SUBID_UID"
}
@test "scenario B3: nothing of the command runs before the map is written" {
	need_root
	for _ in 1 2 3 4 5 6 7 8; do
		run_nook run --rootfs "$ROOTFS" --userns auto sh -c 'id -u; id -g; cat /proc/self/setgroups'
		assert_output $'0\n0\nallow'
	done
	chown -R "$TEST_UID" "$ROOTFS"
	run --separate-stderr as_user "$NOOK" run --rootfs "$ROOTFS" sh -c 'id -u; id -g; cat /proc/self/setgroups'
	assert_output $'0\n0\ndeny'
}
@test "scenario B4: users first, then all the others belong to them" {
	CHECK=check_b4
	check_b4() {
		assert_exit 0 && assert_equal "$(sort -u <<<"$output" | wc -l)" 1 &&
			assert_differs "${lines[0]}" "$(readlink /proc/self/ns/user)" && assert_equal "${#lines[@]}" 8
	}
	# The first line is the user namespace itself, the others the owners.
	both run --rootfs "$ROOTFS" --userns private --time private \
		sh -c 'cd /proc/self/ns; readlink user; owner cgroup ipc mnt net pid time uts'
}

@test "scenario B5: clocks of its own, and the wall clock is nobody's to set" {
	local boot inside before after
	read -r _ boot before < <("$PROBES/clocks")
	CHECK=check_b5
	check_b5() {
		assert_exit 0 || return
		read -r _ inside _ <<<"${lines[0]}"
		[ "$inside" -ge $((boot + 86400)) ] || explain_failure "boot time as set" || return
		assert_line 'Operation not permitted' && assert_line refused
	}
	# CAP_SYS_TIME counts in the machine's own user namespace only.
	both run --rootfs "$ROOTFS" --userns private --cap-add SYS_TIME --security-opt seccomp=unconfined \
		--time-offset boottime=1d sh -c 'clocks; clocks set || echo refused'
	read -r _ _ after < <("$PROBES/clocks")
	[ $((after - before)) -lt 600 ]
	# And with the host's users root does not have it by default.
	need_root
	run_nook run --rootfs "$ROOTFS" clocks set
	assert_exit 1
	assert_output 'Operation not permitted'
}

@test "scenario B6: inside, the own cgroup is the top" {
	CHECK=check_b6
	check_b6() { assert_exit 0 && assert_match '^[0-9]+:.*:/' && refute_match ':/.+'; }
	both run --rootfs "$ROOTFS" --userns private cat /proc/self/cgroup
	need_root
	run_nook run --rootfs "$ROOTFS" cat /proc/self/cgroup
	check_b6
	run_nook run --rootfs "$ROOTFS" --pids-limit 20 --cgroupns host cat /proc/self/cgroup
	assert_match 'pids.*:/.+|^0::/.+'
}
@test "scenario B6: too much memory ends the inside only" {
	need_root
	need_cgroup memory
	ready --name bystander sh -c 'echo ready; sleep 100'
	run_nook run --rootfs "$ROOTFS" --memory 24m --memory-swap 24m sh -c 'dd if=/dev/zero of=/dev/null bs=80M count=1; echo $?; exit 9'
	# Only the one that took too much is killed: the shell goes on, and says so.
	assert_exit 9
	assert_output 137
	assert_stderr_match 'out of memory'
	kill -0 "$nook"
	run_nook exec bystander echo alive
	assert_output alive
}
@test "scenario B6: too many processes and too much CPU stay inside" {
	need_root
	need_cgroup pids
	need_cgroup cpu
	run_nook run --rootfs "$ROOTFS" --pids-limit 10 sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 3 & done; echo all'
	refute_line all
	assert_stderr_match 'fork'
	run_nook run --rootfs "$ROOTFS" --cpus 0.2 time -f '%e %U %S' sh -c 'i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done'
	assert_exit 0
	awk '{exit !(($2 + $3) / $1 <= 0.3)}' <<<"$stderr"
}

# Scenario C1, C4: everything outside is shared, as systemd makes it: what leaked would be seen.
shared_mounts() { unshare --mount --propagation shared "$@"; }

@test "scenario C1: /proc shows the inside, and outside works on after the inside has gone" {
	CHECK=check_c1
	check_c1() { assert_exit 0 && assert_output $'/proc/1 /proc/2'; }
	both run --rootfs "$ROOTFS" sh -c 'sleep 100 & cd /proc; echo /proc/[0-9]*; kill $!'
	need_root
	run -0 shared_mounts bash -euc '
		before=$(cut -d" " -f3- /proc/self/mountinfo | sort)
		"$NOOK" run --rootfs "$1" --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
			sh -c "mount -t proc proc /mnt && echo mounted" || echo "no mount inside"
		[ "$(cut -d" " -f3- /proc/self/mountinfo | sort)" = "$before" ] && echo "mounts as before"
		[ -e "/proc/$$/comm" ] && [ -e /proc/1/comm ] && echo "proc works"' bash "$ROOTFS"
	assert_line 'mounts as before'
	assert_line 'proc works'
}
@test "scenario C2: a tree as root, with what belongs to it, and the old root gone" {
	CHECK=check_c2
	check_c2() {
		assert_exit 0 || return
		for line in 'proc /proc rw' 'sysfs /sys ro' 'tmpfs /dev rw' 'devpts /dev/pts rw' 'tmpfs /dev/shm rw' \
			'mqueue /dev/mqueue rw' 'tmpfs /tmp rw' 'tmpfs /run rw'; do
			assert_line "$line" || return
		done
		# Every mount is below the new root; none of the machine's own is left.
		refute_match "$BATS_TEST_TMPDIR" && assert_match '^[^ ]+ / rw$' && refute_match ' /(old_root|work|etc) '
	}
	both run --rootfs "$ROOTFS" awk '{split($4, o, ","); print $3, $2, o[1]}' /proc/mounts
}
@test "scenario C2: pivot_root, and not chroot alone" {
	need_root
	ready --name c2 sh -c 'echo ready; sleep 100'
	pid=$(nook inspect c2 | jq '.[0].State.Pid')
	# After chroot alone the first mount would still be the machine's root.
	first=$(awk '$5 == "/" {print $4; exit}' "/proc/$pid/mountinfo")
	[[ $first == */rootfs ]]
	# And a way out of a chroot leads nowhere: /.. of the root mount is itself.
	assert_equal "$(stat -Lc %d:%i "/proc/$pid/root")" "$(stat -Lc %d:%i "$ROOTFS")"
	run nsenter -t "$pid" -m ls /
	assert_line bin
	refute_line work
}
@test "scenario C3: names and resolver of its own, without touching the tree" {
	echo tree | tee "$ROOTFS"/etc/{hostname,hosts,resolv.conf} >/dev/null
	CHECK=check_c3
	check_c3() {
		assert_exit 0 && assert_line inside && assert_match '^192.0.2.7[[:space:]]+other' &&
			assert_match '[[:space:]]inside$' && assert_line 'nameserver 192.0.2.53' &&
			assert_line 'search example.org' && refute_line tree &&
			assert_equal "$(sort -u "$ROOTFS"/etc/{hostname,hosts,resolv.conf})" tree
	}
	both run --rootfs "$ROOTFS" --hostname inside --add-host other:192.0.2.7 --dns 192.0.2.53 \
		--dns-search example.org sh -c 'cat /etc/hostname /etc/hosts /etc/resolv.conf'
}
@test "scenario C4: a host directory inside, read-only or not" {
	mkdir -m 0777 shown
	echo from outside >shown/file
	CHECK=check_c4
	check_c4() {
		assert_exit 0 && assert_line 'from outside' && assert_line 'not written' &&
			assert_equal "$(cat shown/new)" inside && assert_match '^/ro ro,.*noexec' && rm -f shown/new
	}
	both run --rootfs "$ROOTFS" -v "$PWD/shown:/rw" -v "$PWD/shown:/ro:ro,noexec,nodev" sh -c '
		cat /ro/file; echo inside >/rw/new; echo x 2>/dev/null >/ro/no || echo not written; awk "{print \$2, \$4}" /proc/mounts'
}
@test "scenario C4: mounts made inside stay inside" {
	need_root
	mkdir shown
	run -0 shared_mounts bash -euc '
		"$NOOK" run --rootfs "$1" --cap-add SYS_ADMIN --security-opt seccomp=unconfined -v "$PWD/shown:/shown" \
			sh -c "mount -t tmpfs none /shown && touch /shown/in && ls /shown"
		ls shown; grep -c shown /proc/self/mountinfo || true' bash "$ROOTFS"
	assert_output $'in\n0'
}
@test "scenario C5: a tmpfs as root, and the machine's / as root" {
	need_root
	run -0 in_private_mounts bash -euc '
		mkdir empty
		mount -t tmpfs none empty
		mkdir empty/bin
		cp "$1/bin/busybox" empty/bin/sh
		"$NOOK" run --rootfs "$PWD/empty" sh -c "grep -c . /proc/mounts >/dev/null; echo \$\$; echo /*"' bash "$ROOTFS"
	assert_line 1
	assert_match '/bin .*/proc'
	# The machine itself, below a throw-away layer.
	run_nook run --rootfs /:O sh -c 'touch /nook-was-here; ls -d /nook-was-here; echo $$'
	assert_exit 0
	assert_output $'/nook-was-here\n1'
	[ ! -e /nook-was-here ]
	# And read-only.
	run_nook run --rootfs / --read-only sh -c 'touch /nook-was-here 2>/dev/null || echo refused; cat /etc/os-release'
	assert_exit 0
	assert_equal "$output" "refused"$'\n'"$(cat /etc/os-release)"
	[ ! -e /nook-was-here ]
}

@test "scenario D1: the machine's own programs and libraries, without a copy" {
	CHECK=check_d1
	check_d1() {
		assert_exit 0 && assert_line "$(bash --version | head -n 1)" &&
			assert_line "$(sha256sum </bin/ls)" && assert_line "$(cat /etc/debian_version)" && assert_line private
	}
	both run host sh -c 'bash --version | head -n 1; sha256sum </bin/ls; cat /etc/debian_version; [ -z "$(ls -A /home; ls -A /root)" ] && echo private'
	# Nothing of it was copied to disk.
	[ "$(du -sk "$BATS_TEST_TMPDIR" --exclude rootfs | cut -f1)" -lt 512 ]
}
@test "scenario D1: files that only root may read stay unread" {
	need_root
	local planted
	planted=$(mktemp /etc/nook-planted.XXXXXX)
	echo secret >"$planted"
	run_nook run host cat "$planted"
	rm "$planted"
	assert_exit 1
	refute_match secret
}

@test "scenario F1: removing all files inside does not hurt the outside" {
	need_root
	(cd "$ROOTFS" && find . -type f -exec sha256sum {} + | sort -k2) >before
	run_nook run --rootfs "$ROOTFS:O" sh -c 'rm -rf /bin/[!rb]* /etc/passwd /home /usr; ls / /bin | wc -l'
	(cd "$ROOTFS" && find . -type f -exec sha256sum {} + | sort -k2) >after
	diff before after
	# What belongs to the host's root cannot even be tried; the rest happens in a throw-away layer.
	local docs
	docs=$(ls -A /usr/share/doc)
	run_nook run host sh -c 'rm -rf /opt/* /usr/share/doc/a*; rm -f /etc/debian_version; rm -rf /home /root /tmp; echo x >/usr/new'
	[ -e /etc/debian_version ] && [ -d /tmp ] && [ -d /root ] && [ ! -e /usr/new ]
	assert_equal "$(ls -A /usr/share/doc)" "$docs"
}
@test "scenario F1: breaking the network inside does not hurt the outside" {
	need_root
	local before
	before=$(ip -o link)
	run_nook run --rootfs "$ROOTFS" --cap-add NET_ADMIN sh -c 'ip link set lo down; ip addr flush dev lo; ip -o link | wc -l'
	assert_output 1
	assert_equal "$(ip -o link)" "$before"
}
# With several bats at once the groups and links of the others come and go.
machine_now() {
	local others='^$'
	[ "${NOOK_JOBS:-1}" = 1 ] || others='^(cgroup|link|ipc|file) '
	machine_state "$BATS_RUN_TMPDIR" | grep -vE "$others" | sort
}
# All that a start may make, at once.
much() {
	mkdir -p shown
	run_nook run --rootfs "$ROOTFS:O" --userns auto --time-offset monotonic=10 --hostname much --init \
		--memory 64m --pids-limit 50 --tmpfs /scratch -v "$PWD/shown:/shown" --add-host a:192.0.2.1 \
		--ulimit nofile=64 "$@"
}
@test "scenario F2: afterwards nothing is left" {
	need_root
	need_cgroup memory
	machine_now >before
	much sh -c 'mqueue make /left >/dev/null; sleep 1009 & (setsid sleep 1009 &); echo x >/dev/shm/left; echo y >/tmp/left; exit 5'
	assert_exit 5
	much sh -c 'kill -9 $$'
	assert_exit 137
	much no-such-command
	assert_exit 127
	machine_now >after
	diff before after
	run ! pgrep -xf 'sleep 1009'
	run_nook ps --format json
	assert_equal "$(jq length <<<"$output")" 0
	assert_equal "$(find "$NOOK_STATE" -type d -name '[0-9a-f]*' | grep -cE '[0-9a-f]{64}')" 0
}
@test "scenario F2: afterwards nothing is left of an ordinary user's either" {
	need_root
	machine_now >before
	run_as_ordinary run --rootfs "$ROOTFS" --init sh -c 'mqueue make /left >/dev/null; sleep 1013 & (setsid sleep 1013 &); exit 5'
	assert_exit 5
	machine_now >after
	diff before after
	run ! pgrep -xf 'sleep 1013'
}

@test "scenario G4: the exit code comes back unchanged" {
	for code in 0 1 42 125 126 127 128 143 255; do
		run_nook run --rootfs "$ROOTFS" sh -c "exit $code"
		assert_exit "$code"
		run_nook run --init --rootfs "$ROOTFS" sh -c "exit $code"
		assert_exit "$code"
	done
	need_root
	for code in 0 42 255; do
		run_as_ordinary run --rootfs "$ROOTFS" sh -c "exit $code"
		assert_exit "$code"
	done
}
@test "scenario G4: the signal that ended it comes back as 128 + N" {
	# The first process of a PID namespace ignores what it does not handle, but for KILL.
	for signal in TERM INT HUP USR1 ABRT; do
		ready --init --name g4 sh -c 'echo ready; exec sleep 100'
		nook kill -s "$signal" g4
		ends_with $((128 + $(kill -l "$signal")))
	done
	run_nook run --init --rootfs "$ROOTFS" sh -c 'kill -SEGV $$'
	assert_exit 139
	ready --name g4 sh -c 'echo ready; exec sleep 100'
	nook kill g4
	ends_with 137
	# With the host's PIDs it is no first process.
	need_root
	ready --name g4 --pid host sh -c 'echo ready; exec sleep 100'
	nook kill -s TERM g4
	ends_with 143
}

@test "signals: what nook gets, the command gets, once" {
	for signal in TERM INT HUP QUIT USR1 USR2; do
		ready sh -c 'trap "echo got" '"$signal"'; echo ready; while :; do sleep 0.02; done'
		kill -"$signal" "$nook"
		eventually grep -qx got out
		sleep 0.1
		assert_equal "$(grep -c got out)" 1
		kill -0 "$nook"
		nook kill "$(nook ps --format json | jq -r '.[0].Names[0]')"
		ends_with 137
	done
}
@test "signals: an ordinary user's, too" {
	need_root
	chown -R "$SUBID_UID:$SUBID_UID" "$ROOTFS"
	as_subid_user env --default-signal "$NOOK" run --rootfs "$ROOTFS" sh -c \
		'trap "echo got; exit 21" TERM; echo ready; while :; do sleep 0.02; done' 3>&- >out 2>err &
	shell=$!
	eventually grep -qx ready out
	pid=$(pgrep -xP "$shell" nook || pgrep -P "$shell")
	kill -TERM "$pid"
	nook=$shell
	ends_with 21
}
@test "signals: --timeout ends all of it, and says so" {
	local start=$EPOCHREALTIME took
	run_nook run --rootfs "$ROOTFS" --timeout 1 sh -c 'trap "" TERM; sleep 1017 & sleep 1017'
	took=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	assert_exit 137
	assert_stderr_match 'timeout: ended after 1 second'
	[ "$took" -ge 1000 ] && [ "$took" -lt 20000 ]
	run ! pgrep -xf 'sleep 1017'
	# In time nothing is said.
	run_nook run --rootfs "$ROOTFS" --timeout 30 sh -c 'exit 4'
	assert_exit 4
	assert_equal "$stderr" ""
}
@test "streams: -i brings stdin in, without it there is /dev/null" {
	run -0 bash -c 'echo hello | "$NOOK" run -i --rootfs "$1" cat' bash "$ROOTFS"
	assert_output hello
	run -0 bash -c 'echo hello | "$NOOK" run --rootfs "$1" sh -c "cat; readlink /proc/self/fd/0"' bash "$ROOTFS"
	assert_output /dev/null
	# And what was not read is left to others.
	run -0 bash -c 'printf "one\ntwo\n" | { "$NOOK" run --rootfs "$1" cat; cat; }' bash "$ROOTFS"
	assert_output $'one\ntwo'
}
@test "streams: no descriptor of the host gets in, but those asked for" {
	look='ls /proc/$$/fd; for f in 3 4 5; do cat <&$f; done 2>/dev/null'
	# Not in a pipe: the shell that makes one has its ends open for a moment.
	run_nook run --rootfs "$ROOTFS" sh -c 'ls /proc/$$/fd >/list; grep -vx 10 /list' 3</etc/passwd 4</etc/group 9</
	assert_output $'0\n1\n2'
	echo three >f3
	echo four >f4
	echo five >f5
	run_nook run --rootfs "$ROOTFS" --preserve-fds 2 sh -c "$look" 3<f3 4<f4 5<f5
	assert_line three
	assert_line four
	refute_line five
	refute_line 5
}
@test "streams: much output goes through a pipe whole" {
	run -0 bash -o pipefail -c '"$NOOK" run --rootfs "$1" sh -c "yes 0123456789 | head -c 50000000" | sha256sum' bash "$ROOTFS"
	assert_output "$(yes 0123456789 | head -c 50000000 | sha256sum)"
	run -0 bash -c 'yes 0123456789 | head -c 50000000 | "$NOOK" run -i --rootfs "$1" sha256sum' bash "$ROOTFS"
	assert_output "$(yes 0123456789 | head -c 50000000 | sha256sum)"
}
@test "streams: a reader that goes away ends the command" {
	# PID 1 gets no SIGPIPE by the kernel's rule, but the error; with --init it is a usual process.
	run bash -c 'timeout 20 "$NOOK" run --rootfs "$1" yes 2>/dev/null | head -n 1; echo "${PIPESTATUS[0]}"' bash "$ROOTFS"
	assert_output $'y\n1'
	run bash -c 'timeout 20 "$NOOK" run --init --rootfs "$1" yes | head -n 1; echo "${PIPESTATUS[0]}"' bash "$ROOTFS"
	assert_output $'y\n141'
}
@test "streams: those closed from the start are held, and no file of nook's gets their number" {
	look='echo "$(readlink /proc/$$/fd/0) $(readlink /proc/$$/fd/1) $(readlink /proc/$$/fd/2)" >/seen; echo word'
	run -1 bash -c '"$NOOK" run -i --rootfs "$1" sh -c "$2" <&- >&- 2>&-' bash "$ROOTFS" "$look"
	assert_equal "$(cat "$ROOTFS/seen")" '/dev/null /dev/null /dev/null'
	run -127 bash -c '"$NOOK" run --rootfs "$1" no-such-command <&-' bash "$ROOTFS"
	assert_match 'execute no-such-command'
	# What is written is not lost without a word.
	run -125 bash -c '"$NOOK" version >&-'
}
