#!/bin/bash
# SPDX-License-Identifier: MIT
# What tools leave behind is in the view, never on the host, and after
# unmounting nowhere.
. "$(dirname "$0")/../lib/mount.sh"

mkdir "$WORK/source"
echo 'print("hello")' >"$WORK/source/tool.py"
mount_view "$WORK/source" "$WORK/view"
cd "$WORK/view"
mkdir -p logs a/b
assert_present "$WORK/source/a/b"
before=$(hash_tree "$WORK/source")
echo secret-of-this-test | tee .tmp1 logs/x a/b/.tmp.driveupload >/dev/null
"$TEST_PYTHON" -m compileall -q .
for path in .tmp1 logs/x a/b/.tmp.driveupload __pycache__; do
	assert_present "$WORK/view/$path"
done
for path in .tmp1 logs a/b/.tmp.driveupload __pycache__; do
	assert_absent "$WORK/source/$path"
done
assert_eq "$(hash_tree "$WORK/source")" "$before" "the source's hash"
assert_fails rmdir a/b
grep -rlq secret-of-this-test "$XDG_STATE_HOME" ||
	fail "the scratch is not where it should be"
cd "$WORK"
unmount_view "$WORK/view"
assert_eq "$(hash_tree "$WORK/source")" "$before" "the source's hash"
found=$(grep -rl secret-of-this-test "$WORK" --exclude-dir=.test || :)
assert_eq "$found" "" "what is left of the scratch"
