#!/bin/bash
# SPDX-License-Identifier: MIT
# What a view promises holds for an ordinary user's own view.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"
need_root

again_as_user first_look folder_crosses scratch_leaves name_space purity save_patterns
