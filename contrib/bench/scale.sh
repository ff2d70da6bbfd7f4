#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Walks a large tree through a view with few descriptors, and says what the
# daemon needs for it.
#
#	contrib/bench/scale.sh [FILES [SCRATCH_FILES]]     (1000000, 100000)
#
# Fails on any error of the walk, above BYTES_PER_NODE (250) for each file or
# folder that the kernel knows of, if that memory does not come back when the
# kernel has forgotten them (as root, and unless GIVEN_BACK=no), or if unmounting
# takes longer than UNMOUNT_SECONDS (0.5).  $SCRATCHFS is the program, $TMPDIR where
# the tree is made.
set -eu

FILES=${1:-1000000} SCRATCH_FILES=${2:-100000}
BYTES_PER_NODE=${BYTES_PER_NODE:-250} UNMOUNT_SECONDS=${UNMOUNT_SECONDS:-0.5}
PER_FOLDER=100
PROJECT=$(cd "$(dirname "$0")/../.." && pwd -P)
SCRATCHFS=${SCRATCHFS:-$PROJECT/build-release/scratchfs}

die() {
	printf 'scale.sh: %s\n' "$*" >&2
	exit 1
}

is_mounted() {
	grep -q " $BASE/view " /proc/self/mountinfo
}

# It goes on deleting scratch when the mount is gone.
daemon_ends() {
	local deadline=$((SECONDS + 600))
	while [ -n "${DAEMON-}" ] && [ -d "/proc/$DAEMON" ] &&
		[ "$SECONDS" -lt "$deadline" ]; do
		sleep 0.1
	done
}

# shellcheck disable=SC2317 # it is called by the trap
cleanup() {
	local status=$?
	trap - EXIT
	trap '' INT TERM
	set +e
	! is_mounted || timeout -k 5 60 "$SCRATCHFS" umount --lazy "$BASE/view" ||
		timeout -k 5 60 umount -l "$BASE/view"
	daemon_ends
	timeout -k 5 900 rm -rf --one-file-system -- "$BASE"
	exit "$status"
}

# make_files FOLDER NUMBER
make_files() {
	timeout -k 5 900 /usr/bin/python3 - "$1" "$2" "$PER_FOLDER" <<'PYTHON'
import os, sys

top, number, per_folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for i in range(number):
    folder = "%s/part%04d" % (top, i // per_folder)
    if i % per_folder == 0:
        os.makedirs(folder)
    os.close(os.open("%s/file%05d.txt" % (folder, i), os.O_CREAT | os.O_WRONLY))
PYTHON
}

daemon() {
	timeout -k 5 60 "$SCRATCHFS" status --json "$BASE/view" |
		sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -n 1
}

# Bytes that the daemon has for itself.
memory() {
	awk '/^RssAnon:/ { print $2 * 1024 }' "/proc/$DAEMON/status"
}

# The walk's errors are fatal: find's status says so.
walk() {
	timeout -k 5 900 find "$BASE/view" -printf '%s\n' | wc -l
}

# Makes the kernel forget what nobody uses of the view, and of nothing else.
forget() {
	mount -i -o remount "$BASE/view" "$BASE/view" 2>/dev/null ||
		echo 2 >/proc/sys/vm/drop_caches
}

comes_back() {
	local deadline=$((SECONDS + 30))
	until [ "$(memory)" -lt "$1" ]; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

check_walk() {
	local before after nodes
	before=$(memory)
	nodes=$(walk)
	after=$(memory)
	[ "$nodes" -gt "$FILES" ] || die "found $nodes names"
	printf '%d nodes, %d bytes each; %d descriptors open\n' "$nodes" \
		$(((after - before) / nodes)) \
		"$(find "/proc/$DAEMON/fd" -mindepth 1 | wc -l)"
	[ $(((after - before) / nodes)) -le "$BYTES_PER_NODE" ] ||
		die "more than $BYTES_PER_NODE bytes for each node"
	[ "$(id -u)" = 0 ] && [ "${GIVEN_BACK:-yes}" = yes ] || return 0
	forget
	# Descriptors are kept, and the table is as large as it was.
	comes_back $((before + (after - before) / 4 + (1 << 18))) ||
		die "of $((after - before)) bytes $(($(memory) - before)) stay"
	printf 'given back, but for %d bytes\n' $(($(memory) - before))
}

check_unmount() {
	local start took
	make_files "$BASE/view/logs" "$SCRATCH_FILES"
	start=$(date +%s%N)
	timeout -k 5 120 "$SCRATCHFS" umount "$BASE/view" || die "cannot unmount"
	took=$(($(date +%s%N) - start))
	printf 'unmounted %d scratch files in %d ms\n' "$SCRATCH_FILES" \
		$((took / 1000000))
	awk -v took="$took" -v limit="$UNMOUNT_SECONDS" \
		'BEGIN { exit took > limit * 1e9 }' ||
		die "unmounting took longer than $UNMOUNT_SECONDS s"
	[ ! -e "$BASE/source/logs" ] || die "scratch on the host"
}

[ -x "$SCRATCHFS" ] || die "there is no program at $SCRATCHFS"
SCRATCHFS=$(readlink -f "$SCRATCHFS")
BASE=$(mktemp -d "${TMPDIR:-/var/tmp}/scratchfs-scale.XXXXXX")
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$BASE/source" "$BASE/view" "$BASE/state"
export XDG_STATE_HOME=$BASE/state XDG_DATA_HOME=$BASE/state
make_files "$BASE/source" "$FILES"
(
	ulimit -n 1024
	timeout -k 5 60 "$SCRATCHFS" "$BASE/source" "$BASE/view"
) || die "cannot mount"
DAEMON=$(daemon)
[ -n "$DAEMON" ] || die "who serves the view?"
check_walk
check_unmount
