#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each kind of namespace: new, the host's, one at a path, a container's; with the host's users, new
# users and joined users. What /proc/self/ns says inside is compared by inode number.

load ../lib/nook
load ../lib/background
setup() { background_setup; }
teardown() { background_teardown; }
pid='' # begin sets it

declare -gA OPTION=([uts]=--uts [ipc]=--ipc [pid]=--pid [cgroup]=--cgroupns [net]=--network [time]=--time)
KINDS=(uts ipc pid cgroup net time)

# target NAME [AS] -- OPTIONS of unshare: a process in namespaces of its own, its pid in $NAME. The
# shell reads its outside number in the /proc that is still the host's.
target() {
	local name=$1 as=()
	shift
	while [ "$1" != -- ]; do as+=("$1"); shift; done
	shift
	: >"$name.pid"
	chmod 666 "$name.pid"
	"${as[@]}" unshare "$@" --uts --ipc --pid --cgroup --net --time --fork sh -c \
		'read -r pid _ </proc/self/stat; echo "$pid"; exec sleep 1000' 3>&- >"$name.pid" 2>"$name.err" &
	eventually test -s "$name.pid" || { cat "$name.err" >&2; return 1; }
	printf -v "$name" %s "$(cat "$name.pid")"
	STARTED+=("${!name}")
}
# A belongs to the host's users, B to users of its own.
targets() {
	need_root
	target A --
	target B -- --user
	echo '0 300000 65536' >"/proc/$B/uid_map"
	echo '0 300000 65536' >"/proc/$B/gid_map"
}

ns() { readlink "/proc/$1/ns/$2"; }
choice() {
	case $1 in
	A | B) echo "ns:/proc/${!1}/ns/$2" ;;
	new) [ "$2" = user ] && echo auto || echo private ;;
	host) echo host ;;
	esac
}
# check WHERE KIND WHAT: the one that was asked for.
check() {
	local other
	case $1 in
	host) [ "$3" = "$(ns self "$2")" ] ;;
	A | B) [ "$3" = "$(ns "${!1}" "$2")" ] ;;
	new)
		[[ $3 == "$2:["*] ]] || return
		for other in self "${A:-self}" "${B:-self}"; do [ "$3" != "$(ns "$other" "$2")" ] || return; done
		;;
	esac
}
# What belongs to a namespace shows that one, also where its users may not mount it themselves.
shows() {
	local kind=$1 where=$2
	case $kind in
	pid)
		# Before Linux 6.18 no procfs can be made for a foreign PID namespace.
		case $where in new) [ "$init" = sh ] ;; A | B) [ "$init" = sleep ] || ! foreign_procfs ;; host) [ "$init" = "$(cat /proc/1/comm)" ] ;; esac
		;;
	net) case $where in host) [ "$links" = "$(echo /sys/class/net/*)" ] ;; *) [ "$links" = /sys/class/net/lo ] ;; esac ;;
	esac
}
foreign_procfs() { printf '6.18\n%s\n' "$(uname -r)" | sort -CV; }

LOOK='readlink /proc/self/ns/user; readlink /proc/self/ns/$0; cat /proc/1/comm; echo /sys/class/net/*'
NOOK_AS=()
run_look() {
	status=0
	output=$("${NOOK_AS[@]}" "$NOOK" run --rootfs "$ROOTFS" --userns "$(choice "$1" user)" \
		"${OPTION[$2]}" "$(choice "$3" "$2")" sh -c "$LOOK" "$2" 2>stderr) || status=$?
	stderr=$(cat stderr)
	{ read -r user; read -r own; read -r init; read -r links; } <<<"$output" || true
}
# cells USERS KINDS WAYS: all kinds by all ways to choose them, each failing cell told.
cells() {
	local users=$1 kind where failed=0
	for kind in $2; do
		for where in $3; do
			run_look "$users" "$kind" "$where"
			[ "$status" = 0 ] && [ -z "$stderr" ] && check "$users" user "$user" &&
				check "$where" "$kind" "$own" && shows "$kind" "$where" && continue
			echo "users $users, $kind $where: exit code $status: $output $stderr" >&2
			failed=1
		done
	done
	return $failed
}
refused_cells() {
	local users=$1 where=$2 kind
	for kind in "${KINDS[@]}"; do
		run_look "$users" "$kind" "$where"
		assert_refused 125 "$3" "$4" || { echo "users $users, $kind $where" >&2; return 1; }
	done
}

@test "namespaces: with the host's users: uts ipc pid: each new, the host's, at a path" {
	targets
	cells host 'uts ipc pid' 'new host A B'
}
@test "namespaces: with the host's users: cgroup net time: each new, the host's, at a path" {
	targets
	cells host 'cgroup net time' 'new host A B'
}
@test "namespaces: with new users: uts ipc pid: each new, the host's, at a path" {
	targets
	cells new 'uts ipc pid' 'new host A B'
}
@test "namespaces: with new users: cgroup net time: each new, the host's, at a path" {
	targets
	cells new 'cgroup net time' 'new host A B'
}
@test "namespaces: with joined users: uts ipc pid: each new, the host's, at a path" {
	targets
	cells B 'uts ipc pid' 'new host A B'
}
@test "namespaces: with joined users: cgroup net time: each new, the host's, at a path" {
	targets
	cells B 'cgroup net time' 'new host A B'
}
@test "namespaces: with users of the initial user namespace by its path: nothing is new" {
	targets
	# setns(2): one's own user namespace cannot be joined again.
	run_nook run --rootfs "$ROOTFS" --userns "ns:/proc/self/ns/user" true
	assert_refused 125 'join: users' .
}

# An ordinary user's part of the matrix.
ordinary() {
	need_root
	target A --
	target B as_subid_user -- --user --map-root-user
	chown -R "$SUBID_UID:$SUBID_UID" "$ROOTFS"
	NOOK_AS=(as_subid_user)
}
@test "namespaces: an ordinary user: new users, uts ipc pid: each new or the host's" {
	ordinary
	cells new 'uts ipc pid' 'new host'
}
@test "namespaces: an ordinary user: new users, cgroup net time: each new or the host's" {
	ordinary
	cells new 'cgroup net time' 'new host'
}
@test "namespaces: an ordinary user: the host's /proc, with what is mounted in it" {
	need_root
	chown -R "$SUBID_UID:$SUBID_UID" "$ROOTFS"
	export BATS_TEST_TMPDIR BATS_FILE_TMPDIR SUBID_UID
	# As systemd mounts binfmt_misc. In the user's copy that is locked to its place.
	run in_private_mounts bash -euc '
		source "$TOP/tests/lib/users.bash"
		mount -t tmpfs none /proc/sys/fs
		touch /proc/sys/fs/mark
		as_subid_user "$NOOK" run --rootfs "$1" --pid host sh -c \
			"ls /proc/sys/fs; touch /proc/sys/fs/x; cat /proc/sys/kernel/ostype"' bash "$ROOTFS"
	assert_exit 0
	assert_line mark
	assert_match 'sys/fs/x: Read-only file system'
	assert_line Linux
}
@test "namespaces: an ordinary user: joined users of its own, uts ipc pid: each new, the host's or theirs" {
	ordinary
	cells B 'uts ipc pid' 'new host B'
}
@test "namespaces: an ordinary user: joined users of its own, cgroup net time: each new, the host's or theirs" {
	ordinary
	cells B 'cgroup net time' 'new host B'
}
@test "namespaces: an ordinary user may not join what belongs to the host's users" {
	ordinary
	# /proc/PID/ns of somebody else is not even opened (ptrace access).
	refused_cells new A 'the namespace to join: .*Permission denied' 'ordinary user must own'
	refused_cells B A 'the namespace to join: .*Permission denied' 'ordinary user must own'
}
@test "namespaces: an ordinary user may not join a host's namespace that is bound to a file" {
	ordinary
	# Everybody may open it, but setns(2) wants CAP_SYS_ADMIN in the user namespace that owns it.
	local kind bound=$BATS_TEST_TMPDIR/bound USER_ENV
	user_env "$TEST_UID" nobody-here
	for kind in "${KINDS[@]}"; do
		status=0
		in_private_mounts bash -euc '
			touch "$1"
			mount --bind "$2" "$1"
			exec setpriv --reuid "$3" --regid "$3" --clear-groups --inh-caps=-all "${@:4}"' \
			bash "$bound" "/proc/$A/ns/$kind" "$TEST_UID" \
			env "${USER_ENV[@]}" \
			"$NOOK" run "${OPTION[$kind]}" "ns:$bound" host true 2>stderr || status=$?
		stderr=$(grep -v 'warn: only one user id' stderr)
		assert_refused 125 'join: .*Operation not permitted' 'join that one too'
	done
}
@test "namespaces: an ordinary user joins its own only together with their users" {
	ordinary
	# New users are no better: they have no rights in their sibling.
	refused_cells new B 'join: .*Operation not permitted' '--userns ns:PATH'
}
@test "namespaces: an ordinary user cannot do with the host's users" {
	ordinary
	refused_cells host new 'needs a user namespace' 'leave --userns host away|root'
	refused_cells host host 'needs a user namespace' 'leave --userns host away|root'
}
@test "namespaces: an ordinary user may not join root's users" {
	need_root
	targets
	chown -R "$SUBID_UID:$SUBID_UID" "$ROOTFS"
	NOOK_AS=(as_subid_user)
	for kind in "${KINDS[@]}"; do
		run_look B "$kind" new
		assert_exit 125
		assert_stderr_match 'nook: .*(Operation not permitted|Permission denied)'
		assert_stderr_match '^hint: '
	done
}

@test "namespaces: all at once, all new and all joined" {
	targets
	local kind all=()
	for kind in "${KINDS[@]}"; do all+=("${OPTION[$kind]}" "ns:/proc/$B/ns/$kind"); done
	run_nook run --rootfs "$ROOTFS" --userns "ns:/proc/$B/ns/user" "${all[@]}" \
		sh -c 'for k in user uts ipc pid cgroup net time; do readlink /proc/self/ns/$k; done'
	assert_exit 0
	assert_output "$(for kind in user "${KINDS[@]}"; do ns "$B" "$kind"; done)"
	run_nook run --rootfs "$ROOTFS" --userns auto --time private \
		sh -c 'for k in user mnt uts ipc pid cgroup net time; do readlink /proc/self/ns/$k; done'
	assert_exit 0
	assert_equal "${#lines[@]}" 8
	for kind in user mnt "${KINDS[@]}"; do refute_line "$(ns self "$kind")"; done
}

@test "namespaces: the mounts are always new" {
	run_nook run --rootfs "$ROOTFS" readlink /proc/self/ns/mnt
	assert_exit 0
	assert_differs "$output" "$(ns self mnt)"
}

@test "namespaces: defaults: for root users and clocks are the host's" {
	need_root
	run_nook run --rootfs "$ROOTFS" \
		sh -c 'for k in user time uts ipc pid cgroup net; do readlink /proc/self/ns/$k; done'
	assert_exit 0
	for kind in user time; do assert_line "$(ns self "$kind")"; done
	for kind in uts ipc pid cgroup net; do refute_line "$(ns self "$kind")"; done
	run_nook run host readlink /proc/self/ns/user
	assert_exit 0
	assert_differs "$output" "$(ns self user)"
}

@test "namespaces: container:NAME for each kind" {
	need_root
	local kind failed=0
	sleeper first --time private
	for kind in "${KINDS[@]}"; do
		run_nook run --rootfs "$ROOTFS" "${OPTION[$kind]}" container:first readlink "/proc/self/ns/$kind"
		[ "$status" = 0 ] && [ "$output" = "$(ns "$pid" "$kind")" ] && continue
		echo "$kind: $status $output $stderr" >&2
		failed=1
	done
	return $failed
}
@test "namespaces: container:NAME for its users, and all of them" {
	need_root
	local kind all=()
	sleeper second --userns auto --time private
	for kind in "${KINDS[@]}"; do all+=("${OPTION[$kind]}" container:second); done
	run_nook run --rootfs "$ROOTFS" --userns container:second "${all[@]}" \
		sh -c 'for k in user uts ipc pid cgroup net time; do readlink /proc/self/ns/$k; done; cat /proc/1/comm'
	assert_exit 0
	assert_output "$(for kind in user "${KINDS[@]}"; do ns "$pid" "$kind"; done; echo sleep)"
}
@test "namespaces: container:NAME that is not there" {
	run_nook run --rootfs "$ROOTFS" --network container:nobody true
	assert_refused 125 nobody .
	run_nook run --rootfs "$ROOTFS" --network container: true
	assert_refused 125 'which container' 'nook ps'
}

@test "namespaces: a path that is no such namespace" {
	need_root
	run_nook run --rootfs "$ROOTFS" --network ns:/nowhere true
	assert_refused 125 'the namespace to join: network.*No such file' 'alive'
	run_nook run --rootfs "$ROOTFS" --network ns:/proc/self/ns/uts true
	assert_refused 125 'join: network.*Invalid argument' 'of that kind'
	run_nook run --rootfs "$ROOTFS" --network ns:/etc/passwd true
	assert_refused 125 'join: network.*Invalid argument' 'of that kind'
	run_nook run --rootfs "$ROOTFS" --uts ns:relative true
	assert_refused 125 'not absolute' /proc
	run_nook run --rootfs "$ROOTFS" --ipc nonsense true
	assert_refused 125 nonsense 'private, host, ns:PATH'
}

@test "namespaces: a network namespace by name, as ip netns makes it" {
	need_root
	in_private_mounts bash -euc '
		mkdir -p /run/netns
		mount -t tmpfs none /run/netns
		ip netns add blue
		ip -n blue link add d0 type bridge
		"$NOOK" run --rootfs "$1" --network ns:/run/netns/blue ls /sys/class/net
		umount /run/netns/blue' bash "$ROOTFS" >out
	grep -qx d0 out
	grep -qx lo out
}

@test "namespaces: a new PID namespace: /proc shows the inside only" {
	run_nook run --rootfs "$ROOTFS" sh -c 'echo $$; ls -d /proc/[0-9]*'
	assert_exit 0
	assert_equal "${lines[0]}" 1
	[ "${#lines[@]}" -le 3 ]
	assert_line /proc/1
}
@test "namespaces: the host's PID namespace: /proc shows the host's" {
	need_root
	run_nook run --rootfs "$ROOTFS" --pid host sh -c "cat /proc/$$/comm; echo \$\$"
	assert_exit 0
	assert_line bash
	[ "${lines[1]}" -gt 1 ]
	run_nook run --rootfs "$ROOTFS" cat "/proc/$BATS_ROOT_PID/comm"
	assert_exit 1
}
@test "namespaces: /sys/class/net shows the own network's links" {
	run_nook run --rootfs "$ROOTFS" ls /sys/class/net
	assert_exit 0
	assert_output lo
	need_root
	unshare --net bash -euc 'ip link add d7 type bridge; "$NOOK" run --rootfs "$1" --network host ls /sys/class/net' \
		bash "$ROOTFS" >out
	# A sysfs is made for the network in which it is mounted.
	grep -qx d7 out
}
@test "namespaces: lo is up in a new network" {
	run_nook run --rootfs "$ROOTFS" sh -c 'ping -c 1 -w 2 127.0.0.1 >/dev/null && cat /sys/class/net/lo/flags'
	assert_exit 0
	assert_output 0x9
}

@test "namespaces: where the host's mounts are shared, no mount of the container gets out" {
	need_root
	# As systemd makes it. What is copied from the host (a bound /proc, device nodes, /dev/shm) would
	# carry each mount on it back to where it came from: masks, and what the command mounts itself.
	run -0 unshare --mount --propagation shared bash -euc '
		cut -d" " -f3- /proc/self/mountinfo | sort >before
		for options in "--userns auto" "--userns auto --pid host" "--userns auto --network host --ipc host" \
			"--ipc host" "--userns auto --pid ns:/proc/$2/ns/pid"; do
			"$NOOK" run --rootfs "$1" --cap-add SYS_ADMIN --security-opt seccomp=unconfined $options sh -c "
				for f in null zero full random tty; do mount --bind /etc/passwd /dev/\$f; done
				for d in shm mqueue pts; do mount -t tmpfs none /dev/\$d; done
				mount -t tmpfs none /sys/class; mount -t tmpfs none /tmp; mount -t tmpfs none /proc/tty; true"
			cut -d" " -f3- /proc/self/mountinfo | sort | diff before - || echo "leaked with $options"
		done' bash "$ROOTFS" "$$"
	refute_match 'leaked'
}

near() { [ "$1" -ge $(($2 - 2)) ] && [ "$1" -le $(($2 + 20)) ]; }

@test "namespaces: --time-offset moves the clocks, and implies a time namespace" {
	need_root
	cp "$PROBES/clocks" "$ROOTFS/bin/"
	local host_mono host_boot mono boot real
	read -r host_mono host_boot real < <("$PROBES/clocks")
	run_nook run --rootfs "$ROOTFS" --time-offset monotonic=100000,boottime=7d sh -c \
		'clocks; cut -d. -f1 /proc/uptime; readlink /proc/self/ns/time'
	assert_exit 0
	read -r mono boot real2 <<<"${lines[0]}"
	near "$mono" $((host_mono + 100000))
	near "$boot" $((host_boot + 604800))
	near "$real2" "$real"
	near "${lines[1]}" $((host_boot + 604800))
	assert_differs "${lines[2]}" "$(ns self time)"
}
@test "namespaces: --time-offset of one clock leaves the other" {
	need_root
	cp "$PROBES/clocks" "$ROOTFS/bin/"
	local host_mono host_boot mono boot
	read -r host_mono host_boot _ < <("$PROBES/clocks")
	run_nook run --rootfs "$ROOTFS" --time-offset boottime=2h --userns auto clocks
	assert_exit 0
	read -r mono boot _ <<<"$output"
	near "$mono" "$host_mono"
	near "$boot" $((host_boot + 7200))
}
@test "namespaces: --time-offset names a clock once" {
	run_nook run --time-offset boottime=1,monotonic=2,boottime=3 host true
	assert_refused 125 'the same clock twice' 'each once'
}

@test "namespaces: --time-offset back, with a fraction" {
	need_root
	cp "$PROBES/clocks" "$ROOTFS/bin/"
	local host_mono host_boot mono boot
	read -r host_mono host_boot _ < <("$PROBES/clocks")
	run_nook run --rootfs "$ROOTFS" --time-offset monotonic=-5.5,boottime=-4 clocks
	assert_exit 0
	read -r mono boot _ <<<"$output"
	[ "$mono" -ge $((host_mono - 7)) ] && [ "$mono" -le $((host_mono + 10)) ]
	[ "$boot" -ge $((host_boot - 5)) ] && [ "$boot" -le $((host_boot + 10)) ]
}
@test "namespaces: --time-offset back beyond the start, beyond all, and nonsense" {
	need_root
	run_nook run --rootfs "$ROOTFS" --time-offset monotonic=-3000000000 true
	assert_refused 125 'far they are from the host.*Numerical result out of range' 'negative'
	run_nook run --rootfs "$ROOTFS" --time-offset monotonic=9000000000 true
	assert_refused 125 'far they are from the host|not a time' .
	for value in monotonic=soon monotonic= realtime=3 3600 monotonic=99999999999999999999; do
		run_nook run --rootfs "$ROOTFS" --time-offset "$value" true
		assert_refused 125 'not a (time|clock)' 'monotonic=TIME'
	done
	run_nook run --rootfs "$ROOTFS" --time host --time-offset monotonic=1 true
	assert_refused 125 'a clock of its own' 'private'
}
@test "namespaces: an ordinary user has clocks of its own, too" {
	ordinary
	cp "$PROBES/clocks" "$ROOTFS/bin/"
	local host_boot boot
	read -r _ host_boot _ < <("$PROBES/clocks")
	run --separate-stderr as_subid_user "$NOOK" run --rootfs "$ROOTFS" --time-offset boottime=1000000 clocks
	assert_exit 0
	read -r _ boot _ <<<"$output"
	near "$boot" $((host_boot + 1000000))
}

map_of() { tr -s ' ' <<<"$1" | sed 's/^ //'; }
@test "namespaces: --userns map with --uidmap and --gidmap" {
	need_root
	run_nook run --rootfs "$ROOTFS" --userns map --uidmap 0:310000:1000 --uidmap 5000:320000:10 \
		--gidmap 0:330000:500 sh -c 'cat /proc/self/uid_map; echo; cat /proc/self/gid_map'
	assert_exit 0
	assert_equal "$(map_of "$output")" $'0 310000 1000\n5000 320000 10\n\n0 330000 500'
	# One alone serves for both, and brings the user namespace.
	run_nook run --rootfs "$ROOTFS" --uidmap 0:310000:1000 cat /proc/self/gid_map
	assert_exit 0
	assert_equal "$(map_of "$output")" '0 310000 1000'
}
@test "namespaces: who is outside what the map says" {
	need_root
	sleeper mapped --uidmap 0:310000:1000 -u 33:44
	assert_equal "$(stat -c %u:%g "/proc/$pid/ns")" 310033:310044
}
@test "namespaces: maps that cannot be" {
	words_only
	need_root
	run_nook run --rootfs "$ROOTFS" --userns map true
	assert_refused 125 'without a map' --uidmap
	run_nook run --rootfs "$ROOTFS" --uidmap 0:1:10 --uidmap 5:100:10 true
	assert_refused 125 overlaps .
	run_nook run --rootfs "$ROOTFS" --uidmap 0:1:0 true
	assert_refused 125 'not an id map' INSIDE:OUTSIDE:LENGTH
	run_nook run --rootfs "$ROOTFS" --uidmap 0:1:4294967295 true
	assert_refused 125 'ids end' .
	run_nook run --rootfs "$ROOTFS" --uidmap 1000:310000:10 true
	assert_refused 125 'user root|group root' '0:OUTSIDE'
	run_nook run --rootfs "$ROOTFS" --userns host --uidmap 0:1:10 true
	assert_refused 125 'does not go with' .
	NOOK_AS=(as_subid_user)
	chown -R "$SUBID_UID:$SUBID_UID" "$ROOTFS"
	run --separate-stderr as_subid_user "$NOOK" run --rootfs "$ROOTFS" --uidmap 0:0:10 true
	assert_exit 125
	assert_stderr_match '^nook: .*which user inside is which outside'
	assert_stderr_match '^hint: .*/etc/subuid'
}
@test "namespaces: --userns auto gives each container ids of its own" {
	need_root
	sleeper one --userns auto
	local first=$pid one two
	sleeper two --userns auto
	read -r _ one count <"/proc/$first/uid_map"
	read -r _ two _ <"/proc/$pid/uid_map"
	[ "$one" -gt 0 ] && [ "$two" -gt 0 ]
	assert_differs "$one" "$two"
	# No id is in both.
	[ "$one" -ge $((two + count)) ] || [ "$two" -ge $((one + count)) ]
	# And after the end they are free again: nothing is kept that a later one would miss.
	nook kill one two
	eventually test ! -e "/proc/$pid"
}

@test "namespaces: --hostname and --domainname are seen inside only" {
	local before
	before=$(hostname)/$(cat /proc/sys/kernel/domainname)
	run_nook run --rootfs "$ROOTFS" --hostname inside --domainname nis.example \
		sh -c 'hostname; cat /proc/sys/kernel/domainname /etc/hostname'
	assert_exit 0
	assert_output $'inside\nnis.example\ninside'
	assert_equal "$(hostname)/$(cat /proc/sys/kernel/domainname)" "$before"
	run_nook run --rootfs "$ROOTFS" sh -c 'hostname'
	assert_match '^[0-9a-f]{12}$'
}
@test "namespaces: a host name needs a host name's namespace, and fits" {
	run_nook run --rootfs "$ROOTFS" --uts host --hostname x true
	assert_refused 125 'host name' '--uts private'
	run_nook run --rootfs "$ROOTFS" --hostname "$(printf 'a%.0s' {1..65})" true
	assert_refused 125 . 64
	need_root
	run_nook run --rootfs "$ROOTFS" --uts host hostname
	assert_output "$(hostname)"
}
