# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The state of the machine that the suite must leave as it found it, one thing a line.

machine_state() {
	awk '{print "mount", $5, $(NF - 2)}' /proc/self/mountinfo
	ip -o link | awk -F': ' '{print "link", $2}'
	stat -c 'device %n %F %a %u:%g %t:%T' /dev/null /dev/zero /dev/full /dev/tty
	find /run/nook -mindepth 1 2>/dev/null | sed 's/^/file /'
	find /tmp -maxdepth 1 -name '*nook*' ! -path "$1" 2>/dev/null | sed 's/^/file /'
	machine_cgroups
	ipcs -a | awk '/^0x/ {print "ipc", $1, $2}'
	hostname | sed 's/^/hostname /'
}

# All directories of all hierarchies but those that others make and remove at any time: systemd's
# units, and the groups in which a build machine keeps its commands.
machine_cgroups() {
	local dir
	while read -r dir; do
		find "$dir" -mindepth 1 \( -name process_api -o -name '*.scope' -o -name '*.service' \
			-o -name '*.mount' -o -name '*.slice' -path "$dir/system.slice/*" \) -prune \
			-o -type d -print 2>/dev/null
	done < <(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/mounts) |
		grep -vE '/nook$' | sed 's/^/cgroup /'
	# Delegated ones below the users' own service managers.
	find /sys/fs/cgroup/user.slice -type d -path '*nook*' 2>/dev/null | sed 's/^/cgroup /'
}
