#!/bin/bash
# SPDX-License-Identifier: MIT
# The scripts pass shellcheck.
. "$(dirname "$0")/lib.sh"

command -v shellcheck >/dev/null || exit 77
mapfile -t scripts < <(project_files -name '*.sh' -o -path './.ci/run')
printf '%s\0' "${scripts[@]}" |
	xargs -0 -P "$(nproc)" -n 8 shellcheck --external-sources \
		--source-path=SCRIPTDIR --exclude=SC1091
