#!/bin/bash
# SPDX-License-Identifier: MIT
# Size limits, of volumes and of ephemeral stores: ENOSPC at the limit and not
# before, nothing damaged, space given back, the same after kill -9.
. "$(dirname "$0")/../lib/mount.sh"

mkdir -p "$WORK/project/logs"
head -c 300000 /dev/zero >"$WORK/project/logs/lower"
view=$WORK/view

# What the files of a folder are charged.
charged() {
	find "$1" -type f -printf '%s\n' |
		awk '{ s += int(($1 + 4095) / 4096) * 4096 } END { print s + 0 }'
}

free_bytes() {
	stat -f -c '%a %S' "$view/logs" | awk '{ print $1 * $2 }'
}

# Bytes come back when the kernel says that nobody has the file open any more,
# which is behind the end of whatever deleted or closed it.
assert_free() { # BYTES WHEN
	local deadline=$((SECONDS + 30)) found
	while found=$(free_bytes) && [ "$found" != "$1" ]; do
		[ "$SECONDS" -lt "$deadline" ] || fail "$2: $found bytes free, not $1"
		sleep 0.02
	done
}

fill() { # FILE: writes until there is no more room
	local message
	message=$(LC_ALL=C dd if=/dev/zero of="$1" bs=64K status=none 2>&1) &&
		return 1
	[[ $message == *"No space left"* ]] || fail "$message"
}

check_limit() { # LIMIT STORE
	local used
	used=$(charged "$2/tree")
	[ "$used" -le "$1" ] || fail "$used bytes in a store of $1"
	[ "$used" -gt $(($1 - 65536)) ] || fail "full at $used of $1"
}

run_all() { # LIMIT STORE
	local limit=$1 store=$2 i
	assert_free "$limit" "statfs of an empty store"
	fill "$view/logs/a" || fail "no limit"
	check_limit "$limit" "$store"
	assert_free 0 "statfs of a full store"
	# The copy-up of what shows through needs room, and the host keeps its own.
	! echo x >>"$view/logs/lower" 2>/dev/null || fail "copied up into a full store"
	assert_eq "$(stat -c %s "$WORK/project/logs/lower")" 300000
	# Truncating, unlinking and replacing give back.
	truncate -s 100000 "$view/logs/a"
	assert_free $((limit - 102400)) "after truncate"
	assert_fails truncate -s 3M "$view/logs/a"
	truncate -s 1900000 "$view/logs/hole"
	rm "$view/logs/hole"
	echo b >"$view/logs/b"
	mv "$view/logs/b" "$view/logs/a"
	assert_free $((limit - 4096)) "after unlink and replacement"
	if command -v fallocate >/dev/null; then
		assert_fails fallocate -l 3M "$view/logs/f"
		fallocate -l 1M "$view/logs/f"
		fallocate -p -o 0 -l 512K "$view/logs/f"
		assert_free $((limit - 4096 - 1048576)) "holes count"
		rm "$view/logs/f"
		assert_free $((limit - 4096)) "holes are gone"
	fi
	# Across the border, both ways.
	head -c 1500000 /dev/zero >"$view/core"
	mv "$view/core" "$view/logs/in"
	assert_free $((limit - 4096 - 1503232)) "after a rename in"
	head -c 1500000 /dev/zero >"$view/core"
	! mv "$view/core" "$view/logs/in2" 2>/dev/null || fail "renamed beyond"
	assert_eq "$(stat -c %s "$WORK/project/core")" 1500000 "nothing is lost"
	mv "$view/logs/in" "$view/out"
	rm -f "$view/core" "$view/out" "$view/logs/in2"
	assert_free $((limit - 4096)) "after a rename out"
	# Copying up and changing what shows through.
	echo x >>"$view/logs/lower"
	assert_free $((limit - 4096 - 303104)) "after a copy-up"
	rm "$view/logs/lower" "$view/logs/a"
	# Unlinked but open: charged until it is closed.
	exec 8>"$view/logs/open"
	head -c 1000000 /dev/zero >&8
	rm "$view/logs/open"
	head -c 500000 /dev/zero >&8
	assert_free $((limit - 1503232)) "unlinked and open"
	exec 8>&-
	assert_free "$limit" "closed"
	# Eight writers at once.
	for i in 1 2 3 4 5 6 7 8; do
		fill "$view/logs/w$i" &
	done
	wait
	check_limit "$limit" "$store"
	rm "$view"/logs/w[1-7]
}

limit=$((2 << 20))
mount_view "$WORK/project" "$view" --volume v --size 2M
store=$XDG_DATA_HOME/scratchfs/volumes/v
run_all "$limit" "$store"
left=$((limit - $(charged "$store/tree")))
assert_free "$left" "before kill -9"
daemon=$(daemon_of "$view")
kill -KILL "$daemon"
wait_until 60 process_ended "$daemon"
mount_view "$WORK/project" "$view" --volume v
assert_free "$left" "after kill -9"
# A second view of the volume counts with the first.
mount_view "$WORK/project" "$WORK/two" --volume v
rm "$view"/logs/w8
echo x >"$WORK/two/logs/x"
assert_free $((limit - 4096)) "between views"
(cd "$WORK/two/logs" && fill y) &
fill "$view/logs/z" || fail "no limit with two views"
wait $! || fail "no limit in the second view"
check_limit "$limit" "$store"
unmount_view "$WORK/two"
unmount_view "$view"

mount_view "$WORK/project" "$view" --size 2M
run_all "$limit" "$(echo "$XDG_STATE_HOME"/scratchfs/stores/*)"
unmount_view "$view"
