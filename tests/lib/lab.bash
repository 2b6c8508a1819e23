# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Processes in namespaces that nook did not make, and a place where mounts and links may be made.

# in_lab [ENV...] <<SCRIPT: bash in mount and network namespaces of its own, with an empty /run and
# lo up. It ends at the first command that fails, and everything it started ends with it.
in_lab() {
	local script
	script=$(cat)
	env "$@" NOOK="$NOOK" NOOK_STATE=/run/nook unshare --mount --net --propagation private \
		bash -euo pipefail -c '
		trap '\''for job in $(jobs -p); do kill -9 "$job" 2>/dev/null || :; done; wait 2>/dev/null'\'' EXIT
		mount -t tmpfs lab /run
		ip link set lo up
		eventually() {
			local deadline=$((${EPOCHREALTIME/./} + 5000000))
			until "$@"; do
				((${EPOCHREALTIME/./} < deadline)) || { echo "not within 5 s: $*" >&2; return 1; }
				sleep 0.02
			done
		}
		same() { [ "$1" = "$2" ] || { printf "expected: %s\nactual:   %s\n" "$2" "$1" >&2; return 1; }; }
		'"$script" </dev/null 3>&-
}

# target [unshare's OPTIONS]: $target is a process in such namespaces, which it has reached.
target() {
	: >"$BATS_TEST_TMPDIR/target"
	unshare "$@" sh -c 'echo there >"$1"; exec sleep 1000' sh "$BATS_TEST_TMPDIR/target" 3>&- &
	target_shell=$!
	TARGETS+=("$target_shell")
	eventually test -s "$BATS_TEST_TMPDIR/target" || return
	target=$target_shell
	[[ " $* " != *" --fork "* ]] || target=$(child_of "$target_shell")
}
TARGETS=()
# The kernel's list has no line end.
child_of() {
	local child=
	read -r child _ 2>/dev/null <"/proc/$1/task/$1/children" || [ -n "$child" ] && echo "$child"
}
# A killed unshare --fork leaves its child: that one first.
targets_end() {
	local pid child
	for pid in "${TARGETS[@]}"; do
		! child=$(child_of "$pid") || kill -9 "$child" 2>/dev/null || true
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	TARGETS=()
}

# The eight of a process, in the order of their names.
spaces_of() {
	local kind
	for kind in cgroup ipc mnt net pid time user uts; do readlink "/proc/$1/ns/$kind"; done
}
