#!/bin/bash
# SPDX-License-Identifier: MIT
# What the host changes shows in the view: at once where it is fresh, and where
# it was quiet and cached as soon as the event has arrived.
. "$(dirname "$0")/../lib/mount.sh"

cc -O2 -D_GNU_SOURCE -o "$WORK/handover" \
	"$(dirname "$0")/../live/handover.c" 2>/dev/null ||
	fail "handover.c cannot be compiled"
mkdir -p "$WORK/source/folder"
mount_view "$WORK/source" "$WORK/view"
for way in "fresh 150" "alone 1"; do
	# shellcheck disable=SC2086
	"$WORK/handover" "$WORK/source/folder" "$WORK/view/folder" $way 1 ||
		fail "the view shows what the host has no longer ($way)"
done
unmount_view "$WORK/view"
