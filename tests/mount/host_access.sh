#!/bin/bash
# SPDX-License-Identifier: MIT
# A mode or an ACL that changes on the host counts in the view at once.
. "$(dirname "$0")/../lib/mount.sh"

# Right after the source's user has looked, and was refused or not.
inside() {
	mkdir -p "$HOME/source/folder"
	echo text >"$HOME/source/folder/file"
	mkdir "$HOME/view"
	timeout 60 "$SCRATCHFS" "$HOME/source" "$HOME/view"
	cd "$HOME" || exit
	for path in folder folder/file; do
		show="cat"
		[ $path = folder/file ] || show="ls"
		for _ in 1 2 3; do
			chmod 0 "source/$path"
			! $show "view/$path" >/dev/null 2>&1 ||
				fail "$path can be read in the view"
			chmod 755 "source/$path"
			$show "view/$path" >/dev/null ||
				fail "$path cannot be read in the view"
		done
	done
	wait_until 60 fusermount3 -u "$HOME/view" # somebody may look at it
}

as_user inside
