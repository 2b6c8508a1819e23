#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vm: no, words and their answers; no kernel in it
# shellcheck disable=SC2030,SC2031,SC2154
# What the command line itself promises: help, errors, formats, completions, man pages.

load ../lib/nook
setup() { nook_setup; }
teardown() { nook_teardown; }

commands() { nook --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }

@test "cli: nook --help names every command, and each explains itself" {
	run_nook --help
	assert_exit 0
	local found=0 name
	for name in $(commands); do
		found=$((found + 1))
		run_nook "$name" --help
		assert_exit 0
		assert_match "^Usage: nook $name"
		assert_equal "$stderr" ""
		assert_equal "$(nook help "$name")" "$output"
	done
	[ "$found" -ge 10 ]
	for name in run ps inspect exec kill stop wait version help completion; do
		commands | grep -qx "$name"
	done
}

@test "cli: help fits the terminal" {
	local widest
	widest=$(nook run --help | awk '{ if (length($0) > n) n = length($0) } END { print n }')
	[ "$widest" -le 80 ]
	widest=$(script -qec "stty cols 70; '$NOOK' run --help" /dev/null | tr -d '\r' |
		awk '{ if (length($0) > n) n = length($0) } END { print n }')
	[ "$widest" -gt 60 ]
	# Examples are not broken, so only the options are held to the width.
	widest=$(script -qec "stty cols 70; '$NOOK' run --help" /dev/null | tr -d '\r' |
		sed '/^Examples/,$d' | awk '{ if (length($0) > n) n = length($0) } END { print n }')
	[ "$widest" -le 71 ]
}

@test "cli: without a command it is help on stderr and 125" {
	run_nook
	assert_exit 125
	assert_output ""
	assert_stderr_match '^Usage: nook'
}

@test "cli: mistyped commands and options get the nearest name" {
	run_nook rum
	assert_refused 125 'there is no command rum$' 'did you mean nook run\?'
	run_nook frobnicate
	assert_refused 125 'there is no command frobnicate$' 'nook --help'
	run_nook run --memroy 1m host true
	assert_refused 125 'there is no option --memroy$' 'did you mean --memory\?'
	run_nook rnu
	assert_refused 125 'there is no command rnu$' 'did you mean nook run\?'
	run_nook help pss
	assert_refused 125 'there is no command pss$' 'did you mean nook help ps\?'
	run_nook run --hlep
	assert_refused 125 'there is no option --hlep$' 'did you mean --help\?'
	run_nook run --foo
	assert_refused 125 'there is no option --foo$' 'nook run --help'
	run_nook run host --memory 5m true
	assert_refused 125 '--memory stands behind host' 'nook run --memory … host COMMAND'
	run_nook run ./tree ls
	assert_refused 125 'images come in a later version' '--rootfs ./tree'
	run_nook run --xyzzy host
	assert_refused 125 'there is no option --xyzzy$' 'nook run --help'
	run_nook run -Q host
	assert_refused 125 'there is no option -Q$' 'nook run --help'
	run_nook --frob
	assert_refused 125 'there is no option --frob$' 'nook --help'
	run_nook ps --frob
	assert_refused 125 'there is no option --frob$' 'nook ps --help'
}

@test "cli: words of lsns, nsenter, unshare and ip netns are answered with ours" {
	local line command hint
	while IFS='|' read -r command hint; do
		line=$command
		# shellcheck disable=SC2086 # words
		run_nook $command
		assert_refused 125 '^nook: (there is no (option|command) |.* stands behind 1, )' "^hint: $hint" ||
			{ echo "$line" >&2; return 1; }
	done <<-'END'
		ns list|nook ns ls
		ns add blue|nook ns hold net --name NAME
		ns del blue|nook ns rm NAME
		ns identify 1|nook ns show PID
		lsns|nook ns ls
		nsenter -t 1 -n|nook ns enter PID COMMAND
		netns list|nook ns ls --type net
		ns ls -J|--format json
		ns ls --tree|nook ns tree
		ns ls -u|a pipe gets every column
		ns run -rmpf true|--map root: .*--user
		ns run --map-root-user true|--map root: .*--user
		ns run --fork --pid true|leave it away
		ns run -n true|.*--net
		ns run --boottime=5 true|--time-offset boottime=
		ns enter -t 1 -n ip a|nook ns enter --type net,uts TARGET COMMAND
		ns enter -t 1 --net=/x ip a|nook ns enter --type net,uts TARGET COMMAND
		ns enter --target 1 true|.*nook ns enter PID COMMAND
		ns enter --target=1 true|.*nook ns enter PID COMMAND
		ns enter 1 --type net ip a|options come first: nook ns enter --type
		unshare -r true|leave it away
	END
}

@test "cli: options of Podman that are not there are told with the reason" {
	run_nook run -d host true
	assert_refused 125 'nook run has no --detach yet' 'kept'
	run_nook run --oom-kill-disable host true
	assert_refused 125 'nook run has no --oom-kill-disable$' 'cgroup v1'
}

@test "cli: bad values name option and value" {
	local missing=(--memory --cpus -v --ulimit -e --name) option
	for option in "${missing[@]}"; do
		run_nook run "$option"
		assert_refused 125 '^nook: --[a-z]+ needs a value$'
	done
	run_nook run --memory 12x host true
	assert_refused 125 '^nook: --memory 12x: not a size$' '64m'
	run_nook run --tty=perhaps host true
	assert_refused 125 '^nook: --tty perhaps: neither true nor false$'
	run_nook run --timeout -1 host true
	assert_refused 125 '^nook: --timeout -1: not a whole number$'
	run_nook run -v data:/x host true
	assert_refused 125 'named volumes come with images' './data'
	run_nook run --rootfs "$BATS_TEST_TMPDIR/none" true
	assert_refused 125 'root file system .*/none: No such file or directory' '--rootfs'
	run_nook run alpine ls
	assert_refused 125 'alpine: images come in a later version' 'nook run host alpine'
}

@test "cli: the command's own options are left alone" {
	run_nook run host echo -n --rm --help -- x
	assert_exit 0
	assert_output "--rm --help -- x"
	run_nook run --rm -- host echo --name
	assert_exit 0
	assert_output "--name"
}

@test "cli: values behind =, behind a blank, joined letters" {
	run_nook run --env=A=1 -eB=2 -e C=3 --rm=false -w=/tmp host sh -c 'echo $A$B$C $PWD'
	assert_exit 0
	assert_output "123 /tmp"
}

@test "cli: options may stand behind the words where no command follows them" {
	run_nook inspect no-such --format json
	assert_exit 125
	assert_stderr_match 'no container named "no-such"'
	run_nook kill one -s TERM -- two
	assert_stderr_match 'named "one"'
	assert_stderr_match 'named "two"'
	run_nook ps -- --format
	assert_exit 125
	# Behind a command they are the command's.
	run_nook run host printf %s --format
	assert_output --format
}
@test "cli: errors as JSON" {
	run_nook --error-format json run --memory 12x host true
	assert_exit 125
	assert_output ""
	jq -e '.error == {message: "--memory 12x: not a size", exit: 125, step: 0, errno: 0,
		hint: "a number with b, k, m or g: 64m"}' <<<"$stderr"
	assert_equal "$(wc -l <<<"$stderr")" 1
	run_nook --error-format=json run --rootfs $'/no"such\n\xff' true
	jq -e '.error.errno == 2 and (.error.message | contains("no\"such\n\ufffd"))' <<<"$stderr"
	run_nook --error-format xml ps
	assert_refused 125 '^nook: --error-format xml: no such format$' 'text or json'
}

@test "cli: control characters do not reach the terminal" {
	run_nook run --rootfs $'/no\033[31m\u009b31m' true
	assert_exit 125
	[[ $stderr != *$'\033'* && $stderr != *$'\u009b'* ]]
	assert_stderr_match 'root file system /no\?\[31m'
}

@test "cli: colours only on a terminal that wants them" {
	run_nook run --nope
	[[ $stderr != *$'\033'* ]]
	run -0 script -qec "TERM=xterm '$NOOK' run --nope; true" /dev/null
	[[ $output == *$'\033[1;31mnook:'* ]]
	local off
	for off in "NO_COLOR=1 '$NOOK'" "TERM=dumb '$NOOK'" "TERM=xterm '$NOOK' --no-color"; do
		run -0 script -qec "$off run --nope; true" /dev/null
		[[ $output == *nook:* && $output != *$'\033'* ]]
	done
}

@test "cli: --root and --state, and where they are by default" {
	run_nook --state '' ps
	assert_refused 125 '^nook: --state is empty$'
	run_nook --log-level loud ps
	assert_refused 125 '^nook: --log-level loud: no such level$' 'error, warn, info or debug'
	# A user without a runtime directory: /tmp/nook-UID, only if nobody else can be in it.
	need_root
	local fallback=/tmp/nook-$TEST_UID
	[ ! -e "$fallback" ] || skip "$fallback is in use"
	ln -s /etc "$fallback"
	run as_user env -u NOOK_STATE -u XDG_RUNTIME_DIR "$NOOK" ps
	rm "$fallback"
	assert_exit 125
	assert_match "$fallback is not a directory that only you can enter"
	run -0 as_user env -u NOOK_STATE -u XDG_RUNTIME_DIR "$NOOK" ps
	assert_equal "$(stat -c '%a %u' "$fallback")" "700 $TEST_UID"
	chmod 0755 "$fallback"
	run as_user env -u NOOK_STATE -u XDG_RUNTIME_DIR "$NOOK" ps
	rm -r "$fallback"
	assert_exit 125
}

@test "cli: nook version" {
	run_nook version
	assert_exit 0
	assert_match "^kernel Linux $(uname -r)"
	assert_equal "$(nook --version)" "$output"
	run_nook version --format json
	jq -e '.version and .kernel and .libraries["json-c"] and .libraries.libseccomp' <<<"$output"
}

@test "cli: what the exit code of --timeout is, stands in the help" {
	nook run --help | grep -A1 -e '--timeout' | grep 137
}

@test "cli: docs/options.md is what the tables say, and has all of Podman's options" {
	[ -f "$TOP/docs/options.md" ] || skip "the sources are not here"
	nook help --podman | diff - "$TOP/docs/options.md"
	diff <(tr -s ' ' '\n' <"$TOP/tests/unit/data/podman-run-options.txt" | sort) \
		<(sed '/^## /,$d' "$TOP/docs/options.md" | sed -n 's/^| `--\([a-z0-9-]*\)`.*/\1/p' | sort)
	local name
	# done: the parser knows it. Otherwise: it says that it does not.
	while read -r name; do
		nook run --help | grep -qE -- "--$name( |\$|\[)" || { echo "$name"; false; }
	done < <(sed -n 's/^| `--\([a-z0-9-]*\)`[^|]*| done .*/\1/p' "$TOP/docs/options.md" | grep -vx help)
	while read -r name; do
		run_nook run "--$name" host true
		assert_refused 125 "nook run has no --$name"
	done < <(sed -n 's/^| `--\([a-z0-9-]*\)`[^|]*| \(later\|never\) .*/\1/p' "$TOP/docs/options.md")
}

@test "cli: each man page is made by scdoc and has each option" {
	command -v scdoc >/dev/null || skip "scdoc is not installed"
	local name option
	for name in nook $(commands); do
		nook help --man "$name" >"$BATS_TEST_TMPDIR/page.scd"
		scdoc <"$BATS_TEST_TMPDIR/page.scd" >"$BATS_TEST_TMPDIR/page.1"
		[ "$name" = nook ] && continue
		for option in $(nook "$name" --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
			grep -qF -- "*$option*" "$BATS_TEST_TMPDIR/page.scd" || { echo "$name $option"; false; }
		done
	done
}

# Complete the last word of the arguments as bash would.
complete_bash() {
	bash --norc -c '
		source <("$NOOK" completion bash)
		compopt() { :; }
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_nook nook "${@: -1}" "${@: -2:1}"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

@test "cli: completions for bash" {
	"$NOOK" completion bash | bash -n
	run -0 complete_bash nook ru
	assert_output run
	run -0 complete_bash nook run --memory-
	assert_line --memory-swap
	assert_line --memory-reservation
	refute_line --memory
	run -0 complete_bash nook run --network ho
	assert_output host
	run -0 complete_bash nook run --userns = ma
	assert_output map
	run -0 complete_bash nook run -m 64m --na
	assert_output --name
	run -0 complete_bash nook run --cap-add NET_A
	assert_output NET_ADMIN
	run -0 complete_bash nook run h
	assert_output host
	run -0 complete_bash nook --log-level er
	assert_output error
	run -0 complete_bash nook completion f
	assert_output fish
	run -0 complete_bash nook run host --n # the command's own
	assert_output ""
}

@test "cli: completions know the containers that run" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	command -v fish >/dev/null || skip "fish is not installed"
	nook run --name webby host sleep 60 3>&- &
	local pid=$!
	eventually sh -c '"$NOOK" ps | grep -q webby'
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$NOOK" "$BATS_TEST_TMPDIR/bin/nook"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH
	run -0 complete_bash nook stop we
	assert_output webby
	run -0 zsh -fc "autoload -U compinit; compinit -D -u; source <(nook completion zsh); _nook_container"
	assert_output webby
	run -0 fish -Nc "nook completion fish | source; complete -C 'nook stop w'"
	assert_output webby
	nook kill webby
	wait "$pid" || true
}

@test "cli: completions for zsh and fish" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	command -v fish >/dev/null || skip "fish is not installed"
	local dir=$BATS_TEST_TMPDIR/bin
	mkdir "$dir"
	cp "$NOOK" "$dir/nook"
	"$NOOK" completion zsh >"$dir/_nook"
	zsh -n "$dir/_nook"
	run -0 zsh -fc "autoload -U compinit; compinit -D -u; source '$dir/_nook'; print \$_comps[nook]"
	assert_output _nook
	"$NOOK" completion fish >"$dir/nook.fish"
	fish -n "$dir/nook.fish"
	export HOME=$BATS_TEST_TMPDIR PATH=$dir:$PATH
	run -0 fish -Nc "source '$dir/nook.fish'; complete -C 'nook run --memory-'"
	assert_match '^--memory-swap'
	run -0 fish -Nc "source '$dir/nook.fish'; complete -C 'nook ru'"
	assert_match '^run'
	run -0 fish -Nc "source '$dir/nook.fish'; complete -C 'nook run --network ho'"
	assert_match '^host'
	run_nook completion tcsh
	assert_refused 125 'no such shell' 'bash, zsh or fish'
}
