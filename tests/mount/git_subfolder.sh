#!/bin/bash
# SPDX-License-Identifier: MIT
# The source is a folder in a repository: its index lies above the view.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/git.sh"
repo=$WORK/repo source=$WORK/repo/services/api view=$WORK/view

repository "$repo"
mkdir -p "$source/logs" "$source/src/logs" "$repo/logs"
echo handler >"$source/src/logs/handler.py"
touch "$source/logs/.gitkeep"
commit "$repo" base
git -C "$repo" branch without HEAD
echo more >"$source/src/logs/more.py"
commit "$repo" more
mount_git "$source" "$view"
cd "$view"

echo edit >>src/logs/handler.py
assert_eq "$(tail -n1 "$source/src/logs/handler.py")" edit "an edit"
echo new >src/logs/new.py
assert_eq "$(cat "$source/src/logs/new.py")" new "a new file beside it"
echo noise >logs/noise
assert_absent "$source/logs/noise"

git -C "$repo" rm -q --cached services/api/src/logs/more.py
git -C "$repo" rm -q -f --cached services/api/src/logs/handler.py
wait_until 60 is_place src/logs/handler.py lower
echo lost >>src/logs/handler.py
assert_eq "$(tail -n1 "$source/src/logs/handler.py")" edit "not tracked any more"
git -C "$repo" reset -q --hard main
wait_until 60 is_place src/logs/handler.py host
wait_until 60 holds src/logs/handler.py handler
git -C "$repo" checkout -q without
wait_until 60 eval '! test -e src/logs/more.py'
git -C "$repo" checkout -q main
wait_until 60 holds src/logs/more.py more
echo edit >>src/logs/more.py
assert_eq "$(cat "$source/src/logs/more.py")" "$(printf 'more\nedit')" "an edit"
assert_eq "$(git -C "$repo" status --porcelain)" \
	"$(printf ' M services/api/src/logs/more.py\n?? services/api/src/logs/new.py')" \
	"status on the host"
