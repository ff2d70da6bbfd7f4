#!/bin/bash
# SPDX-License-Identifier: MIT
# Where no more folders can be watched a view asks again after a second, says so
# once, and `status` says it too.
. "$(dirname "$0")/../lib/mount.sh"

need unshare
# A user namespace has limits of its own: nobody else's are touched.
unshare -Urm sh -c 'echo 8 >/proc/sys/user/max_fanotify_marks' 2>/dev/null ||
	skip "no user namespace to limit watches in"

mkdir "$WORK/view"

# Run in the namespace; $1: what is limited, $2: to how many.
limited() {
	set -eu
	echo "$2" >"/proc/sys/user/$1"
	for i in {1..40}; do
		mkdir -p "$WORK/source/dir$i"
		echo old >"$WORK/source/dir$i/file"
	done
	sleep 3 # what was changed just now is not believed anyway
	timeout -k 5 30 "$SCRATCHFS" --foreground "$WORK/source" "$WORK/view" \
		2>"$WORK/said" &
	until mountpoint -q "$WORK/view"; do
		kill -0 $!
		sleep 0.05
	done
	# Twice: after the first read the kernel asks for times again.
	timeout 20 cat "$WORK"/view/*/file "$WORK"/view/*/file >"$WORK/read"
	for i in {1..40}; do
		echo new >"$WORK/source/dir$i/file"
	done
	for _ in {1..200}; do
		timeout 20 cat "$WORK"/view/*/file >"$WORK/read"
		! grep -q old "$WORK/read" || { sleep 0.05 && continue; }
		break
	done
	timeout 20 "$SCRATCHFS" status "$WORK/view" >"$WORK/status"
	timeout 20 umount "$WORK/view"
	wait
}

# LIMIT NUMBER, what status says, what is said
check() {
	bounded unshare -Urm --kill-child bash -c \
		"$(declare -f limited); limited $1 $2" ||
		fail "$1: $(cat "$WORK/said")"
	assert_eq "$(sort -u "$WORK/read")" new "$1: what the view shows"
	grep -q "watch $3\$" "$WORK/status" || fail "$1: $(cat "$WORK/status")"
	assert_eq "$(grep -c "$4" "$WORK/said")" 1 \
		"$1: lines in $(cat "$WORK/said")"
}

check max_fanotify_marks 8 "fanotify, limit reached" \
	"limit of watched folders is reached"
check max_fanotify_groups 0 timeouts "nothing tells of changes on the host"
