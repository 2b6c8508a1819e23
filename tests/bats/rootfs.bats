#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# --rootfs as it is, below a throw-away layer, through an id map, read-only; and `host`.

load ../lib/nook
# The first time it takes more than the minute that a test has.
setup_file() { (skip() { exit 0; } && debian_rootfs); }
setup() {
	nook_setup
	ROOTFS=$BATS_TEST_TMPDIR/rootfs
	cd "$BATS_TEST_TMPDIR" || return
	export ROOTFS
}
teardown() {
	[ -z "${PLANTED:-}" ] || rm -f "$PLANTED"
	nook_teardown
}
inside() { run_nook run --rootfs "$ROOTFS" "$@"; }
# Every byte, mode, owner and time of a tree.
# Each inode is read once: busybox has four hundred names.
tree_state() {
	(cd "$1" && find . -printf '%P %y %m %U:%G %T@ %n %l %i\n' | sort &&
		find . -type f -printf '%i %p\n' | sort | sort -s -u -k 1,1 | cut -d' ' -f2- | xargs sha256sum)
}
# The same check as root, as a user with one id and as one with many. Each has CMD output in $output.
each_user() {
	run_nook run "$@"
	"$CHECK" || { echo "(as root)" && return 1; }
	[ "$(id -u)" = 0 ] || return 0
	local who
	for who in as_user as_subid_user; do
		status=0
		output=$("$who" "$NOOK" --log-level error run "$@" 2>.stderr) || status=$?
		stderr=$(cat .stderr)
		"$CHECK" || { echo "($who)" && return 1; }
	done
}

# ---- --rootfs ----

@test "rootfs: as it is, changes last" {
	busybox_rootfs "$ROOTFS"
	inside sh -c 'echo kept >/etc/made; rm /etc/group; chown 1000 /home'
	assert_exit 0
	assert_equal "$(cat "$ROOTFS/etc/made")" kept
	[ ! -e "$ROOTFS/etc/group" ]
	[ "$(id -u)" != 0 ] || assert_equal "$(stat -c %u "$ROOTFS/home")" 1000
	# Nook's own files are mounted over; of them it leaves places only.
	inside --hostname inside cat /etc/hostname
	assert_output inside
	[ ! -s "$ROOTFS/etc/hostname" ]
	[ ! -s "$ROOTFS/etc/resolv.conf" ]
}

@test "rootfs: a relative path, a link to it, a trailing slash" {
	busybox_rootfs "$ROOTFS"
	ln -s rootfs link
	local dir
	for dir in rootfs ./rootfs/ link "$PWD/link" ../"${PWD##*/}"/rootfs; do
		run_nook run --rootfs "$dir" echo here
		assert_exit 0
		assert_output here
	done
}

@test "rootfs: one that is none is refused" {
	run_nook run --rootfs ./missing true
	assert_refused 125 'root file system .*/missing: No such file' 'a directory with a root file system'
	echo >file
	run_nook run --rootfs ./file true
	assert_refused 125 'Not a directory' 'unpack'
	run_nook run --rootfs :O true
	assert_refused 125 'no directory is given'
	mkdir empty
	run_nook run --rootfs ./empty true
	assert_refused 127 'execute true' 'no such command inside'
	run_nook run --rootfs ./empty:O --storage-opt size=much true
	assert_refused 125 'not a storage option' 'size=256m'
	run_nook run --rootfs ./empty --storage-opt size=1m true
	assert_refused 125 'without a throw-away layer' 'empty:O'
}

@test "rootfs: :O throws changes away and leaves each byte as it was" {
	busybox_rootfs "$ROOTFS"
	tree_state "$ROOTFS" >before
	run_nook run --rootfs "$ROOTFS:O" sh -c '
		echo changed >/etc/passwd && rm -r /home && mkdir /made && mv /etc/group /etc/moved &&
		chmod 700 /root && touch /bin/busybox && ln /etc/moved /etc/hard && rm -rf /usr && ls -d /made /etc/hard'
	assert_exit 0
	assert_output $'/etc/hard\n/made'
	tree_state "$ROOTFS" >after
	diff before after
	run_nook run --rootfs "$ROOTFS:O" sh -c 'ls -d /made /home; head -c 4 /etc/passwd'
	assert_output $'/home\nroot'
}
@test "rootfs: :O of ordinary users" {
	need_root
	busybox_rootfs --dirs "$ROOTFS"
	# The mark of a directory that is gone is an xattr of the user. A tmpfs has them since Linux 6.6.
	local who want=$'/made\nchanged'
	printf '6.6\n%s\n' "$(uname -r)" | sort -CV ||
		want=$'rm: can\'t remove \'/home\': Input/output error\n'$want
	for who in "as_user $TEST_UID" "as_subid_user $SUBID_UID"; do
		chown -R "${who#* }:${who#* }" "$ROOTFS"
		tree_state "$ROOTFS" >before
		# shellcheck disable=SC2086 # on purpose
		run -0 ${who% *} "$NOOK" --log-level error run --rootfs "$ROOTFS:O" sh -c \
			'echo changed >/etc/passwd; rm -r /home; mkdir /made; ls -d /made; cat /etc/passwd'
		assert_output "$want"
		tree_state "$ROOTFS" >after
		diff before after
		# shellcheck disable=SC2086 # on purpose
		run -0 ${who% *} "$NOOK" --log-level error run --rootfs "$ROOTFS" sh -c 'echo kept >/etc/made; stat -c %u /etc/made'
		assert_output 0
		assert_equal "$(stat -c %u "$ROOTFS/etc/made")" "${who#* }"
	done
}

@test "rootfs: a user's that is somebody else's can be run from, with :O" {
	need_root
	busybox_rootfs --dirs "$ROOTFS"
	touch "$ROOTFS"/etc/{hosts,hostname,resolv.conf}
	chmod 0700 "$ROOTFS/root"
	echo secret >"$ROOTFS/root/secret"
	run_nook run --rootfs "$ROOTFS:O" sh -c 'echo here'
	assert_line here
	local who
	for who in as_user as_subid_user; do
		run -0 $who "$NOOK" --log-level error run --rootfs "$ROOTFS:O" sh -c 'echo here; cat /root/secret 2>/dev/null || echo unread'
		assert_line here
		assert_line unread
	done
}

@test "rootfs: :idmap with --userns auto, owners are root's inside and stay root's outside" {
	need_root
	busybox_rootfs "$ROOTFS"
	install -o 1000 -g 1000 -m 600 /dev/null "$ROOTFS/home/alice/mine"
	run_nook run --rootfs "$ROOTFS:idmap" --userns auto sh -c \
		'stat -c %u:%g /bin/busybox /home/alice/mine; touch /made; chown 7:8 /made; stat -c %u:%g /made; cut -c1-30 /proc/self/uid_map'
	assert_exit 0
	assert_line 0:0
	assert_line 1000:1000
	assert_line 7:8
	refute_match '^ *0 +0 '
	assert_equal "$(stat -c %u:%g "$ROOTFS/made")" 7:8
	rm "$ROOTFS/made"
	# A user of the container owns its own files.
	run_nook run --rootfs "$ROOTFS:idmap" --userns auto -u alice sh -c 'echo x >/home/alice/mine && echo mine; echo x >/etc/passwd || echo refused'
	assert_output $'mine\nrefused'
}
@test "rootfs: :O:idmap, both" {
	need_root
	busybox_rootfs "$ROOTFS"
	tree_state "$ROOTFS" >before
	local suffix
	for suffix in :O:idmap :idmap:O; do
		run_nook run --rootfs "$ROOTFS$suffix" --userns auto sh -c \
			'stat -c %u:%g /bin/busybox; echo changed >/etc/passwd; rm -r /home; chown 5 /etc/group; stat -c %u /etc/group; cat /etc/passwd'
		assert_exit 0
		assert_output $'0:0\n5\nchanged'
		tree_state "$ROOTFS" >after
		diff before after
	done
}
@test "rootfs: :idmap without users of its own is refused" {
	busybox_rootfs "$ROOTFS"
	inside true
	assert_exit 0
	if [ "$(id -u)" = 0 ]; then
		run_nook run --rootfs "$ROOTFS:idmap" true
		assert_refused 125 'idmap without a new user namespace' 'userns auto'
	fi
}

@test "rootfs: --read-only leaves only /tmp, /run and /dev/shm to write" {
	busybox_rootfs --dirs "$ROOTFS"
	touch "$ROOTFS"/etc/{hosts,hostname,resolv.conf}
	mkdir "$ROOTFS/t"
	tree_state "$ROOTFS" >before
	local root
	for root in "$ROOTFS" "$ROOTFS:O"; do
		run_nook run --rootfs "$root" --read-only --tmpfs /t sh -c '
			for d in / /etc /bin /root /home /var; do touch $d/made 2>/dev/null && echo $d written; done
			touch /etc/passwd 2>/dev/null && echo passwd written
			for d in /tmp /run /dev/shm /t; do touch $d/made || echo $d refused; done; echo done'
		assert_exit 0
		assert_output 'done'
	done
	tree_state "$ROOTFS" >after
	diff before after
}

@test "rootfs: --storage-opt size= is felt" {
	busybox_rootfs "$ROOTFS"
	run_nook run --rootfs "$ROOTFS:O" --storage-opt size=2m sh -c \
		'dd if=/dev/zero of=/big bs=64k count=64 2>&1 | grep -o "No space left on device"; [ $(stat -c %s /big) -lt 2097153 ] && echo small'
	assert_output $'No space left on device\nsmall'
	run_nook run --rootfs "$ROOTFS:O" --storage-opt size=8m sh -c 'dd if=/dev/zero of=/big bs=64k count=64 2>/dev/null && echo fits'
	assert_output fits
	run_nook run --storage-opt size=2m host sh -c \
		'for d in /tmp /root /opt; do dd if=/dev/zero of=$d/big bs=64k count=64 2>&1 | grep -o "No space left on device"; done'
	assert_line 'No space left on device'
	assert_equal "$(grep -c 'No space' <<<"$output")" 3
}

@test "rootfs: a real Debian" {
	debian_rootfs
	# Read twice, it is a minute and a half of emulation: the host's run does.
	[ -n "${NOOK_VM:-}" ] || tree_state "$DEBIAN" | sha256sum >before
	run_nook run --rootfs "$DEBIAN:O" bash -euc '
		apt-get --version | head -n 1
		ls -d /usr/bin/dpkg
		dpkg -l | grep -c "^ii"
		perl -e "print 6 * 7, qq(\n)"
		su -s /bin/sh nobody -c "id -un"
		useradd -m carol && su - carol -c "id -un; pwd"
		dpkg --configure -a
		echo "deb http://192.0.2.1/ x main" >/etc/apt/sources.list
		df / /tmp /dev/shm >/dev/null; ps aux 2>/dev/null | tail -n 1 >/dev/null || true
		mount | grep -q " on / " && echo mounts
		cat /etc/debian_version'
	assert_exit 0
	assert_match '^apt 2'
	assert_line 42
	assert_line nobody
	assert_line $'carol'
	assert_line /home/carol
	assert_line mounts
	assert_match '^12\.'
	[ -n "${NOOK_VM:-}" ] || tree_state "$DEBIAN" | sha256sum >after
	[ -n "${NOOK_VM:-}" ] || diff before after
	if [ "$(findmnt -n -o FSTYPE -T "$DEBIAN")" = virtiofs ]; then
		# As the virtual machine has it from the host: no file system for id maps.
		run_nook run --rootfs "$DEBIAN:O:idmap" --userns auto true
		assert_refused 125 'mount_setattr' 'cannot be idmapped'
	elif [ "$(id -u)" = 0 ]; then
		# With users of its own, and its own setuid programs.
		run_nook run --rootfs "$DEBIAN:O:idmap" --userns auto bash -euc \
			'useradd -m carol && su - carol -c "id -un"; chown carol /etc/hostname || true; su -s /bin/sh nobody -c "su -c id </dev/null" 2>&1 | tail -n 1'
		assert_exit 0
		assert_line carol
		run_nook run --rootfs "$DEBIAN:O" -u nobody sh -c 'id -un; apt-get --version >/dev/null && cat /etc/shadow || echo refused'
		assert_output $'nobody\nrefused'
	fi
}

# ---- host ----

@test "rootfs: host, a file that only root may read stays unread" {
	need_root
	PLANTED=$(mktemp /etc/nook-planted.XXXXXXXXXX)
	echo secret-in-it >"$PLANTED"
	assert_equal "$(stat -c %a "$PLANTED")" 600
	export PLANTED
	CHECK=check_unread
	check_unread() {
		assert_exit 0 && assert_line 'done' && refute_match secret-in-it && assert_stderr_match 'Permission denied'
	}
	each_user host sh -c "cat $PLANTED; cp $PLANTED /tmp/x; dd if=$PLANTED; cat <$PLANTED; mv $PLANTED ${PLANTED}2 && cat ${PLANTED}2; chmod 644 $PLANTED && cat $PLANTED; cat /etc/shadow | head -n 1; echo done"
	refute_match '^root:'
	# Nor with all the rights that can be asked for.
	each_user --privileged host sh -c "cat $PLANTED; mount --bind /etc /mnt 2>/dev/null; cat $PLANTED; cat /proc/1/root$PLANTED; echo done"
	each_user --read-only host sh -c "cat $PLANTED; echo done"
	each_user --userns auto --cap-add ALL --security-opt seccomp=unconfined host sh -c "cat $PLANTED; umount -l /etc 2>/dev/null; cat $PLANTED; echo done"
	assert_equal "$(cat "$PLANTED")" secret-in-it
	assert_equal "$(stat -c %a "$PLANTED")" 600
}

@test "rootfs: host in the host's own users says what that means, and changes nothing outside" {
	need_root
	PLANTED=$(mktemp /etc/nook-planted.XXXXXXXXXX)
	echo secret-in-it >"$PLANTED"
	run_nook run --userns host host sh -c "echo changed >$PLANTED; cat $PLANTED"
	assert_exit 0
	assert_output changed
	assert_stderr_match "userns host: root inside is the host's root"
	assert_equal "$(cat "$PLANTED")" secret-in-it
	run_nook run host true
	refute_stderr_match userns
}

@test "rootfs: host, nothing of /home, /root, /var, /srv and /tmp is seen" {
	local here=$BATS_TEST_TMPDIR/file
	echo secret >"$here"
	CHECK=check_private
	check_private() {
		assert_exit 0 && assert_output $'tmp:\nroot:\nhome:\nvar: cache lib log tmp\nrun: lock'
	}
	each_user host sh -c "cat $here 2>/dev/null; ls -A /srv /mnt /media /boot /var/lib/dpkg 2>/dev/null | grep .
		for d in tmp root home var; do echo \$d: \$(ls -A /\$d); done | sed 's/ *\$//'; echo run: \$(ls -A /run)"
}

@test "rootfs: host, programs of the machine run" {
	CHECK=check_programs
	check_programs() { assert_exit 0 && assert_line "$(bash --version | head -n 1)" && assert_line 5; }
	each_user host bash -c 'bash --version | head -n 1; awk "BEGIN { print 2 + 3 }"; find /usr/bin -name ls >/dev/null; date >/dev/null'
	if [ -x /usr/bin/python3 ]; then
		CHECK=check_python
		check_python() { assert_exit 0 && assert_output 42; }
		each_user host /usr/bin/python3 -c 'import json, ssl, tempfile; print(6 * 7)'
	fi
	if [ -x /usr/bin/gcc ]; then
		CHECK=check_gcc
		check_gcc() { assert_exit 0 && assert_output 'hello from inside'; }
		each_user host sh -c 'cd /tmp && printf "#include <stdio.h>\nint main(void) { puts(\"hello from inside\"); }\n" >a.c && gcc a.c && ./a.out'
	fi
}

@test "rootfs: host, changes are gone afterwards and the host is untouched" {
	local before
	before=$(stat -c '%n %Y %Z %s %i' /usr /etc /opt /usr/bin /etc/passwd 2>/dev/null; find /etc /opt -newer "$BATS_TEST_TMPDIR" | sort)
	CHECK=check_changes
	check_changes() { assert_exit 0 && assert_output $'made\nmade\nmade\nmade\nmade'; }
	each_user host sh -c 'for d in /tmp /root /home /var/tmp /run; do echo x >$d/made && echo made; done'
	CHECK=check_gone
	check_gone() { assert_exit 0 && assert_output ''; }
	# What only the host's root may read is no fault of this test.
	each_user host sh -c 'find /tmp /root /home /var /run /opt -name made 2>/dev/null; true'
	run_nook run host sh -c 'rm -rf /usr /etc /opt 2>/dev/null; echo survived >&2'
	[ -x /usr/bin/env ] && [ -e /etc/passwd ]
	assert_equal "$(stat -c '%n %Y %Z %s %i' /usr /etc /opt /usr/bin /etc/passwd 2>/dev/null; find /etc /opt -newer "$BATS_TEST_TMPDIR" | sort)" "$before"
}

@test "rootfs: host, files of its root cannot be edited, and a person is told" {
	CHECK=check_edit
	check_edit() { assert_exit 2 && assert_stderr_match 'Permission denied' && refute_stderr_match hint; }
	each_user host sh -c 'echo x >>/etc/passwd'
	# The same on a terminal.
	status=0
	output=$(script -qec "'$NOOK' --no-color run host sh -c 'echo x >>/etc/passwd'" /dev/null </dev/null) || status=$?
	assert_exit 2
	assert_match '^hint: .*cannot be edited'
	output=$(script -qec "'$NOOK' --no-color run host true" /dev/null </dev/null)
	refute_match hint
	output=$(script -qec "'$NOOK' --no-color --log-level error run host false" /dev/null </dev/null) || true
	refute_match hint
	output=$(script -qec "'$NOOK' --no-color run -it host true" /dev/null </dev/null)
	assert_match "^hint: .*gone at the end.*not edited"
	busybox_rootfs "$ROOTFS"
	output=$(script -qec "'$NOOK' --no-color run -it --rootfs '$ROOTFS' false" /dev/null </dev/null) || true
	refute_match hint
	run_nook run --help
	assert_match 'cannot be edited|cannot be'
}

@test "rootfs: host, what has a mount below it is read-only, and that is told" {
	need_root
	# shellcheck disable=SC2317
	below() {
		in_private_mounts bash -euc '
			mount -t tmpfs none /etc/apt
			echo below >/etc/apt/below
			"$@"' bash "$@"
	}
	run -0 below "$NOOK" run host sh -c 'cat /etc/apt/below; touch /etc/apt/x 2>/dev/null || echo refused; touch /etc/x 2>&1 | grep -o "Read-only"; head -c 4 /etc/passwd; touch /opt/x && echo written'
	assert_output $'below\nrefused\nRead-only\nrootwritten'
	run -0 below "$NOOK" --log-level info run host true
	assert_match 'info: read-only inside: /etc \(something is mounted below'
	run -0 below "$NOOK" run --explain host true
	assert_match 'read-only, because no overlay is possible here'
	run -0 below script -qec "'$NOOK' --no-color run -it host true" /dev/null
	assert_match '^hint: read-only altogether: /etc'
	PLANTED=$(mktemp /etc/nook-planted.XXXXXXXXXX)
	echo secret-in-it >"$PLANTED"
	run -0 below "$NOOK" run host sh -c "cat $PLANTED 2>/dev/null || echo unread"
	assert_output unread
}

@test "rootfs: host --read-only" {
	CHECK=check_read_only
	check_read_only() { assert_exit 0 && assert_output $'tmp\nrun'; }
	each_user --read-only host sh -c 'for d in / /usr /etc /opt /home /root /var/tmp; do touch $d/x 2>/dev/null && echo $d written; done
		touch /tmp/x && echo tmp; touch /run/x && echo run'
}

@test "rootfs: names of images are told to be later" {
	run_nook run debian:12 true
	assert_refused 125 'debian:12: images come in a later version' 'nook run host debian:12'
}
