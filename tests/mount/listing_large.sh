#!/bin/bash
# SPDX-License-Identifier: MIT
# A folder of 100,000 names, of both places, is listed in linear time: each name
# once, with and without attributes.
. "$(dirname "$0")/../lib/mount.sh"
need find

mkdir -p "$WORK/source/core" "$WORK/source/logs"
"$TEST_PYTHON" - "$WORK/source" <<'PYTHON'
import os, sys

os.chdir(sys.argv[1])
os.mknod("core/file", 0o100644)
os.mknod("core/.tmp", 0o100644)
for i in range(1, 50000):  # links are cheap to make and to remove
    os.link("core/file", f"core/file-{i}")
    os.link("core/.tmp", f"core/.tmp-{i}")
for i in range(600):
    os.mknod(f"logs/file-{i}", 0o100644)
PYTHON

mount_view "$WORK/source" "$WORK/view"
names() {
	# shellcheck disable=SC2012 # the names are plain, and ls -f does not sort
	ls -f "$1" | LC_ALL=C sort
}
names "$WORK/source/core" >"$WORK/expected"
assert_eq "$(wc -l <"$WORK/expected")" 100002
names "$WORK/view/core" >"$WORK/first"
cmp "$WORK/expected" "$WORK/first"
names "$WORK/view/core" >"$WORK/second"
cmp "$WORK/expected" "$WORK/second"
# Attributes come with the names where the kernel asks for them.
assert_eq "$(find "$WORK/view/logs" -type f -printf '%s\n' | wc -l)" 600

# Removing while listing, as rm does it.
rm -r "$WORK/view/logs"
assert_absent "$WORK/view/logs"
assert_eq "$(find "$WORK/source/logs" -type f | wc -l)" 600
unmount_view "$WORK/view"
