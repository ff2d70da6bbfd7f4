#!/bin/bash
# SPDX-License-Identifier: MIT
# The life of a mount is the same for an ordinary user.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"
need_root

again_as_user life_of_mount crash_mended mount_inside_source mount_in_place \
	errors umount_busy options explain status
