#!/bin/bash
# SPDX-License-Identifier: MIT
# Whoever mounts a repository that does not ignore its scratch is told so, in one
# line, and nobody else.
. "$(dirname "$0")/../lib/mount.sh"
need git

said() {
	timeout -k 5 30 "$SCRATCHFS" "$@" "$WORK/source" "$WORK/view" 2>&1
	unmount_view "$WORK/view"
}

mkdir -p "$WORK/source" "$WORK/view"
assert_eq "$(said)" "" "no repository"
git init -q "$WORK/source"
told=$(said)
assert_eq "$(wc -l <<<"$told")" 1 "lines"
case $told in *"does not ignore .tmp* and other"*) ;; *) fail "$told" ;; esac
printf '.tmp*\nlogs/\n' >"$WORK/source/.gitignore"
case $(said) in *"does not ignore __pycache__:"*) ;; *) fail "one pattern" ;; esac
echo __pycache__ >>"$WORK/source/.git/info/exclude"
assert_eq "$(said)" "" "all is ignored"
case $(said --scratch '*.o') in *"ignore *.o:"*) ;; *) fail "an option" ;; esac
