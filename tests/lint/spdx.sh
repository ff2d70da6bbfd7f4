#!/bin/bash
# SPDX-License-Identifier: MIT
# Every file says in its first two lines under which licence it stands, unless
# its form has no room for that.
. "$(dirname "$0")/lib.sh"

project_files -not -path './tests/data/*' -not -path './tests/fuzz/corpus/*' \
	-not -name LICENSE -not -name '.clang-*' -not -name .gitignore |
	while read -r file; do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
			echo "$file"
	done | expect_none "no licence line"
