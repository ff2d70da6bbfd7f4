#!/bin/bash
# SPDX-License-Identifier: MIT
# git works in the view and agrees with git on the host.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/git.sh"

git init -q "$WORK/origin"
cd "$WORK/origin"
for n in 1 2 3 4 5 6; do
	mkdir -p "src/part$n"
	for file in a b c d; do
		printf '%s %s\n' "$n" "$file" >"src/part$n/$file.c"
	done
	printf '__pycache__\nlogs\n.tmp*\n' >.gitignore
	git add -A
	git commit -qm "part $n"
done

mkdir "$WORK/source"
mount_view "$WORK/source" "$WORK/view"
git clone -q --no-hardlinks "$WORK/origin" "$WORK/view/project"
cd "$WORK/view/project"
mkdir -p logs src/part1/logs
echo noise | tee logs/run src/part1/logs/run .tmp1 >/dev/null
assert_eq "$(git status --porcelain)" "" "status in the view"
echo changed >>src/part1/a.c
git mv src/part2/b.c src/part2/renamed.c
assert_eq "$(git status --porcelain)" \
	"$(git -C "$WORK/source/project" status --porcelain)" "status on both sides"
git commit -qam "in the view"
git checkout -q -b side HEAD~3
echo side >side.txt
git add side.txt
git commit -qm side
git checkout -q main
git merge -q -m merged side
git stash list
git gc -q --prune=now
git fsck --strict --no-progress
git -C "$WORK/source/project" fsck --strict --no-progress
assert_eq "$(git -C "$WORK/source/project" status --porcelain)" "" \
	"status on the host"
assert_eq "$(git -C "$WORK/source/project" log --format=%H)" \
	"$(git log --format=%H)" "history on both sides"
# The reflogs are git's, whatever the patterns say about logs.
assert_present "$WORK/source/project/.git/logs/HEAD"
assert_eq "$(git -C "$WORK/source/project" reflog | wc -l)" \
	"$(git reflog | wc -l)" "reflog on both sides"
assert_absent "$WORK/source/project/logs"
assert_absent "$WORK/source/project/src/part1/logs"
assert_absent "$WORK/source/project/.tmp1"
cd "$WORK"
unmount_view "$WORK/view"
git -C "$WORK/source/project" fsck --strict --no-progress
