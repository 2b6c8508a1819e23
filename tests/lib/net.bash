# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Networks for tests, so that none touches the machine's own: a machine of the test's own (the
# world), in which nook runs, with a wire to another one (the outer world).
#
#	setup() { nook_setup; net_world; }
#	teardown() { net_world_end; nook_teardown; }
#
#   in_world CMD...   in the world's network and mounts      198.51.100.2, 2001:db8::2
#   in_outer CMD...   in the outer world                     198.51.100.1, 2001:db8::1
#   nook, run_nook    run in the world

in_world() { nsenter --net="/proc/$WORLD/ns/net" --mount="/proc/$WORLD/ns/mnt" -- "$@"; }
in_outer() { nsenter --net="/proc/$OUTER/ns/net" -- "$@"; }
nook() { in_world "$NOOK" "$@"; }
# shellcheck disable=SC2034
run_nook() {
	status=0
	output=$(in_world "$NOOK" "$@" 2>"$BATS_TEST_TMPDIR/.stderr") || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/.stderr")
	mapfile -t lines <<<"$output"
}

# A process that keeps new namespaces until it is killed; its number is in $KEEPER.
net_keeper() {
	unshare "$@" sleep 100000 </dev/null >/dev/null 2>&1 3>&- &
	KEEPER=$!
	keeps() { [ "$(readlink "/proc/$KEEPER/ns/net")" != "$(readlink /proc/self/ns/net)" ] &&
		[ "$(cat "/proc/$KEEPER/comm")" = sleep ]; }
	eventually keeps
}

net_world() {
	local KEEPER
	unset NOOK_NETWORK # here nothing is in the way of defaults
	net_keeper --net --mount --propagation private
	WORLD=$KEEPER
	net_keeper --net
	OUTER=$KEEPER
	# Its own network in /sys, with the machine's cgroups as they were.
	in_world sh -c 'mount --rbind /sys/fs/cgroup /mnt && mount -t sysfs sysfs /sys &&
		mount --rbind /mnt /sys/fs/cgroup && umount -l /mnt'
	# What connect writes for named namespaces (/etc/netns) goes with the world, however a test ends.
	mkdir "$BATS_TEST_TMPDIR/.world-etc"
	# shellcheck disable=SC2016
	in_world sh -c 'mount -t tmpfs etc "$1" && mkdir "$1/upper" "$1/work" && chmod 755 "$1/upper" &&
		mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" etc /etc' sh "$BATS_TEST_TMPDIR/.world-etc"
	in_world ip link set lo up
	in_outer ip link set lo up
	in_world ip link add wire type veth peer name wire netns "/proc/$OUTER/ns/net"
	in_world ip addr add 198.51.100.2/24 dev wire
	in_world ip addr add 2001:db8::2/64 dev wire nodad
	in_world ip link set wire up
	in_outer ip addr add 198.51.100.1/24 dev wire
	in_outer ip addr add 2001:db8::1/64 dev wire nodad
	in_outer ip link set wire up
	in_world ip route add default via 198.51.100.1
	in_world ip route add default via 2001:db8::1
}

# Servers of the test in one of its worlds: what runs in the background by in_outer or in_world has a
# shell in front, whose end is not theirs. What is nook's is left alone: it would be a leak.
net_servers_end() {
	local dir net worlds
	worlds=$(readlink "/proc/$WORLD/ns/net" "/proc/$OUTER/ns/net") || true
	for dir in /proc/[0-9]*; do
		net=$(readlink "$dir/ns/net" 2>/dev/null) || continue
		[[ $worlds == *"$net"* && $(cat "$dir/comm" 2>/dev/null) != nook* ]] || continue
		[ "${dir#/proc/}" = "$WORLD" ] || [ "${dir#/proc/}" = "$OUTER" ] ||
			kill -9 "${dir#/proc/}" 2>/dev/null || true
	done
}

# With its last process the world goes, and all that is in it.
net_world_end() {
	[ -z "${WORLD:-}" ] || net_servers_end
	[ -z "${WORLD:-}" ] || kill -9 "$WORLD" "$OUTER" 2>/dev/null || true
	[ -z "${WORLD:-}" ] || wait "$WORLD" "$OUTER" 2>/dev/null || true
	WORLD='' OUTER=''
}

# What nook has made in the world: nothing of it may be left.
net_made() {
	in_world ip -o link | awk -F': ' '{print $2}' | grep -v -e '^lo$' -e '^wire' || true
	in_world nft list tables | grep -w nook || true
}

# As in background.bash, in the world: $owner is its nook, $pid its first process.
begin() {
	local name=$1 options=()
	shift
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	nsenter --net="/proc/$WORLD/ns/net" --mount="/proc/$WORLD/ns/mnt" --wd="$PWD" -- \
		"$NOOK" run --rootfs "$ROOTFS" --name "$name" "${options[@]}" "$@" 3>&- >"$name.out" 2>&1 &
	owner=$!
	STARTED+=("$owner")
	eventually is_up "$name" || { cat "$name.out" >&2; return 1; }
	pid=$(nook inspect "$name" | jq '.[0].State.Pid')
}
# A web server that answers WORD: serve NAME WORD PORT [OPTION...]
serve() {
	local name=$1 word=$2 port=$3
	shift 3
	mkdir -p "$BATS_TEST_TMPDIR/www-$name"
	echo "$word" >"$BATS_TEST_TMPDIR/www-$name/index.html"
	begin "$name" -v "$BATS_TEST_TMPDIR/www-$name:/mnt:ro" "$@" -- httpd -f -p "$port" -h /mnt
}
