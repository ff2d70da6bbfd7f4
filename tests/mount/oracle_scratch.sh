#!/bin/bash
# SPDX-License-Identifier: MIT
# Scratch paths behave as a plain folder does, begun on a project full of old
# litter, and the host notices nothing.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need_root

mkdir "$WORK/source"
oracle --make-tree "$WORK/source"
before=$(hash_tree "$WORK/source")
mount_view "$WORK/source" "$WORK/view"
oracle_in "$WORK/source" "$WORK/view" --seed 12 --ops 30000 --names scratch \
	--tree full
unmount_view "$WORK/view"
assert_eq "$(hash_tree "$WORK/source")" "$before" "the source's hash"
