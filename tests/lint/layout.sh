#!/bin/bash
# SPDX-License-Identifier: MIT
# The top folder holds what everybody looks for, and nothing else.
. "$(dirname "$0")/lib.sh"

for entry in *; do
	case $entry in
	fs | include | tests | contrib | CMakeLists.txt | README.md | LICENSE) ;;
	build*) ;;
	*) echo "$entry" ;;
	esac
done | expect_none "does not belong into the top folder"
