#!/bin/bash
# SPDX-License-Identifier: MIT
# 64 threads in one folder, each with files of its own: in a core folder, in a
# scratch one, and with half of the names scratch.
. "$(dirname "$0")/../lib/mount.sh"

cc -O2 -D_GNU_SOURCE -pthread -o "$WORK/threads" \
	"$(dirname "$0")/threads.c" 2>/dev/null ||
	fail "threads.c cannot be compiled"
mkdir -p "$WORK/source/core"
mount_view "$WORK/source" "$WORK/view"
mkdir "$WORK/view/logs"
# FOLDER [PREFIX]
run() {
	timeout -k 5 120 "$WORK/threads" "$WORK/view/$1" 64 \
		"${SFS_STRESS_OPS:-200}" "${SFS_SEED:-$RANDOM}" ${2:+"$2"} ||
		fail "64 threads in $*"
}
run core
run logs
run core .tmp
assert_eq "$(find "$WORK/source" -mindepth 1)" "$WORK/source/core" \
	"what is left on the host"
unmount_view "$WORK/view"
