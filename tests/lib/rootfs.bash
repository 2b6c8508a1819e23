# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Root file systems to run in.

# A busybox with all its applets, a passwd and group file, and nothing that nook should make:
# no /proc, /sys, /dev, /tmp or /run unless --dirs is given.
busybox_rootfs() {
	local dirs=()
	[ "$1" = --dirs ] && { dirs=(proc sys dev tmp run var/tmp mnt); shift; }
	local root=$1
	mkdir -p "$root"/{bin,sbin,etc,root,home,usr/bin} "${dirs[@]/#/$root/}"
	chmod 0755 "$root"
	cp "$(command -v busybox)" "$root/bin/busybox"
	# Hard links: one process makes all four hundred, and they are right inside and outside.
	"$root/bin/busybox" --install "$root/bin"
	ln -s /bin/sh "$root/usr/bin/sh"
	cat >"$root/etc/passwd" <<-'PASSWD'
		root:x:0:0:root:/root:/bin/sh
		daemon:x:1:1:daemon:/usr/sbin:/bin/false
		alice:x:1000:1000:Alice:/home/alice:/bin/sh
		nobody:x:65534:65534:nobody:/nonexistent:/bin/false
	PASSWD
	cat >"$root/etc/group" <<-'GROUP'
		root:x:0:
		daemon:x:1:
		audio:x:29:alice
		video:x:44:alice,daemon
		alice:x:1000:
		nogroup:x:65534:
	GROUP
	mkdir -p "$root/home/alice"
}

# $DEBIAN: a minimal Debian, made once and kept in build/cache. Use it with --rootfs $DEBIAN:O, or
# read only: it is shared by all tests. Where it cannot be made the test is skipped.
debian_rootfs() {
	DEBIAN=$TOP/build/cache/debian
	export DEBIAN
	[ -e "$DEBIAN.ready" ] && return
	if [ ! -w "$TOP/build" ] || ! command -v mmdebstrap >/dev/null; then
		skip "no Debian tree in build/cache and no mmdebstrap here (the host's run has it)"
	fi
	mkdir -p "$TOP/build/cache"
	make_debian 9>"$DEBIAN.lock" 3>&-
}
# One at a time. As root mmdebstrap mounts the machine's /sys and /dev/shm below the tree: in a
# mount namespace of its own they are gone whatever becomes of it, and what removes a half-made
# tree never goes into a mount.
make_debian() {
	flock 9
	[ ! -e "$DEBIAN.ready" ] || return 0
	rm -rf --one-file-system "$DEBIAN"
	unshare --mount --propagation private \
		mmdebstrap -q --variant=minbase bookworm "$DEBIAN" 2>"$DEBIAN.log" || {
		cat "$DEBIAN.log" >&2
		return 1
	}
	touch "$DEBIAN.ready"
}
