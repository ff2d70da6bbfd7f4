#!/bin/bash
# SPDX-License-Identifier: MIT
# With io=passthrough all is as without, but that an open file does not go to
# another file system.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
. "$(dirname "$0")/../lib/passthrough.sh"
need_passthrough

mkdir "$WORK/core" "$WORK/border"
mount_passthrough "$WORK/core" "$WORK/view"
oracle_in "$WORK/core" "$WORK/view" --seed 31 --ops 2000 --names core
unmount_view "$WORK/view"
oracle_host "$WORK/core"

oracle --make-tree "$WORK/border"
mount_passthrough "$WORK/border" "$WORK/view" --store tmpfs
oracle_in "$WORK/border" "$WORK/view" --seed 22 --ops 2000 --names both \
	--border full --tree full --two-file-systems --passthrough
unmount_view "$WORK/view"
oracle_host "$WORK/border" --without-scratch
