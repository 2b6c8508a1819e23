#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nook doctor: what it says is checked against the machine, and against machines made worse.

load ../lib/nook
setup() { nook_setup; }
teardown() { nook_teardown; }

# State of check $1 in the JSON on stdin.
state_of() {
	json_pick "$1" state
}
json_pick() {
	awk -v name="\"name\": \"$1\"" -v key="\"$2\":" 'index($0, name) {on = 1}
		on && index($0, key) {sub(/^[^:]*: "?/, ""); sub(/"?,?$/, ""); print; exit}'
}
doctor_json() { "$@" "$NOOK" doctor --format json; }
# Some tests are about what an ordinary user is told.
ordinary() { if [ "$(id -u)" = 0 ]; then as_user "$@"; else "$@"; fi; }

@test "doctor: works here, as root and as an ordinary user" {
	run_nook doctor
	assert_exit 0
	assert_line 'nook run works for this user.'
	refute_match $'\033'
	run -0 ordinary "$NOOK" doctor
	assert_line 'nook run works for this user.'
}

@test "doctor: all that is not ok comes with its mend" {
	for as in env ordinary; do
		run -0 doctor_json "$as"
		# Same number of states that are not ok as of mends that are not null.
		assert_equal "$(grep -cE '"state": *"(warn|missing)"' <<<"$output")" \
			"$(grep -E '"mend":' <<<"$output" | grep -vc 'null')"
		[ "$(grep -c '"name":' <<<"$output")" -ge 25 ]
	done
}

@test "doctor: all eight kinds of namespaces are tried" {
	run -0 doctor_json env
	for kind in user mnt uts ipc pid net cgroup time; do
		assert_equal "$(state_of "$kind" <<<"$output")" ok
	done
}

@test "doctor: it changes nothing" {
	need_root
	# In a mount namespace of our own, where nobody else makes mounts at the same time.
	# shellcheck disable=SC2016
	run -0 in_private_mounts bash -c '
		look() { cat /proc/self/mountinfo; readlink /proc/self/ns/*; }
		before=$(look)
		"$NOOK" doctor >/dev/null
		diff <(look) - <<<"$before"'
	assert_output ''
}

@test "doctor: rm -r of a directory below an overlay, before Linux 6.6 and since" {
	local as name want=ok
	[ "$(printf '%s\n' 6.6 "$(uname -r)" | sort -V | head -n 1)" = 6.6 ] || want=warn
	for as in env ordinary; do
		name=overlay
		[ "$as" = ordinary ] || [ "$(id -u)" != 0 ] || name='overlay, users'
		run -0 doctor_json "$as"
		assert_equal "$(state_of "$name" <<<"$output")" "$want"
		if [ "$want" = warn ]; then
			json_pick "$name" seen <<<"$output" | grep 'rm -r.*EIO'
			json_pick "$name" mend <<<"$output" | grep 'Linux 6.6'
		fi
	done
	# What it says is so.
	busybox_rootfs --dirs "$BATS_TEST_TMPDIR/rootfs"
	mkdir "$BATS_TEST_TMPDIR/rootfs/full"
	touch "$BATS_TEST_TMPDIR/rootfs/full/file"
	touch "$BATS_TEST_TMPDIR"/rootfs/etc/{hostname,hosts,resolv.conf}
	[ "$(id -u)" != 0 ] || chown -R "$TEST_UID:$TEST_UID" "$BATS_TEST_TMPDIR/rootfs"
	local code=0
	ordinary "$NOOK" --log-level error run --rootfs "$BATS_TEST_TMPDIR/rootfs:O" rm -r /full || code=$?
	[ "$want" = warn ] && [ "$code" != 0 ] || assert_equal "$code" 0
}

@test "doctor: the kernel's version is the kernel's" {
	run_nook doctor
	assert_match "Linux $(uname -r | sed 's/[.+]/\\&/g') on $(uname -m)"
}

@test "doctor: no user namespaces left: 1, and the sysctl to set" {
	# A limit of the user namespace that unshare makes: the machine's own stays.
	# shellcheck disable=SC2016
	run -1 unshare --user --map-root-user --mount sh -c '
		echo 0 >/proc/sys/user/max_user_namespaces
		exec setpriv --bounding-set=-sys_admin "$0" doctor' "$NOOK"
	assert_match 'missing +user '
	assert_match 'sysctl -w user.max_user_namespaces='
	assert_line 'nook run cannot work for this user yet: mend what is missing.'
}

@test "doctor: a covered /proc is seen, and by what" {
	# shellcheck disable=SC2016
	run -0 unshare --user --map-root-user --mount sh -c '
		mount --bind /dev/null /proc/cmdline || exit 99; exec "$0" doctor --format json' "$NOOK"
	assert_equal "$(state_of /proc <<<"$output")" warn
	assert_equal "$(json_pick /proc seen <<<"$output")" 'another mount covers /proc/cmdline'
	assert_match 'unmask=ALL'
	assert_equal "$(state_of /sys <<<"$output")" ok
}

@test "doctor: subordinate ids are counted" {
	need_root
	run -0 doctor_json as_subid_user
	assert_equal "$(state_of 'subordinate ids' <<<"$output")" ok
	run -0 doctor_json as_user
	assert_equal "$(state_of 'subordinate ids' <<<"$output")" warn
	assert_match 'tee -a /etc/subuid'
}

@test "doctor: newuidmap without its rights is seen" {
	need_root
	# shellcheck disable=SC2016
	run -0 in_private_mounts bash -c '
		cp "$(command -v newuidmap)" "$1/newuidmap"; chmod 755 "$1/newuidmap"
		mount --bind "$1/newuidmap" /usr/bin/newuidmap
		exec setpriv --reuid 61234 --regid 61234 --clear-groups "$NOOK" doctor --format json' \
		bash "$BATS_TEST_TMPDIR"
	assert_equal "$(state_of newuidmap <<<"$output")" warn
	assert_match 'chmod u\+s'
}

@test "doctor: a controller is told where it is" {
	run -0 doctor_json env
	for c in memory pids; do
		dir=$(cgroup_mount "$c") || continue
		seen=$(json_pick "$c" seen <<<"$output")
		grep -qF "$dir" <<<"$seen" || { echo "$c: $seen"; false; }
	done
}

@test "doctor: JSON says whether nook can run, and parses" {
	run -0 doctor_json env
	assert_match '"can_run": *true'
	! command -v python3 >/dev/null || python3 -m json.tool <<<"$output" >/dev/null
}

@test "doctor: bad options and words" {
	run_nook doctor --format xml
	assert_refused 125 'no such format' 'text or json'
	run_nook doctor me
	assert_refused 125 'takes no words'
}
