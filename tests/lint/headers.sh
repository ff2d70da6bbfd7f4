#!/bin/bash
# SPDX-License-Identifier: MIT
# A header compiles on its own, and its guard is its name.
. "$(dirname "$0")/lib.sh"

for header in include/scratchfs/*.h; do
	guard=$(basename "$header" .h | tr 'a-z-' 'A-Z_')
	grep -Fxq "#ifndef SCRATCHFS_${guard}_H" "$header" ||
		echo "$header: its guard is not SCRATCHFS_${guard}_H"
	${CC:-cc} -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Iinclude \
		-Wall -Wextra -fsyntax-only -x c "$header" 2>&1 |
		grep -v 'pragma once in main file' || :
done | expect_none "headers"
