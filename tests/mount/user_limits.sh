#!/bin/bash
# SPDX-License-Identifier: MIT
# Size limits and shared locks in an ordinary user's own views.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"
need_root

again_as_user size_writers locks_shared volume_shared
