#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# The command: who it is, what it is given, where it starts, and how its failure to start is told.
# vm: seldom, oci_exec and security set the same on 6.1

load ../lib/nook
setup() {
	nook_setup
	ROOTFS=$BATS_TEST_TMPDIR/rootfs
	busybox_rootfs --dirs "$ROOTFS"
	cd "$BATS_TEST_TMPDIR" || return
	export ROOTFS
}
teardown() { nook_teardown; }
inside() { run_nook run --rootfs "$ROOTFS" "$@"; }
# As an ordinary user: as_user ARG... or as_subid_user ARG...
inside_as() {
	local who=$1 id=$TEST_UID
	shift
	[ "$who" = as_user ] || id=$SUBID_UID
	chown -R "$id:$id" "$ROOTFS"
	status=0
	output=$("$who" "$NOOK" --log-level error run --rootfs "$ROOTFS" "$@" 2>.stderr) || status=$?
	stderr=$(cat .stderr)
}
status_of() { sed -n "s/^$1:\t//p" <<<"$output"; }

# ---- who ----

@test "process: -u by name and number, with the groups of the container's own files" {
	need_root
	local words want
	while read -r words want; do
		inside -u "$words" sh -c 'echo "$(id -u) $(id -g) $(id -G)"'
		assert_exit 0
		[ "$output" = "$want" ] || { echo "-u $words" && explain_failure "$want"; }
	done <<-'END'
		root 0 0 0
		alice 1000 1000 1000 29 44
		1000 1000 1000 1000 29 44
		alice:audio 1000 29 29
		alice:4242 1000 4242 4242
		1:0 1 0 0
		:alice 0 1000 1000
		daemon 1 1 1 44
		4321 4321 0 0
		4321:1234 4321 1234 1234
		nobody:nogroup 65534 65534 65534
	END
	inside -u alice sh -c 'echo $HOME; cd; pwd'
	assert_output $'/home/alice\n/home/alice'
	inside -u 4321 sh -c 'echo $HOME'
	assert_output /
	inside -u alice -e HOME=/elsewhere sh -c 'echo $HOME'
	assert_output /elsewhere
}
@test "process: --group-add by name and number" {
	need_root
	inside -u daemon --group-add audio --group-add 4242 --group-add audio id -G
	assert_output '1 29 44 4242'
	inside --group-add nogroup id -G
	assert_output '0 65534'
	inside -u alice:alice --group-add video id -G
	assert_output '1000 44'
}
@test "process: unknown users and groups are refused" {
	inside -u bob true
	assert_refused 125 'no user "bob"' 'a number, or a name'
	inside -u alice:staff true
	assert_refused 125 'no group "staff"' .
	inside --group-add staff true
	assert_refused 125 'staff' .
	local bad
	for bad in : alice: -1 4294967295 4294967296 99999999999999999999 1000:4294967295 0x10 ' 0' 'al ice' +5; do
		inside -u "$bad" true
		[ "$status" = 125 ] || { echo "-u '$bad'" && explain_failure 'expected 125'; }
		assert_refused 125 . .
	done
}
@test "process: -u of ordinary users, where only mapped ids can be" {
	need_root
	inside_as as_subid_user -u alice sh -c 'echo "$(id -u) $(id -G)"'
	assert_output '1000 1000 29 44'
	inside_as as_subid_user -u 70000 true
	assert_exit 125
	assert_stderr_match '^nook: .*70000'
	assert_stderr_match '^hint: .*mapped'
	inside_as as_user id -u
	assert_output 0
	inside_as as_user -u alice true
	assert_exit 125
	assert_stderr_match '^hint: .*mapped'
}

# ---- environment ----

@test "process: the environment is exactly what is said" {
	SECRET=mine inside --hostname inside env
	assert_equal "$(sort <<<"$output")" "$(printf '%s\n' HOME=/root HOSTNAME=inside \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin container=nook | LC_ALL=C sort)" ||
		assert_equal "$(LC_ALL=C sort <<<"$output")" x
	MINE=yes UNSET='' inside --hostname inside -e A=1 -e MINE -e MISSING -e EMPTY= -e UNSET -e A=2 -e 'SPACE=a b  c' -e 'EQ=a=b' env
	assert_line A=2
	assert_line MINE=yes
	assert_line EMPTY=
	assert_line UNSET=
	assert_line 'SPACE=a b  c'
	assert_line EQ=a=b
	refute_match MISSING
	refute_line A=1
	inside -e PATH=/nowhere /bin/busybox env
	assert_line PATH=/nowhere
	inside -t sh -c 'echo $TERM'
	assert_match xterm
	inside -e =x true
	assert_refused 125 'a variable has a name' 'NAME=VALUE'
}
@test "process: --env-file" {
	printf '# comment\n\n  INDENTED=1\nA=from file\nOWN\nQUOTED="q"\nLAST=no newline' >vars
	OWN=own inside --env-file vars -e A=word env
	assert_line INDENTED=1
	assert_line A=word
	assert_line OWN=own
	assert_line 'QUOTED="q"'
	assert_line 'LAST=no newline'
	refute_match comment
	# shellcheck disable=SC2238 # on purpose
	echo A=second >more
	inside --env-file vars --env-file more env
	assert_line A=second
	inside --env-file missing true
	assert_refused 125 'env-file missing: No such file' 'lines NAME=VALUE'
	printf 'GOOD=1\nBAD NAME=1\n' >vars
	inside --env-file vars true
	assert_refused 125 'vars, line 2: .*white space' .
	printf 'A=1\0' >vars
	inside --env-file vars true
	assert_refused 125 'not a text file' .
	head -c 2000000 /dev/zero | tr '\0' a >vars
	inside --env-file vars true
	assert_refused 125 'File too large' .
}

# ---- where and what ----

@test "process: -w, found, made, through links, refused" {
	ln -s /home "$ROOTFS/link"
	inside -w /home/alice pwd
	assert_output /home/alice
	inside -w /new/dir/here sh -c 'pwd; stat -c %a .'
	assert_output $'/new/dir/here\n755'
	inside -w /link/alice pwd
	assert_output /home/alice
	inside -w //home/./alice/../alice// pwd
	assert_output /home/alice
	inside -w /etc/passwd true
	assert_refused 125 'working directory.*Not a directory' '-w names a directory inside'
	inside -w relative true
	assert_refused 125 'not an absolute path' .
	inside --read-only -w /missing true
	assert_refused 125 'working directory.*No such file' '-w'
	run_nook run -w /no/such host true
	assert_refused 125 'working directory' '-w'
	inside pwd
	assert_output /
}
@test "process: --entrypoint" {
	inside --entrypoint /bin/echo a b
	assert_output 'a b'
	inside --entrypoint '["echo", "x y", "z"]' 'a  b'
	assert_output 'x y z a  b'
	inside --entrypoint echo
	assert_output ''
	inside --entrypoint '' echo plain
	assert_output plain
	inside --entrypoint '["echo", 1]' true
	assert_refused 125 'not a list of words' .
	inside --entrypoint '["echo"' true
	assert_refused 125 'not a list of words' .
	run_nook run --entrypoint echo host word
	assert_output word
}
@test "process: --hostname and --domainname" {
	inside --hostname a-name.example --domainname nis sh -c 'hostname; cat /etc/hostname /proc/sys/kernel/domainname; grep -c "127.0.0.1.a-name.example" /etc/hosts'
	assert_output $'a-name.example\na-name.example\nnis\n1'
	inside hostname
	assert_match '^[0-9a-f]{12}$'
	local name
	for name in '' -x 'a b' 'a..b' .a a/b "$(printf 'a%.0s' {1..65})"; do
		inside --hostname "$name" true
		assert_refused 125 'not a host name' 'at most 64'
	done
	inside --uts host --hostname x true
	assert_refused 125 'not the container.s own' 'uts private'
}
@test "process: --init" {
	inside --init sh -c 'echo $$; cat /proc/1/comm; exit 9'
	assert_exit 9
	assert_match '^nook-init$'
	refute_line 1
	inside --init no-such-command
	assert_exit 127
	inside --init /etc/passwd
	assert_exit 126
}

# ---- limits and settings ----

@test "process: --ulimit, each name, soft and hard" {
	inside --ulimit nofile=100:200 --ulimit core=0 --ulimit cpu=7 --ulimit stack=1048576:2097152 --ulimit fsize=4096 \
		--ulimit nproc=50 --ulimit memlock=4096 --ulimit data=100000000 --ulimit as=1000000000 --ulimit rss=5 \
		--ulimit locks=5 --ulimit sigpending=5 --ulimit msgqueue=4096 --ulimit nice=0 --ulimit rtprio=0 --ulimit rttime=5 \
		cat /proc/self/limits
	assert_exit 0
	local line
	while read -r line; do
		grep -qE "^$line" <<<"$(tr -s ' ' <<<"$output")" || explain_failure "$line"
	done <<-'END'
		Max open files 100 200
		Max core file size 0 0
		Max cpu time 7 7
		Max stack size 1048576 2097152
		Max file size 4096 4096
		Max processes 50 50
		Max locked memory 4096 4096
		Max data size 100000000 100000000
		Max address space 1000000000 1000000000
		Max resident set 5 5
		Max file locks 5 5
		Max pending signals 5 5
		Max msgqueue size 4096 4096
		Max nice priority 0 0
		Max realtime priority 0 0
		Max realtime timeout 5 5
	END
	# And felt.
	inside --ulimit fsize=4096 sh -c 'dd if=/dev/zero of=/tmp/big bs=1k count=8 2>/dev/null; stat -c %s /tmp/big'
	assert_line 4096
	inside --ulimit nofile=100 --ulimit nofile=50 sh -c 'ulimit -n; ulimit -Hn'
	assert_output $'50\n50'
}
@test "process: --ulimit that cannot be is refused" {
	inside --ulimit nofile=20:10 true
	assert_refused 125 'soft limit is above' .
	inside --ulimit files=1 true
	assert_refused 125 'not a limit' 'nofile=1024'
	inside --ulimit nofile true
	assert_refused 125 'not a limit' .
	inside --ulimit nofile=lots true
	assert_refused 125 'not a limit' .
	# Above the hard limit of nook itself: only with CAP_SYS_RESOURCE.
	status=0
	output=$(ulimit -Hn 500 -Sn 500 2>/dev/null || ulimit -n 500; setpriv --bounding-set -sys_resource --inh-caps -sys_resource \
		"$NOOK" run --rootfs "$ROOTFS" --ulimit nofile=600 true 2>.stderr) || status=$?
	stderr=$(cat .stderr)
	assert_exit 125
	assert_stderr_match '^nook: .*(600|prlimit)'
	assert_stderr_match '^hint: .*CAP_SYS_RESOURCE'
}
@test "process: --sysctl of its own namespaces only" {
	need_root
	inside --sysctl net.ipv4.ip_forward=1 --sysctl kernel.shmmni=1234 --sysctl fs.mqueue.msg_max=5 --sysctl net/ipv4/ip_default_ttl=33 \
		cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni /proc/sys/fs/mqueue/msg_max /proc/sys/net/ipv4/ip_default_ttl
	assert_exit 0
	assert_output $'1\n1234\n5\n33'
	assert_differs "$(cat /proc/sys/kernel/shmmni)" 1234
	inside --sysctl kernel.core_pattern=x true
	assert_refused 125 'core_pattern' .
	inside --sysctl vm.swappiness=1 true
	assert_refused 125 'swappiness' .
	inside --network host --sysctl net.ipv4.ip_forward=1 true
	assert_refused 125 'net.ipv4.ip_forward' 'network'
	inside --ipc host --sysctl kernel.shmmni=5 true
	assert_refused 125 'shmmni' 'ipc'
	inside --sysctl net.ipv4.no_such=1 true
	assert_refused 125 'net.ipv4.no_such.*No such file' 'no such setting'
	inside --sysctl kernel.shmmni=words true
	assert_refused 125 'Invalid argument' 'does not take this value'
	inside --sysctl net.ipv4/../../kernel/core_pattern=x true
	assert_refused 125 . .
	inside --sysctl net true
	assert_refused 125 'not a kernel setting' .
}
@test "process: names and name servers" {
	inside --add-host db:10.0.0.5 --add-host six:::1 --add-host 'six2:[fe80::1]' --add-host eq=10.0.0.6 cat /etc/hosts
	assert_line $'10.0.0.5\tdb'
	assert_line $'::1\tsix'
	assert_line $'fe80::1\tsix2'
	assert_line $'10.0.0.6\teq'
	assert_match '^127.0.0.1.localhost'
	inside --dns 192.0.2.53 --dns 2001:db8::53 --dns-search example.org --dns-search b --dns-option ndots:3 cat /etc/resolv.conf
	assert_output $'nameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch example.org b\noptions ndots:3'
	inside cat /etc/resolv.conf
	refute_match '^nameserver'
	inside --network host cat /etc/resolv.conf
	assert_output "$(cat /etc/resolv.conf)"
	inside --network host --dns 192.0.2.53 cat /etc/resolv.conf
	assert_line 'nameserver 192.0.2.53'
	assert_equal "$(grep -c ^nameserver <<<"$output")" 1
	echo own >"$ROOTFS/etc/hosts"
	inside --no-hosts cat /etc/hosts
	assert_output own
	local bad
	for bad in db db: :10.0.0.5 db:10.0.0.256 db:name 'a b:10.0.0.5'; do
		inside --add-host "$bad" true
		assert_refused 125 'not a name with its address' 'NAME:IP'
	done
	inside --dns one.one true
	assert_refused 125 'not an address' .
	inside --dns-search 'a b' true
	assert_refused 125 'not one word' .
	inside --no-hosts --add-host db:10.0.0.5 true
	assert_refused 125 'does not go with' .
}

# ---- devices, shared memory, descriptors ----

@test "process: --device, at its own or another name, and what is none" {
	need_root
	[ -e /dev/fuse ] || skip "no /dev/fuse here"
	inside sh -c 'ls /dev/fuse /dev/kmsg 2>/dev/null | wc -l'
	assert_output 0
	inside --device /dev/fuse --device /dev/zero:/dev/deep/er:r --device /dev/full:rw sh -c \
		'stat -c "%F %t:%T" /dev/fuse; head -c 2 /dev/deep/er | wc -c; echo x >/dev/full'
	assert_line "character special file $(stat -c %t:%T /dev/fuse)"
	assert_line 2
	assert_stderr_match 'No space left'
	inside --device /dev/missing true
	assert_refused 125 'device /dev/missing: No such file' .
	inside --device /etc/passwd true
	assert_refused 125 'not a device file' 'use -v'
	inside --device dev/null true
	assert_refused 125 'not a device' .
	inside --device /dev/null:/dev/x:rwx true
	assert_refused 125 'not a device' .
	[ ! -e "$ROOTFS/dev/deep" ]
}
@test "process: --device of an ordinary user" {
	need_root
	inside_as as_subid_user --device /dev/zero:/dev/more sh -c 'head -c 2 /dev/more | wc -c'
	assert_output 2
}
@test "process: /dev has the usual nodes, and shared memory and queues are there" {
	local who
	check_dev() {
		assert_exit 0
		assert_output 'console? no
null zero full random urandom tty ptmx pts shm mqueue fd stdin stdout stderr
1777 67108864
mqueue
works'
	}
	local script='[ -e /dev/console ] && echo "console? yes" || echo "console? no"
		for f in null zero full random urandom tty ptmx pts shm mqueue fd stdin stdout stderr; do [ -e /dev/$f ] || [ -L /dev/$f ] && printf "%s " $f; done | sed "s/ $//"; echo
		stat -c %a /dev/shm | tr "\n" " "; df -B1 /dev/shm | awk "NR == 2 { print \$2 }"
		sed -n "s,^[^ ]* /dev/mqueue \([^ ]*\).*,\1,p" /proc/mounts
		echo x >/dev/null && head -c 9 /dev/zero >/dev/null && head -c 9 /dev/urandom >/dev/null && ! echo x 2>/dev/null >/dev/full && echo x >/dev/shm/x && echo works'
	inside sh -c "$script"
	check_dev
	[ "$(id -u)" = 0 ] || return 0
	inside_as as_user sh -c "$script"
	check_dev
	inside_as as_subid_user sh -c "$script"
	check_dev
}
@test "process: --shm-size is felt" {
	inside --shm-size 1m sh -c 'dd if=/dev/zero of=/dev/shm/big bs=64k count=32 2>&1 | grep -o "No space left on device"; stat -c %s /dev/shm/big'
	assert_output $'No space left on device\n1048576'
	inside --shm-size 0 true
	assert_refused 125 'not a size' .
	inside --shm-size lots true
	assert_refused 125 'not a size' '64m'
}
@test "process: --preserve-fds hands on what is asked for, and no more" {
	echo three >three
	echo four >four
	inside --preserve-fds 1 sh -c 'cat <&3; { true <&4; } 2>/dev/null || echo closed; ls /proc/1/fd | tr "\n" " "' 3<three 4<four
	assert_output $'three\nclosed\n0 1 2 3 '
	inside sh -c '{ true <&3; } 2>/dev/null || echo closed' 3<three
	assert_output closed
	inside --preserve-fds 2 sh -c 'cat <&3 <&4' 3<three 4<four
	assert_output four
	(
		exec 3<three 7<&-
		inside --preserve-fds 5 true 4<&- 
		assert_refused 125 'descriptor [4-7] is not open' 'preserve-fds N'
	)
	inside --preserve-fds many true
	assert_exit 125
}
@test "process: standard input, umask, signals, no_new_privs and session" {
	echo typed | inside cat
	assert_output ''
	inside sh -c 'readlink /proc/self/fd/0'
	assert_output /dev/null
	output=$(echo typed | "$NOOK" run -i --rootfs "$ROOTFS" cat)
	assert_output typed
	(umask 077 && inside sh -c 'umask; touch /tmp/f; mkdir /tmp/d; stat -c %a /tmp/f /tmp/d' && assert_output $'0022\n644\n755')
	# Blocked or ignored outside is not so inside.
	output=$(env --block-signal=TERM,HUP,USR1 "$NOOK" run --rootfs "$ROOTFS" cat /proc/self/status)
	assert_equal "$(status_of SigBlk)" 0000000000000000
	output=$(env --ignore-signal=PIPE,HUP,USR1,RTMAX "$NOOK" run --rootfs "$ROOTFS" cat /proc/self/status)
	assert_equal "$(status_of SigIgn)" 0000000000000000
	assert_equal "$(status_of SigCgt)" 0000000000000000
	assert_equal "$(status_of NoNewPrivs)" 0
	inside --security-opt no-new-privileges cat /proc/self/status
	assert_equal "$(status_of NoNewPrivs)" 1
	inside sh -c 'cut -d" " -f5,6,7 /proc/1/stat'
	assert_output '1 1 0'
}
@test "process: --privileged has the devices, and nothing is masked" {
	need_root
	inside --privileged sh -c 'ls /dev | wc -l; mknod /tmp/z c 1 5; grep -c -E " /proc/(keys|sys|bus) " /proc/mounts; echo x >/proc/sys/kernel/domainname && echo written'
	assert_exit 0
	assert_line written
	assert_line 0
	[ "$(head -n 1 <<<"$output")" -gt 15 ]
	run_nook run --privileged host sh -c 'id -u; grep -c " /proc/keys " /proc/mounts'
	assert_line 0
}

# ---- what cannot be executed ----

# The same command as root and as both users gets the same code, line and hint.
refused_for_all() {
	local code=$1 error=$2 hint=$3 who
	shift 3
	inside "$@"
	assert_refused "$code" "$error" "$hint"
	[ "$(id -u)" = 0 ] || return 0
	for who in as_user as_subid_user; do
		inside_as "$who" "$@"
		assert_refused "$code" "$error" "$hint"
	done
}
@test "process: no such command: 127" {
	refused_for_all 127 'execute no-such: No such file|execute no-such \(execve\): No such file' 'no such command inside' no-such
	refused_for_all 127 'execute /bin/no-such' 'no such command inside' /bin/no-such
	refused_for_all 127 'execute ./no-such' 'no such command' ./no-such
	refused_for_all 127 'execute /etc/passwd/sub.*Not a directory' . /etc/passwd/sub
	inside -e PATH= no-such
	assert_refused 127 'execute no-such' .
	inside -e PATH=/nowhere ls
	assert_refused 127 'execute ls' 'PATH'
}
@test "process: a command that cannot be executed: 126" {
	refused_for_all 126 '/etc/passwd.*Permission denied' 'x bit|no program' /etc/passwd
	refused_for_all 126 '/etc.*Permission denied' 'no program' /etc
	printf 'not a program' >"$ROOTFS/bin/text"
	: >"$ROOTFS/bin/empty"
	printf '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xf3\0\x01\0\0\0' >"$ROOTFS/bin/riscv"
	head -c 4096 /dev/zero >>"$ROOTFS/bin/riscv"
	chmod +x "$ROOTFS"/bin/{text,empty,riscv}
	refused_for_all 126 'text.*Exec format error' '#!' text
	refused_for_all 126 'empty.*Exec format error' '#!' empty
	refused_for_all 126 'riscv.*Exec format error' 'made for this machine' riscv
	# Found first, though it cannot be executed, when nothing better comes behind it.
	mkdir "$ROOTFS/first"
	echo >"$ROOTFS/first/ls"
	inside -e PATH=/first ls
	assert_refused 126 'ls.*Permission denied' .
	inside -e PATH=/first:/bin ls /first
	assert_output ls
	need_root
	chmod 0700 "$ROOTFS/bin/text"
	inside -u alice /bin/text
	assert_refused 126 'text.*Permission denied' 'this user may not'
}
@test "process: a script whose interpreter is missing: 127, and that is said" {
	printf '#!/no/such/interpreter\n' >"$ROOTFS/bin/script"
	printf '#!/bin/sh\necho works $1\n' >"$ROOTFS/bin/good"
	chmod +x "$ROOTFS"/bin/{script,good}
	refused_for_all 127 'script.*No such file' 'interpreter' script
	inside good here
	assert_output 'works here'
	printf '#!/bin/good\n' >"$ROOTFS/bin/nested"
	chmod +x "$ROOTFS/bin/nested"
	inside nested
	assert_output 'works /bin/nested'
}
@test "process: an empty command and no command at all" {
	inside ''
	assert_refused 125 'an empty word' .
	output=$(echo 'echo from the shell' | "$NOOK" run -i --rootfs "$ROOTFS")
	assert_output 'from the shell'
	rm "$ROOTFS/bin/sh"
	inside
	assert_refused 127 'execute /bin/sh' .
}
