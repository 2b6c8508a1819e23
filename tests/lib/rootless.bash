# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Ordinary users in a world of the test's own (net.bash), with a /dev/net/tun that they may open
# and a resolver on the world's loopback that knows host.example (192.0.2.7).
#
#	setup() { rootless_setup; }
#	teardown() { rootless_teardown; }
#
#   user CMD...       in the world, as one without subordinate ids
#   subid_user CMD... as one with 65536 of them
#   unook ARG...      nook of the first;  run_unook as run_nook
#   ubegin NAME [OPTION...] -- CMD...   a container of it in the background: $owner, $pid
#   $GREET ADDRESS PORT WORD [udp]      in the container or anywhere: says WORD and who asked
#   $ASK ADDRESS PORT [udp]             what it says there, or why not

rootless_setup() {
	nook_setup
	unset NOOK_NETWORK
	net_world
	ROOTFS=$BATS_TEST_TMPDIR/rootfs
	busybox_rootfs --dirs "$ROOTFS"
	touch "$ROOTFS"/etc/{hostname,hosts,resolv.conf}
	cd "$BATS_TEST_TMPDIR" || return
	mknod -m 0666 "$BATS_TEST_TMPDIR/tun" c 10 200
	in_world mount --bind "$BATS_TEST_TMPDIR/tun" /dev/net/tun
	echo "nameserver 127.0.0.53" >"$BATS_TEST_TMPDIR/resolv.conf"
	in_world mount --bind "$BATS_TEST_TMPDIR/resolv.conf" "$(realpath /etc/resolv.conf)"
	in_background in_world dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv \
		--no-hosts --listen-address=127.0.0.53 --bind-interfaces --pid-file= --user=root \
		--address=/host.example/192.0.2.7
	eventually in_world dig +short +time=1 +tries=1 @127.0.0.53 host.example >/dev/null
	install -d -m 0755 peer
	install -m 0644 "$TOP/tests/lib/peer.py" peer
	PEER=$BATS_TEST_TMPDIR/peer/peer.py
	# Words, for nsenter and the shells of containers.
	# shellcheck disable=SC2034
	GREET="python3 $PEER greet" ASK="python3 $PEER ask"
	user_env "$TEST_UID" nobody-here
	RUNTIME=$BATS_TEST_TMPDIR/runtime-$TEST_UID
}
BACKGROUND=()
in_background() {
	"$@" >/dev/null 2>&1 3>&- &
	BACKGROUND+=($!)
}
rootless_teardown() {
	local pid
	for pid in "${STARTED[@]}" "${BACKGROUND[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
	for pid in "${STARTED[@]}" "${BACKGROUND[@]}"; do
		wait "$pid" 2>/dev/null || eventually test ! -e "/proc/$pid" || true
	done
	unook ps >/dev/null 2>&1 || true
	nothing_runs || true
	net_world_end
	nook_teardown
}

user() {
	local USER_ENV
	user_env "$TEST_UID" nobody-here
	in_world setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --inh-caps=-all \
		env "${USER_ENV[@]}" "$@"
}
subid_user() {
	local USER_ENV file etc=$BATS_TEST_TMPDIR/etc
	user_env "$SUBID_UID" nooksub
	if [ ! -d "$etc" ]; then
		mkdir "$etc"
		cp /etc/passwd /etc/group "$etc"
		echo "nooksub:x:$SUBID_UID:$SUBID_UID::$BATS_TEST_TMPDIR:/bin/sh" >>"$etc/passwd"
		echo "nooksub:x:$SUBID_UID:" >>"$etc/group"
		echo "nooksub:200000:65536" | tee "$etc/subuid" >"$etc/subgid"
		for file in passwd group subuid subgid; do
			in_world mount --bind "$etc/$file" "/etc/$file"
		done
	fi
	in_world setpriv --reuid "$SUBID_UID" --regid "$SUBID_UID" --clear-groups --inh-caps=-all \
		env "${USER_ENV[@]}" "$@"
}
# Containers have peer.py in the same place.
unook() {
	[ "$1" != run ] || set -- run -v "${PEER%/*}:${PEER%/*}:ro" "${@:2}"
	user "$NOOK" "$@"
}
# shellcheck disable=SC2034
run_unook() {
	status=0
	output=$(unook "$@" 2>"$BATS_TEST_TMPDIR/.stderr") || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/.stderr")
	mapfile -t lines <<<"$output"
}

STARTED=()
# With exec all the way: $owner is nook, not a shell around it.
ubegin() {
	local name=$1 options=() USER_ENV
	shift
	user_env "$TEST_UID" nobody-here
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	nsenter --net="/proc/$WORLD/ns/net" --mount="/proc/$WORLD/ns/mnt" --wd="$PWD" -- \
		setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --inh-caps=-all \
		env "${USER_ENV[@]}" "$NOOK" run -v "${PEER%/*}:${PEER%/*}:ro" --name "$name" \
		"${options[@]}" "$@" \
		3>&- >"$name.out" 2>&1 &
	owner=$!
	STARTED+=("$owner")
	uup() { unook ps --format json | jq -e --arg n "$name" \
		'any(.Names[0] == $n and .State == "running")' >/dev/null; }
	eventually uup || { cat "$name.out" >&2; return 1; }
	# shellcheck disable=SC2034
	pid=$(unook inspect "$name" | jq '.[0].State.Pid')
}


# Processes of the users of the suite, but for what has ended already.
users_processes() {
	ps -o pid=,stat=,args= -u "$TEST_UID,$SUBID_UID" | awk '$2 !~ /^Z/' || true
}
nobody_left() { [ -z "$(users_processes)" ]; }
nothing_runs() { eventually nobody_left || { users_processes >&2; return 1; }; }

# Some words in $output, or on $stderr.
says() { [[ $output == *"$1"* ]] || explain_failure "expected: $1"; }
says_not() { [[ $output != *"$1"* ]] || explain_failure "not expected: $1"; }
warns() { [[ $stderr == *"$1"* ]] || explain_failure "expected on stderr: $1"; }
warns_not() { [[ $stderr != *"$1"* ]] || explain_failure "not expected on stderr: $1"; }
