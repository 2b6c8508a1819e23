#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# -v, --mount and --tmpfs: what is shown inside, with which rights, and what it does outside.

load ../lib/nook
setup() {
	nook_setup
	ROOTFS=$BATS_TEST_TMPDIR/rootfs
	busybox_rootfs --dirs "$ROOTFS"
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p data/sub
	echo outside >data/file
	echo alone >single
	export ROOTFS
}
teardown() { nook_teardown; }

inside() { run_nook run --rootfs "$ROOTFS" "$@"; }
# Users need a tree that they may write places into.
for_user() { chown -R "$1:$1" "$ROOTFS" data single; }
# A mount that propagates, in a namespace of its own: shared_mounts SCRIPT [ARG...]
shared_mounts() {
	unshare --mount --propagation private bash -euc \
		'mount -t tmpfs none data; mount --make-rshared data; eval "$1"' bash "$1"
}
options_of() { inside "$@" sh -c 'sed -n "s,^[^ ]* /x [^ ]* \([^ ]*\).*,\1,p" /proc/mounts'; }

# ---- -v ----

@test "volumes: a directory and a file, written through, at targets that are made" {
	inside -v "$PWD/data:/new/place" -v "$PWD/single:/deep/er/single" sh -c \
		'cat /new/place/file /deep/er/single; echo in >/new/place/made; echo more >>/deep/er/single'
	assert_exit 0
	assert_output $'outside\nalone'
	assert_equal "$(cat data/made)" in
	assert_equal "$(cat single)" $'alone\nmore'
}

@test "volumes: an ordinary user's directory and file, with one id and with many" {
	need_root
	local who
	for who in "as_user $TEST_UID" "as_subid_user $SUBID_UID"; do
		for_user "${who#* }"
		rm -f data/made
		# shellcheck disable=SC2086 # on purpose
		run -0 ${who% *} "$NOOK" --log-level error run --rootfs "$ROOTFS" -v "$PWD/data:/new/place" \
			-v "$PWD/single:/single:ro" sh -c \
			'cat /new/place/file /single; touch /new/place/made; touch /single 2>/dev/null || echo refused
			stat -c %u /new/place/made'
		assert_output $'outside\nalone\nrefused\n0'
		assert_equal "$(stat -c %u data/made)" "${who#* }"
	done
}

@test "volumes: ro, and what is mounted below is read-only too" {
	need_root
	inside -v "$PWD/data:/x:ro" -v "$PWD/single:/single:ro" sh -c \
		'for f in /x/file /x/new /single; do { echo >>$f; } 2>/dev/null || echo $f refused; done; mkdir /x/dir'
	assert_output $'/x/file refused\n/x/new refused\n/single refused'
	assert_stderr_match 'Read-only file system'
	run -0 in_private_mounts bash -euc '
		mount -t tmpfs none data/sub
		echo below >data/sub/below
		"$NOOK" run --rootfs "$ROOTFS" -v "$PWD/data:/x:ro" sh -c "cat /x/sub/below; touch /x/sub/new 2>/dev/null || echo refused"
		"$NOOK" run --rootfs "$ROOTFS" -v "$PWD/data:/x:rw" sh -c "touch /x/sub/new && echo written"
		"$NOOK" run --rootfs "$ROOTFS" -v "$PWD/data:/x:bind" sh -c "ls -A /x/sub; echo end"
		"$NOOK" run --rootfs "$ROOTFS" -v "$PWD/data:/x:rbind" sh -c "ls /x/sub; echo end"'
	assert_output $'below\nrefused\nwritten\nend\nbelow\nnew\nend'
}

@test "volumes: ro holds for an ordinary user's mounts below, too" {
	need_root
	for_user "$SUBID_UID"
	run -0 in_private_mounts bash -c '
		source "$TOP/tests/lib/users.bash"
		SUBID_UID=61235
		mount -t tmpfs -o mode=777 none data/sub
		as_subid_user "$NOOK" run --rootfs "$ROOTFS" -v "$PWD/data:/x:ro" sh -c \
			"touch /x/a || echo refused; touch /x/sub/a || echo refused; mount -o remount,rw,bind /x/sub 2>/dev/null || echo kept"'
	refute_match 'touched'
	assert_equal "$(grep -c '^refused$' <<<"$output")" 2
	assert_line kept
}

@test "volumes: nosuid, nodev, noexec and their opposites" {
	need_root
	options_of -v "$PWD/data:/x"
	assert_match 'rw,nosuid,nodev'
	refute_match noexec
	options_of -v "$PWD/data:/x:ro,noexec,noatime"
	assert_match '^ro,nosuid,nodev,noexec,noatime'
	options_of -v "$PWD/data:/x:suid,dev,exec"
	refute_match 'nosuid|nodev|noexec'
	options_of -v "$PWD/data:/x:suid,nosuid"
	assert_match nosuid

	# And what they are for.
	cp "$ROOTFS/bin/busybox" data/busybox
	inside -v "$PWD/data:/x:noexec" /x/busybox true
	assert_exit 126
	inside -v "$PWD/data:/x" /x/busybox true
	assert_exit 0
	cp "$PROBES/call" data/call
	chmod 4755 data/call
	# setuid(0)
	inside -u alice -v "$PWD/data:/x:suid" /x/call native 105 0
	assert_output ok
	inside -u alice -v "$PWD/data:/x" /x/call native 105 0
	assert_output EPERM
	inside -u alice --security-opt no-new-privileges -v "$PWD/data:/x:suid" /x/call native 105 0
	assert_output EPERM
}

@test "volumes: a device file in a volume opens nothing, but with dev" {
	need_root
	mknod data/zero c 1 5
	chmod 666 data/zero
	inside -v "$PWD/data:/x" sh -c 'head -c 3 /x/zero | wc -c'
	assert_output 0
	assert_stderr_match 'Permission denied'
	inside -v "$PWD/data:/x:dev" sh -c 'head -c 3 /x/zero | wc -c'
	assert_output 3
}

@test "volumes: rslave sees what the host mounts later, rprivate does not, nobody the inside's" {
	need_root
	local mode want
	for mode in rprivate:no rslave:yes rshared:yes private:no slave:yes; do
		want=${mode#*:} mode=${mode%:*}
		mkdir -p "way"
		rm -f way/*
		run -0 shared_mounts '
			mkdir data/later data/inner
			"$NOOK" run --rootfs "$ROOTFS" -v "$PWD/data:/x:'"$mode"'" -v "$PWD/way:/way" \
				--cap-add SYS_ADMIN --security-opt seccomp=unconfined sh -c "
				mount -t tmpfs none /x/inner && touch /x/inner/mine
				touch /way/ready
				until [ -e /way/go ]; do sleep 0.05; done
				ls /x/later" >out &
			for i in $(seq 100); do [ ! -e way/ready ] || break; sleep 0.05; done
			mount -t tmpfs none data/later
			touch data/later/seen data/later/seen2
			ls data/inner >inner
			touch way/go
			wait $!'
		if [ "$want" = yes ]; then grep -qx seen out; else ! grep -q seen out; fi || {
			echo "$mode: $(cat out)"
			return 1
		}
		# A mount made inside shows outside only where that was asked for.
		if [ "$mode" = rshared ]; then grep -qx mine inner; else [ ! -s inner ]; fi || {
			echo "$mode: leaks $(cat inner)"
			return 1
		}
	done
}

@test "volumes: in a user namespace rshared does not lead out" {
	need_root
	mkdir -p way
	run -0 shared_mounts '
		mkdir data/inner
		chmod 777 data/inner
		"$NOOK" run --userns auto --rootfs "$ROOTFS:O:idmap" -v "$PWD/data:/x:rslave" \
			--cap-add SYS_ADMIN --security-opt seccomp=unconfined sh -c "
			mount -t tmpfs none /x/inner && touch /x/inner/mine && echo mounted"
		ls data/inner; grep -c inner /proc/self/mountinfo || true' 
	assert_output $'mounted\n0'
}

@test "volumes: idmap shows the files' owners as the container's own" {
	need_root
	chown 0:0 data/file
	install -o 1000 -g 1000 -m 600 /dev/null data/alices
	run_nook run --rootfs "$ROOTFS:idmap" --userns auto -v "$PWD/data:/plain" -v "$PWD/data:/x:idmap" sh -c \
		'stat -c %u:%g /plain/file /x/file /x/alices; touch /plain/new || echo refused; touch /x/new && stat -c %u /x/new; chown 5:6 /x/new'
	assert_output $'65534:65534\n0:0\n1000:1000\nrefused\n0'
	assert_equal "$(stat -c %u:%g data/new)" 5:6
	[ -e data/new ]
}

@test "volumes: idmap where it cannot be is refused" {
	inside -v "$PWD/data:/x:idmap" true
	assert_refused 125 'data: idmap without a new user namespace' 'userns auto'
	inside -v "$PWD/data:/x:idmap,O" true
	assert_refused 125 'O does not go with idmap'
	inside -v "$PWD/data:/x:rslave,O" true
	assert_refused 125 'O does not go with a propagation'
	inside -v "$PWD/data:/x:O,idmap" true
	assert_refused 125 'idmap'
}
@test "volumes: idmap of an ordinary user is refused" {
	need_root
	for_user "$SUBID_UID"
	status=0
	output=$(as_subid_user "$NOOK" run --rootfs "$ROOTFS" -v "$PWD/data:/x:idmap" true 2>"$BATS_TEST_TMPDIR/err") || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/err")
	assert_refused 125 'idmap: Operation not permitted' 'only root'
}

@test "volumes: O throws changes away, with the options that go with it" {
	inside -v "$PWD/data:/x:O" sh -c 'echo changed >/x/file; rm -r /x/sub; cat /x/file; ls /x'
	assert_exit 0
	assert_output $'changed\nfile'
	assert_equal "$(cat data/file)" outside
	[ -d data/sub ]
	inside -v "$PWD/data:/x:O,ro" sh -c 'cat /x/file; touch /x/file || echo refused'
	assert_output $'outside\nrefused'
	inside -v "$PWD/data:/x:ro,O" sh -c 'touch /x/file || echo refused'
	assert_output refused
	cp "$ROOTFS/bin/busybox" data/busybox
	inside -v "$PWD/data:/x:O,noexec" /x/busybox true
	assert_exit 126
	options_of -v "$PWD/data:/x:O"
	assert_match 'nosuid,nodev'
	options_of -v "$PWD/data:/x:O,suid"
	refute_match 'nosuid'
}
@test "volumes: O of ordinary users" {
	need_root
	local who
	for who in "as_user $TEST_UID" "as_subid_user $SUBID_UID"; do
		for_user "${who#* }"
		# shellcheck disable=SC2086 # on purpose
		run -0 ${who% *} "$NOOK" --log-level error run --rootfs "$ROOTFS" -v "$PWD/data:/x:O" sh -c \
			'echo changed >/x/file; rm -r /x/sub; cat /x/file; ls /x'
		assert_output $'changed\nfile'
		assert_equal "$(cat data/file)" outside
		[ -d data/sub ]
	done
}

@test "volumes: a relative source, dots and a link outside" {
	ln -s data link
	inside -v ./data:/x cat /x/file
	assert_output outside
	inside -v ../"${PWD##*/}"/data/:/x/ cat /x/file
	assert_output outside
	inside -v ./link:/x cat /x/file
	assert_output outside
	(cd data && inside -v .:/x cat /x/file && assert_output outside)
	inside -v data:/x true
	assert_refused 125 'named volumes' '\./data'
}

@test "volumes: nested targets in any order, and outer ones first" {
	mkdir outer
	echo outer >outer/file
	inside -v "$PWD/outer:/x" -v "$PWD/data:/x/y" sh -c 'cat /x/file /x/y/file'
	assert_output $'outer\noutside'
	rmdir outer/y
	inside -v "$PWD/data:/x/y" --tmpfs /x/y/z -v "$PWD/outer:/x" sh -c 'cat /x/file /x/y/file; ls -A /x/y/z'
	assert_output $'outer\noutside'
	inside -v "$PWD/data:/x" --tmpfs /x true
	assert_refused 125 '/x is given twice'
}

@test "volumes: over /etc, /tmp, /run, /dev/shm and single files of /etc" {
	mkdir etc
	cp "$ROOTFS"/etc/{passwd,group} etc/
	echo mine >etc/hosts
	inside -v "$PWD/etc:/etc" -u alice sh -c 'cat /etc/hosts; id -u'
	assert_output $'mine\n1000'
	assert_equal "$(cat etc/hosts)" mine
	# The user is looked up where the container looks.
	echo 'bob:x:1234:1234::/:/bin/sh' >users
	inside -v "$PWD/users:/etc/passwd" -u bob id -u
	assert_output 1234
	inside -v "$PWD/data:/tmp" -v "$PWD/data:/run" -v "$PWD/data:/dev/shm" sh -c \
		'cat /tmp/file /run/file /dev/shm/file; echo new >/dev/shm/made'
	assert_output $'outside\noutside\noutside'
	assert_equal "$(cat data/made)" new
	echo nameserver 192.0.2.53 >resolv
	inside -v "$PWD/resolv:/etc/resolv.conf" -v "$PWD/single:/etc/hosts:ro" -v "$PWD/single:/etc/hostname" \
		cat /etc/resolv.conf /etc/hosts /etc/hostname
	assert_output $'nameserver 192.0.2.53\nalone\nalone'
}

@test "volumes: through a link of the rootfs the target stays inside" {
	mkdir -p "$ROOTFS/srv/real" canary
	ln -s /srv/real "$ROOTFS/absolute"
	ln -s ../../../../../../srv/real "$ROOTFS/up"
	ln -s "$PWD/canary" "$ROOTFS/out"
	inside -v "$PWD/data:/absolute" sh -c 'cat /srv/real/file'
	assert_output outside
	inside -v "$PWD/data:/up" sh -c 'cat /srv/real/file'
	assert_output outside
	inside -v "$PWD/data:/absolute/deeper" sh -c 'cat /srv/real/deeper/file'
	assert_output outside
	# Outside there is such a path, inside there is not.
	inside -v "$PWD/data:/out" true
	assert_refused 125 'openat2' 'leads nowhere inside'
	inside -v "$PWD/data:/out/deeper" true
	assert_refused 125 'openat2' 'a part of /out/deeper .* leads nowhere inside'
	[ -z "$(ls -A canary)" ]
}

@test "volumes: bad ones are refused, and nothing is left" {
	words_only
	inside -v "$PWD/missing:/x" true
	assert_refused 125 'missing:/x: source: No such file' 'mkdir -p'
	inside -v "$PWD/data" true
	assert_refused 125 'where shall it be seen' 'SOURCE:TARGET'
	inside -v "$PWD/data:x" true
	assert_refused 125 'not an absolute path'
	inside -v "$PWD/data:/" true
	assert_refused 125 'the root itself'
	inside -v "$PWD/data:/x:rwx" true
	assert_refused 125 'rwx: no such mount option'
	inside -v "$PWD/data:/x:z" true
	assert_refused 125 'SELinux'
	inside -v "$PWD/data:/x:U" true
	assert_refused 125 'owner of files'
	# A file over a directory and the reverse.
	inside -v "$PWD/single:/etc" true
	assert_refused 125 'seen as /etc' 'a file over a file'
	inside -v "$PWD/data:/etc/passwd" true
	assert_refused 125 '/etc/passwd|without leaving the rootfs' '/etc/passwd'
	inside -v "$PWD/data:/etc/passwd/below" true
	assert_refused 125 'Not a directory' 'a part of /etc/passwd/below'
	inside --read-only -v "$PWD/data:/made/in/it" sh -c 'cat /made/in/it/file'
	assert_output outside
}

# ---- --mount ----

@test "volumes: --mount type=bind with each of its keys" {
	local text
	for text in "type=bind,source=$PWD/data,target=/x" "type=bind,src=./data,dst=/x" \
		"source=$PWD/data,destination=/x" "\"type=bind\",\"source=$PWD/data\",target=/x"; do
		inside --mount "$text" cat /x/file
		assert_output outside
	done
	for text in readonly ro readonly=true ro=1 readonly=1,rw=false; do
		inside --mount "type=bind,source=$PWD/data,target=/x,$text" sh -c 'touch /x/new || echo refused'
		assert_output refused
	done
	for text in readonly=false rw rw=true ro,rw; do
		inside --mount "type=bind,source=$PWD/data,target=/x,$text" sh -c 'touch /x/new && echo written'
		assert_output written
	done
	options_of --mount "type=bind,source=$PWD/data,target=/x,noexec,bind-propagation=rprivate"
	assert_match noexec
	mkdir 'with,comma'
	echo comma >with,comma/file
	inside --mount "\"source=$PWD/with,comma\",target=/x" cat /x/file
	assert_output comma
}
@test "volumes: --mount bind-nonrecursive and bind-propagation" {
	need_root
	run -0 in_private_mounts bash -euc '
		mount -t tmpfs none data/sub
		touch data/sub/below
		for text in bind-nonrecursive bind-nonrecursive=true bind-nonrecursive=false; do
			"$NOOK" run --rootfs "$ROOTFS" --mount "source=./data,target=/x,$text" sh -c "echo $text; ls /x/sub"
		done'
	assert_output $'bind-nonrecursive\nbind-nonrecursive=true\nbind-nonrecursive=false\nbelow'
	local mode
	for mode in rslave:master rshared:shared rprivate:'^$'; do
		run -0 shared_mounts '"$NOOK" run --rootfs "$ROOTFS" --mount "source=./data,target=/x,bind-propagation='"${mode%:*}"'" \
			sed -n "s,.* /x [^ ]* \(.*\) - .*,\1,p" /proc/self/mountinfo'
		assert_match "${mode#*:}"
	done
}
@test "volumes: --mount type=tmpfs and type=overlay" {
	inside --mount type=tmpfs,target=/x,tmpfs-size=1m,tmpfs-mode=0710 sh -c \
		'stat -c %a /x; dd if=/dev/zero of=/x/big bs=64k count=32 2>&1 | grep -o "No space left on device"; stat -c %s /x/big'
	assert_output $'710\nNo space left on device\n1048576'
	inside --mount type=tmpfs,dst=/x,size=1m,mode=700,uid=1000,gid=44,ro sh -c \
		'stat -c "%a %u %g" /x; touch /x/new || echo refused'
	assert_output $'700 1000 44\nrefused'
	inside --mount "type=overlay,source=$PWD/data,target=/x" sh -c 'echo changed >/x/file; cat /x/file'
	assert_output changed
	assert_equal "$(cat data/file)" outside
	inside --mount "type=overlay,source=$PWD/data,target=/x,readonly" sh -c 'touch /x/file || echo refused'
	assert_output refused
}
@test "volumes: bad --mounts are refused" {
	words_only
	inside --mount "type=bnd,source=$PWD/data,target=/x" true
	assert_refused 125 'no such type of mount' 'bind, tmpfs or overlay'
	inside --mount type=volume,source=a,target=/x true
	assert_refused 125 'no such type' 'named volumes'
	inside --mount "type=bind,source=$PWD/data" true
	assert_refused 125 'where shall it be seen' 'target='
	inside --mount type=bind,target=/x true
	assert_refused 125 'no source' 'source='
	inside --mount "type=tmpfs,source=$PWD/data,target=/x" true
	assert_refused 125 'a tmpfs has no source'
	inside --mount "type=overlay,source=$PWD/single,target=/x" true
	assert_refused 125 'overlay over .*Not a directory' 'directory below'
	inside --mount "source=$PWD/data,target=/x,readonly=maybe" true
	assert_refused 125 'neither true nor false'
	inside --mount "source=$PWD/data,target=/x,colour=red" true
	assert_refused 125 'colour=red: no such mount option'
	inside --mount "\"source=$PWD/data,target=/x" true
	assert_refused 125 'a quote is not closed'
	inside --mount "source=$PWD/missing,target=/x" true
	assert_refused 125 'missing:/x: source'
}

# ---- --tmpfs ----

@test "volumes: --tmpfs is empty, its size is felt and its mode is seen" {
	mkdir "$ROOTFS/x"
	touch "$ROOTFS/x/hidden"
	inside --tmpfs /x sh -c 'ls -A /x; stat -c %a /x; : >/x/made'
	assert_exit 0
	assert_output 1777
	[ ! -e "$ROOTFS/x/made" ]
	inside --tmpfs /x:size=2m,mode=0750,uid=1000,gid=1000 sh -c \
		'stat -c "%a %u %g" /x; dd if=/dev/zero of=/x/big bs=64k count=48 2>&1 | grep -o "No space left on device"; stat -c %s /x/big'
	assert_output $'750 1000 1000\nNo space left on device\n2097152'
	inside --tmpfs /x:nr_inodes=5 sh -c 'for i in 1 2 3 4 5 6 7; do touch /x/$i 2>/dev/null; done; ls /x | wc -l'
	assert_output 4
	options_of --tmpfs /x
	assert_match 'nosuid,nodev,noexec'
	options_of --tmpfs /x:exec,ro
	refute_match noexec
	assert_match '^ro'
	inside --tmpfs /tmp:size=64k,noexec --tmpfs /run sh -c 'grep -E " /(tmp|run) " /proc/mounts | wc -l; grep " /tmp " /proc/mounts'
	assert_line 2
	assert_match 'size=64k'
}
@test "volumes: --tmpfs of ordinary users" {
	need_root
	local who
	for who in "as_user $TEST_UID" "as_subid_user $SUBID_UID"; do
		for_user "${who#* }"
		# shellcheck disable=SC2086 # on purpose
		run -0 ${who% *} "$NOOK" --log-level error run --rootfs "$ROOTFS" --tmpfs /x:size=1m,mode=700 sh -c \
			'stat -c %a /x; dd if=/dev/zero of=/x/big bs=64k count=48 2>&1 | grep -o "No space left on device"'
		assert_output $'700\nNo space left on device'
	done
}
@test "volumes: bad --tmpfs words are refused" {
	words_only
	inside --tmpfs /x:size=lots true
	assert_refused 125 'size=lots: not a size' '64m'
	inside --tmpfs /x:mode=9 true
	assert_refused 125 'mode=9: not a file mode' 'octal'
	inside --tmpfs /x:uid=alice true
	assert_refused 125 'uid=alice: not a number'
	inside --tmpfs x true
	assert_refused 125 'not an absolute path'
	inside --tmpfs /x:rbind true
	assert_refused 125 'rbind: no such mount option'
}
