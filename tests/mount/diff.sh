#!/bin/bash
# SPDX-License-Identifier: MIT
# `diff` lists what unmounting throws away: new, changed and hidden.
. "$(dirname "$0")/../lib/mount.sh"

source=$WORK/source
view=$WORK/view
mkdir -p "$source/logs/old" "$source/__pycache__" "$source/sub"
echo one >"$source/logs/changed"
echo two >"$source/logs/deleted"
echo three >"$source/logs/old/kept"
echo four >"$source/__pycache__/gone"
echo five >"$source/.tmpdeleted"
mount_view "$source" "$view"

assert_eq "$("$SCRATCHFS" diff "$view")" "" "diff of a fresh view"
assert_eq "$("$SCRATCHFS" diff --json "$view")" "[]"

echo more >>"$view/logs/changed"
echo new >"$view/logs/new"
rm "$view/logs/deleted" "$view/.tmpdeleted"
rm -r "$view/__pycache__"
mkdir "$view/__pycache__"
mkdir -p "$view/sub/logs/deep"
echo x >"$view/sub/logs/deep/a b"
echo core >"$view/sub/core"
expected="A logs/new
A sub/logs/
A sub/logs/deep/
A sub/logs/deep/a b
C __pycache__/
C logs/changed
D .tmpdeleted
D logs/deleted"
assert_eq "$("$SCRATCHFS" diff "$view" | LC_ALL=C sort)" "$expected"
assert_eq "$(cd "$view/sub" && "$SCRATCHFS" diff | LC_ALL=C sort)" "$expected"
"$SCRATCHFS" diff --json "$view/logs" | "$TEST_PYTHON" -c '
import json, sys
rows = json.load(sys.stdin)
assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
assert {"change": "C", "path": "logs/changed", "bytes": 9} in rows, rows
assert {"change": "D", "path": "logs/deleted", "bytes": 4} in rows, rows
' || fail "the JSON is wrong"

# More than one answer of the daemon can hold.
mkdir "$view/logs/many"
(cd "$view/logs/many" && seq -f "a-rather-long-name-for-a-file-%05g" 1500 |
	xargs touch)
assert_eq "$("$SCRATCHFS" diff "$view" | grep -c ^A)" 1505

assert_fails "$SCRATCHFS" diff "$source"
assert_fails "$SCRATCHFS" diff "$WORK/missing"
assert_fails "$SCRATCHFS" diff "$view" "$view" 2>/dev/null
out=$("$SCRATCHFS" diff --jsno "$view" 2>&1 || :)
[[ $out == *"did you mean '--json'"* ]] || fail "no suggestion: $out"
[[ $("$SCRATCHFS" diff --help) == "Usage: scratchfs diff"* ]]

# A volume stays: nothing would be thrown away.
unmount_view "$view"
mount_view "$source" "$view" --volume v
echo new >"$view/logs/new"
assert_eq "$("$SCRATCHFS" diff "$view")" ""
