#!/bin/bash
# SPDX-License-Identifier: MIT
# Several users in one view that root made: access, owners, groups, sticky
# folders and ACLs as on a plain folder.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need_root

mkdir "$WORK/source"
oracle --make-tree "$WORK/source"
mount_view "$WORK/source" "$WORK/view" -o allow_other
oracle_in "$WORK/source" "$WORK/view" --seed 15 --ops 15000 --names both \
	--border full --tree full --callers
unmount_view "$WORK/view"
oracle_host "$WORK/source" --without-scratch
