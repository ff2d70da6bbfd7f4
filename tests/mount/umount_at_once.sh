#!/bin/bash
# SPDX-License-Identifier: MIT
# Two that unmount a view at the same time, and a daemon that is killed meanwhile:
# what is to be kept is kept, of the rest nothing is left.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"

mkdir "$WORK/source"
view=$WORK/view

# NAME COMMAND...
try() {
	local name=$1 status=0
	shift
	bounded "$SCRATCHFS" "$@" >"$WORK/$name.out" 2>&1 || status=$?
	echo "$status" >"$WORK/$name.status"
}

# How many of both have done it.
done_by() {
	cat "$WORK"/{one,other}.status | grep -cx 0 || :
}

for n in 1 2 3 4; do
	mount_view "$WORK/source" "$view"
	daemon=$(daemon_of "$view")
	echo "$n" >"$view/.tmp1"
	try one umount "$view" &
	try other umount "$view" &
	wait
	if is_mounted "$view"; then
		# Each was in the other's way.
		assert_eq "$(done_by)" 0 "who has unmounted"
		assert_eq "$(cat "$view/.tmp1")" "$n" "what is still there"
		unmount_view "$view"
	else
		await_end "$daemon"
		assert_eq "$(done_by)" 1 "who has unmounted"
		grep -q "Invalid argument" "$WORK"/{one,other}.out &&
			fail "$(cat "$WORK"/{one,other}.out)"
	fi
	assert_eq "$(stores)" "" "stores"
done

for n in 1 2 3 4; do
	mount_view "$WORK/source" "$view"
	daemon=$(daemon_of "$view")
	echo "$n" >"$view/.tmp1"
	try one umount --volume "one-$n" "$view" &
	try other umount --volume "other-$n" "$view" &
	wait
	if is_mounted "$view"; then
		assert_eq "$(done_by)" 0 "who has kept it"
		bounded "$SCRATCHFS" umount --volume "one-$n" "$view" >"$WORK/kept"
	else
		assert_eq "$(done_by)" 1 "who has kept it"
	fi
	await_end "$daemon"
	assert_eq "$(cat "$XDG_DATA_HOME"/scratchfs/volumes/{one,other}-"$n"/tree/.tmp1 \
		2>"$WORK/absent")" "$n" "what was kept"
done

for n in 0 1 2 3; do
	mount_view "$WORK/source" "$view"
	daemon=$(daemon_of "$view")
	echo "$n" >"$view/.tmp1"
	try one umount "$view" &
	sleep "0.0$n"
	kill -KILL "$daemon" 2>/dev/null || :
	wait
	await_end "$daemon"
	assert_eq "$(cat "$WORK/one.status")" 0 "unmounting ($(cat "$WORK/one.out"))"
	not_mounted "$view" || fail "still mounted"
	bounded "$SCRATCHFS" prune >"$WORK/pruned"
	assert_eq "$(stores)" "" "stores of a killed daemon"
done
