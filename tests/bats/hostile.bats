#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# Root file systems and programs that mean harm: nothing outside is read, written, mounted on or
# waited for. Beside each rootfs lies a canary, and after each test it must be as it was.
# vm: seldom, oci_mounts, namespaces and lifecycle take the same ways through 6.1

load ../lib/nook
setup() {
	nook_setup
	ROOTFS=$BATS_TEST_TMPDIR/rootfs
	CANARY=$BATS_TEST_TMPDIR/canary
	busybox_rootfs --dirs "$ROOTFS"
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p canary/dir data
	echo song >canary/file
	echo secret >canary/passwd
	cp canary/passwd canary/group
	echo outside >data/file
	chmod 0600 canary/file
	export ROOTFS CANARY
	canary_state >before
}
teardown() {
	canary_state >after
	diff before after >&2 || return 1
	nook_teardown
}

# Names, content, modes, owners and times of what lies outside.
canary_state() {
	find "$CANARY" -printf '%P %y %m %U:%G %T@ %C@ %n %l\n' | sort
	find "$CANARY" -type f -exec sha256sum {} + | sort
	grep -F "$CANARY" /proc/self/mountinfo || true
}
inside() {
	status=0
	output=$(timeout -s KILL 20 "$NOOK" run --rootfs "$ROOTFS" "$@" 2>.stderr) || status=$?
	stderr=$(cat .stderr)
}
# The ways out of a rootfs that a link can take.
ways_out() {
	local up=../../../../../../../../../../../..
	if [ -n "${NOOK_VM:-}" ]; then
		# Emulated a start takes a second: one of each kind.
		printf '%s\n' "$CANARY" "$up$CANARY" /proc/1/root"$CANARY"
		return
	fi
	printf '%s\n' "$CANARY" "$up$CANARY" ../canary "/../..$CANARY" "$CANARY/dir/.." /proc/self/root"$CANARY" \
		/proc/1/root"$CANARY" /proc/self/cwd /nowhere "$1"
}
replace() { rm -rf "${ROOTFS:?}$1" && ln -s "$2" "$ROOTFS$1"; }

# ---- links where nook mounts ----

@test "hostile: a link at /proc, /sys, /dev, /tmp or /run is refused, wherever it leads" {
	local place way
	for place in proc sys dev tmp run; do
		while read -r way; do
			replace "/$place" "$way"
			inside true
			assert_refused 125 'never through a link \(openat2\)' "/$place of the rootfs must be a directory"
		done < <(ways_out "$place")
		replace "/$place" "$CANARY"
		inside --read-only true
		assert_refused 125 'never through a link' "/$place"
		status=0
		run_nook run --rootfs "$ROOTFS:O" true
		assert_refused 125 'never through a link' "/$place"
		rm "$ROOTFS/$place"
		mkdir "$ROOTFS/$place"
	done
}

@test "hostile: a file, a FIFO or a device where nook mounts a directory is refused" {
	need_root
	rmdir "$ROOTFS/sys"
	echo >"$ROOTFS/sys"
	inside true
	assert_refused 125 'Not a directory' '/sys of the rootfs must be a directory'
	rm "$ROOTFS/sys"
	mkfifo "$ROOTFS/sys"
	inside true
	assert_refused 125 'Not a directory' '/sys'
	rm "$ROOTFS/sys"
	mknod "$ROOTFS/sys" c 1 3
	inside true
	assert_refused 125 'Not a directory' '/sys'
}

@test "hostile: links inside /dev of the rootfs are covered, not followed" {
	local name
	# shellcheck disable=SC2115 # on purpose
	rm -rf "$ROOTFS/dev"
	mkdir "$ROOTFS/dev"
	for name in null zero full random urandom tty console ptmx fd stdin nook-init; do
		ln -s "$CANARY/file" "$ROOTFS/dev/$name"
	done
	for name in pts shm mqueue; do ln -s "$CANARY" "$ROOTFS/dev/$name"; done
	inside --init sh -c 'echo x >/dev/null; head -c 2 /dev/zero | wc -c; stat -c %F /dev/null; ls -A /dev/shm /dev/mqueue; : >/dev/shm/x'
	assert_exit 0
	assert_line 2
	assert_line 'character special file'
	run_nook run -t --rootfs "$ROOTFS" sh -c 'stat -c %F /dev/console; tty'
	assert_exit 0
	assert_match '^character special file'
}

@test "hostile: over a link at /etc/hosts, hostname or resolv.conf the mount goes, not through it" {
	local file way
	for file in hosts hostname resolv.conf; do
		while read -r way; do
			replace "/etc/$file" "$way"
			inside --hostname inside sh -c "cat /etc/$file; echo more >>/etc/$file"
			assert_exit 0
			assert_match 'inside|no network'
			refute_match song
			[ -L "$ROOTFS/etc/$file" ]
		done < <(ways_out "$file"; echo "$CANARY/file")
		replace "/etc/$file" "$CANARY/file"
		run_nook run --rootfs "$ROOTFS:O" cat "/etc/$file"
		assert_exit 0
		refute_match song
	done
}
@test "hostile: a FIFO, a device or a directory at /etc/hosts, hostname or resolv.conf" {
	need_root
	local file
	for file in hosts hostname resolv.conf; do
		# shellcheck disable=SC2115 # on purpose
		rm -rf "$ROOTFS/etc/$file"
		mkfifo "$ROOTFS/etc/$file"
		inside --hostname inside cat "/etc/$file"
		assert_exit 0
		assert_match 'inside|no network'
		rm "$ROOTFS/etc/$file"
		mknod "$ROOTFS/etc/$file" c 1 9
		inside --hostname inside cat "/etc/$file"
		assert_exit 0
		assert_match 'inside|no network'
		rm "$ROOTFS/etc/$file"
		mkdir "$ROOTFS/etc/$file"
		inside true
		assert_refused 125 "seen as /etc/$file" "/etc/$file of the rootfs must not be a directory"
		rmdir "$ROOTFS/etc/$file"
	done
}

@test "hostile: /etc as a link stays inside" {
	local way
	mv "$ROOTFS/etc" "$ROOTFS/real"
	ln -s /real "$ROOTFS/etc"
	inside --hostname inside cat /etc/hostname /real/hostname
	assert_output $'inside\ninside'
	ln -sfn ../../../real "$ROOTFS/etc"
	inside -u alice --hostname inside sh -c 'id -u; cat /etc/hostname'
	assert_output $'1000\ninside'
	while read -r way; do
		ln -sfn "$way" "$ROOTFS/etc"
		inside cat /etc/passwd
		assert_exit 125
		refute_match secret
	done < <(ways_out etc | grep -v proc)
}

# ---- passwd and group ----

@test "hostile: /etc/passwd as a link out is not read" {
	local way
	while read -r way; do
		replace /etc/passwd "$way/passwd"
		inside -u alice id -u
		assert_refused 125 'alice' .
	done < <(ways_out passwd)
	replace /etc/passwd /etc/shadow-like
	mv "$ROOTFS/etc/group" "$ROOTFS/etc/shadow-like"
	echo 'alice:x:1234:1234::/:/bin/sh' >"$ROOTFS/etc/shadow-like"
	inside -u alice id -u
	assert_output 1234
}

@test "hostile: /etc/passwd as a FIFO, a directory, a device, 10 GB of nothing, or one huge line" {
	need_root
	local file=$ROOTFS/etc/passwd kind
	for kind in 'mkfifo "$file"' 'mkdir "$file"' 'mknod "$file" c 1 5' 'truncate -s 10G "$file"' \
		'head -c 1000000 /dev/zero | tr "\0" a >"$file"' 'head -c 1000000 /dev/urandom >"$file"' \
		'yes : | head -c 1000000 >"$file"' 'printf "alice" >"$file"' 'printf "alice:x:-1:99999999999:::" >"$file"' \
		'printf "alice:x:0x0:0:::\nalice\0:x:0:0::/:/" >"$file"'; do
		rm -rf "$file"
		eval "$kind"
		inside true
		[ "$status" = 0 ] || { echo "$kind" && explain_failure 'expected 0'; }
		inside -u alice true
		[ "$status" = 125 ] || { echo "$kind" && explain_failure 'expected 125'; }
		inside -u 12:34 sed -n 's/^Uid:.\([0-9]*\).*/\1/p' /proc/self/status
		assert_output 12
	done
	rm -rf "$file"
}

@test "hostile: a device in place of /etc/passwd is not even opened" {
	need_root
	command -v strace >/dev/null || skip "no strace here (the host's run has it)"
	rm "$ROOTFS/etc/passwd"
	mknod "$ROOTFS/etc/passwd" c 1 5
	ASAN_OPTIONS=$UNTRACED run -0 strace -f -e trace=openat2,openat,open -o trace "$NOOK" run --rootfs "$ROOTFS" true
	grep 'passwd"' trace
	run ! grep -E 'passwd".*O_(RDONLY|RDWR)[^P]*, resolve' trace
}

# ---- volumes ----

@test "hostile: links at a volume's target and on the way to it stay inside" {
	local way
	while read -r way; do
		rm -rf "$ROOTFS/x"
		ln -s "$way" "$ROOTFS/x"
		inside -v "$PWD/data:/x" true
		assert_exit 125
		inside -v "$PWD/data:/x/y/z" true
		assert_exit 125
		inside --tmpfs /x/y true
		assert_exit 125
		inside -v "$PWD/data/file:/x" true
		assert_exit 125
		inside -v "$PWD/data/file:/x/file" true
		assert_exit 125
	done < <(ways_out x)
	[ "$(find "$ROOTFS" -name canary | wc -l)" = 0 ]
}
@test "hostile: a volume's target below our own /proc does not lead out" {
	local way
	for way in /proc/self/root/x /proc/1/root/x /proc/self/cwd/x /proc/self/fd/3/x /proc/self/fd/7 /dev/fd/8 /dev/stdin/x; do
		inside -v "$PWD/data:$way" true
		assert_exit 125
	done
}
@test "hostile: a FIFO as the target of a file is mounted over, not opened" {
	mkfifo "$ROOTFS/x"
	inside -v "$PWD/data/file:/x" cat /x
	assert_output outside
}

# ---- races ----

# 40 starts each (12 where a start takes a second), while somebody outside exchanges a directory with a link to the canary.
race() {
	# shellcheck disable=SC1007 # on purpose
	local swap i place=$1 codes= starts=40
	shift
	[ -z "${NOOK_VM:-}" ] || starts=12
	mkdir -p "$ROOTFS/$place"
	ln -s "../canary" "$ROOTFS/other"
	ln -sfn "$CANARY" "$ROOTFS/other"
	"$PROBES/swap" "$ROOTFS/$place" "$ROOTFS/other" 3>&- &
	swap=$!
	for ((i = 0; i < starts; i++)); do
		inside "$@"
		codes+=" $status"
		# 1: the command ran, and does not find what is exchanged on and on.
		case $status in 0 | 1 | 125) ;; *) break ;; esac
		refute_match song || break
	done
	kill "$swap"
	wait "$swap" || true
	[ "$i" = "$starts" ] || explain_failure "codes$codes"
	# Both ways were met: the test tests something.
	[[ $codes == *' 125'* && $codes == *' '[01]* ]] || explain_failure "one way only:$codes"
}
@test "hostile: attack: /proc exchanged with a link while it starts" {
	race proc true
}
@test "hostile: attack: /etc exchanged with a link while it starts" {
	race etc cat /etc/hostname
}
@test "hostile: attack: a volume's target exchanged with a link while it starts" {
	race x -v "$PWD/data:/x/made/deep" cat /x/made/deep/file
}
@test "hostile: attack: the place of a file exchanged with a link while it starts" {
	race x -v "$PWD/data/file:/x/file" cat /x/file
}
@test "hostile: attack: the working directory exchanged with a link while it starts" {
	race x -w /x/work pwd
}

# ---- working directory and command ----

@test "hostile: -w does not lead out by links or by descriptors of nook" {
	local way fd
	while read -r way; do
		replace /x "$way"
		inside -w /x ls -A
		refute_line file
		inside -w /x/deeper ls -A
		refute_line file
	done < <(ways_out x)
	# CVE-2024-21626: descriptors of the host's directories, any of them.
	for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		inside -w "/proc/self/fd/$fd" ls
		assert_refused 125 'CVE-2024-21626|working directory' .
		inside -w "/proc/self/fd/$fd/../../.." ls
		refute_match canary
	done
	inside -w /proc/self/cwd ls
	assert_exit 125
	inside -w /proc/1/root ls
	assert_exit 125
}

@test "hostile: a command through a link does not lead out" {
	local way
	cp "$ROOTFS/bin/busybox" data/evil
	replace /bin/evil "$PWD/data/evil"
	inside evil
	assert_refused 127 'execute evil|execute' .
	replace /bin/evil "../../../../../../../..$PWD/data/evil"
	inside /bin/evil
	assert_exit 127
	printf '#!%s\n' "$PWD/data/evil" >"$ROOTFS/bin/script"
	chmod +x "$ROOTFS/bin/script"
	inside script
	assert_exit 127
}

# ---- from inside ----

@test "hostile: no descriptor of the host's is there, in run and in exec" {
	run_nook run --name fds-$$ --rootfs "$ROOTFS" sh -c \
		'ls -l /proc/self/fd | sed -n "s/.* \([0-9]* -> .*\)/\1/p" | grep -v "/proc/" ; ls /proc/1/fd | tr "\n" " "' 7<"$CANARY" 9</dev/null
	refute_match canary
	refute_match "$BATS_TEST_TMPDIR/rootfs"
	assert_line '0 -> /dev/null'
	run ! grep -E '^[3-9] -> /' <<<"$output"
	"$NOOK" run --name fds-$$ --rootfs "$ROOTFS" sleep 30 3>&- 7<"$CANARY" &
	local pid=$!
	eventually "$NOOK" exec fds-$$ true 2>/dev/null
	run_nook exec fds-$$ sh -c 'ls -l /proc/self/fd | sed -n "s/.* \([0-9]* -> .*\)/\1/p" | grep -v /proc/' 7<"$CANARY"
	run_nook exec fds-$$ sh -c 'ls /proc/1/fd | tr "\n" " "' 7<"$CANARY"
	assert_output '0 1 2 '
	"$NOOK" kill fds-$$
	wait "$pid" || true
}

@test "hostile: device files made inside open nothing, wherever they are made" {
	need_root
	local dir
	for dir in / /tmp /dev /dev/shm /run /x /t /etc; do
		inside -v "$PWD/data:/x" --tmpfs /t --tmpfs /tmp sh -c \
			"mknod $dir/z c 1 5 && chmod 666 $dir/z && head -c 1 $dir/z | wc -c"
		assert_output 0
		assert_stderr_match 'Permission denied'
	done
	run_nook run --rootfs "$ROOTFS:O" sh -c 'mknod /zero c 1 5; head -c 1 /zero | wc -c'
	assert_output 0
	# Those of the rootfs neither.
	mknod "$ROOTFS/zero" c 1 5
	inside sh -c 'head -c 1 /zero | wc -c'
	assert_output 0
	# Below an overlay of the rootfs, too.
	run_nook run --rootfs "$ROOTFS:O" sh -c 'head -c 1 /zero | wc -c'
	assert_output 0
}

@test "hostile: chmod and chown of /dev/null inside do not reach the host's" {
	need_root
	local old
	old=$(stat -c '%a %u %g' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty)
	inside sh -c 'chmod 600 /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty; chown 5:5 /dev/null; stat -c "%a %u" /dev/null'
	assert_output '600 5'
	inside --userns auto sh -c 'true'
	run_nook run --rootfs "$ROOTFS:idmap" --userns auto sh -c 'chmod 600 /dev/null || echo refused; chown 5 /dev/null || echo refused; rm /dev/null || echo refused'
	assert_line refused
	run_nook run host sh -c 'chmod 600 /dev/null || echo refused'
	assert_line refused
	assert_equal "$(stat -c '%a %u %g' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty)" "$old"
}

@test "hostile: a setuid program of a volume gives nothing" {
	need_root
	cp "$PROBES/call" data/call
	chmod 4755 data/call
	# setuid(0)
	inside -u alice -v "$PWD/data:/x" /x/call native 105 0
	assert_output EPERM
	inside -u alice -v "$PWD/data:/x:O" /x/call native 105 0
	assert_output EPERM
	cp data/call "$ROOTFS/bin/call"
	chmod 4755 "$ROOTFS/bin/call"
	inside -u alice call native 105 0
	assert_output ok
}

@test "hostile: one mount on /, and no way up" {
	local options
	for options in "" --read-only "--cap-add SYS_CHROOT"; do
		# shellcheck disable=SC2086
		inside $options sh -c '
			grep -c " / / \| [^ ]* / " /proc/self/mountinfo >/dev/null
			awk "\$5 == \"/\"" /proc/self/mountinfo | wc -l
			cd ../../../../../..; pwd; ls -d etc canary 2>/dev/null
			ls -d /proc/1/root/etc /proc/1/root/../etc /proc/self/cwd/../etc
			ls -d /proc/1/root'"$CANARY"' /proc/1/cwd'"$CANARY"' /../..'"$CANARY"' 2>/dev/null
			chroot /bin /busybox true; true'
		assert_exit 0
		assert_output $'1\n/\netc\n/proc/1/root/../etc\n/proc/1/root/etc\n/proc/self/cwd/../etc'
	done
	run_nook run --rootfs "$ROOTFS:O" sh -c 'awk "\$5 == \"/\"" /proc/self/mountinfo | wc -l'
	assert_output 1
	run_nook run host sh -c 'awk "\$5 == \"/\"" /proc/self/mountinfo | wc -l; ls -d /proc/1/root/'"$CANARY"' 2>/dev/null'
	assert_output 1
}

@test "hostile: the classic way out of a chroot stays inside" {
	need_root
	mkdir "$ROOTFS/jail"
	cp "$ROOTFS/bin/busybox" "$ROOTFS/jail/sh"
	inside --cap-add SYS_ADMIN --security-opt seccomp=unconfined sh -c '
		exec 9</
		cd /
		chroot /jail /sh -c "cd /proc/self/fd/9 2>/dev/null; cd ../../../../../../../../..; ls -d etc'"$CANARY"' $PWD/canary" 2>/dev/null
		umount -l / 2>/dev/null; ls -d /canary '"$CANARY"' 2>/dev/null; echo still inside'
	refute_match canary
	assert_line 'still inside'
}

# ---- masks ----

masked='for f in /proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/sched_debug /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
	[ ! -d $f ] || [ -z "$(ls -A $f)" ] || echo "$f shows something"
	[ ! -f $f ] || [ -z "$(head -c 1 $f 2>/dev/null)" ] || echo "$f reads"
	[ ! -c $f ] || [ -z "$(head -c 1 $f)" ] || echo "$f reads"
done; echo looked'
readonly_paths='for f in /proc/sys/kernel/core_pattern /proc/sys/vm/swappiness /proc/sysrq-trigger /proc/sys/kernel/hostname; do
	{ echo h >>$f; } 2>/dev/null && echo "$f written"
done; mkdir /sys/fs/x 2>/dev/null && echo made; echo tried'

@test "hostile: masked paths read as nothing, read-only ones cannot be written" {
	inside sh -c "$masked; $readonly_paths"
	assert_exit 0
	assert_output $'looked\ntried'
	run_nook run host sh -c "$masked; $readonly_paths"
	assert_output $'looked\ntried'
}
@test "hostile: masks in the containers of ordinary users" {
	need_root
	local who
	for who in "as_user $TEST_UID" "as_subid_user $SUBID_UID"; do
		chown -R "${who#* }:${who#* }" "$ROOTFS"
		# shellcheck disable=SC2086 # on purpose
		run -0 ${who% *} "$NOOK" --log-level error run --rootfs "$ROOTFS" sh -c "$masked; $readonly_paths"
		assert_output $'looked\ntried'
	done
}

# What --cap-add SYS_ADMIN means: whoever may mount can take masks and read-only flags of the
# container away, for itself. That does not give it rights over the host where it has users of its
# own: there the kernel's own checks stand behind the mask.
@test "hostile: with SYS_ADMIN in a user namespace of its own the masks may go, the kernel stays" {
	need_root
	run_nook run --rootfs "$ROOTFS:idmap" --userns auto --cap-add SYS_ADMIN --security-opt seccomp=unconfined sh -c '
		for f in /proc/kcore /proc/sysrq-trigger /proc/sys /proc/bus /sys/firmware; do umount $f 2>/dev/null; done
		mount -o remount,rw /sys 2>/dev/null
		head -c 1 /proc/kcore 2>/dev/null
		echo h >/proc/sysrq-trigger || echo refused
		echo x >/proc/sys/kernel/core_pattern || echo refused
		mknod /tmp/vda b 254 0 || echo refused
		mount -t ext4 /dev/vda /mnt || echo refused
		mount -t tmpfs none /mnt && echo mounted'
	assert_output $'refused\nrefused\nrefused\nrefused\nmounted'
}
@test "hostile: without SYS_ADMIN nothing of that works, with users of its own or not" {
	need_root
	local options
	for options in "--rootfs $ROOTFS" "--rootfs $ROOTFS:O:idmap --userns auto" "--rootfs $ROOTFS --cap-add SYS_PTRACE"; do
		# shellcheck disable=SC2086
		run_nook run $options --security-opt seccomp=unconfined sh -c '
			umount /proc/keys || echo refused
			mount -o remount,bind,rw /proc/sys / || echo refused
			mount -t tmpfs none /mnt || echo refused
			unshare -m true || echo refused'
		assert_output $'refused\nrefused\nrefused\nrefused'
	done
}

# bubblewrap CVE-2017-5226
@test "hostile: nobody types into the terminal of the caller" {
	[ "$(uname -m)" = x86_64 ] || skip "system call numbers of x86_64"
	cp "$PROBES/call" "$ROOTFS/bin/call"
	# Even with the filter gone: the session is not the caller's.
	script -qec "'$NOOK' run --rootfs '$ROOTFS' --security-opt seccomp=unconfined call native 16 0 0x5412 >'$PWD/answer'; \
		'$NOOK' run --rootfs '$ROOTFS' --security-opt seccomp=unconfined sh -c 'echo typed >/dev/tty || echo no terminal' >'$PWD/tty' 2>&1" /dev/null </dev/null >/dev/null
	grep -qE '^(ENOTTY|EPERM|EIO)$' answer
	grep -qx 'no terminal' tty
}

# What a link to /proc/self/fd/N could reach: everything that nook has open when it executes.
fd_links() { # ROOTFS
	local fd
	mkdir -p "$1/esc"
	for fd in $(seq 0 40); do
		ln -s "/proc/self/fd/$fd" "$1/esc/$fd"
		ln -s "/proc/self/fd/$fd/../../bin/true" "$1/esc/up$fd"
		ln -s "/proc/self/fd/$fd/../../../../../../../../bin/true" "$1/esc/top$fd"
	done
}

@test "CVE-2024-21626: a command through a link to a descriptor of nook's finds nothing" {
	local fd rootfs=$BATS_TEST_TMPDIR/other
	busybox_rootfs "$rootfs"
	fd_links "$rootfs"
	for fd in $(seq 3 40); do
		for what in "up$fd" "top$fd"; do
			run_nook run --rootfs "$rootfs" "/esc/$what"
			[[ $status = 126 || $status = 127 ]] || explain_failure "descriptor $fd was open: $what"
		done
	done
	for fd in 3 4 5 6 7 8; do
		run_nook run --rootfs "$rootfs:O" "/esc/top$fd"
		[[ $status = 126 || $status = 127 ]] || explain_failure "descriptor $fd was open"
	done
}

@test "CVE-2024-21626: exec through a link to a descriptor of nook's finds nothing" {
	local fd pid rootfs=$BATS_TEST_TMPDIR/other
	busybox_rootfs "$rootfs"
	fd_links "$rootfs"
	"$NOOK" run --name victim --rootfs "$rootfs" sleep 60 >/dev/null 2>&1 &
	pid=$!
	eventually "$NOOK" exec victim true
	for fd in $(seq 3 25); do
		run_nook exec victim "/esc/top$fd"
		[[ $status = 126 || $status = 127 ]] || explain_failure "descriptor $fd was open"
	done
	"$NOOK" kill victim >/dev/null
	wait "$pid" || true
}

@test "a working directory through a link to a descriptor of nook's makes nothing outside" {
	local fd before rootfs=$BATS_TEST_TMPDIR/other
	busybox_rootfs "$rootfs"
	fd_links "$rootfs"
	"$NOOK" run --rootfs "$rootfs" true
	before=$(find "$NOOK_STATE" "$BATS_TEST_TMPDIR" -maxdepth 2 | sort)
	for fd in $(seq 3 20); do
		run_nook run --rootfs "$rootfs" -w "/esc/$fd/planted" true
		assert_exit 125
	done
	assert_equal "$(find "$NOOK_STATE" "$BATS_TEST_TMPDIR" -maxdepth 2 | grep -v stderr | sort)" \
		"$(grep -v stderr <<<"$before")"
	[ -z "$(find "$BATS_TEST_TMPDIR" -name planted)" ]
}

@test "the host's shared memory opens no device" {
	need_root
	local rootfs=$BATS_TEST_TMPDIR/other
	busybox_rootfs "$rootfs"
	run_nook run --ipc host --rootfs "$rootfs" sh -c \
		'mknod /dev/shm/nook-test c 1 5 && ! head -c1 /dev/shm/nook-test 2>/dev/null; r=$?
		rm -f /dev/shm/nook-test; exit $r'
	assert_exit 0
}

@test "a caller that ignores SIGCHLD can run a container" {
	local rootfs=$BATS_TEST_TMPDIR/other
	busybox_rootfs "$rootfs"
	status=0
	timeout -s KILL 30 env --ignore-signal=CHLD "$NOOK" run --rootfs "$rootfs" sh -c 'exit 3' || status=$?
	assert_exit 3
}
