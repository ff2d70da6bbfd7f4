#!/bin/bash
# SPDX-License-Identifier: MIT
# The commands of every day for an ordinary user.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"
need_root

again_as_user diff keep doctor
