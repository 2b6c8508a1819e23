#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Fields of config.json from the document to what the command sees: those that runc 1.1 and crun 1.8
# do not know, so that the differential test cannot compare them. And `spec` and `features`.
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through

load ../lib/oci
setup() { oci_setup; need_root; }
teardown() { oci_teardown; }

# What the shell command $1 says in the container.
inside() {
	command_is sh -c "$1"
	run_rt run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || { cat "$BATS_TEST_TMPDIR/.stderr" >&2; return 1; }
}
# create is refused with exactly these words.
refused() {
	run_rt create --bundle "$BUNDLE" "$ID"
	assert_exit 1
	assert_equal "$(said)" "\"create failed: config.json: ${1//\"/\\\"}\""
	nothing_left
}
# mount JQ: one more.
mount_too() { configure ".mounts += [$1]"; }

@test "oci config: spec writes a document that runs, and none over another" {
	rm "$BUNDLE/config.json"
	rt spec --bundle "$BUNDLE"
	run_rt spec --bundle "$BUNDLE"
	assert_exit 1
	assert_equal "$(said)" '"File config.json exists. Remove it first"'
	configure '.process.terminal = false | .root.path = $root' --arg root "$ROOTFS"
	inside 'hostname; pwd; grep CapEff /proc/self/status'
	assert_output $'nook\n/\nCapEff:\t0000000020000420'
}

@test "oci config: spec --rootless writes a document for an ordinary user" {
	local dir=$BATS_TEST_TMPDIR/of-user
	mkdir "$dir"
	chown 12345:12346 "$dir"
	chmod 755 "$BATS_TEST_TMPDIR"
	setpriv --reuid 12345 --regid 12346 --clear-groups "$RUNTIME" spec --rootless --bundle "$dir"
	jq -e '.linux.uidMappings == [{containerID: 0, hostID: 12345, size: 1}] and
		.linux.gidMappings == [{containerID: 0, hostID: 12346, size: 1}] and
		(.linux | has("resources") | not) and
		([.linux.namespaces[].type] | contains(["user"]) and (contains(["network"]) | not))' \
		"$dir/config.json"
}

@test "oci config: features is the specification's document" {
	rt features >features.json
	jq -e '.ociVersionMin == "1.0.0" and .ociVersionMax == "1.3.0" and
		.hooks == ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"] and
		(.mountOptions | length > 60 and . == sort) and
		(.linux.namespaces | length == 8) and (.linux.capabilities | length == 41) and
		.linux.cgroup.v1 and .linux.cgroup.v2 and .linux.cgroup.systemd and
		.linux.seccomp.enabled and (.linux.seccomp.actions | index("SCMP_ACT_NOTIFY")) and
		.linux.mountExtensions.idmap.enabled and .linux.netDevices.enabled and
		.linux.apparmor.enabled and .linux.selinux.enabled and .linux.intelRdt.enabled and
		.potentiallyUnsafeConfigAnnotations == ["org.systemd.property."]' features.json
}

@test "oci config: each mount option that features lists is one that a mount may have" {
	local word
	mkdir -p "$BATS_TEST_TMPDIR/dir"
	for word in $(rt features | jq -r '.mountOptions[]'); do
		case $word in
		# of mounts that have to be there, or of other kinds
		remount | tmpcopyup | idmap | ridmap | copy-symlink) continue ;;
		# of file systems that this kernel or tmpfs has not
		mand | iversion | sync | dirsync | lazytime) continue ;;
		esac
		cp "$BATS_FILE_TMPDIR/config.json" "$BUNDLE/config.json"
		mount_too '{destination: "/mnt", type: "bind", source: "'"$BATS_TEST_TMPDIR"'/dir", options: ["bind", "'"$word"'"]}'
		run_rt run --bundle "$BUNDLE" "$ID"
		assert_equal "$word: $status $(cat "$BATS_TEST_TMPDIR/.stderr")" "$word: 0 "
	done
}

@test "oci config: a fault is one line that names the field" {
	configure '.linux.namespaces[2].type = "net"'
	refused 'linux.namespaces[2].type: unknown value "net"'
	configure 'del(.linux.namespaces[2]) | .process.rlimits[0].soft = 2000'
	refused 'process.rlimits[0].soft: above the hard limit'
	echo '{' >"$BUNDLE/config.json"
	run_rt create --bundle "$BUNDLE" "$ID"
	assert_exit 1
	assert_stderr_match 'config.json is not valid JSON \(at byte 2\): it ends too early'
}

@test "oci config: what is left out is told in the log" {
	configure '.process.capabilities.bounding += ["CAP_TIME_TRAVEL"]'
	rt --log log run --bundle "$BUNDLE" "$ID"
	has "$(<log)" 'level=warning msg=.*process.capabilities.bounding: ignoring the unknown capability .*CAP_TIME_TRAVEL'
}

@test "oci config: timeOffsets" {
	configure '.linux.namespaces += [{type: "time"}] |
		.linux.timeOffsets = {boottime: {secs: 1000000, nanosecs: 500000000}, monotonic: {secs: 7}}'
	inside 'cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets'
	[ "${lines[0]}" -ge 1000000 ]
	has "${lines[1]}" '^monotonic +7 +0$'
	has "${lines[2]}" '^boottime +1000000 +500000000$'
}

@test "oci config: personality" {
	configure '.linux.personality = {domain: "LINUX32"}'
	inside 'cat /proc/self/personality; uname -m'
	assert_output $'00000008\ni686'
}

@test "oci config: domainname" {
	configure '.domainname = "example.org"'
	inside 'cat /proc/sys/kernel/domainname'
	assert_output example.org
}

@test "oci config: a network setting of a device with a point in its name, in both spellings" {
	local spelled pid
	# Not by ip netns: that would leave /run/netns as a mount of the machine.
	unshare -n sh -c 'ip link set lo name x0.7 && exec sleep 60' &
	pid=$!
	eventually nsenter -t "$pid" -n test -e /proc/sys/net/ipv4/conf/x0.7
	for spelled in net/ipv4/conf/x0.7/rp_filter net.ipv4.conf.x0/7.rp_filter; do
		cp "$BATS_FILE_TMPDIR/config.json" "$BUNDLE/config.json"
		configure '.linux.sysctl[$key] = "2" |
			(.linux.namespaces[] | select(.type == "network")).path = "/proc/'"$pid"'/ns/net"' \
			--arg key "$spelled"
		status=0
		inside 'cat /proc/sys/net/ipv4/conf/x0.7/rp_filter' || status=$?
		assert_equal "$spelled $status $output" "$spelled 0 2"
	done
	kill "$pid"
}

@test "oci config: scheduler and ioPriority" {
	configure '.process.scheduler = {policy: "SCHED_BATCH", nice: 7} |
		.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	running sleep 1000
	local pid
	pid=$(pid_of)
	has "$(chrt -p "$pid")" 'SCHED_BATCH'
	assert_equal "$(cut -d' ' -f19 "/proc/$pid/stat")" 7
	assert_equal "$(ionice -p "$pid")" 'best-effort: prio 6'
}

@test "oci config: memoryPolicy" {
	configure '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}'
	running sleep 1000
	has "$(head -n 1 "/proc/$(pid_of)/numa_maps")" ' bind:0 '
}

@test "oci config: execCPUAffinity" {
	[ "$(nproc)" -gt 1 ] || skip "one CPU"
	configure '.process.execCPUAffinity = {initial: "0", final: "1"}'
	running sleep 1000
	run_rt exec "$ID" grep Cpus_allowed_list /proc/self/status
	assert_output $'Cpus_allowed_list:\t1'
	has "$(grep Cpus_allowed_list "/proc/$(pid_of)/status")" '0-'
}

@test "oci config: nosymfollow, and the recursive options of a bind mount" {
	local dir=$BATS_TEST_TMPDIR/tree
	mkdir -p "$dir/below"
	ln -s file "$dir/link"
	echo text >"$dir/file"
	mount_too '{destination: "/a", type: "bind", source: "'"$dir"'", options: ["bind", "nosymfollow"]}'
	inside 'cat /a/file; cat /a/link 2>&1; true'
	assert_output $'text\ncat: can\'t open \'/a/link\': Too many levels of symbolic links'

	cp "$BATS_FILE_TMPDIR/config.json" "$BUNDLE/config.json"
	mount_too '{destination: "/a", type: "bind", source: "'"$dir"'", options: ["rbind", "rro", "rnoexec"]}'
	command_is sh -c 'awk "\$2 ~ /^.a/ {print \$2, \$4}" /proc/mounts'
	output=$(unshare -m sh -c 'mount -t tmpfs none "$1/below"; shift; exec "$@"' sh "$dir" \
		"$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID")
	mapfile -t lines <<<"$output"
	has "${lines[0]}" '^/a ro,.*noexec'
	has "${lines[1]}" '^/a/below ro,.*noexec'
}

@test "oci config: a mount with id maps of its own" {
	local dir=$BATS_TEST_TMPDIR/owned
	mkdir -p "$dir"
	touch "$dir/file"
	chown 1000:2000 "$dir/file"
	mount_too '{destination: "/a", type: "bind", source: "'"$dir"'", options: ["bind", "idmap"],
		uidMappings: [{containerID: 1000, hostID: 7, size: 1}], gidMappings: [{containerID: 2000, hostID: 8, size: 1}]}'
	inside 'stat -c "%u %g" /a/file'
	assert_output '7 8'
}

@test "oci config: remount changes what is there" {
	mount_too '{destination: "/sys", type: "sysfs", source: "sysfs", options: ["remount", "rw", "nodev"]}'
	inside 'awk "\$2 == \"/sys\" {print \$4}" /proc/mounts'
	has "$output" '^rw,'
}

@test "oci config: copy-symlink makes a link anew, of a file it is a bind mount" {
	ln -s ../somewhere/else "$BATS_TEST_TMPDIR/link"
	mount_too '{destination: "/here", type: "bind", source: "'"$BATS_TEST_TMPDIR"'/link", options: ["bind", "copy-symlink"]}'
	configure '.root.readonly = false'
	inside 'readlink /here'
	assert_output ../somewhere/else
	rm "$ROOTFS/here"
	echo text >"$BATS_TEST_TMPDIR/file"
	configure '.mounts[-1].source = $file' --arg file "$BATS_TEST_TMPDIR/file"
	inside 'cat /here'
	assert_output text
	rm "$ROOTFS/here"
}

@test "oci config: intelRdt is refused on a machine without it" {
	! grep -q ' resctrl ' /proc/mounts || skip "this machine has it"
	configure '.linux.intelRdt = {closID: "gold"}'
	run_rt create --bundle "$BUNDLE" "$ID"
	assert_exit 1
	assert_equal "$(said)" '"create failed: linux.intelRdt: there is no resctrl file system"'
	nothing_left
}

@test "oci config: a relative destination counts from /, and that is old" {
	mount_too '{destination: "mnt", type: "tmpfs", source: "tmpfs"}'
	inside 'grep -c " /mnt tmpfs " /proc/mounts'
	assert_output 1
	assert_stderr_match 'level=warning .*the destination .*mnt.* is relative'
}

@test "oci config: a capability that cannot be granted is told and left out" {
	configure '.process.capabilities |= map_values(["CAP_KILL", "CAP_NET_RAW"])'
	command_is grep -E 'Cap(Bnd|Eff)' /proc/self/status
	status=0
	output=$(setpriv --bounding-set -net_raw "$RUNTIME" --root "$STATE" --log log run --bundle "$BUNDLE" "$ID" 2>&1) || status=$?
	assert_exit 0
	assert_output $'CapEff:\t0000000000000020\nCapBnd:\t0000000000000020'
	has "$(<log)" 'level=warning msg="process.capabilities: CAP_NET_RAW cannot be granted'
}

@test "oci config: no capabilities given: none are left" {
	configure 'del(.process.capabilities)'
	inside 'grep ^Cap /proc/self/status | sort -u -k 2'
	assert_output $'CapAmb:\t0000000000000000'
}
