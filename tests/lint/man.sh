#!/bin/bash
# SPDX-License-Identifier: MIT
# The manual pages are good mdoc.  That they have every option is tested beside
# the table of options.
. "$(dirname "$0")/lib.sh"

command -v groff >/dev/null || exit 77
for page in contrib/man/*; do
	groff -mdoc -Tutf8 -ww -z "$page" 2>&1 || echo "$page: groff failed"
	grep -nE '[[:space:]]$' "$page" | sed "s|^|$page:|" || :
done | expect_none "manual pages"
