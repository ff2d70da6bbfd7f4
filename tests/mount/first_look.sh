#!/bin/bash
# SPDX-License-Identifier: MIT
# Right after mounting the view is the source: names, modes, owners, sizes,
# times, inode numbers, links, xattrs and bytes.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need find diff

mkdir "$WORK/source"
oracle --make-tree "$WORK/source"
ln "$WORK/source/a" "$WORK/source/p/linked"
ln "$WORK/source/p/logs/a" "$WORK/source/p/logs/linked"

listing() {
	(cd "$1" && find . -printf '%p %y %m %U:%G %s %n %T@ %i %l\n' |
		LC_ALL=C sort)
}

# A folder's size is its file system's own business, and so is how it is
# counted; everything else is compared as it stands.
mount_view "$WORK/source" "$WORK/view"
diff <(listing "$WORK/source") <(listing "$WORK/view") ||
	fail "the listings differ"
# diff(1) would open the fifos.
find "$WORK/source" -type p -delete
diff -r --no-dereference "$WORK/source" "$WORK/view" || fail "the bytes differ"
assert_eq "$(hash_tree "$WORK/view")" "$(hash_tree "$WORK/source")"
unmount_view "$WORK/view"
