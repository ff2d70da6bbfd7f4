#!/bin/bash
# SPDX-License-Identifier: MIT
# Tracked files and folders among the litter: they are the host's whatever the
# patterns say, and the whole behaves as a plain folder does.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need_root
need git
export GIT_CONFIG_GLOBAL="$WORK/gitconfig" GIT_CONFIG_NOSYSTEM=1
git config --global user.name test
git config --global user.email test@localhost
git config --global safe.directory '*'

mkdir "$WORK/source"
oracle --make-tree "$WORK/source"
find "$WORK/source" -type p -delete
git -C "$WORK/source" init -q
git -C "$WORK/source" add -f a data.bin .tmpa p/logs/a p/logs/sub/b \
	p/q/logs/.hidden r/sub/__pycache__/.hidden
git -C "$WORK/source" commit -qm tracked
mount_view "$WORK/source" "$WORK/view" 2>"$WORK/said" ||
	fail "$(cat "$WORK/said")"
oracle_in "$WORK/source" "$WORK/view" --seed 22 --ops 6000 --names both \
	--border full --tree full --git
assert_eq "$(git -C "$WORK/view" status --porcelain --untracked=no)" \
	"$(git -C "$WORK/plain" status --porcelain --untracked=no)" \
	"the status of tracked files"
assert_eq "$(git -C "$WORK/source" status --porcelain --untracked=no)" \
	"$(git -C "$WORK/plain" status --porcelain --untracked=no)" \
	"the same on the host"
unmount_view "$WORK/view"
