#!/bin/bash
# SPDX-License-Identifier: MIT
# A large tree needs few descriptors and little memory, which comes back; a large
# store goes quickly.
. "$(dirname "$0")/../lib/mount.sh"

scale=$(cd "$(dirname "$0")/../../contrib/bench" && pwd)/scale.sh

# A sanitizer's memory is its own.
bytes=250 given_back=yes
! nm "$SCRATCHFS" 2>/dev/null | grep -Eq ' __(asan|tsan)_init$' ||
	bytes=20000 given_back=no
TMPDIR=$WORK BYTES_PER_NODE=$bytes GIVEN_BACK=$given_back UNMOUNT_SECONDS=30 \
	SFS_COMMAND_SECONDS=200 bounded "$scale" 30000 20000
