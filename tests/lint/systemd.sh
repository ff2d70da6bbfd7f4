#!/bin/bash
# SPDX-License-Identifier: MIT
# systemd takes the units as they are.
. "$(dirname "$0")/lib.sh"

command -v systemd-analyze >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
for kind in system user; do
	mkdir "$work/$kind"
	for unit in contrib/systemd/"$kind"/*; do
		# The program need not be installed.
		sed 's,=scratchfs ,=/bin/true ,' "$unit" >"$work/$kind/${unit##*/}"
	done
	for unit in scratchfs@name.service scratchfs-prune.service \
		scratchfs-prune.timer; do
		option=--user
		[ "$kind" = user ] || option=--system
		systemd-analyze "$option" --man=no verify \
			"$work/$kind/$unit" 2>&1 | grep -F "$work/$kind" || :
	done
done | expect_none "systemd units"
