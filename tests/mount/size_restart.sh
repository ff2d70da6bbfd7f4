#!/bin/bash
# SPDX-License-Identifier: MIT
# A limited store whose daemon was killed is counted again by the next one: what
# is there counts, what was deleted and still open does not.
. "$(dirname "$0")/../lib/mount.sh"
limit=$((2 << 20))

free_bytes() {
	stat -f -c '%a %S' "$WORK/view/logs" | awk '{ print $1 * $2 }'
}

restart() { # OPTIONS of the mount
	local daemon
	mkdir -p "$WORK/source/logs"
	echo lower >"$WORK/source/logs/lower"
	mount_view "$WORK/source" "$WORK/view" "$@"
	head -c 500001 /dev/zero >"$WORK/view/logs/a"
	ln "$WORK/view/logs/a" "$WORK/view/logs/link"
	truncate -s 100001 "$WORK/view/logs/hole"
	echo more >>"$WORK/view/logs/lower"
	exec 3>"$WORK/view/logs/gone"
	head -c 300000 /dev/zero >&3
	rm "$WORK/view/logs/gone"
	assert_eq "$(free_bytes)" $((limit - 503808 - 102400 - 4096 - 303104))
	daemon=$(daemon_of "$WORK/view")
	kill -KILL "$daemon"
	wait_until 60 process_ended "$daemon"
	exec 3>&- || :
	mount_view "$WORK/source" "$WORK/view" "$@"
	assert_eq "$(free_bytes)" $((limit - 503808 - 102400 - 4096)) "counted again"
	assert_eq "$(cat "$WORK/view/logs/lower")" $'lower\nmore'
	assert_fails truncate -s "$limit" "$WORK/view/logs/b"
	rm "$WORK"/view/logs/*
	truncate -s "$limit" "$WORK/view/logs/b"
	assert_eq "$(free_bytes)" 0
	unmount_view "$WORK/view"
}

restart --size 2M
restart --volume limited --size 2M
