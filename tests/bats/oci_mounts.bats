#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016
# Mounts, devices and namespaces of config.json, seen from inside by what happens.

load ../lib/oci
setup() {
	oci_setup
	need_root
	cp -a "$ROOTFS" "$BATS_TEST_TMPDIR/root" # changed by these tests
	configure '.root = {path: $root}' --arg root "$BATS_TEST_TMPDIR/root"
	R=$BATS_TEST_TMPDIR/root
}
teardown() { oci_teardown; }

# add_mount DESTINATION TYPE SOURCE OPTION[,OPTION...] [JQ of further members]
add_mount() {
	local more=${5:-{\}}
	configure '.mounts += [{destination: $d, type: $t, source: $s, options: ($o / ",")} + '"$more"']' \
		--arg d "$1" --arg t "$2" --arg s "$3" --arg o "$4"
}
inside() { # CMD: what it says in a container of this bundle
	command_is sh -c "$1"
	run_rt run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" -eq 0 ] || { printf '%s\n' "$status" "$output" "$stderr" >&2; return 1; }
}
namespace() { # TYPE [PATH]; "-TYPE" takes it away
	if [[ $1 == -* ]]; then
		configure '.linux.namespaces |= map(select(.type != $t))' --arg t "${1#-}"
		return
	fi
	configure '.linux.namespaces |= map(select(.type != $t)) + [{type: $t} + if $p == "" then {} else {path: $p} end]' \
		--arg t "$1" --arg p "${2-}"
}
map_users() {
	namespace user
	configure '.linux.uidMappings = [{containerID: 0, hostID: 200000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
}

@test "oci mounts: a place behind links that lead nowhere is made inside" {
	mkdir -p source "$R/etc"
	echo told >source/file
	ln -s ../run/made/resolv.conf "$R/etc/resolv.conf"
	ln -s /absent/dir "$R/link"
	ln -s ../../../../../../../outside "$R/up"
	add_mount /etc/resolv.conf bind "$PWD/source/file" bind
	add_mount /link/below tmpfs tmpfs size=64k
	add_mount /up bind "$PWD/source" bind
	inside 'cat /etc/resolv.conf /run/made/resolv.conf /outside/file; echo x >/absent/dir/below/f && echo written'
	assert_equal "$output" $'told\ntold\ntold\nwritten'
	[ -d "$R/absent/dir/below" ] && [ -d "$R/outside" ]
	[ ! -e "$BATS_TEST_TMPDIR/outside" ] && [ ! -e /absent ]
}

@test "oci mounts: a link of links without end is refused" {
	ln -s b "$R/a"
	ln -s a "$R/b"
	add_mount /a/dir tmpfs tmpfs size=64k
	command_is true
	run_rt run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	assert_stderr_match 'Too many levels of symbolic links'
}

@test "oci mounts: a tmpfs has the mode of what it covers, and content with tmpcopyup" {
	mkdir -p "$R/kept/sub" "$R/mode"
	chmod 1731 "$R/mode"
	echo deep >"$R/kept/sub/file"
	chown 5:6 "$R/kept/sub/file"
	chmod 4755 "$R/kept/sub/file" # a change of owner takes the setuid bit away
	ln -s /etc/shadow "$R/kept/link"
	mknod "$R/kept/disk" b 1 1
	add_mount /kept tmpfs tmpfs tmpcopyup,size=1m,ro
	add_mount /mode tmpfs tmpfs size=64k
	add_mount /told tmpfs tmpfs size=64k,mode=700
	inside 'cat /kept/sub/file; stat -c "%a %u %g" /kept/sub/file /mode /told; readlink /kept/link
		[ -e /kept/disk ] || echo no disk; echo x >/kept/f 2>/dev/null || echo read-only'
	assert_equal "$output" $'deep\n4755 5 6\n1731 0 0\n700 0 0\n/etc/shadow\nno disk\nread-only'
}

@test "oci mounts: tmpcopyup of more than the tmpfs holds fails, it does not copy half" {
	mkdir "$R/large"
	head -c 200000 /dev/zero >"$R/large/file"
	add_mount /large tmpfs tmpfs tmpcopyup,size=64k
	command_is true
	run_rt run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	assert_stderr_match 'No space left on device'
}

@test "oci mounts: options of this mount and the r forms for those below it" {
	mkdir -p source/below
	unshare -m --propagation private sh -c "
		mount -t tmpfs none '$PWD/source/below' &&
		exec '$RUNTIME' --root '$STATE' run --bundle '$BUNDLE' '$ID-never'" 2>/dev/null || :
	mount_below() { # OPTIONS: what can be written
		configure '.mounts |= map(select(.destination != "/s"))'
		add_mount /s bind "$PWD/source" "$1"
		command_is sh -c 'for d in /s /s/below; do (: >$d/f) 2>/dev/null && echo "$d"; done; :'
		unshare -m --propagation private sh -c '
			mount -t tmpfs none "$1" && shift && exec "$@"' - "$PWD/source/below" \
			"$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID" | tr '\n' ' '
	}
	assert_equal "$(mount_below rbind)" '/s /s/below '
	assert_equal "$(mount_below rbind,ro)" '/s/below '
	assert_equal "$(mount_below rbind,rro)" ''
	assert_equal "$(mount_below rbind,rro,rw)" ''
	assert_equal "$(mount_below rbind,ro,rrw)" '/s /s/below '
}

@test "oci mounts: propagation: slave sees the host's mounts, shared gives its own, private neither" {
	mkdir -p source/host source/own
	# In a mount namespace where this directory is shared, as systemd has all of them.
	spread() { # OPTION ROOTFS_PROPAGATION
		configure '.mounts |= map(select(.destination != "/s"))'
		configure '.linux.rootfsPropagation = (if $r == "" then null else $r end)' --arg r "$2"
		[ -n "$2" ] || configure 'del(.linux.rootfsPropagation)'
		add_mount /s bind "$PWD/source" "$1"
		configure '.process.capabilities[] |= ["CAP_SYS_ADMIN"] | .process.noNewPrivileges = false'
		command_is sh -c 'mount -t tmpfs own /s/own; echo up; while [ ! -e /go ]; do sleep 0.05; done
			mount | grep -c " /s/host "; :'
		rm -f "$R/go"
		unshare -m --propagation private sh -c '
			mount --bind "$1" "$1" && mount --make-shared "$1"
			"$2" --root "$3" run --bundle "$4" "$5" >"$6" 2>&1 &
			while ! grep -q up "$6"; do sleep 0.05; done
			mount -t tmpfs host "$1/host"
			touch "$7/go"
			wait
			mount | grep -c " $1/own "
			umount -R "$1"' - "$PWD/source" "$RUNTIME" "$STATE" "$BUNDLE" "$ID" "$OUT" "$R" \
			>outside || :
		echo "inside $(tail -n 1 "$OUT") outside $(tail -n 1 outside)"
	}
	assert_equal "$(spread rbind,rprivate '')" 'inside 0 outside 0'
	assert_equal "$(spread rbind,rslave '')" 'inside 1 outside 0'
	assert_equal "$(spread rbind '')" 'inside 1 outside 0'
	assert_equal "$(spread rbind,rshared rshared)" 'inside 1 outside 1'
	assert_equal "$(spread rbind,rshared '')" 'inside 1 outside 0'
}

@test "oci mounts: idmap by maps of its own, and by those of the container" {
	mkdir source
	touch source/root source/app
	chown 1000:1000 source/app
	if ! unshare -m true || ! "$RUNTIME" features | grep -q idmap; then skip "no idmapped mounts"; fi
	add_mount /own bind "$PWD/source" bind,idmap \
		'{uidMappings: [{containerID: 0, hostID: 7, size: 1}, {containerID: 1000, hostID: 8, size: 1}],
		  gidMappings: [{containerID: 0, hostID: 7, size: 1}, {containerID: 1000, hostID: 8, size: 1}]}'
	inside 'stat -c "%n %u %g" /own/root /own/app'
	assert_equal "$output" $'/own/root 7 7\n/own/app 8 8'
	map_users
	configure '.mounts |= map(select(.destination != "/own"))'
	add_mount /own bind "$PWD/source" bind,idmap
	add_mount /plain bind "$PWD/source" bind
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	mkdir "$R/plain"
	inside 'stat -c "%n %u %g" /own/root /own/app /plain/root'
	assert_equal "$output" $'/own/root 0 0\n/own/app 1000 1000\n/plain/root 65534 65534'
}

@test "oci mounts: hundreds of volumes, with few descriptors" {
	mkdir source
	touch source/file
	configure '.mounts += [range(300) | {destination: "/v/\(.)/f", type: "bind", source: $s, options: ["bind", "ro"]}]' \
		--arg s "$PWD/source/file"
	command_is sh -c 'mount | grep -c " /v/"'
	configure 'del(.process.rlimits)'
	(
		ulimit -n 400
		rt run --bundle "$BUNDLE" "$ID" >many
	)
	assert_equal "$(<many)" 300
}

@test "oci mounts: another file system, by its type and options" {
	truncate -s 4m image
	mkfs.ext4 -q image 2>/dev/null || skip "no mkfs.ext4"
	loop=$(losetup -f --show image) || skip "no loop device"
	add_mount /disk ext4 "$loop" "ro,errors=remount-ro"
	command_is sh -c 'mount | grep " /disk "; : >/disk/f'
	run_rt run --bundle "$BUNDLE" "$ID"
	losetup -d "$loop"
	assert_match 'type ext4 \(ro'
	assert_stderr_match 'Read-only file system'
}

@test "oci devices: made with their mode and owner, and what is in the way is refused" {
	configure '.linux.devices = [
		{path: "/dev/my", type: "c", major: 1, minor: 3, fileMode: 416, uid: 3, gid: 4},
		{path: "/run/deep/pipe", type: "p"}, {path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 438}] |
		.linux.resources.devices = [{allow: true, access: "rwm"}]'
	configure '.process.user = {uid: 3, gid: 4}'
	inside 'stat -c "%n %a %u %g %F %t,%T" /dev/my /run/deep/pipe /dev/null; echo x >/dev/my && echo gone'
	assert_equal "$output" "$(printf '%s\n' \
		'/dev/my 640 3 4 character special file 1,3' '/run/deep/pipe 666 0 0 fifo 0,0' \
		'/dev/null 666 0 0 character special file 1,3' gone)"
	# The same in a /dev of the rootfs, which has something else there.
	configure '.mounts |= map(select(.destination | startswith("/dev") | not))'
	rm -rf "${R:?}/dev" && mkdir "$R/dev"
	touch "$R/dev/my"
	run_rt run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	assert_stderr_match '/dev/my'
	rm "$R/dev/my"
	ln -s /dev/zero "$R/dev/my"
	run_rt run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
}

@test "oci devices: in a user namespace the host's nodes are shown, and checked" {
	map_users
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	configure '.linux.devices = [{path: "/dev/fuse", type: "c", major: 10, minor: 229}]'
	[ -c /dev/fuse ] || skip "no /dev/fuse"
	inside 'stat -c "%t,%T" /dev/fuse /dev/null; echo x >/dev/null && echo ok'
	assert_equal "$output" $'a,e5\n1,3\nok'
	configure '.linux.devices[0].minor = 228'
	run_rt run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	assert_stderr_match 'No such device'
}

@test "oci namespaces: none for mounts: chroot, and nothing is mounted on the host" {
	namespace -mount
	configure '.mounts = [] | del(.linux.maskedPaths, .linux.readonlyPaths, .root.readonly)'
	inside 'ls -d /bin; echo ..; ls -d /../../../bin'
	assert_equal "$output" $'/bin\n..\n/../../../bin'
	assert_equal "$(grep -c " $R" /proc/self/mountinfo)" 0
	# With mounts: over the rootfs, until delete.
	add_mount /t tmpfs tmpfs size=64k
	add_mount /t/below tmpfs tmpfs size=64k
	created sh -c 'mount | grep -c " /t"'
	[ "$(readlink "/proc/$(pid_of)/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ]
	grep -q " $R/t/below " /proc/self/mountinfo
	rt start "$ID"
	eventually ended
	rt delete "$ID"
	assert_equal "$(grep -c " $R" /proc/self/mountinfo)" 0
	# What was mounted there before stays: it is the caller's.
	# (Private: on a shared one what create mounts there comes beneath it as well.)
	mount --bind "$R" "$R"
	mount --make-private "$R"
	created true
	rt delete --force "$ID"
	run_rt run --bundle "$BUNDLE" "$ID-again"
	mounts=$(grep -c " $R" /proc/self/mountinfo)
	umount "$R"
	assert_equal "$mounts" 1
	assert_equal "$(grep -c " $R" /proc/self/mountinfo)" 0
}

@test "oci namespaces: none for mounts: of a mount that goes along when it is shared one is told" {
	namespace -mount
	configure '.mounts = [] | del(.linux.maskedPaths, .linux.readonlyPaths, .root.readonly)'
	add_mount /t tmpfs tmpfs size=64k
	command_is true
	# The directory above is shared; $1: what becomes of the mount of the rootfs.
	with() {
		unshare -m --propagation private bash -euc '
			mount --bind "$1" "$1" && mount --make-shared "$1"
			mount --bind "$2" "$2" && mount --make-"$3" "$2"
			"${@:4}" </dev/null
			grep -c " $2 " /proc/self/mountinfo || :' - "$BATS_TEST_TMPDIR" "$R" "$1" \
			"$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID" 2>&1
	}
	has "$(with shared)" "level=warning .*$R is a shared mount.*delete unmounts it together"
	assert_equal "$(with private)" 1
}

@test "oci namespaces: a pod: network, IPC, host name and processes of another container" {
	for users in no yes; do
		[ "$users" = no ] || { map_users && chmod -R a+rX "$BATS_TEST_TMPDIR"; }
		cp "$BUNDLE/config.json" box.json
		running sleep 1000
		box=$(pid_of)
		for kind in network:net ipc:ipc uts:uts pid:pid; do
			namespace "${kind%:*}" "/proc/$box/ns/${kind#*:}"
		done
		[ "$users" = no ] || namespace user "/proc/$box/ns/user"
		configure '.linux.cgroupsPath += "-in" | del(.hostname) | if .linux.namespaces | any(.type == "user") then del(.linux.uidMappings, .linux.gidMappings) else . end'
		command_is sh -c 'for n in net ipc uts pid user; do readlink /proc/self/ns/$n; done
			tr "\0" " " </proc/1/cmdline; mount | grep -c "^sysfs on /sys\|^mqueue on"'
		run_rt run --bundle "$BUNDLE" "$ID-in"
		assert_equal "$stderr" ''
		want=$(for n in net ipc uts pid user; do readlink "/proc/$box/ns/$n"; done
			echo 'sleep 1000 2')
		assert_equal "$users: $output" "$users: $want"
		rt delete --force "$ID"
		cp box.json "$BUNDLE/config.json"
	done
}

@test "oci process: capabilities of a user who is not root, with a filter and without no_new_privs" {
	configure '.process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = false |
		.process.capabilities |= with_entries(.value = ["CAP_NET_BIND_SERVICE"]) |
		.process.capabilities.inheritable = ["CAP_NET_BIND_SERVICE"] |
		.process.capabilities.ambient = ["CAP_NET_BIND_SERVICE"] |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO"}]}'
	inside 'grep -E "^(Cap(Inh|Prm|Eff|Bnd|Amb)|Seccomp|NoNewPrivs):" /proc/self/status | tr -d "\t" | tr "\n" " "; mkdir /tmp/x 2>&1; :'
	c=0000000000000400
	assert_equal "$output" "CapInh:$c CapPrm:$c CapEff:$c CapBnd:$c CapAmb:$c NoNewPrivs:0 Seccomp:2 mkdir: can't create directory '/tmp/x': Operation not permitted"
}

@test "oci process: scheduler, disk priority, memory policy, personality" {
	configure '.process.scheduler = {policy: "SCHED_BATCH", nice: 7} |
		.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0} |
		.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"} |
		.linux.personality = {domain: "LINUX32"}'
	inside 'awk "{print \$41, \$19}" /proc/self/stat; ionice; uname -m; grep -o "bind:0" /proc/self/numa_maps | head -n 1'
	assert_equal "$output" $'3 7\nidle\ni686\nbind:0'
}

@test "oci process: a hard limit is raised in a user namespace, where nook may" {
	((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24 & 1)) || skip "no CAP_SYS_RESOURCE"
	map_users
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	configure '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 2000, hard: 3000}]'
	command_is sh -c 'ulimit -n; ulimit -Hn'
	(
		ulimit -n 1000
		rt run --bundle "$BUNDLE" "$ID" >limits
	)
	assert_equal "$(<limits)" $'2000\n3000'
}
