#!/bin/bash
# SPDX-License-Identifier: MIT
# Nothing names a folder of one person's machine (examples say /home/user), and
# scripts fetch nothing.
. "$(dirname "$0")/lib.sh"

project_files -not -path './tests/lint/*' -not -path './tests/data/*' |
	xargs grep -InE "(^|[^A-Za-z0-9_.}~-])/(home|Users|root|work)/[A-Za-z0-9_]" |
	grep -vE '/home/(u|user)/' | expect_none "a path of one machine"

project_files -name '*.sh' -o -name '*.py' -o -path './.ci/*' |
	grep -v '^tests/lint/' | xargs grep -InE '(https?|ftp|git)://' |
	expect_none "an address in a script"
