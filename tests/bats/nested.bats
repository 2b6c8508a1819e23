# SPDX-License-Identifier: Apache-2.0
# Where nook is not at home: inside other containers (nook's own serve as those), in chroots and
# user namespaces, without /proc, /dev or cgroups, under tight limits, and as an ordinary user whose
# ids cannot be mapped. It works as far as the kernel allows and says what it cannot give, or refuses
# with one line and one hint; nothing is left.
# vm: seldom, what an outer container takes away is the same there

load ../lib/nook

setup_file() {
	OUTER=$BATS_FILE_TMPDIR/outer
	export OUTER
	busybox_rootfs --dirs "$OUTER"
	busybox_rootfs --dirs "$OUTER/inner"
	cp "$NOOK" "$OUTER/bin/nook"
	# What a user namespace may not make in a tree that it does not own.
	touch "$OUTER"/etc/{hostname,hosts,resolv.conf} "$OUTER"/inner/etc/{hostname,hosts,resolv.conf}
	chmod 0755 "$OUTER" "$OUTER/inner"
}
setup() {
	need_plain_build # the sanitizer's is no static program, and knows other limits
	nook_setup
}
teardown() { [ -z "${LEAKS_BEFORE+x}" ] || nook_teardown; }

LOOK='id -u; read -r _ out count </proc/self/uid_map; echo "root is $out of $count"; cat /proc/1/comm
	ls /sys/class/net; cat /sys/class/net/lo/flags; echo x >/dev/null && echo null; touch /tmp/x && echo tmp'

# nested OUTER-OPTIONS… -- INNER-OPTIONS…: nook run in nook run, whose own notices are left away.
nested() {
	local outer=()
	while [ "$1" != -- ]; do outer+=("$1"); shift; done
	shift
	# shellcheck disable=SC2016
	run_nook --log-level error run "${outer[@]}" --rootfs "$OUTER" nook "$@"
}
UNFILTERED=(--security-opt seccomp=unconfined)
inner_look() { nested "$@" -- run --rootfs /inner sh -c "$LOOK"; }

# What every start has, wherever it happens.
assert_container() {
	assert_exit 0
	assert_equal "${lines[0]}" 0
	assert_equal "${lines[1]}" "root is $1"
	assert_line lo
	assert_line 0x9
	assert_line null
	assert_line tmp
}
# The processes of the outer container are seen, and nook says so.
assert_outer_proc() {
	assert_equal "${lines[2]}" nook
	assert_stderr_match '^nook: warn: /proc inside is the one outside.*(covers|read-only|part|mounted)'
}
assert_own_proc() {
	assert_equal "${lines[2]}" sh
	refute_stderr_match '/proc inside'
}
assert_same_state() { assert_equal "$(ls -A "$NOOK_STATE/containers" 2>/dev/null)" ""; }

# --- in a container

@test "nested: in a privileged container everything works" {
	need_root
	inner_look --privileged
	assert_container "0 of 4294967295"
	assert_own_proc
}

@test "nested: in a plain container the seccomp filter is named" {
	need_root
	nested -- run --rootfs /inner true
	assert_refused 125 'clone3' 'container.*around.*seccomp=unconfined.*--privileged'
	nested -- run host true
	assert_refused 125 'clone3' 'seccomp=unconfined'
	nested --cap-add SYS_ADMIN -- run --rootfs /inner true
	assert_refused 125 'pivot_root' 'container around nook filters.*seccomp=unconfined'
	assert_same_state
}

@test "nested: random numbers are allowed by the default filter" {
	need_root
	nested -- run --rootfs /inner true
	refute_stderr_match 'random'
}

@test "nested: without a filter a root that lacks capabilities gets users numbered alike" {
	need_root
	inner_look "${UNFILTERED[@]}"
	assert_container "0 of 4294967295"
	assert_outer_proc
	# CAP_NET_ADMIN is not enough, and CAP_SYS_ADMIN alone could not bring lo up.
	inner_look "${UNFILTERED[@]}" --cap-add NET_ADMIN
	assert_container "0 of 4294967295"
	inner_look "${UNFILTERED[@]}" --cap-add SYS_ADMIN
	assert_container "0 of 4294967295"
	assert_outer_proc
}

@test "nested: files keep their owners for a root that lacks capabilities" {
	need_root
	chown 1000:1000 "$OUTER/inner/home/alice"
	nested "${UNFILTERED[@]}" -- run --rootfs /inner stat -c '%u %n' / /home/alice
	assert_exit 0
	assert_equal "${lines[0]}" "0 /"
	assert_equal "${lines[1]}" "1000 /home/alice"
	nested "${UNFILTERED[@]}" -- run -u alice --rootfs /inner id -u
	assert_output 1000
}

@test "nested: with SYS_ADMIN and NET_ADMIN a masked /proc does not matter to root" {
	need_root
	inner_look "${UNFILTERED[@]}" --cap-add SYS_ADMIN --cap-add NET_ADMIN
	assert_container "0 of 4294967295"
	assert_own_proc
}

@test "nested: root without SETUID has one id, without any capability it is told" {
	need_root
	nested "${UNFILTERED[@]}" --cap-drop SETUID -- run --rootfs /inner cat /proc/self/uid_map
	assert_exit 0
	assert_match '^ +0 +0 +1$'
	assert_stderr_match 'only one user id inside: this root has no CAP_SETUID.*--cap-add SETUID'
	nested "${UNFILTERED[@]}" --cap-drop ALL -- run --rootfs /inner true
	assert_refused 125 'no CAP_SYS_ADMIN.*no CAP_SETFCAP' '--privileged'
	nested "${UNFILTERED[@]}" -- run --userns host --rootfs /inner true
	assert_refused 125 'no CAP_SYS_ADMIN' 'leave --userns host away'
}

@test "nested: in a container with users of its own" {
	need_root
	inner_look --userns auto "${UNFILTERED[@]}"
	assert_container "0 of 65536"
	assert_outer_proc
	inner_look --userns auto --privileged
	assert_container "0 of 65536" || assert_container "$(cut -d' ' -f3- <<<"${lines[1]}")"
	# A range of its own is taken from the outer one: the upper half, because the lower one are
	# the outer container's own users. nobody is one of them all the same.
	nested --userns auto --privileged -- run --userns auto --rootfs /inner cat /proc/self/uid_map
	assert_exit 0
	assert_equal "$(tr -s ' ' <<<"$output")" $' 0 32768 32767\n 65534 65535 1'
	# A full map has room far above all users.
	# shellcheck disable=SC2016
	nested --userns map --uidmap 0:0:4294967295 --privileged -- run --userns auto --rootfs /inner \
		sh -c 'read -r _ first count </proc/self/uid_map; [ "$first" -ge 1879048192 ] && echo "$count"'
	assert_exit 0
	assert_output 65536
}

# With another state directory, too: ids are the machine's.
@test "nested: two at once share the outer range, or the second is told" {
	need_root
	# shellcheck disable=SC2016
	run_nook --log-level error run --userns auto --privileged --rootfs "$OUTER" sh -c '
		mkfifo /tmp/up
		nook run --name one --userns auto --rootfs /inner sh -c "echo up; exec sleep 100" >/tmp/up &
		read -r _ </tmp/up
		nook --state /tmp/other run --userns auto --rootfs /inner true; code=$?
		nook stop -t 1 one >&2; wait; exit $code' 2>/dev/null
	assert_exit 125
	assert_stderr_match '^nook: all 1 ranges of 32768 ids are used'
	assert_stderr_match '^hint: '
}

@test "nested: as an ordinary user in a container" {
	need_root
	inner_look -u 1000 "${UNFILTERED[@]}"
	assert_container "1000 of 1"
	assert_stderr_match 'only one user id inside: /etc/subuid has no usable line for alice'
	inner_look -u 1000 --privileged
	assert_container "1000 of 1"
	assert_own_proc
	nested -u 1000 -- --log-level error run --rootfs /inner true
	assert_refused 125 'clone3' 'seccomp=unconfined'
}

@test "nested: exec, ps, stop and host in a container" {
	need_root
	# shellcheck disable=SC2016
	run_nook --log-level error run "${UNFILTERED[@]}" --rootfs "$OUTER" sh -c '
		mkfifo /tmp/up
		nook run --name one --rootfs /inner sh -c "echo up; exec sleep 100" >/tmp/up &
		read -r _ </tmp/up
		nook exec one id -u && nook ps -q | wc -l && nook stop -t 1 one && wait
		ls -A /run/nook/containers | wc -l
		nook run host sh -c "echo x >/tmp/x && cat /tmp/x"'
	assert_exit 0
	assert_output $'0\n1\none\n0\nx'
}

@test "nested: nook in nook in nook" {
	need_root
	cp -a "$OUTER" "$BATS_TEST_TMPDIR/deep"
	cp "$NOOK" "$BATS_TEST_TMPDIR/deep/inner/bin/nook"
	busybox_rootfs --dirs "$BATS_TEST_TMPDIR/deep/inner/inner"
	run_nook --log-level error run --privileged --rootfs "$BATS_TEST_TMPDIR/deep" \
		nook --log-level error run --privileged --rootfs /inner nook run --rootfs /inner echo third
	assert_exit 0
	assert_output third
}

# --- what may be missing around nook

# bare SETUP [NOOK-ARGUMENT…]: after a command in a private mount namespace.
bare() {
	status=0
	output=$(in_private_mounts sh -c "{ $1; } >&2 || exit 99; shift; exec \"\$@\"" sh "$1" "$NOOK" \
		--log-level error "${@:2}" 2>"$BATS_TEST_TMPDIR/.stderr") || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/.stderr")
	mapfile -t lines <<<"$output"
}

@test "nested: no /proc, and a read-only one" {
	need_root
	bare 'umount -l /proc' run --rootfs "$OUTER" true
	assert_refused 125 'nothing is mounted on /proc' 'mount -t proc proc /proc'
	bare 'mount -o bind,remount,ro /proc' run --rootfs "$OUTER" cat /proc/1/comm
	assert_exit 0
	assert_output cat
	bare 'mount -o bind,remount,ro /proc' run --userns auto --rootfs "$OUTER" true
	assert_refused 125 'Read-only file system' '/proc is read-only.*remount,rw'
	assert_same_state
}

@test "nested: no cgroup file system, and read-only ones" {
	need_root
	bare 'umount -R -l /sys/fs/cgroup' run --rootfs "$OUTER" echo ok
	assert_output ok
	bare 'umount -R -l /sys/fs/cgroup' run --memory 64m --rootfs "$OUTER" true
	assert_refused 125 '--memory needs the cgroup controller memory' 'mount -t cgroup2'
	# shellcheck disable=SC2016
	local read_only='for m in $(awk "\$3 ~ /^cgroup/ {print \$2}" /proc/mounts); do
		mount -o bind,remount,ro $m || exit; done'
	bare "$read_only" run --rootfs "$OUTER" echo ok
	assert_output ok
	bare "$read_only" run --memory 64m --rootfs "$OUTER" true
	assert_refused 125 'cgroup' '.'
}

@test "nested: an empty /dev" {
	need_root
	bare 'mount -t tmpfs empty /dev' run --rootfs "$OUTER" sh -c 'echo x >/dev/null; head -c 3 /dev/zero | wc -c'
	assert_exit 0
	assert_output 3
	bare 'mount -t tmpfs empty /dev' run --userns auto --rootfs "$OUTER" true
	assert_refused 125 '/dev/null' '/dev has to have the usual'
}

@test "nested: no /tmp, and a current directory that is gone" {
	need_root
	bare "mkdir $BATS_TEST_TMPDIR/gone; cd $BATS_TEST_TMPDIR/gone; rmdir ../gone" run --rootfs "$OUTER" pwd
	assert_exit 0
	assert_output /
	bare "cd $BATS_TEST_TMPDIR; mkdir gone; cd gone; rmdir ../gone" run --rootfs here true
	assert_refused 125 'current directory is gone' 'absolute path'
	nested --privileged -- run --rootfs /inner true
	assert_exit 0
	run_nook --log-level error run --privileged --rootfs "$OUTER" sh -c \
		'umount /tmp 2>/dev/null; mount -t tmpfs -o ro none /tmp; nook run --rootfs /inner echo ok'
	assert_output ok
}

@test "nested: a chroot that is no mount, and one that is" {
	need_root
	status=0
	in_private_mounts sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" nook run --rootfs /inner true' \
		"$OUTER" 2>"$BATS_TEST_TMPDIR/.stderr" || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/.stderr")
	assert_refused 125 'mount_setattr' 'chroot.*nook run --rootfs DIR.*mount --bind DIR DIR'
	# shellcheck disable=SC2016
	output=$(in_private_mounts sh -c 'mount --rbind "$0" "$0" && cd "$0" && mount -t proc proc proc &&
		exec chroot . nook --log-level error run --rootfs /inner echo ok' "$OUTER")
	assert_output ok
	rm -rf "$OUTER/run/nook"
}

@test "nested: closed standard descriptors are not nook's own" {
	need_root
	local code=0
	"$NOOK" run --rootfs "$OUTER" sh -c 'exit 7' <&- >&- 2>&- || code=$?
	assert_equal "$code" 7
	output=$("$NOOK" run --rootfs "$OUTER" sh -c 'readlink /proc/self/fd/0
		readlink /proc/self/fd/2' <&- 2>&-)
	assert_output $'/dev/null\n/dev/null'
}

# --- limits

@test "nested: few open files" {
	need_root
	local n
	output=$(ulimit -n 64; "$NOOK" --log-level error run --rootfs "$OUTER" echo ok)
	assert_output ok
	for n in 24 16 8 6 5 4; do
		status=0
		stderr=$(ulimit -n $n; "$NOOK" run --rootfs "$OUTER" true 2>&1) || status=$?
		assert_refused 125 'Too many open files' 'ulimit -n' || { echo "with $n" >&2; return 1; }
		assert_same_state
	done
}

@test "nested: no more processes for this user" {
	need_root
	run --separate-stderr as_user bash -c 'ulimit -u 1; exec "$@"' bash "$NOOK" --log-level error run \
		--rootfs "$OUTER" true
	assert_refused 125 'clone3.*Resource temporarily unavailable' 'too many processes.*ulimit -u'
}

@test "nested: little address space" {
	need_root
	output=$(ulimit -v 16000; "$NOOK" --log-level error run --rootfs "$OUTER" echo ok)
	assert_output ok
}

@test "nested: no user namespace allowed, and 32 of them in each other" {
	need_root
	run --separate-stderr as_user unshare --user --map-root-user sh -c '
		echo 0 >/proc/sys/user/max_user_namespaces
		exec "$0" --log-level error run --userns auto --rootfs "$1" true' "$NOOK" "$OUTER"
	assert_refused 125 'clone3.*No space left' 'max_user_namespaces='
	cat >"$BATS_TEST_TMPDIR/deep" <<-'DEEP'
		# Down until the kernel allows no more (or 40, so that it ends in any case).
		if [ "$1" -lt 40 ] && unshare --user --map-root-user true 2>/dev/null; then
			exec unshare --user --map-root-user sh "$0" "$(($1 + 1))" "$2" "$3"
		fi
		"$2" --log-level error run --rootfs "$3" echo "at $1"
		exec "$2" --log-level error run --userns auto --rootfs "$3" true
	DEEP
	run --separate-stderr as_user sh "$BATS_TEST_TMPDIR/deep" 0 "$NOOK" "$OUTER"
	assert_refused 125 'clone3.*No space left' 'too deep in each other.*32'
	# With the users that are there it works at the bottom, too.
	assert_match '^at 3[0-9]$'
}

@test "nested: root of a user namespace alone" {
	need_root
	run --separate-stderr as_user unshare --user --map-root-user "$NOOK" run --rootfs "$OUTER" sh -c "$LOOK"
	assert_container "$TEST_UID of 1"
	assert_own_proc
	run --separate-stderr as_user unshare --user --map-root-user --mount "$NOOK" run host sh -c "$LOOK"
	assert_container "0 of 1"
	assert_stderr_match 'only one user id inside: this user namespace has no other'
}

# --- an ordinary user's ids

# subids UID-LINES GID-LINES: what /etc/subuid and /etc/subgid hold for as_subid_user.
subids() {
	as_subid_user true
	printf '%b' "$1" >"$BATS_FILE_TMPDIR/etc/subuid"
	printf '%b' "$2" >"$BATS_FILE_TMPDIR/etc/subgid"
}
GOOD='nooksub:200000:65536\n'
subid_maps() { run --separate-stderr as_subid_user "$@" "$NOOK" run --rootfs "$OUTER" cat /proc/self/uid_map; }
assert_one_id() {
	assert_exit 0
	assert_equal "$(wc -l <<<"$output")" 1
	assert_match "^ +0 +$SUBID_UID +1\$"
	assert_equal "$(wc -l <<<"$stderr")" 1
	assert_stderr_match "^nook: warn: only one user id inside: $1"
}
assert_range() {
	assert_exit 0
	assert_equal "$stderr" ""
	assert_match "^ +0 +$SUBID_UID +1\$"
	assert_match '^ +1 +200000 +65536$'
}

@test "nested: newuidmap outside of PATH, without its setuid bit, and with no_new_privs" {
	need_root
	subids "$GOOD" "$GOOD"
	subid_maps env PATH=/nonexistent
	assert_range
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$(command -v newuidmap)" "$(command -v newgidmap)" "$BATS_TEST_TMPDIR/bin"
	chmod 0755 "$BATS_TEST_TMPDIR"/bin/*
	subid_maps env PATH="$BATS_TEST_TMPDIR/bin:$PATH"
	assert_one_id '.*bin/newuidmap is neither setuid root nor.*chmod u\+s'
	subid_maps setpriv --no-new-privs
	assert_one_id 'no_new_privs is set.*start nook without it'
}

@test "nested: a newuidmap that hangs is given up, and ended by a signal" {
	need_root
	subids "$GOOD" "$GOOD"
	mkdir "$BATS_TEST_TMPDIR/bin"
	# A script gets no rights from its mode, but looks as if it did.
	printf '#!/bin/sh\necho waiting >&2\nexec sleep 86399\n' >"$BATS_TEST_TMPDIR/bin/newuidmap"
	cp "$(command -v newgidmap)" "$BATS_TEST_TMPDIR/bin"
	chmod 4755 "$BATS_TEST_TMPDIR"/bin/*
	local path=$BATS_TEST_TMPDIR/bin:$PATH start=$SECONDS
	run --separate-stderr as_subid_user env PATH="$path" "$NOOK" run --rootfs "$OUTER" true
	assert_refused 125 'newuidmap did not end within 10 seconds' 'getent passwd'
	[ $((SECONDS - start)) -lt 20 ]
	# In a script `&` ignores INT, so TERM.
	as_subid_user env PATH="$path" "$NOOK" run --rootfs "$OUTER" true 2>"$BATS_TEST_TMPDIR/said" &
	eventually pgrep -f '^sleep 86399$' >/dev/null
	start=$SECONDS status=0
	pkill -TERM -P "$!" -x nook
	wait "$!" || status=$?
	assert_exit 143
	[ $((SECONDS - start)) -lt 5 ]
	grep 'newuidmap was ended by signal 15' "$BATS_TEST_TMPDIR/said"
	run ! pgrep -f '^sleep 86399$'
}

@test "nested: broken, doubled and useless lines of subuid" {
	need_root
	subids "nooksub:abc:65536\nnooksub:200000\n:::\nnooksub:200000:0\nnooksub:4294967295:5\n" "$GOOD"
	subid_maps
	assert_one_id '/etc/subuid has no usable line for nooksub.*usermod --add-subuids'
	subids "$GOOD" "other:200000:65536\n"
	subid_maps
	assert_one_id '/etc/subgid has no usable line for nooksub'
	subids "nooksub:-1:5\n\n$GOOD" "$GOOD"
	subid_maps
	assert_range
	# The kernel refuses a map that names an id twice.
	subids "$GOOD$GOOD" "$GOOD"
	subid_maps
	assert_range
	subids "nooksub:$((SUBID_UID - 5)):65536\n$GOOD" "$GOOD"
	subid_maps
	assert_range
}

@test "nested: subordinate ids that the outer user namespace does not have" {
	need_root
	subids "$GOOD" "$GOOD"
	# shellcheck disable=SC2086 # on purpose
	subid_maps unshare --user --map-user=$SUBID_UID --map-group=$SUBID_UID
	assert_one_id 'what /etc/subuid gives nooksub is not mapped'
}

@test "nested: HOME and XDG_RUNTIME_DIR unset, another's, not writable" {
	need_root
	local there=/tmp/nook-$TEST_UID was=
	[ -e "$there" ] && was=yes
	run --separate-stderr as_user env -u HOME "$NOOK" run --rootfs "$OUTER" true
	assert_refused 125 'HOME is not set' '--root DIR or NOOK_ROOT'
	run --separate-stderr as_user env -u HOME NOOK_ROOT=/nonexistent "$NOOK" --log-level error run \
		--rootfs "$OUTER" echo ok
	assert_exit 0
	assert_output ok
	for dir in /root ""; do
		run --separate-stderr as_user env XDG_RUNTIME_DIR=$dir "$NOOK" --log-level error run \
			--rootfs "$OUTER" echo ok
		assert_exit 0
		assert_output ok
	done
	run --separate-stderr as_user "$NOOK" --state /nonexistent/x run --rootfs "$OUTER" true
	assert_refused 125 'state directory' '--state DIR'
	run --separate-stderr as_user "$NOOK" --state /etc run --rootfs "$OUTER" true
	assert_refused 125 'state directory /etc belongs to' '--state DIR'
	[ -n "$was" ] || rm -rf "$there"
}
