#!/bin/bash
# SPDX-License-Identifier: MIT
# Looking for leftovers and taking them away, for an ordinary user.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"
need_root

again_as_user audit absorb
