#!/bin/bash
# SPDX-License-Identifier: MIT
# Branches are switched, rebased, merged and stashed in the view and on the host
# by turns; both sides agree after each step.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/git.sh"
source=$WORK/source view=$WORK/view

repository "$source"
mkdir -p "$source/src"
for n in 1 2 3 4 5 6 7 8; do echo "$n" >>"$source/src/main.c"; done
echo "*.log" >"$source/.gitignore"
commit "$source" base
git -C "$source" checkout -qb logs
mkdir -p "$source/src/logs/sub" "$source/logs" "$source/pkg/__pycache__"
echo 'logs branch' >"$source/src/logs/handler.py"
echo deep >"$source/src/logs/sub/deep.py"
touch "$source/logs/.gitkeep"
echo compiled >"$source/pkg/__pycache__/keep.pyc"
echo tmp >"$source/.tmp-tracked"
commit "$source" logs
echo two >>"$source/src/logs/handler.py"
commit "$source" two
git -C "$source" checkout -q main
echo 9 >>"$source/src/main.c"
commit "$source" nine
mount_git "$source" "$view"

# Scratch that gets in the way.
mkdir -p "$view/src/logs" "$view/logs" "$view/pkg/__pycache__"
echo noise | tee "$view/src/logs/run.log" "$view/logs/run.log" \
	"$view/pkg/__pycache__/a.pyc" "$view/.tmp1" >/dev/null

side=
in_turn() {
	if [ "$side" = "$view" ]; then side=$source; else side=$view; fi
	bounded git -C "$side" "$@" >"$WORK/out" 2>&1 ||
		fail "git $* in $side: $(cat "$WORK/out")"
	wait_until 60 agree
}

# Each tracked file with its content, as both sides have it.
contents() {
	(cd "$1" && git ls-files -z | xargs -0 sha256sum)
}

agree() {
	[ "$(tracked_status "$view")" = "$(tracked_status "$source")" ] &&
		[ "$(contents "$view")" = "$(contents "$source")" ]
}

for _ in 1 2 3; do
	in_turn checkout -f logs
	in_turn checkout main
	in_turn checkout logs
done
in_turn checkout -b work
for n in 1 2; do
	echo "$n" >>"$view/src/logs/handler.py"
	echo "$n" >"$view/src/logs/new$n.py"
	assert_eq "$(cat "$source/src/logs/new$n.py")" "$n" "new file"
	in_turn add -A src
	in_turn commit -m "work $n"
	echo changed >>"$view/src/logs/handler.py"
	in_turn stash
	in_turn checkout main
	in_turn checkout work
	in_turn stash pop
	in_turn checkout -- src
done
in_turn rebase main
in_turn checkout main
in_turn merge --no-ff -m merged work
in_turn reset --hard HEAD~1
in_turn reset --hard work
in_turn revert --no-edit HEAD
in_turn reset --hard HEAD~1
in_turn bisect start HEAD HEAD~3
in_turn bisect reset

assert_same_status "$source" "$view"
assert_eq "$(git -C "$source" status --porcelain)" "" "status on the host"
assert_eq "$(cat "$view/src/logs/run.log")" noise "scratch beside sources"
assert_eq "$(cat "$view/logs/run.log")" noise "scratch beside .gitkeep"
assert_eq "$(cat "$view/pkg/__pycache__/a.pyc")" noise "scratch of python"
assert_eq "$(cat "$view/.tmp1")" noise "a scratch file"
find "$source" -name 'run.log' -o -name 'a.pyc' -o -name .tmp1 >"$WORK/found"
assert_eq "$(cat "$WORK/found")" "" "scratch on the host"
unmount_view "$view"
git -C "$source" fsck --strict --no-progress --no-dangling
