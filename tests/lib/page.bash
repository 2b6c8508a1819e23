# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Pages whose examples are run: each block of sh is pasted into a shell; what stands behind
# "# prints:" must be a line of its output, in order (/…/: a regular expression). $PAGE: the file.

# Block number $1 of the page. ("sh root": one that wants root; more words behind it are its name.)
block() {
	awk -v want="$1" '/^```sh( .*)?$/ {inside = ++n == want; next} /^```/ {inside = 0} inside' "$PAGE"
}

# Paste block $1, as the user whom the words behind it say.
paste_block() {
	local number=$1 dir=$BATS_TEST_TMPDIR/here
	shift
	block "$number" >"$BATS_TEST_TMPDIR/block"
	[ -s "$BATS_TEST_TMPDIR/block" ] || { echo "there is no block $number" >&2; return 1; }
	mkdir -m 0777 "$dir" && chmod 0777 "$dir"
	# Into a file: what a block that failed leaves running would hold a pipe for ever.
	status=0
	(cd "$dir" && umask 022 && PATH="$(dirname "$NOOK"):$PATH" \
		"$@" bash -eu "$BATS_TEST_TMPDIR/block" </dev/null 3>&- \
		>"$BATS_TEST_TMPDIR/.stdout" 2>"$BATS_TEST_TMPDIR/.stderr") || status=$?
	output=$(cat "$BATS_TEST_TMPDIR/.stdout")
	# shellcheck disable=SC2034
	stderr=$(cat "$BATS_TEST_TMPDIR/.stderr")
	assert_exit 0
	# A line without "# prints:" may not fail unseen, unless the page says what to do about it.
	if grep '^nook: ' <<<"$stderr" && ! grep -q '||' "$BATS_TEST_TMPDIR/block"; then
		explain_failure "nook complains in a block that expects no fault"
		return 1
	fi
	prints_in_order
}

prints_in_order() {
	local want line
	exec 9<<<"$output"
	while read -r want; do
		until
			IFS= read -r line <&9 || { explain_failure "expected a line, in order: $want"; return 1; }
			if [[ $want == /*/ ]]; then
				[[ $line =~ ^${want:1:-1}$ ]]
			else
				[ "$line" = "$want" ]
			fi
		do :; done
	done < <(sed -n 's/.*# prints: *//p' "$BATS_TEST_TMPDIR/block")
	exec 9<&-
}

# Numbers of the blocks of the page whose first line matches $1.
blocks() {
	awk -v want="$1" '/^```sh( .*)?$/ {n++; if ($0 ~ want) print n}' "$PAGE"
}
