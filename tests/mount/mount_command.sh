#!/bin/bash
# SPDX-License-Identifier: MIT
# mount(8) mounts a view: by type, from a line of fstab, read-only.  In a mount
# namespace of its own, where the program under test is the installed one.
. "$(dirname "$0")/../lib/mount.sh"
need_root
need mount.fuse3
mountpoint -q / || skip "the root is not a mount, as in a chroot"

mkdir -p "$WORK/source/logs" "$WORK/view" "$WORK/bin"
echo host >"$WORK/source/file"
cp "$SCRATCHFS" "$WORK/bin/scratchfs"
cat >"$WORK/fstab" <<END
$WORK/source $WORK/view fuse.scratchfs defaults,nofail,scratch=*.o 0 0
END
cat >"$WORK/inside.sh" <<'END'
set -eu
mount --make-rprivate /
mount --bind "$WORK/bin" /usr/local/bin
mount -t fuse.scratchfs "$WORK/source" "$WORK/view"
echo scratch >"$WORK/view/logs/one"
cat "$WORK/view/file" "$WORK/view/logs/one"
umount "$WORK/view"

mount --bind "$WORK/fstab" /etc/fstab
mount "$WORK/view"
findmnt -no FSTYPE,SOURCE "$WORK/view"
echo object >"$WORK/view/a.o"
echo source >"$WORK/view/a.c"
cat "$WORK/view/a.o"
umount "$WORK/view"

mount -t fuse.scratchfs -o ro "$WORK/source" "$WORK/view"
if echo more 2>/dev/null >"$WORK/view/file"; then echo "ro is not ro"; fi
if echo more 2>/dev/null >"$WORK/view/.tmp"; then echo "ro is not ro"; fi
cat "$WORK/view/file"
umount "$WORK/view"
END
export WORK
out=$(timeout -k 5 60 unshare -m bash "$WORK/inside.sh") ||
	fail "mount(8): exit $?: $out"
assert_eq "$out" "host
scratch
fuse.scratchfs $WORK/source
object
host" "what mount(8) mounted"
assert_absent "$WORK/source/logs/one"
assert_absent "$WORK/source/a.o"
assert_eq "$(cat "$WORK/source/a.c")" source
