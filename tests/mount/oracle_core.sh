#!/bin/bash
# SPDX-License-Identifier: MIT
# Core paths behave as a plain folder does, and all of it is on the host.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need_root

mkdir "$WORK/source"
mount_view "$WORK/source" "$WORK/view"
oracle_in "$WORK/source" "$WORK/view" --seed 11 --ops 30000 --names core
oracle_host "$WORK/source"
unmount_view "$WORK/view"
oracle_host "$WORK/source"
