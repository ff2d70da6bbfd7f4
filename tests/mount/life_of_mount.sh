#!/bin/bash
# SPDX-License-Identifier: MIT
# The command returns when the view is ready, and every way to unmount discards
# the scratch and ends the daemon.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"

mkdir "$WORK/source" "$WORK/view"
echo host >"$WORK/source/file"

# $@: what ends the view on $WORK/view.
ends_with() {
	local pid
	echo secret-scratch >"$WORK/view/.tmp1"
	assert_scratch_on_disk secret-scratch
	pid=$(daemon_of "$WORK/view")
	wait_until 60 "$@" # somebody may be looking at all mounts
	wait_until 60 process_ended "$pid"
	is_mounted "$WORK/view" && fail "still mounted after: $*"
	assert_no_scratch_on_disk secret-scratch
	assert_eq "$(cat "$WORK/source/file")" host
}

terminate() {
	kill "-$1" "$(daemon_of "$WORK/view")"
}

ways=("fusermount3 -u $WORK/view" "terminate TERM" "terminate INT"
	"$SCRATCHFS umount $WORK/view")
[ "$(id -u)" != 0 ] || ways+=("umount $WORK/view")
for way in "${ways[@]}"; do
	mount_view "$WORK/source" "$WORK/view"
	assert_eq "$(cat "$WORK/view/file")" host "right after mounting"
	# shellcheck disable=SC2086
	ends_with $way
done

# The caller's descriptors are not held by the daemon: a pipe ends.
said=$(timeout -k 5 30 "$SCRATCHFS" "$WORK/source" "$WORK/view" 2>&1)
assert_eq "$said" "" "said by a mount that went well"
type=$(findmnt -no FSTYPE,SOURCE "$WORK/view")
assert_eq "$type" "fuse.scratchfs $WORK/source" "type and source of the mount"
bounded "$SCRATCHFS" umount "$WORK/view" >/dev/null

# In the foreground it is the command itself that serves.
"$SCRATCHFS" -f "$WORK/source" "$WORK/view" &
pid=$!
wait_until 60 is_mounted "$WORK/view"
echo secret-scratch >"$WORK/view/.tmp1"
kill -TERM "$pid"
wait "$pid" || fail "-f: exit $?"
is_mounted "$WORK/view" && fail "still mounted after -f"
assert_no_scratch_on_disk secret-scratch

# Whoever still uses a view that was asked to end goes on using it.
mount_view "$WORK/source" "$WORK/view"
pid=$(daemon_of "$WORK/view")
exec 7<"$WORK/view/file"
kill -TERM "$pid"
wait_until 60 not_mounted "$WORK/view"
process_ended "$pid" && fail "ended while the view was in use"
assert_eq "$(cat <&7)" host "read from an unmounted view"
exec 7<&-
wait_until 60 process_ended "$pid"

# Asked twice, the daemon does not wait for them.
mount_view "$WORK/source" "$WORK/view"
pid=$(daemon_of "$WORK/view")
echo secret-scratch >"$WORK/view/.tmp1"
exec 7<"$WORK/view/file"
kill -TERM "$pid"
wait_until 60 not_mounted "$WORK/view"
kill -TERM "$pid"
wait_until 60 process_ended "$pid"
exec 7<&-
assert_no_scratch_on_disk secret-scratch
