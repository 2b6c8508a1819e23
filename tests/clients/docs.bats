#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What docs/podman.md, docs/docker.md and docs/kubernetes.md say is pasted, on a host where
# nook-runtime is installed in /usr/local/bin. (cri.bats takes the plugin's configuration from
# docs/kubernetes.md, swarm.bats the blocks of docs/docker.md that need two nodes.)
# vm: no, the virtual machine has tests/clients/systemd.bats
# asan: no, containers have less memory than the sanitizers want; tests/bats/oci_*.bats have them

load ../lib/nook
load ../lib/page
load lib/host
load lib/image
load lib/containerd

setup_file() {
	host_begin docs
	installed_host docs
	busybox_image
}
teardown_file() { host_end docs; }
setup() { nook_setup; }
teardown() { nook_teardown; }

# The images that the pages use, without a registry: the test image under their name.
paste_all() {
	local number
	for number in $(blocks 'root$'); do
		echo "block $number:"
		rm -rf "$BATS_TEST_TMPDIR/here"
		HOST_WD=$BATS_TEST_TMPDIR/here paste_block "$number" in_host docs env HOME=/root PATH="/usr/local/bin:$PATH" || return
	done
}

@test "docs/podman.md: every block" {
	PAGE=$TOP/docs/podman.md
	[ "$(blocks 'root$' | wc -l)" = 3 ]
	in_host docs sh -c 'mkdir -p /etc/containers/containers.conf.d
		echo "{\"default\": [{\"type\": \"insecureAcceptAnything\"}]}" >/etc/containers/policy.json
		printf "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1000:1000\"]\nnetns = \"none\"
			[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n" >/etc/containers/containers.conf
		podman load -q -i "$1" && podman tag nook-test:1 docker.io/library/busybox' sh "$IMAGE"
	paste_all
	# It was nook-runtime, not what else is installed.
	run in_host docs podman run --rm docker.io/library/busybox sh -c 'exit 9'
	assert_exit 9
	run in_host docs podman info --format '{{.Host.OCIRuntime.Path}}'
	assert_output /usr/local/bin/nook-runtime
}
@test "docs/docker.md: every block that one node is enough for" {
	PAGE=$TOP/docs/docker.md
	[ "$(blocks 'root$' | wc -l)" = 2 ]
	in_host docs sh -c 'systemctl restart docker && docker load -q -i "$1" && docker tag nook-test:1 busybox' sh "$IMAGE"
	paste_all
}
@test "docs/kubernetes.md: ctr by hand" {
	PAGE=$TOP/docs/kubernetes.md
	[ "$(blocks 'root$' | wc -l)" = 1 ]
	in_host docs sh -c 'systemctl restart containerd
		ctr image import "$1" && ctr image tag docker.io/library/nook-test:1 docker.io/library/busybox:latest' sh "$IMAGE"
	paste_all
}
@test "docs/kubernetes.md: the RuntimeClass has the handler of the configuration, the pod the class" {
	PAGE=$TOP/docs/kubernetes.md
	handler=$(sed -n 's/^handler: //p' "$PAGE")
	grep -q "^\[plugins.*\.runtimes\.$handler\]\$" "$PAGE"
	grep -q "^\[crio\.runtime\.runtimes\.$handler\]\$" "$PAGE"
	class=$(awk '/^kind: RuntimeClass/ {inside = 1} inside && /^  name: / {print $2; exit}' "$PAGE")
	assert_equal "$(sed -n 's/^  runtimeClassName: //p' "$PAGE")" "$class"
}
