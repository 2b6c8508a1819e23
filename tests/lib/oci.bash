# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Containers of nook-runtime. Load it in place of nook.bash:
#
#	load ../lib/oci
#	setup() { oci_setup; }
#	teardown() { oci_teardown; }
#
#   $RUNTIME, $STATE          the program; its state directory, one a test
#   $BUNDLE, $ID              a busybox bundle without terminal, its rootfs shared by the file; an id
#   configure JQ [ARG...]     change its config.json;  command_is WORD...
#   rt ARG...                 nook-runtime;  run_rt ARG...  with $status $output $stderr
#   created CMD..., running CMD...  a container of that state, $ID; its output in $OUT
#   status_is WORD [ID]       what `state` says

# shellcheck source=tests/lib/nook.bash
source "$(dirname "${BASH_SOURCE[0]}")/nook.bash"

oci_setup() {
	nook_setup
	RUNTIME=${RUNTIME:-$(dirname "$NOOK")/nook-runtime}
	STATE=$BATS_TEST_TMPDIR/rt BUNDLE=$BATS_TEST_TMPDIR/bundle OUT=$BATS_TEST_TMPDIR/out
	ID=oci-$$-$BATS_TEST_NUMBER
	ROOTFS=$BATS_FILE_TMPDIR/rootfs
	mkdir -p "$BUNDLE"
	cd "$BATS_TEST_TMPDIR" || return
	[ -d "$ROOTFS" ] || busybox_rootfs --dirs "$ROOTFS"
	[ -e "$BATS_FILE_TMPDIR/config.json" ] || {
		"$RUNTIME" spec --bundle "$BUNDLE"
		configure '.process.terminal = false | .root.path = $root | .process.args = ["true"]' \
			--arg root "$ROOTFS"
		mv "$BUNDLE/config.json" "$BATS_FILE_TMPDIR/config.json"
	}
	jq --arg path "/nook-$ID" '.linux.cgroupsPath = $path' <"$BATS_FILE_TMPDIR/config.json" \
		>"$BUNDLE/config.json"
}

oci_teardown() {
	local dir
	for dir in "$STATE"/*/; do
		[ ! -d "$dir" ] || [[ $dir == */@* ]] || rt delete --force "$(basename "$dir")"
	done
	nook_teardown
}

configure() {
	jq "$@" <"$BUNDLE/config.json" >"$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}
command_is() { configure '.process.args = $ARGS.positional' --args -- "$@"; }
# hook POINT [JQ of further members] CMD: a shell command on the host.
hook() {
	local point=$1 cmd=$2 more=${3:-{\}}
	configure '.hooks[$point] += [{path: "/bin/sh", args: ["sh", "-c", $cmd], env: ["PATH=/usr/bin:/bin"]} + '"$more"']' \
		--arg point "$point" --arg cmd "$cmd"
}

rt() { timeout "${RT_PATIENCE:-30}" "$RUNTIME" --root "$STATE" "$@"; }
run_rt() {
	status=0
	output=$(rt "$@" 2>"$BATS_TEST_TMPDIR/.stderr") || status=$?
	stderr=$(<"$BATS_TEST_TMPDIR/.stderr")
	mapfile -t lines <<<"$output"
}
# A failure's words without the time before them.
said() { printf '%s\n' "${stderr#time=*level=error msg=}"; }

created() {
	[ $# -eq 0 ] || command_is "$@"
	rt create --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>&1 3>&- || { cat "$OUT" >&2; return 1; }
}
running() {
	[ $# -eq 0 ] || command_is "$@"
	rt run -d --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>&1 3>&- || { cat "$OUT" >&2; return 1; }
}
status_of() { rt state "${1:-$ID}" | jq -r .status; }
status_is() {
	local now
	now=$(status_of "${2:-$ID}")
	[ "$now" = "$1" ] || { echo "it is $now, not $1" >&2; return 1; }
}
pid_of() { rt state "${1:-$ID}" | jq -r .pid; }
ended() { [ "$(status_of "$@")" = stopped ]; }
# Directories in every hierarchy that belong to $ID.
groups_of() { find /sys/fs/cgroup -maxdepth 3 -type d -name "nook-$ID*" 2>/dev/null || true; }
nothing_left() {
	local left
	left=$(find "$STATE" -mindepth 1 -path "$STATE/@*" -prune -o -print 2>/dev/null)$(groups_of)
	[ -z "$left" ] || { echo "left: $left" >&2; return 1; }
}
# TEXT has a match of the extended regular expression.
has() {
	grep -Eq -- "$2" <<<"$1" || { printf 'no match of: %s\nin: %s\n' "$2" "$1" >&2; return 1; }
}
