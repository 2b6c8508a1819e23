# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Images made here: nothing is fetched.

# $PAUSE_IMAGE: an image that does nothing, for the sandboxes of pods.
pause_image() {
	local dir=$BATS_FILE_TMPDIR/pause
	PAUSE_IMAGE=$dir.tar
	export PAUSE_IMAGE
	mkdir -p "$dir/root/bin" "$dir/image"
	cp "$(command -v busybox)" "$dir/root/bin/sleep"
	one_layer "$dir/root" docker.io/library/nook-pause:1 '["/bin/sleep", "1000000"]' "$dir/image"
	tar -C "$dir/image" -cf "$PAUSE_IMAGE" manifest.json config.json layer.tar
	rm -rf "${dir:?}"
}

# one_layer TREE NAME COMMAND DIR: the parts of an archive, in DIR.
one_layer() {
	local layer
	tar -C "$1" --numeric-owner --mtime=@0 -cf "$4/layer.tar" .
	layer=$(sha256sum "$4/layer.tar" | cut -d' ' -f1)
	jq -nc --arg layer "sha256:$layer" --argjson command "$3" '{architecture: "amd64", os: "linux",
		created: "2026-01-01T00:00:00Z",
		config: {Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "FROM_IMAGE=yes"],
			Cmd: $command, WorkingDir: "/"},
		rootfs: {type: "layers", diff_ids: [$layer]},
		history: [{created: "2026-01-01T00:00:00Z", created_by: "nook"}]}' >"$4/config.json"
	jq -nc --arg name "$2" \
		'[{Config: "config.json", RepoTags: [$name], Layers: ["layer.tar"]}]' >"$4/manifest.json"
}

# $IMAGE: an archive that `docker load`, `podman load` and `ctr image import` take alike. One layer
# with a busybox, named docker.io/library/nook-test:1, environment and a command of its own.
IMAGE_NAME=docker.io/library/nook-test:1
busybox_image() {
	local dir=$BATS_FILE_TMPDIR/image
	IMAGE=$dir.tar
	export IMAGE
	[ ! -e "$IMAGE" ] || return 0
	mkdir -p "$dir/root"/{bin,etc,root,tmp,proc,sys,dev,home/alice,var/run}
	chmod 1777 "$dir/root/tmp"
	cp "$(command -v busybox)" "$dir/root/bin/busybox"
	# In a tar archive four hundred links are cheap, four hundred copies are not.
	"$dir/root/bin/busybox" --install "$dir/root/bin"
	printf '%s\n' root:x:0:0:root:/root:/bin/sh alice:x:1000:1000::/home/alice:/bin/sh \
		nobody:x:65534:65534::/:/bin/false >"$dir/root/etc/passwd"
	printf '%s\n' root:x:0: audio:x:29:alice alice:x:1000: nogroup:x:65534: >"$dir/root/etc/group"
	echo 'no program' >"$dir/root/bin/not-executable"
	chmod 0644 "$dir/root/bin/not-executable"
	chown 1000:1000 "$dir/root/home/alice"
	one_layer "$dir/root" "$IMAGE_NAME" '["/bin/sh"]' "$dir"
	tar -C "$dir" -cf "$IMAGE" manifest.json config.json layer.tar
	rm -rf "${dir:?}"
	chmod 0644 "$IMAGE"
}
