#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# nook ns hold, rm and exec: namespaces with names, compared with ip netns and /proc. All of it in
# mount and network namespaces of its own: the machine's /run/netns is never touched.

load ../lib/nook
load ../lib/lab
setup() {
	nook_setup
	cd "$BATS_TEST_TMPDIR" || return
	chmod 0777 .
}
teardown() {
	targets_end
	nook_teardown
}

# Nothing of nook's is bound, recorded or running any more.
clean='
clean() {
	! grep -qE " /run/(nook/ns|netns/)" /proc/self/mountinfo || { grep -E "nook/ns|netns/" /proc/self/mountinfo >&2; return 1; }
	[ -z "$(find /run/nook/ns /run/netns -mindepth 1 ! -name .lock 2>/dev/null)" ] || { find /run/nook/ns /run/netns >&2; return 1; }
	! holders || return 1
}
# Holders that live, of this mount namespace.
holders() {
	local pid found=1
	for pid in $(pgrep -f "^nook-hold: "); do
		[ "$(readlink /proc/self/ns/mnt)" != "$(readlink "/proc/$pid/ns/mnt" 2>/dev/null)" ] || { echo "$pid"; found=0; }
	done
	return $found
}
'

@test "ns hold: a network as ip netns has it, and the other way round" {
	need_root
	in_lab <<-LAB
		$clean
		"\$NOOK" ns hold net --name blue
		same "\$(ip netns list)" blue
		same "\$(ip netns exec blue readlink /proc/self/ns/net)" "\$("\$NOOK" ns enter blue readlink /proc/self/ns/net)"
		# lo is up; ip netns leaves that to its user.
		"\$NOOK" ns enter blue ip -o link | grep -q '^1: lo: <LOOPBACK,UP,LOWER_UP>'
		[ "\$(stat -c %a /run/nook/ns /run/nook/ns/blue | sort -u)" = 700 ]
		# One of ip netns add is usable by name.
		ip netns add red
		ip -n red link set lo up
		"\$NOOK" ns enter red ip -o link | grep -q '^1: lo: <LOOPBACK,UP,LOWER_UP>'
		same "\$("\$NOOK" ns enter netns:red readlink /proc/self/ns/net)" "net:[\$(stat -L -c %i /run/netns/red)]"
		# Others see what comes: /run/netns is a shared mount, as ip netns makes it.
		grep -q ' /run/netns .* shared:' /proc/self/mountinfo
		"\$NOOK" ns rm red blue
		same "\$(ip netns list)" ''
		clean
	LAB
}

@test "scenario G2: a namespace lives as long as a process, a descriptor or a bind mount holds it" {
	need_root
	in_lab <<-LAB
		$clean
		lives() { [ "\$("\$NOOK" ns ls --format json | jq "any(.inode == \$1)")" = true ]; }
		# A process, then a descriptor, then a bind mount.
		unshare --uts sh -c 'hostname kept; exec sleep 1000' &
		pid=\$!
		kept() { [ "\$(nsenter --uts --target \$pid hostname)" = kept ]; }
		eventually kept
		ns=\$(stat -L -c %i /proc/\$pid/ns/uts)
		lives \$ns
		"\$NOOK" ns hold uts --pid \$pid --name mine
		kill -9 \$pid
		wait \$pid 2>/dev/null || :
		lives \$ns
		# Entered again after its last process has gone, by another nook.
		same "\$("\$NOOK" ns enter mine hostname)" kept
		same "\$("\$NOOK" ns enter mine readlink /proc/self/ns/uts)" "uts:[\$ns]"
		exec 8</run/nook/ns/mine/uts
		"\$NOOK" ns rm mine
		same "\$("\$NOOK" ns enter /proc/self/fd/8 hostname)" kept
		exec 8<&-
		! lives \$ns
		clean
	LAB
}

@test "ns hold: every kind, alone and all together" {
	need_root
	in_lab <<-LAB
		$clean
		for kind in user mnt uts ipc pid net cgroup time; do
			"\$NOOK" ns hold \$kind --name one >/dev/null
			inside=\$("\$NOOK" ns enter one readlink /proc/self/ns/\$kind)
			[ "\$inside" != "\$(readlink /proc/self/ns/\$kind)" ]
			same "\$inside" "\$kind:[\$(jq .namespaces.\$kind /run/nook/ns/one/hold.json)]"
			# A process only where it has to be.
			case \$kind in pid) holders ;; mnt) ;; *) ! holders ;; esac
			"\$NOOK" ns rm one
			clean
		done
		"\$NOOK" ns hold all --name full | grep -q 'kept by bind mounts and process [0-9]* (a PID namespace ends with its process 1)'
		same "\$("\$NOOK" ns enter full id -u)" 0
		for kind in user uts ipc pid net cgroup time mnt; do
			inside=\$("\$NOOK" ns enter full readlink /proc/self/ns/\$kind)
			[ "\$inside" != "\$(readlink /proc/self/ns/\$kind)" ]
			same "\$inside" "\$kind:[\$(jq .namespaces.\$kind /run/nook/ns/full/hold.json)]"
		done
		"\$NOOK" ns rm full
		clean
	LAB
}

@test "ns hold: the holder survives nook, says who it is, reaps, and ends with its name" {
	need_root
	in_lab <<-LAB
		$clean
		"\$NOOK" ns hold pid --name procs >/dev/null
		pid=\$(holders)
		same "\$(tr '\0' ' ' </proc/\$pid/cmdline)" 'nook-hold: procs '
		same "\$(cat /proc/\$pid/comm)" nook-hold
		same "\$(ls /proc/\$pid/fd | wc -l)" 0
		same "\$(jq .holder /run/nook/ns/procs/hold.json)" \$pid
		# Process 1 there; it cannot be ended from inside, and orphans are its children.
		"\$NOOK" ns enter procs sh -c 'kill -TERM 1; kill -KILL 1; (sleep 0.1 & exec true); exit 0'
		sleep 0.3
		holders >/dev/null
		[ -z "\$(cat /proc/\$pid/task/\$pid/children)" ]
		"\$NOOK" ns enter procs sh -c 'echo \$\$' >/dev/null
		"\$NOOK" ns rm procs
		clean
		# Ended from outside: what it alone kept is gone, the rest is not.
		"\$NOOK" ns hold pid uts --name both >/dev/null
		kill -TERM \$(holders)
		eventually eval '! holders >/dev/null'
		"\$NOOK" ns enter both true
		! "\$NOOK" ns enter --type pid both true 2>err
		grep -q 'no pid namespace to enter' err
		"\$NOOK" ns rm both
		clean
	LAB
}

@test "ns hold: an ordinary user's are kept by a process" {
	need_root
	u() { as_user "$@"; }
	run u "$NOOK" ns hold net --name lab
	assert_exit 125
	assert_match 'hint: .*add user'
	run u "$NOOK" ns hold user net uts pid --name lab
	assert_exit 0
	assert_match '^lab: user, uts, pid, net, kept by process [0-9]+ \(an ordinary user cannot mount\)$'
	local holder
	holder=$(pgrep -u "$TEST_UID" -xf 'nook-hold: lab')
	run u "$NOOK" ns enter lab sh -c 'id -u; hostname inside; ip -o link; readlink /proc/self/ns/net'
	assert_line 0
	assert_match '^1: lo: <LOOPBACK,UP,LOWER_UP>'
	assert_line "$(readlink "/proc/$holder/ns/net")"
	assert_equal "$(u "$NOOK" ns enter lab hostname)" inside
	# Files made there are this user's out here.
	u "$NOOK" ns enter lab touch made
	assert_equal "$(stat -c %u made)" "$TEST_UID"
	# Some of them under a second name, by a second holder.
	u "$NOOK" ns hold user uts --pid "$holder" --name copy
	u "$NOOK" ns rm lab
	assert_equal "$(u "$NOOK" ns enter copy hostname)" inside
	u "$NOOK" ns rm copy
	# Root inside could look through it: of one with other mounts it has these.
	u "$NOOK" ns hold user mount uts --name box
	holder=$(pgrep -u "$TEST_UID" -xf 'nook-hold: box')
	u "$NOOK" ns hold user uts --pid "$holder" --name copy
	assert_equal "$(readlink "/proc/$(pgrep -u "$TEST_UID" -xf 'nook-hold: copy')/ns/mnt")" \
		"$(readlink "/proc/$holder/ns/mnt")"
	u "$NOOK" ns rm box copy
	gone() { ! pgrep -u "$TEST_UID" -f '^nook-hold:' >/dev/null; }
	eventually gone
	# Its holder was killed: the name is free at once.
	u "$NOOK" ns hold user uts --name lab
	kill -9 "$(pgrep -u "$TEST_UID" -xf 'nook-hold: lab')"
	eventually gone
	run u "$NOOK" ns enter lab true
	assert_exit 125
	assert_match 'lab. is no process, container or name'
	u "$NOOK" ns hold user uts --name lab
	u "$NOOK" ns rm lab
	run find "$BATS_TEST_TMPDIR" -path '*/nook/ns/*' ! -name .lock
	assert_output ''
}

@test "ns hold: bad words" {
	need_root
	in_lab <<-LAB
		$clean
		refused() { # WORDS ARG...
			local words=\$1 rc=0
			shift
			"\$NOOK" ns "\$@" >out 2>err || rc=\$?
			same \$rc 125
			same "\$(grep -c '^nook: ' err) \$(grep -c '^hint: ' err) \$(wc -l <err)" '1 1 2'
			grep -qE "\$words" err || { cat err; return 1; }
		}
		refused 'needs a name' hold net
		refused 'which namespaces' hold --name x
		refused 'no type "nonsense"|nonsense' hold nonsense --name x
		for name in self host .. . a/b ../x /run/x -x '' 12 'a b' \$'a\nb' .hidden "\$(printf %0200d 0)a"; do
			refused 'is not a name|stands|needs' hold net "--name=\$name"
			refused 'no namespace named|option|needs' rm "\$name"
		done
		refused 'no process' hold net --name x --pid 99999999
		refused 'is no process' hold net --name x --pid /proc/self/ns/net
		refused 'no namespace named "nosuch"' rm nosuch
		refused 'needs a name' rm
		refused 'is missing' exec ip link
		refused 'net is missing' exec --all-names ip link
		refused 'needs a command' exec --all-names --net
		"\$NOOK" ns hold net --name twice >/dev/null
		refused 'is taken by namespaces that are held' hold uts --name twice
		ip netns add other
		refused 'is taken by a network namespace in /run/netns' hold net --name other
		"\$NOOK" ns rm twice other
		# The others go even so.
		"\$NOOK" ns hold uts --name a >/dev/null
		"\$NOOK" ns hold uts --name b >/dev/null
		refused 'no namespace named "nosuch"' rm a nosuch b
		clean
		# A mount namespace cannot be bound in itself, or it would keep itself alive for ever.
		"\$NOOK" ns hold mount --pid \$\$ --name x | grep -q 'and process [0-9]* (the kernel does not let'
		same "\$("\$NOOK" ns enter x readlink /proc/self/ns/mnt)" "\$(readlink /proc/self/ns/mnt)"
		"\$NOOK" ns rm x
		eventually clean
	LAB
}

@test "ns hold: killed at each of its calls, and at rm: usable or gone" {
	need_root
	host_only
	command -v strace >/dev/null || skip "no strace here (the host's run has it)"
	local call
	for call in mkdirat openat mount write renameat umount2 unlinkat clone; do
		in_lab ASAN_OPTIONS="$UNTRACED" CALL=$call <<-LAB
			$clean
			mkdir -p /run/nook/containers && chmod 700 /run/nook /run/nook/containers
			fails() { # WHEN ARG...: killed at the call
				local when=\$1
				shift
				strace -qq -o /run/log -e trace=\$CALL -e inject=\$CALL:signal=KILL:when=\$when "\$NOOK" ns "\$@" >/dev/null 2>&1
			}
			for when in 1 2 3 4 5 6 7 8; do
				if fails \$when hold net uts pid --name x; then
					"\$NOOK" ns rm x
					break
				fi
				# The next command sees the truth: all of it, or nothing.
				if "\$NOOK" ns enter x true 2>err; then
					"\$NOOK" ns enter x sh -c 'ip link; hostname' >/dev/null
				else
					grep -q 'is no process, container or name' err || { cat err; exit 1; }
				fi
				"\$NOOK" ns hold uts --name y >/dev/null
				"\$NOOK" ns rm y
				[ -z "\$(find /run/nook/ns -mindepth 1 -name '.new*' -o -name '.dead*')" ]
				"\$NOOK" ns rm x 2>/dev/null || :
				eventually clean
			done
			for when in 1 2 3 4 5 6 7 8; do
				"\$NOOK" ns hold net uts pid --name x >/dev/null
				if fails \$when rm x; then break; fi
				"\$NOOK" ns rm x 2>/dev/null || :
				eventually clean
			done
		LAB
	done
}

@test "ns hold: killed at random times: usable or gone" {
	need_root
	local rounds=60
	[ -z "${NOOK_VM:-}" ] || rounds=8
	in_lab <<-LAB
		$clean
		killed() { # ARG...
			"\$NOOK" ns "\$@" >/dev/null 2>&1 &
			local pid=\$!
			sleep 0.0\$((RANDOM % 2))\$((RANDOM % 10))
			kill -9 \$pid 2>/dev/null || :
			wait \$pid 2>/dev/null || :
		}
		for ((round = 0; round < $rounds; round++)); do
			killed hold net uts pid mnt --name x
			"\$NOOK" ns enter --type net,uts x true 2>err || grep -q 'is no process, container or name' err
			killed rm x
			"\$NOOK" ns enter --type net,uts x true 2>err || grep -q 'is no process, container or name' err
			"\$NOOK" ns rm x 2>/dev/null || :
		done
		eventually clean
	LAB
}

@test "security: ns hold: a holder in users of others has neither nook's ids nor its descriptors" {
	need_root
	in_lab <<-LAB
		# A map without root, too: whoever is root there could take over a process of the real one.
		for map in 0:100000:65536 5:100000:10; do
			"\$NOOK" ns run --user --map \$map --pid --net sleep 1000 2>/dev/null &
			there() { pid=\$(pgrep -P \$!) && [ "\$(readlink /proc/\$pid/exe)" != "\$NOOK" ]; }
			eventually there
			# Where /run may not be written there are no bind mounts for a network, but a holder.
			mkdir -p /mnt/state
			mount -t tmpfs -o mode=0700 state /mnt
			mount -o remount,ro /run
			ulimit -Sn 4096
			exec 2000</etc/hostname 7</etc/hostname
			"\$NOOK" --state /mnt/state ns hold user pid net --pid \$pid --name x >said 2>&1
			grep -q '^x: user, pid, net, kept by process [0-9]* (/run/netns or ' said
			holder=\$(jq .holder /mnt/state/ns/x/hold.json)
			same "\$(awk '/^[UG]id:/ { print \$2, \$3, \$4, \$5 }' /proc/\$holder/status)" "\$(printf '100000 100000 100000 100000\\n%.0s' 1 2)"
			same "\$(awk '/^Groups:/ { print \$2 }' /proc/\$holder/status)" ''
			same "\$(ls /proc/\$holder/fd)" ''
			# Nor does root of these users see through it what lies outside.
			if [ \$map = 0:100000:65536 ]; then
				same "\$("\$NOOK" ns enter --type user \$pid readlink /proc/self/ns/user)" "\$(readlink /proc/\$holder/ns/user)"
				same "\$("\$NOOK" ns enter --type user \$pid readlink /proc/\$holder/root 2>/dev/null)" ''
			fi
			"\$NOOK" --state /mnt/state ns rm x
			umount /mnt
			mount -o remount,rw /run
			kill -9 \$!
			wait 2>/dev/null || :
		done
	LAB
}

@test "ns hold: a wait for another nook is told" {
	run_nook ns hold uts --name first
	assert_exit 0
	flock "$NOOK_STATE/ns/.lock" sleep 2 &
	local other=$!
	eventually bash -c '! flock -n "$1" true' - "$NOOK_STATE/ns/.lock"
	run_nook ns rm first
	wait "$other"
	assert_exit 0
	[[ $stderr == *"waiting for another nook that works in $NOOK_STATE/ns "* ]]
}

@test "ns hold: a file where the directory of names should be" {
	need_root
	in_lab <<-LAB
		$clean
		touch /run/netns
		! "\$NOOK" ns hold net --name x 2>err
		grep -q '^nook: /run/netns is no directory' err || grep -q '/run/netns is no directory' err
		! grep -q netns /proc/self/mountinfo
		rm /run/netns
		clean
	LAB
}

@test "ns hold: what is gone with its holder is told on entering" {
	need_root
	in_lab <<-LAB
		$clean
		"\$NOOK" ns hold uts pid --name half
		kill -9 "\$(jq .holder /run/nook/ns/half/hold.json)"
		until "\$NOOK" ns enter half true 2>err && grep -q 'gone with what kept it: pid' err; do sleep 0.05; done
		"\$NOOK" ns rm half
		clean
	LAB
}

@test "ns hold: a hostile state directory is not believed" {
	need_root
	in_lab <<-LAB
		$clean
		"\$NOOK" ns hold uts --name x >/dev/null
		# A record that names somebody else's process: it is not that one, by its start.
		sleep 1000 &
		victim=\$!
		jq -c ".holder = \$victim | .holderStart = 1" /run/nook/ns/x/hold.json >new
		cat new >/run/nook/ns/x/hold.json
		"\$NOOK" ns rm x
		kill -0 \$victim
		# A link instead of a directory, or of a record.
		mkdir -p /run/elsewhere && echo keep >/run/elsewhere/uts
		mkdir -p /run/nook/ns
		ln -s /run/elsewhere /run/nook/ns/link
		! "\$NOOK" ns enter link true 2>/dev/null
		"\$NOOK" ns rm link 2>/dev/null || :
		same "\$(cat /run/elsewhere/uts)" keep
		rm -f /run/nook/ns/link
		# One that is not ours alone.
		chmod 0777 /run/nook/ns
		! "\$NOOK" ns hold uts --name y 2>err
		grep -q 'not ours alone' err
		chmod 0700 /run/nook/ns
		# Of a later version: said, and left alone.
		"\$NOOK" ns hold uts --name later >/dev/null
		sed -i 's/"version":1/"version":2/' /run/nook/ns/later/hold.json
		! "\$NOOK" ns rm later 2>err
		grep -q 'of version 2' err
		[ -e /run/nook/ns/later/hold.json ]
	LAB
}

@test "ns hold: held in another mount namespace" {
	need_root
	in_lab <<-LAB
		$clean
		unshare --mount --propagation private sleep 1000 &
		other=\$!
		apart() { [ "\$(readlink /proc/\$other/ns/mnt)" != "\$(readlink /proc/self/ns/mnt)" ]; }
		eventually apart
		"\$NOOK" ns hold uts --name x >/dev/null
		rc=0
		nsenter --mount --target \$other "\$NOOK" ns enter x true 2>err || rc=\$?
		same \$rc 125
		grep -q 'is held in another mount namespace' err
		# Nobody there takes it for dead.
		nsenter --mount --target \$other "\$NOOK" ns hold uts --name y >/dev/null
		"\$NOOK" ns enter x true
		# But whoever may, lets it go.
		nsenter --mount --target \$other "\$NOOK" ns rm x y
		! "\$NOOK" ns enter x true 2>/dev/null
	LAB
}

@test "ns exec: in every named network, as ip -all netns exec" {
	need_root
	in_lab <<-LAB
		$clean
		"\$NOOK" ns exec --all-names --net true
		for name in c a b; do ip netns add \$name; done
		"\$NOOK" ns hold net --name d >/dev/null
		"\$NOOK" ns exec --all-names --net readlink /proc/self/ns/net >mine
		same "\$(grep -c . mine)" 8
		same "\$(grep netns: mine)" \$'netns: a\nnetns: b\nnetns: c\nnetns: d'
		ip -all netns exec readlink /proc/self/ns/net >its
		same "\$(sort mine)" "\$(sort its)"
		# All run; the first that fails gives the code.
		rc=0
		"\$NOOK" ns exec --all-names --net sh -c '
			case \$(readlink /proc/self/ns/net) in
				"net:[\$(stat -L -c %i /run/netns/b)]") exit 7 ;;
				"net:[\$(stat -L -c %i /run/netns/c)]") exit 8 ;;
			esac' >out || rc=\$?
		same \$rc 7
		same "\$(grep -c netns: out)" 4
		"\$NOOK" ns exec --all-names --net --explain true | grep -c 'join: network' | grep -qx 4
		"\$NOOK" ns rm a b c d
		clean
	LAB
}

@test "scenario E8: a resolver file for each network namespace, by /etc/netns" {
	need_root
	mkdir -p etc/upper etc/work
	in_lab <<-LAB
		mount -t tmpfs lab etc && mkdir etc/upper etc/work
		mount -t overlay -o lowerdir=/etc,upperdir=etc/upper,workdir=etc/work none /etc
		mkdir -p /etc/netns/red /etc/netns/blue/sub
		echo 'nameserver 10.0.0.1' >/etc/netns/red/resolv.conf
		echo 'nameserver 10.0.0.2' >/etc/netns/blue/resolv.conf
		echo 'nothing to lay it over' >/etc/netns/blue/not-there.conf
		[ -e /etc/resolv.conf ] || : >/etc/resolv.conf
		before=\$(cat /etc/resolv.conf)
		ip netns add red
		"\$NOOK" ns hold net --name blue >/dev/null
		same "\$("\$NOOK" ns enter red cat /etc/resolv.conf)" 'nameserver 10.0.0.1'
		same "\$(ip netns exec red cat /etc/resolv.conf)" 'nameserver 10.0.0.1'
		same "\$("\$NOOK" ns enter blue cat /etc/resolv.conf 2>err)" 'nameserver 10.0.0.2'
		grep -q '/etc/netns/blue/not-there.conf is not seen' err
		same "\$("\$NOOK" ns exec --all-names --net cat /etc/resolv.conf 2>/dev/null | grep nameserver)" \
			\$'nameserver 10.0.0.2\nnameserver 10.0.0.1'
		# Only there, only while it is entered by that name; and sysfs is that network's.
		same "\$(cat /etc/resolv.conf)" "\$before"
		same "\$("\$NOOK" ns enter /run/netns/red cat /etc/resolv.conf)" "\$before"
		ip link add name onlyhere type veth peer name itspeer
		same "\$("\$NOOK" ns enter red ls /sys/class/net)" lo
		same "\$("\$NOOK" ns enter red ls /sys/class/net)" "\$(ip netns exec red ls /sys/class/net)"
		ls /sys/class/net >/dev/null
		"\$NOOK" ns enter --explain=json red true | jq -e '.steps | map(.op) | index("move_mount")' >/dev/null
		"\$NOOK" ns enter --explain=sh red cat /etc/resolv.conf >script
		same "\$(sh script)" 'nameserver 10.0.0.1'
		if command -v cc >/dev/null; then
			"\$NOOK" ns enter --explain=c red cat /etc/resolv.conf >red.c
			cc -Wall -Wextra -Werror -o red red.c
			same "\$(./red)" 'nameserver 10.0.0.1'
		fi
		"\$NOOK" ns rm red blue
	LAB
}

# Two networks, each wired to the outside by a veth pair as one does it by hand.
wire='
wire() { # NAME SUBNET
	"$NOOK" ns hold net --name "$1" >/dev/null
	ip link add "to-$1" type veth peer name eth0 netns "$1"
	ip addr add "10.77.$2.1/24" dev "to-$1"
	ip link set "to-$1" up
	"$NOOK" ns enter "$1" ip addr add "10.77.$2.2/24" dev eth0
	"$NOOK" ns enter "$1" ip link set eth0 up
}
serve() { # NAME TEXT: on port 8080 of it
	mkdir -p "www-$1"
	echo "$2" >"www-$1/index.html"
	"$NOOK" ns enter "$1" busybox httpd -f -p 8080 -h "www-$1" &
}
get() { busybox wget -q -O - "http://$1:8080/index.html" 2>/dev/null; }
answers() { get "$1" >/dev/null; }
'

@test "scenario E1: two web servers on port 8080 at once, each in its own network, both reachable" {
	need_root
	in_lab <<-LAB
		$clean $wire
		# A new network namespace has only lo; nook brings it up.
		"\$NOOK" ns hold net --name alone >/dev/null
		same "\$("\$NOOK" ns enter alone ls /sys/class/net)" lo
		"\$NOOK" ns enter alone ip -o link | grep -q '^1: lo: <LOOPBACK,UP,LOWER_UP>'
		"\$NOOK" ns rm alone
		wire one 1
		wire two 2
		serve one 'this is one'
		serve two 'this is two'
		eventually answers 10.77.1.2
		eventually answers 10.77.2.2
		same "\$(get 10.77.1.2)" 'this is one'
		same "\$(get 10.77.2.2)" 'this is two'
		# Nobody listens out here, and each only sees its own.
		same "\$(ss -Hltn | wc -l)" 0
		same "\$("\$NOOK" ns enter one ss -Hltn | wc -l)" 1
		for job in \$(jobs -p); do kill \$job; done
		wait
		"\$NOOK" ns rm one two
		eventually clean
	LAB
}

@test "scenario E2: named and anonymous networks: add, list, run in, delete, as ip netns sees them" {
	need_root
	in_lab <<-LAB
		$clean
		"\$NOOK" ns hold net --name named >/dev/null
		ip netns add theirs
		same "\$(ip netns list | awk '{print \$1}' | sort)" \$'named\ntheirs'
		listed() { "\$NOOK" ns ls --type net --format json | jq -r '.[] | select(.name != null) | .name' | sort; }
		same "\$(listed)" \$'named\ntheirs'
		# An anonymous one is one without a name: its number is enough.
		unshare --net sleep 1000 &
		pid=\$!
		apart() { [ "\$(readlink /proc/\$pid/ns/net)" != "\$(readlink /proc/self/ns/net)" ]; }
		eventually apart
		same "\$("\$NOOK" ns enter --type net \$pid readlink /proc/self/ns/net)" "\$(readlink /proc/\$pid/ns/net)"
		same "\$("\$NOOK" ns enter "\$(readlink /proc/\$pid/ns/net)" readlink /proc/self/ns/net)" "\$(readlink /proc/\$pid/ns/net)"
		# It gets a name while it lives.
		"\$NOOK" ns hold net --pid \$pid --name late >/dev/null
		kill -9 \$pid
		wait \$pid 2>/dev/null || :
		"\$NOOK" ns enter late true
		ip netns exec late true
		# Deleted by ip, or by nook, whoever has made it.
		ip netns delete late
		"\$NOOK" ns rm late
		"\$NOOK" ns rm theirs named
		same "\$(ip netns list)" ''
		# In use it goes on: only the name is gone.
		ip netns add busy
		"\$NOOK" ns enter busy sleep 1000 &
		in_it() { [ -n "\$(ip netns pids busy)" ]; }
		eventually in_it
		pid=\$(ip netns pids busy | head -1)
		"\$NOOK" ns rm busy
		same "\$("\$NOOK" ns enter --type net \$pid ls /sys/class/net | head -1)" "\$(ls /sys/class/net | head -1)"
		kill -0 \$pid
		kill -9 \$pid
		wait
		eventually clean
	LAB
}

@test "scenario F1: breaking the network inside does not hurt the outside" {
	need_root
	in_lab <<-LAB
		$clean
		ip link add name out0 type veth peer name out1
		ip addr add 10.78.0.1/24 dev out0
		ip link set out0 up
		before=\$(ip -o addr; ip route)
		"\$NOOK" ns hold net mount uts --name lab >/dev/null
		"\$NOOK" ns enter lab sh -c '
			ip link add name out0 type veth peer name out1
			ip link set lo down
			ip link del out0
			ip route flush table all
			hostname broken
			mount -t tmpfs none /etc
			echo broken >/etc/passwd
			rm -rf /etc/*
			mount -t tmpfs none /usr'
		same "\$(ip -o addr; ip route)" "\$before"
		[ "\$(hostname)" != broken ]
		[ -e /usr/bin/env ] && [ -e /etc/passwd ]
		"\$NOOK" ns rm lab
		clean
	LAB
}

@test "scenario F2: afterwards no mount, link, process or file is left" {
	need_root
	in_lab <<-LAB
		$clean
		mounts=\$(awk '{print \$5}' /proc/self/mountinfo) links=\$(ip -o link)
		for round in 1 2 3; do
			"\$NOOK" ns hold all --name lab >/dev/null
			"\$NOOK" ns enter lab sh -c 'ip link add name x type veth peer name y; mount -t tmpfs none /mnt; ipcmk -Q >/dev/null; sleep 1000 >/dev/null 2>&1 &'
			"\$NOOK" ns rm lab
		done
		same "\$(awk '{print \$5}' /proc/self/mountinfo | grep -vx /run/netns)" "\$mounts"
		same "\$(ip -o link)" "\$links"
		eventually clean
	LAB
}

@test "ns hold: what others laid into /run/netns stays when a hold fails there" {
	need_root
	in_lab <<-LAB
		$clean
		mkdir /run/netns
		mkfifo /run/netns/fifo
		mknod /run/netns/device c 1 3
		ln -s /nowhere /run/netns/link
		mkdir /run/netns/directory
		for name in fifo device link directory; do
			for kinds in net 'net uts' all; do
				rc=0
				"\$NOOK" ns hold \$kinds --name \$name 2>err || rc=\$?
				same \$rc 125
				grep -q "^nook: make /run/netns/\$name: File exists" err
			done
		done
		same "\$(stat -c %F /run/netns/fifo /run/netns/device)" \$'fifo\\ncharacter special file'
		same "\$(readlink /run/netns/link)" /nowhere
		[ -d /run/netns/directory ]
		rm -r /run/netns/*
		clean
	LAB
}

@test "ns rm: a name that is no directory goes too" {
	need_root
	in_lab <<-LAB
		$clean
		"\$NOOK" ns hold uts --name x >/dev/null
		"\$NOOK" ns rm x
		mkfifo /run/nook/ns/fifo
		ln -s /etc /run/nook/ns/link
		echo >/run/nook/ns/file
		"\$NOOK" ns rm fifo link file
		[ -d /etc ]
		clean
	LAB
}

@test "ns enter: a name whose users lie inside users of one id" {
	need_root
	in_lab <<-LAB
		cp "\$NOOK" "\${NOOK%/*}/nook-init" /run/
		chmod 755 /run
		mkdir -m 700 /run/mine
		chown 1001:1001 /run/mine
		setpriv --reuid 1001 --regid 1001 --clear-groups env NOOK_STATE=/run/mine/state unshare -rmn --propagation private sh -euc '
			for kinds in "user uts" all; do
				/run/nook ns hold \$kinds --name inner >/dev/null
				same=\$(/run/nook ns enter inner id -u)
				[ "\$same" = 0 ]
				/run/nook ns rm inner
			done'
	LAB
}
