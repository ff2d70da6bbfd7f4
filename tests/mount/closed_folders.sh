#!/bin/bash
# SPDX-License-Identifier: MIT
# Folders that their owner may not read or write.  One is not removed while
# there is something in it, nor does what was deleted in it come to light; empty,
# it is.  What is in one can be changed.
. "$(dirname "$0")/../lib/mount.sh"

inside() {
	mkdir -p "$HOME/source/logs/folder" "$HOME/view"
	echo host >"$HOME/source/logs/folder/deleted"
	mkdir "$HOME/source/logs/closed"
	echo host >"$HOME/source/logs/closed/file"
	chmod 500 "$HOME/source/logs/closed"
	timeout 60 "$SCRATCHFS" "$HOME/source" "$HOME/view"
	cd "$HOME/view/logs"
	rm folder/deleted
	echo new >folder/file
	chmod 300 folder
	! rmdir folder 2>/dev/null || fail "a folder with a file was removed"
	mkdir other
	! mv -T other folder 2>/dev/null || fail "a folder was replaced"
	chmod 700 folder
	assert_eq "$(ls -A folder)" file "what is in it"
	rm folder/file
	chmod 300 folder
	rmdir folder
	assert_absent folder
	# A file is written to in a folder that is not.
	cd closed
	echo more >>file
	assert_eq "$(cat file)" "$(printf 'host\nmore')" "a file in it"
	assert_eq "$(stat -c %a .)" 500 "its mode"
	cd ..
	mkdir "$HOME/view/core"
	chmod 300 "$HOME/view/core"
	rmdir "$HOME/view/core"
	cd "$HOME"
	wait_until 60 fusermount3 -u "$HOME/view" # somebody may look at it
}

as_user inside
