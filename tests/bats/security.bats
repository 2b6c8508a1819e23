#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Capabilities, the seccomp filter and --privileged, as the process inside feels them.

load ../lib/nook
setup() {
	nook_setup
	ROOTFS=$BATS_TEST_TMPDIR/rootfs
	busybox_rootfs "$ROOTFS"
	cp "$PROBES/call" "$ROOTFS/bin/call"
}
teardown() { nook_teardown; }

# Beside the usual masks, which stay.
@test "security: mask= hides files and directories, through links and under volumes" {
	need_root
	local path many=()
	mkdir -p "$ROOTFS/srv/keys" "$ROOTFS/srv/many" "$BATS_TEST_TMPDIR/volume"
	echo secret >"$ROOTFS/etc/secret"
	echo secret >"$ROOTFS/srv/keys/one"
	echo secret >"$BATS_TEST_TMPDIR/volume/of-volume"
	ln -s ../etc/secret "$ROOTFS/srv/link"
	ln -s /etc "$ROOTFS/srv/etc"
	for i in {1..30}; do
		echo secret >"$ROOTFS/srv/many/$i"
		many+=(--security-opt "mask=/srv/many/$i")
	done
	inside --security-opt mask=/srv/link:/srv/keys --security-opt mask=/gone:/mnt/of-volume:/proc/uptime \
		"${many[@]}" -v "$BATS_TEST_TMPDIR/volume:/mnt" \
		/bin/sh -c 'cat /etc/secret /srv/etc/secret /srv/link /mnt/of-volume /proc/uptime /srv/many/*
			ls -A /srv/keys; wc -c </proc/interrupts; ls /gone'
	assert_output 0
	assert_stderr_match '/gone: No such file'
	# The host's stay as they are.
	assert_equal "$(cat "$ROOTFS/etc/secret" "$BATS_TEST_TMPDIR/volume/of-volume")" $'secret\nsecret'
	inside --privileged --security-opt mask=/etc/secret /bin/sh -c 'wc -c </etc/secret; grep -c . /proc/keys'
	assert_equal "${lines[0]}" 0
	[ "${lines[1]}" -gt 0 ]
	# A link that leads out of the rootfs leads to nothing.
	ln -s "$BATS_TEST_TMPDIR/volume/of-volume" "$ROOTFS/out"
	inside --security-opt mask=/out /bin/true
	assert_exit 0
	for path in etc/secret / ''; do
		inside --security-opt "mask=$path" /bin/true
		assert_refused 125 'mask|security option' 'mask=/?'
	done
}

inside() { run_nook run --rootfs "$ROOTFS" "$@"; }
# What the kernel answers to a call inside: asks OPTIONS... -- ABI NUMBER [ARG...]
asks() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	inside "${options[@]}" /bin/call "$@"
	assert_exit 0
}
answers() {
	local want=$1
	shift
	asks "$@"
	assert_output "$want"
}
need_x86_64() { [ "$(uname -m)" = x86_64 ] || skip "system call numbers of x86_64"; }
need_i386_abi() {
	need_x86_64
	[ "$("$PROBES/call" i386 20)" = ok ] || skip "this kernel has no 32-bit ABI"
}
status_line() { sed -n "s/^$1:\t//p" <<<"$output"; }

# ---- capabilities ----

@test "security: the default capabilities are Docker's fourteen" {
	need_root
	inside cat /proc/self/status
	assert_exit 0
	assert_equal "$(status_line CapBnd)" 00000000a80425fb
	assert_equal "$(status_line CapEff)" 00000000a80425fb
	assert_equal "$(status_line CapPrm)" 00000000a80425fb
	assert_equal "$(status_line CapInh)" 0000000000000000
	assert_equal "$(status_line CapAmb)" 0000000000000000
}

@test "security: a user has the bounding set only" {
	need_root
	inside -u alice cat /proc/self/status
	assert_exit 0
	assert_equal "$(status_line CapBnd)" 00000000a80425fb
	assert_equal "$(status_line CapEff)" 0000000000000000
	assert_equal "$(status_line CapPrm)" 0000000000000000
}

@test "security: --cap-drop ALL leaves none, and what it forbids is forbidden" {
	need_root
	inside --cap-drop ALL cat /proc/self/status
	assert_exit 0
	assert_equal "$(status_line CapBnd)" 0000000000000000
	inside --cap-drop ALL chown alice /etc
	assert_exit 1
	assert_stderr_match 'Operation not permitted'
	inside chown alice /etc
	assert_exit 0
	inside --cap-drop ALL --cap-add CHOWN chown alice /etc
	assert_exit 0
}

@test "security: --cap-add gives one more, in any spelling" {
	need_root
	local name
	for name in NET_ADMIN net_admin CAP_NET_ADMIN; do
		inside --cap-add "$name" cat /proc/self/status
		assert_exit 0
		assert_equal "$(status_line CapEff)" 00000000a80435fb
	done
	inside ip link set lo mtu 1400
	assert_stderr_match 'Operation not permitted'
	inside --cap-add NET_ADMIN ip link set lo mtu 1400
	assert_exit 0
}

@test "security: a capability that is none is refused, with the one that was meant" {
	words_only
	inside --cap-add NET_ADMN true
	assert_refused 125 'NET_ADMN' 'did you mean NET_ADMIN\?'
	inside --cap-drop SYS_TIMEX true
	assert_refused 125 'SYS_TIMEX' 'did you mean SYS_TIME\?'
	inside --cap-add CHOWN --cap-drop CHOWN true
	assert_refused 125 'CAP_CHOWN is both added and dropped'
}

# ---- the default filter ----

@test "security: a container has a filter, --privileged and unconfined have none" {
	inside cat /proc/self/status
	assert_exit 0
	assert_equal "$(status_line Seccomp)" 2
	inside --security-opt seccomp=unconfined cat /proc/self/status
	assert_exit 0
	assert_equal "$(status_line Seccomp)" 0
	inside --privileged cat /proc/self/status
	assert_exit 0
	assert_equal "$(status_line Seccomp)" 0
}

@test "security: what the default filter refuses, and what it does not" {
	need_x86_64
	answers ok -- native 39                          # getpid
	answers EPERM -- native 165                      # mount
	answers EPERM -- native 272 0x10000000           # unshare(CLONE_NEWUSER)
	answers EPERM -- native 56 0x10000000            # clone(CLONE_NEWUSER)
	answers ENOSYS -- native 435                     # clone3
	answers EPERM -- native 250                      # keyctl
	answers EPERM -- native 425                      # io_uring_setup
	answers EPERM -- native 135 0x40000              # personality(ADDR_NO_RANDOMIZE)
	answers ok -- native 135 0xffffffff              # personality: which one?
	answers ENOSYS -- native 999                     # nobody knows it yet
	# without a filter the kernel itself answers otherwise
	answers EFAULT --security-opt seccomp=unconfined -- native 425
}

@test "security: capabilities open the calls that belong to them" {
	need_root
	need_x86_64
	answers EFAULT -- native 161 1                   # chroot(bad pointer): got through
	answers EPERM --cap-drop SYS_CHROOT -- native 161 1
	answers EPERM --cap-drop ALL -- native 161 1
	answers EPERM -- native 272 0x04000000           # unshare(CLONE_NEWUTS)
	answers ok --cap-add SYS_ADMIN -- native 272 0x04000000
	answers EPERM -- native 153                      # vhangup
	answers EPERM -- native 312                      # kcmp
	answers ESRCH --cap-add SYS_PTRACE -- native 312 99999 99999 0
}

# Podman 2026-123876: the family of a socket is refused in each ABI and each width.
@test "security: attack: AF_ALG and AF_VSOCK by other ABIs" {
	need_x86_64
	answers ok -- native 41 1 1                      # socket(AF_UNIX)
	answers EPERM -- native 41 38 5                  # socket(AF_ALG)
	answers EPERM -- native 41 40 1                  # socket(AF_VSOCK)
	answers EPERM -- native 41 0x100000026 5         # AF_ALG for the kernel, not for 64 bits
	need_i386_abi
	answers EPERM -- i386 359 38 5
	answers EPERM -- i386 102 1                      # socketcall(SYS_SOCKET)
	answers EFAULT -- i386 102 2                     # socketcall(SYS_BIND): got through
	answers ok -- i386 359 1 1
}

@test "security: the filter holds for 32-bit programs" {
	need_i386_abi
	answers ok -- i386 20                            # getpid
	answers EPERM -- i386 21                         # mount
	answers EPERM -- i386 310 0x10000000             # unshare
	answers ENOSYS -- i386 435                       # clone3
}

# bubblewrap CVE-2017-5226, LXC CVE-2016-10124
@test "security: attack: typing into the caller's terminal" {
	need_x86_64
	local name
	for name in 0x5412 0x541c 0x100005412; do         # TIOCSTI, TIOCLINUX
		asks -t -- native 16 0 "$name"
		assert_match EPERM
	done
	need_i386_abi
	answers EPERM -- i386 54 0 0x5412
}

@test "security: filters nest" {
	need_x86_64
	# seccomp(GET_ACTION_AVAIL, bad pointer): inside, a program may filter itself further
	answers EFAULT -- native 317 2 0 1
}

# ---- profiles from files ----

@test "security: a profile in Docker's format" {
	need_x86_64
	cat >"$BATS_TEST_TMPDIR/p.json" <<-'JSON'
		{"defaultAction": "SCMP_ACT_ALLOW", "archMap": [
		  {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
		 "syscalls": [
		  {"names": ["getpid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 30},
		  {"names": ["getppid"], "action": "SCMP_ACT_ERRNO",
		   "excludes": {"caps": ["CAP_SYS_TIME"]}},
		  {"names": ["personality"], "action": "SCMP_ACT_ERRNO", "errnoRet": 7,
		   "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]}
	JSON
	local opt=(--security-opt "seccomp=$BATS_TEST_TMPDIR/p.json")
	answers EROFS "${opt[@]}" -- native 39
	answers EROFS "${opt[@]}" -- native 39            # from the cache now
	answers EPERM "${opt[@]}" -- native 110
	answers ok --cap-add SYS_TIME "${opt[@]}" -- native 110
	answers E2BIG "${opt[@]}" -- native 135 8
	answers ok "${opt[@]}" -- native 135 0xffffffff
	# as with Docker, a profile that is named holds for --privileged too
	answers EROFS --privileged "${opt[@]}" -- native 39
}

@test "security: a profile that kills" {
	need_x86_64
	cat >"$BATS_TEST_TMPDIR/k.json" <<-'JSON'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		  {"names": ["getpid"], "action": "SCMP_ACT_KILL_PROCESS"}]}
	JSON
	inside --security-opt "seccomp=$BATS_TEST_TMPDIR/k.json" /bin/call native 39
	assert_exit 159 # 128 + SIGSYS
}

@test "security: a profile that is wrong is refused by the name of its key" {
	words_only
	local p=$BATS_TEST_TMPDIR/bad.json
	echo '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_XX"}]}]}' >"$p"
	inside --security-opt "seccomp=$p" true
	assert_exit 125
	assert_stderr_match 'bad\.json: syscalls\[0\]\.args\[0\]\.op: unknown operator "SCMP_CMP_XX"'
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["umuont"],"action":"SCMP_ACT_ERRNO"}]}' >"$p"
	inside --security-opt "seccomp=$p" true
	assert_exit 125
	assert_stderr_match 'no system call "umuont"'
	echo '{' >"$p"
	inside --security-opt "seccomp=$p" true
	assert_exit 125
	assert_stderr_match 'ends too early'
	inside --security-opt "seccomp=$BATS_TEST_TMPDIR/missing.json" true
	assert_exit 125
	assert_stderr_match 'missing\.json: No such file or directory'
	inside --security-opt "sekomp=$p" true
	assert_exit 125
}

@test "security: a damaged cache changes nothing" {
	need_x86_64
	local f
	# not among the sets that are compiled with nook
	answers EPERM --cap-add SYS_TIME --cap-drop SYS_CHROOT -- native 161 1
	for f in "$NOOK_ROOT"/seccomp/seccomp-*.bpf; do
		[ -e "$f" ]
		printf 'x' | dd of="$f" bs=1 seek=200 conv=notrunc status=none
	done
	answers EPERM --cap-add SYS_TIME --cap-drop SYS_CHROOT -- native 161 1
}

# ---- no-new-privileges, --privileged ----

@test "security: no-new-privileges" {
	inside cat /proc/self/status
	assert_equal "$(status_line NoNewPrivs)" 0
	inside --security-opt no-new-privileges cat /proc/self/status
	assert_exit 0
	assert_equal "$(status_line NoNewPrivs)" 1
	assert_equal "$(status_line Seccomp)" 2
}

@test "security: --privileged has every capability that nook has" {
	need_root
	inside --privileged cat /proc/self/status
	assert_exit 0
	assert_equal "$(status_line CapBnd)" "$(sed -n 's/^CapBnd:\t//p' /proc/self/status)"
	inside --privileged sh -c 'mount -t tmpfs none /home && echo mounted'
	assert_exit 0
	assert_output mounted
	inside sh -c 'mount -t tmpfs none /home && echo mounted'
	assert_exit 1
	# what is dropped stays dropped
	inside --privileged --cap-drop SYS_ADMIN sh -c 'mount -t tmpfs none /home'
	assert_exit 1
}

# ---- as an ordinary user ----

@test "security: an ordinary user's container has capabilities and filter inside only" {
	need_root
	need_x86_64
	busybox_rootfs --dirs "$BATS_TEST_TMPDIR/theirs"
	cp "$PROBES/call" "$BATS_TEST_TMPDIR/theirs/bin/call"
	chown -R "$TEST_UID" "$BATS_TEST_TMPDIR/theirs"
	run -0 as_user "$NOOK" run --rootfs "$BATS_TEST_TMPDIR/theirs" sh -c \
		'sed -n "s/^Seccomp:.//p; s/^CapEff:.//p" /proc/self/status; /bin/call native 165'
	assert_line 2
	assert_line 00000000a80425fb
	assert_line EPERM
}
