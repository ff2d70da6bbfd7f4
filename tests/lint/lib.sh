# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For the lint tests: where the project is, what belongs to it, how to complain.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Prints the project's files that match the find(1) expression, if any is given.
project_files() {
	find . -path './.git' -prune -o -path './build*' -prune -o \
		-type d -name __pycache__ -prune -o -type f \( "${@:--true}" \) -print |
		sed 's|^\./||' | LC_ALL=C sort
}

# Reads complaints; the test has failed if there is one.
expect_none() {
	local complaints
	complaints=$(cat)
	[ -z "$complaints" ] || {
		printf '%s:\n%s\n' "$1" "$complaints" >&2
		exit 1
	}
}
