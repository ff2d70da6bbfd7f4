#!/bin/bash
# SPDX-License-Identifier: MIT
# The host switches between a branch with a log file and one without, while a
# program in the view writes a log of that name.  What the host checks out wins;
# what was written while the file was scratch never reaches it.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/git.sh"
source=$WORK/source view=$WORK/view

repository "$source"
echo base >"$source/base"
commit "$source" base
git -C "$source" checkout -qb tracked
mkdir "$source/logs"
echo committed >"$source/logs/app.log"
commit "$source" log
git -C "$source" checkout -q main
mount_git "$source" "$view"
mkdir "$view/logs"

# A program of its own, so that it ends with the test.
cat >"$WORK/write-log" <<'WRITER'
n=0
while [ ! -e "$WORK/stop" ]; do
	n=$((n + 1))
	echo "line $n" >>"$view/logs/app.log"
done 2>/dev/null
WRITER
# A file that was opened as scratch, and stays it.
exec 3>>"$view/logs/open.log"
echo scratch >&3
view=$view bash "$WORK/write-log" 3>&- &
writer=$!
wait_until 60 is_place "$view/logs/app.log" scratch

for n in 1 2 3 4 5 6 7 8; do
	git -C "$source" checkout -qf tracked
	assert_eq "$(head -n1 "$source/logs/app.log")" committed "what the host has"
	wait_until 60 is_place "$view/logs/app.log" host
	assert_eq "$(head -n1 "$view/logs/app.log")" committed "what the view shows"
	echo "open $n" >&3
	git -C "$source" checkout -qf main
	# The writer may have made it once more before the index told.
	wait_until 60 rm -rf "$source/logs"
	wait_until 60 is_place "$view/logs/app.log" scratch
done
touch "$WORK/stop"
wait "$writer"
assert_absent "$source/logs"

# The last round, with nobody writing: whole lines, and nothing mixed.
grep -vxE 'line [0-9]+' "$view/logs/app.log" >"$WORK/odd" || :
assert_eq "$(cat "$WORK/odd")" "" "odd lines in the view's log"
written=$(cat "$view/logs/app.log")
git -C "$source" checkout -q tracked
wait_until 60 holds "$view/logs/app.log" committed
assert_eq "$(cat "$source/logs/app.log")" committed "the host's log"
orphans() {
	timeout -k 5 30 "$SCRATCHFS" status --json "$view" |
		grep -Eq '"orphans": ?[1-9]'
}
wait_until 60 orphans
git -C "$source" checkout -q main
wait_until 60 is_place "$view/logs/app.log" scratch
assert_eq "$(cat "$view/logs/app.log")" "$written" "the view's log returns"
assert_eq "$(wc -l <"$view/logs/open.log")" 9 "the file that stayed open"
exec 3>&-
