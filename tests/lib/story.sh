# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# To be sourced after mount.sh, where `story DIR` does something in a folder and
# prints what came of it.
#
#   same_stories   tells it in $WORK/native and in the folders core and logs of a
#                  view of $WORK/source at $WORK/view, which stays mounted: all
#                  three are the same.  They are left in $WORK/native.txt,
#                  core.txt and logs.txt.

same_stories() {
	mount_view "$WORK/source" "$WORK/view"
	mkdir "$WORK/view/core" "$WORK/view/logs"
	story "$WORK/native" >"$WORK/native.txt"
	story "$WORK/view/core" >"$WORK/core.txt"
	story "$WORK/view/logs" >"$WORK/logs.txt"
	diff "$WORK/native.txt" "$WORK/core.txt" || fail "core differs"
	diff "$WORK/native.txt" "$WORK/logs.txt" || fail "scratch differs"
}
