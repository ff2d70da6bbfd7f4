#!/bin/bash
# SPDX-License-Identifier: MIT
# What a view showed it shows again: when the mount of a killed daemon is
# mended, and when a volume is mounted another time; and it works from there on.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need_root

equal() {
	oracle --compare "$WORK/plain" "$WORK/view" || fail "$1 shows something else"
}

run() {
	oracle --left "$WORK/plain" --right "$WORK/view" --names both \
		--border full --tree full "$@" || fail "see above"
}

mkdir "$WORK/source"
oracle --make-tree "$WORK/source"
mount_view "$WORK/source" "$WORK/view"
oracle_in "$WORK/source" "$WORK/view" --seed 18 --ops 3000 --names both \
	--border full --tree full
pid=$(daemon_of "$WORK/view")
kill -KILL "$pid"
wait_until 60 process_ended "$pid"
mount_view "$WORK/source" "$WORK/view"
equal "the mended view"
run --seed 19 --ops 2000
unmount_view "$WORK/view"
oracle_host "$WORK/source" --without-scratch

rm -rf "$WORK/source"
mkdir "$WORK/source"
oracle --make-tree "$WORK/source"
mount_view "$WORK/source" "$WORK/view" --volume kept
oracle_in "$WORK/source" "$WORK/view" --seed 20 --ops 3000 --names both \
	--border full --tree full --on-volume
unmount_view "$WORK/view"
mount_view "$WORK/source" "$WORK/view" --volume kept
equal "the volume, mounted again,"
run --seed 21 --ops 2000 --on-volume
unmount_view "$WORK/view"
oracle_host "$WORK/source" --without-scratch
