#!/bin/bash
# SPDX-License-Identifier: MIT
# A signal that comes right when there is a mount leaves no dead one behind.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"
need_root
need strace

mkdir "$WORK/source" "$WORK/view"
for mode in --foreground --cache=auto; do
	# The leak sanitizer wants to trace the process itself.
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 bounded \
		strace -f -qq -e trace=mount -e inject=mount:delay_exit=1000000 \
		-o "$WORK/trace" "$SCRATCHFS" "$mode" "$WORK/source" "$WORK/view" &
	wait_until 60 is_mounted "$WORK/view"
	# shellcheck disable=SC2046
	kill -TERM $(daemon_pids)
	wait
	not_mounted "$WORK/view" || fail "a mount is left ($mode)"
	assert_eq "$(stores)" "" "stores that are left ($mode)"
done
