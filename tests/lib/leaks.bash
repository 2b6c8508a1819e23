# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a test must not leave behind. Bats runs one test at a time, so what is there after it and
# was not before came from it. What is about to go by itself has a few seconds.
#
# These run before and after every test, in the virtual machine's emulated processor too, where a
# fork costs 15 ms: hence read and case, and no pipelines. Each leak_KIND answers in $seen.

leak_mounts() {
	local line words
	seen=
	while read -r line; do
		# shellcheck disable=SC2206
		words=($line)
		seen+=${words[4]}$'\n'
	done </proc/self/mountinfo
}

leak_links() {
	local line
	seen=
	while read -r line; do
		[[ $line == *:* ]] && seen+=${line%%:*}$'\n'
	done </proc/net/dev
}

# cgroup directories of nook's, in every hierarchy. The group /nook itself may stay: it is the
# place for all of them.
leak_cgroups() {
	local _ mount type dirs=()
	while read -r _ mount type _; do
		case $type in cgroup | cgroup2) dirs+=("$mount") ;; esac
	done </proc/mounts
	seen=
	[ ${#dirs[@]} -eq 0 ] || seen=$(find "${dirs[@]}" -mindepth 1 -maxdepth 8 -type d \
		-path '*nook*' ! -name nook ! -path '*/nook-host-*' 2>/dev/null || true)$'\n'
}

# Orphans: what has become a child of the suite's reaper, and is no zombie. Bats itself always is one;
# it is named here, because the kernel's list may miss an entry while another one ends.
leak_orphans() {
	local pid stat list
	seen=
	[ -n "${NOOK_REAPER:-}" ] || return 0
	read -r list <"/proc/$NOOK_REAPER/task/$NOOK_REAPER/children" || true
	for pid in $list; do
		[ "$pid" != "${NOOK_REAPER_CHILD:-}" ] || continue
		read -r stat 2>/dev/null <"/proc/$pid/stat" || continue
		[[ $stat == *') Z '* ]] || seen+=$pid$'\n'
	done
}

leaks_before() {
	declare -gA LEAKS_BEFORE
	local kind seen
	for kind in mounts links cgroups orphans; do
		"leak_$kind"
		LEAKS_BEFORE[$kind]=$seen
	done
}

# What there is now of a kind and was not before, in $new.
new_leaks() {
	local item seen old=$'\n'${LEAKS_BEFORE[$1]}
	new=
	"leak_$1"
	[ "$seen" != "${LEAKS_BEFORE[$1]}" ] || return 0
	while read -r item; do
		[[ -z $item || $old == *$'\n'"$item"$'\n'* ]] || new+="$item "
	done <<<"$seen"
}
no_new() {
	local new
	new_leaks "$1"
	[ -z "$new" ]
}

# With several bats at once the cgroups of the others come and go: then tests/run's own look at the
# end has to do.
leaks_after() {
	local kind new pid failed=0 kinds=(orphans mounts links)
	[ "${NOOK_JOBS:-1}" -gt 1 ] || kinds+=(cgroups)
	for kind in "${kinds[@]}"; do
		EVENTUALLY_SECONDS=3 eventually no_new "$kind" 2>/dev/null && continue
		new_leaks "$kind"
		echo "the test left $kind behind: $new" >&2
		if [ "$kind" = orphans ]; then
			for pid in $new; do
				tr '\0' ' ' <"/proc/$pid/cmdline" >&2 || true
				echo >&2
			done
		fi
		failed=1
	done
	return $failed
}
