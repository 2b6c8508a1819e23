# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a test must not leave behind. Bats runs one test at a time, so what is there after it and
# was not before came from it. What is about to go by itself has a few seconds.

leak_mounts() { awk '{print $5}' /proc/self/mountinfo | sort; }
leak_links() { ip -o link | awk -F': ' '{print $2}' | sort; }
# cgroup directories of nook's, in every hierarchy.
leak_cgroups() {
	local dir
	while read -r dir; do
		find "$dir" -mindepth 1 -maxdepth 6 -type d -path '*nook*' 2>/dev/null
	done < <(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/mounts) | sort
}
# Orphans: what has become a child of the suite's reaper and is no zombie.
leak_orphans() {
	[ -n "${NOOK_REAPER:-}" ] || return 0
	ps --no-headers -o pid=,stat=,args= --ppid "$NOOK_REAPER" | awk '$2 !~ /^Z/' | sort
}

leaks_before() {
	local kind
	for kind in mounts links cgroups orphans; do
		"leak_$kind" >"$BATS_TEST_TMPDIR/.before-$kind"
	done
}

leaks_after() {
	local kind failed=0
	for kind in orphans mounts links cgroups; do
		EVENTUALLY_SECONDS=3 eventually no_new "$kind" 2>/dev/null && continue
		echo "the test left $kind behind:" >&2
		comm -13 "$BATS_TEST_TMPDIR/.before-$kind" <("leak_$kind") >&2
		failed=1
	done
	return $failed
}
# The cgroup /nook itself may stay: it is the place for all of them.
no_new() {
	[ -z "$(comm -13 "$BATS_TEST_TMPDIR/.before-$1" <("leak_$1") | grep -vE '^/sys/fs/cgroup[^ ]*/nook$')" ]
}
