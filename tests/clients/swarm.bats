#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016
# A Swarm of two nodes over nook-runtime: two dockerds, each on a host of its own, a cable between.
# This kernel has no IPVS, so services are found by name (endpoint mode dnsrr). The commands are those
# of docs/docker.md.
# vm: no, two more emulated dockerds would take minutes
# asan: no, containers have less memory than the sanitizers want; tests/bats/oci_*.bats have them
# seconds: 46

load ../lib/nook
load ../lib/page
load lib/host
load lib/image
load lib/docker

DOCKER_NODE=n1
I=nook-test:1

setup_file() {
	local pid1 pid2 node
	# Of one test, which waits for a dead node to be given up.
	export BATS_TEST_TIMEOUT=$((${BATS_TEST_TIMEOUT:-60} * 2))
	host_begin n1
	host_begin n2
	read -r pid1 <"$BATS_FILE_TMPDIR/host-n1/pid"
	read -r pid2 <"$BATS_FILE_TMPDIR/host-n2/pid"
	nsenter -n -t "$pid1" ip link add eth0 type veth peer name eth0 netns "$pid2"
	for node in 1 2; do
		in_host "n$node" ip address add "10.99.0.$node/24" dev eth0
		in_host "n$node" ip link set eth0 up
		docker_begin "n$node" --add-runtime "nook=$RUNTIME" --default-runtime nook
	done
}
PAGE=$TOP/docs/docker.md
# Block of the page with the name $1, on node $2.
paste_on() {
	block "$(blocks "root $1\$")" >"$BATS_TEST_TMPDIR/block"
	[ -s "$BATS_TEST_TMPDIR/block" ]
	HOST_WD=$BATS_TEST_TMPDIR in_host "$2" env HOME=/run DOCKER_HOST=unix:///run/docker.sock \
		"${@:3}" bash -eu "$BATS_TEST_TMPDIR/block" >/dev/null
}
teardown_file() {
	host_end n2
	host_end n1
}
setup() { nook_setup; }
teardown() { nook_teardown; }

# How many tasks of service $1 run on node $2.
on_node() {
	docker service ps "$1" --filter desired-state=running --filter "node=$2" \
		--format '{{.CurrentState}}' | grep -c '^Running'
}
both_ready() { [ "$(docker node ls --format '{{.Status}} {{.Availability}}' | grep -c '^Ready Active$')" = 2 ]; }
spread() { [ "$(on_node web n1)" = 2 ] && [ "$(on_node web n2)" = 2 ]; }
all_on_one() { [ "$(on_node web n1)" = 4 ]; }

# What each task says.
answers_of_all() {
	docker exec asker sh -c 'for a in $(nslookup tasks.web 2>/dev/null | sed -n "s/^Address: //p"); do
		timeout 5 wget -q -O - "http://$a/index.html"; done'
}

# Each says its own host name, so they are four.
four_answers() { [ "$(answers_of_all | sort -u | grep -cE '^[0-9a-f]{12}$')" = 4 ]; }

# One test, since each part needs the one before.
@test "swarm: a service of four on two nodes, names across them, and the end of one node" {
	paste_on first n1
	paste_on other n2 TOKEN="$(<"$BATS_TEST_TMPDIR/token")"
	# Sooner than the five seconds after which a node that says nothing is given up.
	docker swarm update --dispatcher-heartbeat 1s >/dev/null
	EVENTUALLY_SECONDS=20 eventually both_ready
	docker tag "$I" busybox
	docker_on n2 tag "$I" busybox
	paste_on service n1
	EVENTUALLY_SECONDS=30 eventually spread
	# Each of them is a container of nook-runtime.
	for node in n1 n2; do
		assert_equal "$(docker_on "$node" ps -q | xargs -n 1 echo | wc -l)" 2
		for id in $(docker_on "$node" ps -q); do
			run docker_on "$node" inspect -f '{{.HostConfig.Runtime}} {{.State.Running}}' "$id"
			assert_match '^(nook)? ?true$'
		done
	done
	# All four answer under the one name, from both nodes.
	docker run -d --name asker --network mesh "$I" sleep 1000 >/dev/null
	names() { [ "$(docker exec asker nslookup tasks.web 2>/dev/null | grep -c '^Address: 10\.')" = 4 ]; }
	EVENTUALLY_SECONDS=20 eventually names
	EVENTUALLY_SECONDS=10 eventually four_answers

	# The whole second node ends, without a word.
	host_end n2
	EVENTUALLY_SECONDS=40 eventually all_on_one
	run docker node ls --format '{{.Hostname}} {{.Status}}'
	assert_line 'n1 Ready'
	assert_line 'n2 Down'
	EVENTUALLY_SECONDS=15 eventually four_answers
	docker service scale --detach web=1 >/dev/null
	one() { [ "$(on_node web n1)" = 1 ]; }
	EVENTUALLY_SECONDS=15 eventually one
	docker service rm web >/dev/null
	docker rm -f asker >/dev/null
	none() { [ -z "$(docker ps -q)" ]; }
	EVENTUALLY_SECONDS=15 eventually none
}
