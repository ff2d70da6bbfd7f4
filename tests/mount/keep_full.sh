#!/bin/bash
# SPDX-License-Identifier: MIT
# Where the file system of the store is full, unmounting loses nothing that it was
# told to keep: it is done, or refused before.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"
need_root

small=$WORK/small view=$WORK/view
mkdir "$small" "$WORK/source" "$view"
mount -t tmpfs -o size=1M small "$small" || skip "cannot mount a tmpfs"
export XDG_STATE_HOME=$small/state XDG_DATA_HOME=$small/data
mkdir "$XDG_STATE_HOME" "$XDG_DATA_HOME"

fill() {
	! head -c 2M /dev/zero 2>/dev/null >"$1"
}

# There is no room for a store.
fill "$small/full"
said=$(bounded "$SCRATCHFS" "$WORK/source" "$view" 2>&1) && fail "mounted"
[[ $said == *"No space left on device"* ]] || fail "mounting said: $said"
not_mounted "$view" || fail "mounted"
rm "$small/full"

# There is none for a volume's description: the view stays as it is.
mount_view "$WORK/source" "$view"
echo scratch >"$view/.tmp1"
fill "$small/full"
said=$(bounded "$SCRATCHFS" umount --volume kept "$view" 2>&1) && fail "unmounted"
[[ $said == *"No space left on device"* ]] || fail "unmounting said: $said"
assert_eq "$(cat "$view/.tmp1")" scratch "the view's scratch"
rm "$small/full"

# It became full afterwards, and in the view itself.
setfattr -n user.scratchfs.volume -v kept "$view"
fill "$view/.tmp2"
bounded "$SCRATCHFS" umount --volume kept "$view"
assert_eq "$(cat "$XDG_DATA_HOME/scratchfs/volumes/kept/tree/.tmp1")" scratch "the volume"
bounded "$SCRATCHFS" volume rm kept

# The volumes are elsewhere: what is full is copied from.
export XDG_DATA_HOME=$WORK/data
mount_view "$WORK/source" "$view"
echo scratch >"$view/.tmp1"
fill "$view/.tmp2"
bounded "$SCRATCHFS" umount --volume kept "$view"
assert_eq "$(cat "$XDG_DATA_HOME/scratchfs/volumes/kept/tree/.tmp1")" scratch "the copy"
bounded "$SCRATCHFS" volume rm kept

# There is no room for the copy: it is said where the scratch is.
export XDG_STATE_HOME=$WORK/state XDG_DATA_HOME=$small/data
rm -rf "${small:?}"/*
mkdir "$XDG_DATA_HOME"
mount_view "$WORK/source" "$view"
store=$(stores)
head -c 2M /dev/zero >"$view/.tmp1"
said=$(bounded "$SCRATCHFS" umount --volume kept "$view" 2>&1) && fail "kept"
[[ $said == *"until the next mount or prune the scratch is in $store" ]] ||
	fail "unmounting said: $said"
assert_present "$store/tree/.tmp1"
