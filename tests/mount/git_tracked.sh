#!/bin/bash
# SPDX-License-Identifier: MIT
# What git tracks lives on the host, whatever the patterns say.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/git.sh"
source=$WORK/source view=$WORK/view

repository "$source"
mkdir -p "$source/src/logs" "$source/logs"
echo '*.log' >"$source/.gitignore"
echo base >"$source/src/main.py"
touch "$source/logs/.gitkeep"
commit "$source" base
git -C "$source" branch without
echo handler >"$source/src/logs/handler.py"
commit "$source" handler
mount_git "$source" "$view"
cd "$view"

assert_eq "$(git status --porcelain)" "" "status in the view"
echo edited >>src/logs/handler.py
assert_eq "$(tail -n1 "$source/src/logs/handler.py")" edited "an edit in the view"
echo util >src/logs/util.py
assert_eq "$(cat "$source/src/logs/util.py")" util "a new file beside it"
echo run >logs/run.log
echo run >logs/run.txt
assert_absent "$source/logs/run.log"
assert_absent "$source/logs/run.txt"
git add src
git commit -qm edited

git checkout -q without
assert_absent "$source/src/logs/handler.py"
assert_absent "$source/src/logs"
mkdir -p src/logs
echo noise >src/logs/noise.log
assert_absent "$source/src/logs"
git checkout -q main
assert_eq "$(cat "$source/src/logs/handler.py")" "$(printf 'handler\nedited')" \
	"the file on the host after switching there and back"
assert_eq "$(cat "$source/src/logs/util.py")" util "the file beside it"
assert_eq "$(cat src/logs/noise.log)" noise "what was written meanwhile"
assert_absent "$source/src/logs/noise.log"
echo again >>src/logs/handler.py
assert_eq "$(tail -n1 "$source/src/logs/handler.py")" again "an edit after that"
git commit -qam again

assert_eq "$(git status --porcelain)" "?? logs/run.txt" "status in the view"
assert_eq "$(git -C "$source" status --porcelain)" "" "status on the host"
assert_eq "$(wc -l <"$source/.git/logs/HEAD")" 6 "steps in the reflog"
assert_eq "$(cat "$source/.git/logs/HEAD")" "$(cat .git/logs/HEAD)" "reflogs"
cd "$WORK"
unmount_view "$view"
git -C "$source" fsck --strict --no-progress --no-dangling
assert_eq "$(git -C "$source" status --porcelain)" "" "status at the end"
