#!/bin/bash
# SPDX-License-Identifier: MIT
# Worktrees and nested repositories, made in the view and on the host.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/git.sh"
source=$WORK/source view=$WORK/view

mkdir "$source"
mount_git "$source" "$view"
cd "$view"

# The source becomes a repository while it is mounted.
repository "$view"
mkdir logs
echo one >logs/one.py
echo base >file
assert_absent "$source/logs"
git add -f logs/one.py file
assert_eq "$(cat "$source/logs/one.py")" one "tracked in a new repository"
git commit -qm base
git checkout -qb other
git rm -q logs/one.py
mkdir -p src/logs
echo two >src/logs/two.py
git add -f src
git commit -qm other
git checkout -q main

# A worktree below it, made in the view.
git worktree add -q trees/wt other
assert_eq "$(cat "$source/trees/wt/src/logs/two.py")" two "a worktree's file"
echo edit >>trees/wt/src/logs/two.py
assert_eq "$(tail -n1 "$source/trees/wt/src/logs/two.py")" edit "its edit"
echo noise >trees/wt/src/logs/three.py
assert_eq "$(cat "$source/trees/wt/src/logs/three.py")" noise "a file beside it"
git -C trees/wt checkout -qf --detach main
assert_eq "$(cat "$source/trees/wt/logs/one.py")" one "after a switch in it"
assert_eq "$(git -C trees/wt status --porcelain -uno)" "" "its status"

# A nested repository, cloned in the view and one on the host.
git clone -q "$source" "$view/nested/in-view"
assert_eq "$(cat "$source/nested/in-view/logs/one.py")" one "a clone in the view"
git clone -q "$source" "$source/nested/on-host"
wait_until 60 is_place nested/on-host/logs/one.py host
echo edit >>nested/on-host/logs/one.py
assert_eq "$(tail -n1 "$source/nested/on-host/logs/one.py")" edit "its edit"

# What is no repository any more has no tracked files.
rm -rf nested/in-view/.git
wait_until 60 is_place nested/in-view/logs/one.py lower
echo edit >>nested/in-view/logs/one.py
assert_eq "$(cat "$source/nested/in-view/logs/one.py")" one "without its .git"
cd "$WORK"
unmount_view "$view"
git -C "$source" fsck --strict --no-progress --no-dangling
