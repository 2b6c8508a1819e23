# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests in tests/attacks load: hostile bundles for nook-runtime.
#
#	load ../lib/attack
#	setup() { attack_setup; }
#	teardown() { attack_teardown; }
#
#   $BUNDLE, $ROOTFS          a bundle with busybox in it, as `nook-runtime spec` writes it, without
#                             terminal; the attacker may have left anything in $ROOTFS
#   configure JQ [ARG...]     change its config.json
#   rt ARG...                 nook-runtime with state of its own;  run_rt  as `run`
#   container CMD...          run -d as $ID, and wait until it runs
#   in_container CMD...       exec in it;  run_in_container  as `run`
#   a_secret                  a directory of the host with a file `secret` that says $SECRET; $OUTSIDE
#
# Each file is named after the attack. Its tests pass where the attack fails, and at least one of
# them has to fail in a build without the defence: tests/attacks/run.

# shellcheck source=tests/lib/nook.bash
source "$(dirname "${BASH_SOURCE[0]}")/nook.bash"

# How often a race is run, and which descriptors are looked at: emulated seconds are dear.
: "${RACES:=$([ -n "${NOOK_VM:-}" ] && echo 8 || echo 60)}" "${LAST_FD:=$([ -n "${NOOK_VM:-}" ] && echo 8 || echo 24)}"

attack_setup() {
	nook_setup
	RUNTIME=${RUNTIME:-$(dirname "$NOOK")/nook-runtime}
	RT_ROOT=$BATS_TEST_TMPDIR/rt BUNDLE=$BATS_TEST_TMPDIR/bundle
	ROOTFS=$BUNDLE/rootfs ID=attack-$$-$BATS_TEST_NUMBER
	mkdir -p "$BUNDLE"
	cd "$BATS_TEST_TMPDIR" || return
	busybox_rootfs --dirs "$ROOTFS"
	"$RUNTIME" spec --bundle "$BUNDLE"
	configure '.process.terminal = false | .linux.cgroupsPath = $id | .root.readonly = false' --arg id "/nook-$ID"
}

attack_teardown() {
	local dir
	for dir in "$RT_ROOT"/*/; do
		[ -e "$dir/state.json" ] && rt delete --force "$(basename "$dir")"
	done
	nook_teardown
}

configure() {
	jq "$@" <"$BUNDLE/config.json" >"$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}
command_is() { configure '.process.args = $ARGS.positional' --args -- "$@"; }

rt() { timeout "${RT_PATIENCE:-20}" "$RUNTIME" --root "$RT_ROOT" "$@"; }
# Like run_nook: `run` complains when exit code 127 is what one tests for.
# shellcheck disable=SC2034
run_rt() {
	status=0
	output=$(rt "$@" 2>"$BATS_TEST_TMPDIR/.stderr") || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/.stderr")
	mapfile -t lines <<<"$output"
}

container() {
	command_is "$@"
	rt run -d --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/container.out" 2>&1
}
# One that runs to its end.
run_container() {
	command_is "$@"
	run_rt run --bundle "$BUNDLE" "$ID"
}
in_container() { rt exec "$ID" "$@"; }
run_in_container() { run_rt exec "$ID" "$@"; }

a_secret() {
	SECRET=secret-$RANDOM OUTSIDE=$BATS_TEST_TMPDIR/outside
	mkdir -p "$OUTSIDE"
	echo "$SECRET" >"$OUTSIDE/secret"
	chmod 0755 "$OUTSIDE"
}

# A command that succeeds is an attack that succeeds: bats has no "! cmd" that fails a test.
refute() {
	if "$@"; then
		echo "this should have failed: $*" >&2
		return 1
	fi
}
# Nothing of the secret in what was said.
refute_secret() {
	[[ $output$stderr != *"$SECRET"* ]] || {
		echo "the host's secret was read: $output$stderr" >&2
		return 1
	}
}
