#!/bin/bash
# SPDX-License-Identifier: MIT
# A view that is mounted where one has just been unmounted stays: the old daemon,
# which may still be at its end, does not take it for its own.
. "$(dirname "$0")/../lib/mount.sh"

need_root # fusermount3 would wait
mkdir "$WORK/source" "$WORK/view"
echo core >"$WORK/source/file"

for i in $(seq 50); do
	timeout -k 5 60 "$SCRATCHFS" "$WORK/source" "$WORK/view" ||
		fail "mounting, time $i"
	assert_eq "$(cat "$WORK/view/file")" core "content, time $i"
	wait_until 60 umount "$WORK/view" # somebody may be looking at all mounts
done
