#!/bin/bash
# SPDX-License-Identifier: MIT
# rsync, tar, cp -a, find and rm -rf move whole trees into, within and out of a
# view, and nothing about a file is lost.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need rsync tar find cp

# A tree with everything, but no names that match a pattern.
mkdir "$WORK/original"
cd "$WORK/original"
mkdir -p deep/er/still empty
printf data >deep/file
printf more >deep/er/more
chmod 4750 deep/file
chmod 2775 deep/er
ln deep/file deep/er/link
ln -s ../file deep/er/pointer
ln -s nowhere dangling
mkfifo pipe
truncate -s 1M sparse
printf x | dd of=sparse bs=1 seek=500000 conv=notrunc status=none
setfattr -n user.note -v kept deep/er/more 2>/dev/null ||
	"$TEST_PYTHON" -c 'import os
os.setxattr("deep/er/more", "user.note", b"kept")'
printf odd >$'new\nline'
find . -exec touch -h -d '2021-02-03 04:05:06.123456789' {} +
whole=$(hash_tree "$WORK/original")

mkdir "$WORK/source"
mount_view "$WORK/source" "$WORK/view"
# Core, and scratch.
mkdir "$WORK/view/logs"
for place in "$WORK/view" "$WORK/view/logs"; do
	cp -a "$WORK/original" "$place/cp"
	rsync -aHAX "$WORK/original/" "$place/rsync/"
	mkdir "$place/tar"
	tar -C "$WORK/original" --xattrs --acls -cf "$place/archive" .
	tar -C "$place/tar" --xattrs --acls -xpf "$place/archive"
	for copy in cp rsync tar; do
		assert_eq "$(hash_tree "$place/$copy")" "$whole" "$place/$copy"
	done
	assert_eq "$(rsync -aHAXni --delete "$WORK/original/" "$place/rsync/")" \
		"" "a second rsync"
done
# Out again.
cp -a "$WORK/view/logs/cp" "$WORK/out"
assert_eq "$(hash_tree "$WORK/out")" "$whole" "what was copied out"
# From one place to the other: cp copies, mv renames or copies.
cp -a "$WORK/view/logs/tar" "$WORK/view/over"
assert_eq "$(hash_tree "$WORK/source/over")" "$whole" "scratch to core"
mv "$WORK/view/over" "$WORK/view/logs/over"
assert_eq "$(hash_tree "$WORK/view/logs/over")" "$whole" "core to scratch"
assert_absent "$WORK/source/over"

assert_eq "$(find "$WORK/view/cp" "$WORK/view/logs/cp" -type f -printf x)" \
	xxxxxxxxxx "files found"
rm -rf "$WORK/view/"* || fail "rm -rf"
assert_eq "$(ls -A "$WORK/view")" "" "what rm -rf left in the view"
assert_eq "$(ls -A "$WORK/source")" "" "what rm -rf left on the host"
unmount_view "$WORK/view"
