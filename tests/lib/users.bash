# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Ordinary users that exist for the suite alone. The machine's passwd is never edited: the one
# with subordinate ids is found in copies of /etc/passwd, group, subuid and subgid that are bound
# over the real ones in a private mount namespace.

# Home and runtime directory of user $1, as env(1) takes them.
user_env() {
	local home=$BATS_TEST_TMPDIR/home-$1 runtime=$BATS_TEST_TMPDIR/runtime-$1
	install -d -o "$1" -g "$1" -m 0755 "$home"
	install -d -o "$1" -g "$1" -m 0700 "$runtime"
	USER_ENV=(-u NOOK_ROOT -u NOOK_STATE -u SUDO_USER
		HOME="$home" XDG_RUNTIME_DIR="$runtime" USER="$2" LOGNAME="$2")
}

# One with no entry anywhere: a map of a single id is all that nook can make.
as_user() {
	local USER_ENV
	user_env "$TEST_UID" nobody-here
	setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --inh-caps=-all \
		env "${USER_ENV[@]}" "$@"
}

# One with a name and with 65536 subordinate ids.
as_subid_user() {
	local USER_ENV etc=$BATS_FILE_TMPDIR/etc
	user_env "$SUBID_UID" nooksub
	if [ ! -d "$etc" ]; then
		mkdir "$etc"
		cat /etc/passwd >"$etc/passwd"
		cat /etc/group >"$etc/group"
		echo "nooksub:x:$SUBID_UID:$SUBID_UID::$BATS_FILE_TMPDIR:/bin/sh" >>"$etc/passwd"
		echo "nooksub:x:$SUBID_UID:" >>"$etc/group"
		echo "nooksub:200000:65536" >"$etc/subuid"
		echo "nooksub:200000:65536" >"$etc/subgid"
	fi
	unshare --mount --propagation private sh -euc '
		etc=$1 id=$2
		shift 2
		for file in passwd group subuid subgid; do mount --bind "$etc/$file" "/etc/$file"; done
		exec setpriv --reuid "$id" --regid "$id" --clear-groups --inh-caps=-all "$@"' \
		sh "$etc" "$SUBID_UID" env "${USER_ENV[@]}" "$@"
}

# In the virtual machine: u1 in a scope of its systemd user session, whose cgroup is delegated.
as_session_user() {
	local bus=/run/user/1000
	need_systemd
	eventually test -S "$bus/bus"
	runuser -u u1 -- env -u NOOK_ROOT -u NOOK_STATE HOME=/home/u1 XDG_RUNTIME_DIR="$bus" \
		DBUS_SESSION_BUS_ADDRESS="unix:path=$bus/bus" \
		systemd-run --user --scope --quiet -p Delegate=yes -- "$@"
}
