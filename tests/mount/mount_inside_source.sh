#!/bin/bash
# SPDX-License-Identifier: MIT
# A mount point inside the source is, in the view, the folder that it covers.
. "$(dirname "$0")/../lib/mount.sh"

mkdir -p "$WORK/source/a/view/below"
echo host >"$WORK/source/a/view/below/file"
echo host >"$WORK/source/top"
view=$WORK/source/a/view
number=$(stat -c %i "$view")

mount_view "$WORK/source" "$view"
assert_eq "$(cat "$view/top")" host "the source in itself"
assert_eq "$(bounded ls "$view/a/view")" below "the covered folder"
assert_eq "$(cat "$view/a/view/below/file")" host "a file below it"
assert_eq "$(stat -c %i "$view/a/view")" "$number" "its number"
assert_eq "$(bounded find "$view" | wc -l)" 6 "names in the view"
echo new >"$view/a/view/new"
mkdir "$view/a/view/__pycache__"
bounded rm -r "$view/a/view/below" "$view/a/view/__pycache__"
unmount_view "$view"
assert_eq "$(cat "$view/new")" new "a file made in the covered folder"
assert_absent "$view/below"
rm "$view/new"
mkdir "$view/below"
echo host >"$view/below/file"

# Directly below, and in a folder that is scratch.
mkdir -p "$WORK/source/direct" "$WORK/source/logs/view"
for view in "$WORK/source/direct" "$WORK/source/logs/view"; do
	mount_view "$WORK/source" "$view"
	assert_eq "$(cat "$view/top")" host "through $view"
	assert_eq "$(bounded ls -A "$view/${view#"$WORK/source/"}")" "" \
		"the folder under $view"
	unmount_view "$view"
done
rmdir "$WORK/source/direct" "$WORK/source/logs/view" "$WORK/source/logs"
