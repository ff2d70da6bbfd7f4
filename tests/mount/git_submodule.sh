#!/bin/bash
# SPDX-License-Identifier: MIT
# A submodule's tracked files are the host's, however it came.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/git.sh"
source=$WORK/source view=$WORK/view library=$WORK/library

repository "$library"
mkdir -p "$library/logs"
echo one >"$library/logs/one.py"
commit "$library" one
git -C "$library" checkout -qb two
echo two >"$library/logs/two.py"
commit "$library" two
git -C "$library" checkout -q main

repository "$source"
echo file >"$source/file"
commit "$source" base
git -C "$source" submodule --quiet add "$library" sub/before
commit "$source" submodule
mount_git "$source" "$view"
cd "$view"

assert_eq "$(git status --porcelain)" "" "status"
echo edit >>sub/before/logs/one.py
assert_eq "$(tail -n1 "$source/sub/before/logs/one.py")" edit "an edit in it"
git -C sub/before checkout -qf origin/two
assert_eq "$(cat "$source/sub/before/logs/two.py")" two "a switch in it"

git submodule --quiet add "$library" sub/after
assert_eq "$(cat "$source/sub/after/logs/one.py")" one "added in the view"
echo edit >>sub/after/logs/one.py
assert_eq "$(tail -n1 "$source/sub/after/logs/one.py")" edit "an edit in it"
git commit -qm "another one"

git -C "$source" submodule --quiet add "$library" sub/host
wait_until 60 is_place sub/host/logs/one.py host
echo edit >>sub/host/logs/one.py
assert_eq "$(tail -n1 "$source/sub/host/logs/one.py")" edit "added on the host"

git submodule --quiet deinit -f sub/after
assert_eq "$(names "$source/sub/after")" "" "after deinit"
git submodule --quiet update --init sub/after
assert_eq "$(cat "$source/sub/after/logs/one.py")" one "after update"
assert_same_status "$source" "$view"
