#!/bin/bash
# SPDX-License-Identifier: MIT
# Core and scratch paths mixed, no renames between them: equal to a plain
# folder, and the host has the core part.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need_root

mkdir "$WORK/source"
mount_view "$WORK/source" "$WORK/view"
oracle_in "$WORK/source" "$WORK/view" --seed 13 --ops 30000 --names both
oracle_host "$WORK/source" --without-scratch
unmount_view "$WORK/view"
oracle_host "$WORK/source" --without-scratch
