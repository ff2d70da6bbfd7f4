#!/bin/bash
# SPDX-License-Identifier: MIT
# Renames and links cross the border at random, begun on a project full of old
# litter, with the store on the source's file system and on another.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need_root

for store in same tmpfs; do
	options=() flags=()
	if [ "$store" = tmpfs ]; then
		options=(--store tmpfs)
		flags=(--two-file-systems)
	fi
	mkdir "$WORK/$store"
	oracle --make-tree "$WORK/$store"
	mount_view "$WORK/$store" "$WORK/view" "${options[@]}"
	oracle_in "$WORK/$store" "$WORK/view" --seed 14 --ops 10000 \
		--names both --border full --tree full "${flags[@]}"
	unmount_view "$WORK/view"
	oracle_host "$WORK/$store" --without-scratch
done
