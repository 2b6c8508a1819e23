# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Podman on a host of lib/host.bash, as its root (PODMAN_USER=root) or as an ordinary user with
# subordinate ids (PODMAN_USER=rootless).

# podman_begin HOST: accounts, configuration and the test image.
podman_begin() {
	local dir=$BATS_FILE_TMPDIR/podman
	mkdir -p "$dir/etc"
	busybox_image
	echo "$1" >"$dir/host"
	for file in passwd group; do cat "/etc/$file" >"$dir/etc/$file"; done
	echo "nooksub:x:$SUBID_UID:$SUBID_UID::$dir/home:/bin/sh" >>"$dir/etc/passwd"
	echo "nooksub:x:$SUBID_UID:" >>"$dir/etc/group"
	# "containers": the ids that --userns auto shares out.
	printf '%s\n' nooksub:200000:65536 containers:400000:131072 >"$dir/etc/subuid"
	cp "$dir/etc/subuid" "$dir/etc/subgid"
	install -d -o "$SUBID_UID" -g "$SUBID_UID" -m 0700 "$dir/home"
	in_host "$1" sh -euc 'dir=$1 uid=$2
		for file in passwd group subuid subgid; do mount --bind "$dir/etc/$file" "/etc/$file"; done
		echo "{\"default\": [{\"type\": \"insecureAcceptAnything\"}]}" >/etc/containers/policy.json
		echo "unqualified-search-registries = [\"docker.io\"]" >/etc/containers/registries.conf
		install -d -o "$uid" -g "$uid" -m 0700 "/run/user/$uid"
		chmod 0755 /run /run/user
		# Open to everybody, as udev makes it; what slirp4netns needs.
		[ ! -e /dev/net/tun ] || {
			mknod -m 0666 /run/tun c 10 200
			mount --bind /run/tun /dev/net/tun
		}' sh "$dir" "$SUBID_UID"
	# What Podman sets by default is above what this machine allows.
	[ -z "${PODMAN_CONF-}" ] || return 0
	PODMAN_CONF=$dir/containers.conf
	cat >"$PODMAN_CONF" <<-CONF
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
		[engine]
		runtime = "nook"
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[engine.runtimes]
		nook = ["$RUNTIME"]
	CONF
	export PODMAN_CONF
	podman load -q -i "$IMAGE" >/dev/null
}

podman() {
	local dir=$BATS_FILE_TMPDIR/podman host
	read -r host <"$dir/host"
	if [ "${PODMAN_USER:-root}" = root ]; then
		HOST_WD=$dir in_host "$host" env CONTAINERS_CONF="$PODMAN_CONF" HOME=/root \
			podman --root "$dir/root" --runroot /run/podman-root "$@"
	else
		HOST_WD=$dir in_host "$host" setpriv --reuid "$SUBID_UID" --regid "$SUBID_UID" \
			--clear-groups --inh-caps=-all env -i CONTAINERS_CONF="$PODMAN_CONF" \
			PATH="$PATH" HOME="$dir/home" USER=nooksub LOGNAME=nooksub \
			XDG_RUNTIME_DIR="/run/user/$SUBID_UID" podman "$@"
	fi
}
run_podman() {
	status=0
	output=$(podman "$@" 2>"$BATS_TEST_TMPDIR/.stderr") || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/.stderr")
	mapfile -t lines <<<"$output"
}
podman_clean() { podman pod rm -f -a -t 0 >/dev/null 2>&1; podman rm -f -a -t 0 >/dev/null; }
