#!/bin/bash
# SPDX-License-Identifier: MIT
# Real programs work in an ordinary user's own view.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"
need_root

again_as_user real_git real_make real_python real_sqlite real_copy
