#!/bin/bash
# SPDX-License-Identifier: MIT
# A killed daemon loses nothing: mounting again on the dead mount point brings
# its scratch back.  Unmounting it instead lets the next start collect it.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"

mkdir -p "$WORK/source/logs" "$WORK/other"
echo host >"$WORK/source/logs/host"
echo host >"$WORK/source/kept"
before=$(hash_tree "$WORK/source")
view=$WORK/view

crash() {
	mount_view "$WORK/source" "$view"
	mkdir -p "$view/logs/deep"
	echo secret-scratch >"$view/.tmp1"
	echo secret-scratch >"$view/logs/deep/log"
	rm "$view/logs/host"
	kill_daemon "$view"
	assert_fails ls "$view"
}

crash
mount_view "$WORK/source" "$view"
assert_eq "$(cat "$view/.tmp1" "$view/logs/deep/log")" \
	"secret-scratch
secret-scratch" "the scratch of the killed daemon"
assert_absent "$view/logs/host"
assert_eq "$(mounts_below "$view" | wc -l)" 1 "mounts on the mended mount point"
assert_eq "$(stores | wc -l)" 1 "stores"

# And once more, from there.
kill_daemon "$view"
mount_view "$WORK/source" "$view"
assert_present "$view/.tmp1"

# Somebody else's source does not inherit it, and it is not lost by trying; nor
# by a configuration that is wrong.
kill_daemon "$view"
assert_fails "$SCRATCHFS" "$WORK/other" "$view"
assert_fails "$SCRATCHFS" --profile missing "$WORK/source" "$view"
assert_fails "$SCRATCHFS" --volume other "$WORK/source" "$view"
mount_view "$WORK/source" "$view"
assert_present "$view/.tmp1"

# Unless it is to be discarded.
kill_daemon "$view"
mount_view "$WORK/source" "$view" --fresh
assert_absent "$view/.tmp1"
assert_present "$view/logs/host"
one_store() {
	[ "$(stores | wc -l)" = 1 ]
}
wait_until 60 one_store
unmount_view "$view"
assert_no_scratch_on_disk secret-scratch

# The same command brings back what it put elsewhere.
mkdir "$WORK/place"
mount_view "$WORK/source" "$view" --store "$WORK/place"
echo secret-scratch >"$view/.tmp1"
kill_daemon "$view"
mount_view "$WORK/source" "$view" --store "$WORK/place"
assert_eq "$(cat "$view/.tmp1")" secret-scratch "scratch in another place"
unmount_view "$view"
grep -rl secret-scratch "$WORK/place" && fail "left in another place"

# A dead view that is unmounted is collected by the next start, of any view.
crash
assert_scratch_on_disk secret-scratch
unmount_dead() {
	if [ "$(id -u)" = 0 ]; then umount "$1"; else fusermount3 -u "$1"; fi
}
wait_until 60 unmount_dead "$view"
mount_view "$WORK/source" "$view"
assert_absent "$view/.tmp1"
no_secret() {
	! grep -rlq secret-scratch "$XDG_STATE_HOME"
}
wait_until 60 no_secret
unmount_view "$view"

# `scratchfs umount` does both at once.
crash
bounded "$SCRATCHFS" umount "$view" >"$WORK/said"
grep -q '^discarded .* of a dead view$' "$WORK/said" ||
	fail "umount said: $(cat "$WORK/said")"
is_mounted "$view" && fail "the dead view is still there"
assert_no_scratch_on_disk secret-scratch
assert_eq "$(hash_tree "$WORK/source")" "$before" "the source"
