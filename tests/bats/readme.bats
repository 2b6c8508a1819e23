#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm: no, pastes what the other files test
# make demo shows what it should; and the examples of README.md do what the page says.

load ../lib/nook
load ../lib/page
setup() {
	need_plain_build # one example puts nook itself into a tree: it has to be static
	nook_setup
}
teardown() { [ -z "${LEAKS_BEFORE+x}" ] || nook_teardown; }

PAGE=$TOP/README.md

@test "readme: there are ten examples, and each has its test" {
	run -0 grep -c '^```sh$' "$PAGE"
	assert_output 10
	run -0 grep -c 'paste_block [0-9]' "$BATS_TEST_FILENAME"
	assert_output 10
}

@test "readme: a line that is not printed is seen" {
	echo 'echo one # prints: two' >"$BATS_TEST_TMPDIR/block"
	output=one
	run ! prints_in_order
	output=$'one\ntwo'
	prints_in_order
}

@test "readme 1: a shell" { paste_block 1; }
@test "readme 2: one command" { paste_block 2; }
@test "readme 3: secrets" { paste_block 3; }
@test "readme 4: a directory of yours" { paste_block 4; }
@test "readme 5: limits" {
	need_root
	need_cgroup memory
	need_cgroup pids
	need_cgroup cpu
	paste_block 5
}
@test "readme 6: a tree of your own" { paste_block 6; }
@test "readme 7: look at it, and end it" { paste_block 7; }
@test "readme 8: only what you want to be apart" { paste_block 8; }
@test "readme 9: step by step" { paste_block 9; }
@test "readme 10: in scripts" {
	paste_block 10
	assert_stderr_match '^\{"error":\{"message":"--memory lots: not a size"'
}

@test "readme: as an ordinary user, all but the limits" {
	need_root
	local i
	for i in 1 2 3 4 6 7 8 9 10; do
		rm -rf "$BATS_TEST_TMPDIR/here"
		number=$i
		paste_block "$number" as_subid_user
	done
}

@test "readme: what it links to is there" {
	local file link
	for file in README.md docs/README.md; do
		while read -r link; do
			[ -e "$TOP/$(dirname "$file")/$link" ] || { echo "$file: $link" >&2; return 1; }
		done < <(grep -o '](\([^)]*\))' "$TOP/$file" | sed 's/](\(.*\))/\1/' | grep -v '^http')
	done
}

@test "readme: every option that it names exists" {
	local option
	nook run --help >"$BATS_TEST_TMPDIR/help"
	while read -r option; do
		[ "$option" = --help ] || grep -q -- "$option" "$BATS_TEST_TMPDIR/help" ||
			{ echo "$option" >&2; return 1; }
	done < <(sed -n '/^## What the options/,/^## Exit/p' "$PAGE" | grep -o -- '`[^`]*`' |
		grep -o -- '--[a-z-]*' | sort -u)
}

@test "demo: inside beside outside, in 80 columns, without colours in a pipe" {
	TMPDIR=$BATS_TEST_TMPDIR COLUMNS=80 run -0 setsid --wait "$TOP/tools/demo" </dev/null
	assert_match "^  host name +box +$(uname -n)\$"
	assert_match '^  itself as PID +1 +[0-9]+$'
	assert_match '^  processes +1: sh +[0-9]+: '
	assert_match '^  network links +1: lo '
	assert_match 'exit code 0; no container is left'
	[ "$(grep -cE '^  [a-z ]+ 40265[0-9]{5} +[0-9]+$' <<<"$output")" = 8 ]
	refute_match $'\e'
	[ "$(grep -v '^  Next: ' <<<"$output" | wc -L)" -le 80 ]
	refute_match ' $'
}

@test "install: a nook that was moved with its libexec finds nook-init there" {
	local dir=$BATS_TEST_TMPDIR/moved
	mkdir -p "$dir/bin" "$dir/libexec/nook"
	cp "$NOOK" "$dir/bin/nook"
	cp "$(dirname "$NOOK")/nook-init" "$dir/libexec/nook/"
	run -0 "$dir/bin/nook" run --init host cat /proc/1/comm
	assert_output nook-init
	rm "$dir/libexec/nook/nook-init"
	run "$dir/bin/nook" run --init host cat /proc/1/comm
	# One that is installed on this machine may be found then.
	[ "$status" = 125 ] || [ -e /usr/local/libexec/nook/nook-init ]
}
