#!/bin/bash
# SPDX-License-Identifier: MIT
# A project full of leftovers: found by `audit`, moved into a volume by `absorb`,
# shown by a mount with that volume, brought back by `keep`.  Nothing is lost.
. "$(dirname "$0")/../lib/mount.sh"
need git

source=$WORK/source
view=$WORK/view
mkdir -p "$source/pkg/__pycache__" "$source/logs/old" "$source/sub"
git -C "$source" init -q
printf '%s\n' 'logs/*' '!.gitkeep' __pycache__ '.tmp*' '!.tmpwanted' \
	>"$source/.gitignore"
echo code >"$source/pkg/code.py"
echo keep >"$source/logs/.gitkeep"
git -C "$source" add -f .
for i in 1 2 3; do
	echo "cached $i" >"$source/pkg/__pycache__/$i.pyc"
	echo "log $i" >"$source/logs/$i.log"
	echo "old $i" >"$source/logs/old/$i.log"
	echo "tmp $i" >"$source/sub/.tmp$i"
done
echo mine >"$source/.tmpwanted"
chmod 600 "$source/logs/1.log"
touch -d 2021-01-01 "$source/logs/old/1.log"
setfattr -n user.test -v value "$source/logs/2.log"
ln -s 1.log "$source/logs/link"
mkdir "$source/nested"
git -C "$source/nested" init -q
echo nested >"$source/nested/.tmpnested"

list_files() {
	list_tree "$1" | grep -v "['/]\\.git['/]" | awk '
		{ $4 = ""; if ($2 ~ /^0o4/) $6 = ""; print }'
}
before=$(list_files "$source")

# The plan changes nothing.
status=0
"$SCRATCHFS" audit "$source" >"$WORK/audit" || status=$?
assert_eq "$status" 1
"$SCRATCHFS" absorb --volume left "$source" >"$WORK/plan"
grep -q '^move .* pkg/__pycache__/ -> volume left$' "$WORK/plan"
grep -q '^leave .* \.tmpwanted  git does not ignore it$' "$WORK/plan"
grep -q '^leave .* nested/\.tmpnested  git does not ignore it$' "$WORK/plan"
assert_eq "$(list_files "$source")" "$before" "after the plan"
"$SCRATCHFS" absorb --json "$source" | "$TEST_PYTHON" -c '
import json, sys
rows = {row["path"]: row for row in json.load(sys.stdin)}
assert rows[".tmpwanted"]["why"] == "git does not ignore it", rows
assert rows["logs/1.log"]["action"] == "leave", rows
assert "no volume" in rows["logs/1.log"]["why"], rows
' || fail "the JSON is wrong"
status=0
"$SCRATCHFS" absorb --force "$source" 2>"$WORK/stderr" || status=$?
assert_eq "$status" 2 "without a volume"
grep -q -e '--volume NAME' "$WORK/stderr"

"$SCRATCHFS" absorb --force --volume left "$source" >/dev/null
assert_absent "$source/pkg/__pycache__"
assert_absent "$source/logs/1.log"
assert_absent "$source/logs/old"
assert_absent "$source/sub/.tmp1"
assert_eq "$(cat "$source/.tmpwanted" "$source/logs/.gitkeep" \
	"$source/nested/.tmpnested")" "mine
keep
nested"
assert_eq "$(git -C "$source" status --porcelain | grep -v -e '^A ' -e '^??')" ""

# What a tool leaves again is merged; what is in the way stays.
mkdir -p "$source/pkg/__pycache__"
echo again >"$source/pkg/__pycache__/1.pyc"
echo more >"$source/pkg/__pycache__/4.pyc"
assert_fails "$SCRATCHFS" absorb --force --volume left "$source" \
	>/dev/null 2>"$WORK/stderr"
grep -q "has some of it already" "$WORK/stderr"
assert_eq "$(cat "$source/pkg/__pycache__/1.pyc")" again
assert_absent "$source/pkg/__pycache__/4.pyc"
rm -r "$source/pkg/__pycache__"

# In a view on the volume all is where it was; nobody may take it meanwhile.
mount_view "$source" "$view" --volume left
rm "$view/pkg/__pycache__/4.pyc"
assert_eq "$(list_files "$view")" "$before" "in the view"
echo late >"$source/.tmplate"
assert_fails "$SCRATCHFS" absorb --force --volume left "$source" \
	>/dev/null 2>"$WORK/stderr"
grep -q "in use" "$WORK/stderr"
rm "$source/.tmplate"
(cd "$view" && "$SCRATCHFS" keep logs pkg sub) 2>/dev/null
unmount_view "$view"
assert_eq "$(list_files "$source")" "$before" "after the way back"

assert_fails "$SCRATCHFS" absorb 2>/dev/null
assert_fails "$SCRATCHFS" absorb "$WORK/missing" 2>/dev/null
out=$("$SCRATCHFS" absorb --forse "$source" 2>&1 || :)
[[ $out == *"did you mean '--force'"* ]] || fail "no suggestion: $out"
[[ $("$SCRATCHFS" absorb --help) == "Usage: scratchfs absorb"* ]]

# From another file system, which is copying.
if [ "$(id -u)" = 0 ] && mkdir "$WORK/other" &&
	mount -t tmpfs none "$WORK/other" 2>/dev/null; then
	cp -a "$source" "$WORK/other/source"
	"$SCRATCHFS" absorb --force --volume far "$WORK/other/source" >/dev/null
	assert_absent "$WORK/other/source/logs/1.log"
	mount_view "$WORK/other/source" "$view" --volume far
	(cd "$view" && "$SCRATCHFS" keep logs pkg sub) 2>/dev/null
	unmount_view "$view"
	assert_eq "$(list_files "$WORK/other/source")" "$before" "by copying"
fi
