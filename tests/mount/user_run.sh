#!/bin/bash
# SPDX-License-Identifier: MIT
# `scratchfs run` for an ordinary user.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"
need_root

again_as_user run_command run_killed

# What a folder lets a group of the user's do, it lets it do in the view.
group=60
mkdir -p "$WORK/home/source/shared"
chgrp "$group" "$WORK/home/source/shared"
chmod 2770 "$WORK/home/source/shared"
cd "$WORK/home/source" || exit
setpriv --reuid="$TEST_USER" --regid="$TEST_USER" --groups="$group" \
	env "HOME=$WORK/home" "XDG_STATE_HOME=$WORK/home/state" \
	"XDG_DATA_HOME=$WORK/home/data" "$WORK/bin/scratchfs" run . sh -c \
	'echo core >shared/file && echo scratch >shared/.tmp1 && cat shared/.tmp1' ||
	fail "a group-writable folder is not writable"
assert_eq "$(stat -c %U:%g shared/file)" "$TEST_USER:$group"
assert_absent shared/.tmp1
