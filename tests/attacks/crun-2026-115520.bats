#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a checkpoint calls its descriptors and links became paths of the host at restore: a directory
# or file of the attacker's choice was the container's (2026-119101 is the same again).
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through
load ../lib/attack
setup() { attack_setup; a_secret; }
teardown() { attack_teardown; }

# In place of criu: keeps what it is asked, as it is on the line, and ends.
listening_criu() {
	command -v python3 >/dev/null || skip "no python3 here (the host's run has it)"
	cat >"$BATS_TEST_TMPDIR/criu" <<-'CRIU'
		#!/usr/bin/env python3
		import os, socket, sys
		line = socket.socket(fileno=int(sys.argv[2]))
		with open(os.path.dirname(sys.argv[0]) + "/asked", "ab") as out:
		    out.write(line.recv(1 << 16))
	CRIU
	chmod +x "$BATS_TEST_TMPDIR/criu"
}
restore() { # DESCRIPTORS
	mkdir -p image
	rm -f image/descriptors.json asked
	printf '%s' "$1" >image/descriptors.json
	command_is sleep 60
	run_rt --criu "$BATS_TEST_TMPDIR/criu" restore --bundle "$BUNDLE" --image-path "$BATS_TEST_TMPDIR/image" "$ID"
	[ "$status" != 0 ]
	[ -e asked ] || explain_failure "criu was not asked at all"
}

@test "crun-2026-115520: what a checkpoint names is no path of the host" {
	local name
	listening_criu
	# The ordinary case is handed on, so the test sees what it looks at.
	restore '["pipe:[4711]", "/dev/null", "/dev/null"]'
	grep -qaF 'pipe:[4711]' asked || explain_failure "the request was not seen"
	for name in "$OUTSIDE" "file[$OUTSIDE]" "$OUTSIDE/secret" "pipe:[1]$OUTSIDE" "pipe:$OUTSIDE" "mnt[$OUTSIDE]:$OUTSIDE" \
		"../../../../$OUTSIDE" "socket:[$OUTSIDE]"; do
		restore "$(jq -nc --arg n "$name" '[$n, $n, $n]')"
		! grep -qaF "$OUTSIDE" asked || explain_failure "criu was asked for $name"
	done
}
@test "crun-2026-115520: a file that is no list of names is none" {
	listening_criu
	for text in '' '{' '{"0": "pipe:[1]"}' '[1, null, {}]' '[["pipe:[1]"]]'; do
		restore "$text"
		! grep -qaF 'pipe:' asked || explain_failure "read from: $text"
	done
	ln -sf "$OUTSIDE/secret" image/descriptors.json
	run_rt --criu "$BATS_TEST_TMPDIR/criu" restore --bundle "$BUNDLE" --image-path "$BATS_TEST_TMPDIR/image" "$ID"
	[ "$status" != 0 ]
	refute_secret
}
