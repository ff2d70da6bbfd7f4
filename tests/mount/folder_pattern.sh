#!/bin/bash
# SPDX-License-Identifier: MIT
# A pattern for folders diverts folders; a file of that name is the host's, but
# where the host has a folder that the view does not show, so that there is no
# room for it.
. "$(dirname "$0")/../lib/mount.sh"

mkdir -p "$WORK/source/sub/logs" "$WORK/source/hid"
echo host >"$WORK/source/sub/logs/file"
echo host >"$WORK/source/hid/file"
cat >"$WORK/config" <<'YAML'
scratch:
  - logs/
  - {glob: hid/, existing: hide}
YAML
mount_view "$WORK/source" "$WORK/view" --config "$WORK/config"
cd "$WORK/view"
echo file >logs
assert_present "$WORK/source/logs"
rm logs
mkdir logs
assert_absent "$WORK/source/logs"

for name in sub/logs hid; do
	rm -rf "$name"
	assert_absent "$name"
	echo file >"$name"
	assert_eq "$(cat "$name")" file "the file $name"
	assert_eq "$(find . -name "$(basename "$name")" -type f)" "./$name" \
		"a listing of $name"
	assert_eq "$(cat "$WORK/source/$name/file")" host "the host's $name"
	mv "$name" "$name.moved"
	assert_eq "$(cat "$WORK/source/$name.moved")" file "$name, moved"
	mkdir "$name"
	assert_eq "$(ls -A "$name")" "" "$name as a folder again"
	assert_eq "$(cat "$WORK/source/$name/file")" host "the host's $name"
done
cd "$WORK"
unmount_view "$WORK/view"
