#!/bin/bash
# SPDX-License-Identifier: MIT
# A daemon that is killed while files cross the border between two file systems
# leaves whole files, one name for each, and nothing half-made: neither on the
# host nor in the view, once the view is mended.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"
need_root

rounds=${SFS_ROUNDS:-6} seed=${SFS_SEED:-1}
mkdir -p "$WORK/source/logs" "$WORK/place"
mount -t tmpfs tmpfs "$WORK/place"
view=$WORK/view
RANDOM=$seed

# Saves by rename into core, and takes files away from there into scratch.
cat >"$WORK/cross.py" <<'END'
import os, sys
view = sys.argv[1]
number = int(sys.argv[2])
while True:
    number += 1
    letter = b"abcdefghijklmnop"[number % 16:][:1]
    temp = f"{view}/.tmp{number % 7}"
    with open(temp, "wb") as file:
        file.write(letter * 300000)
    os.rename(temp, f"{view}/config{number % 3}")
    if number % 2:
        os.rename(f"{view}/config{number % 3}", f"{view}/logs/old{number % 5}")
END

check_whole() {
	python3 - "$@" <<'END' || fail "a file is not whole"
import sys
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        data = file.read()
    # A writer that was killed with the daemon leaves a short .tmp file.
    if data.strip(data[:1]) or (len(data) != 300000 and ".tmp" not in path):
        sys.exit(f"{path}: {len(data)} bytes")
END
}

shopt -s nullglob
for ((round = 0; round < rounds; round++)); do
	mount_view "$WORK/source" "$view" --store "$WORK/place"
	python3 "$WORK/cross.py" "$view" $((round * 1000)) 2>/dev/null &
	writer=$!
	sleep "0.$((RANDOM % 30 + 10))"
	kill_daemon "$view"
	kill "$writer" 2>/dev/null || true
	wait "$writer" 2>/dev/null || true
	mount_view "$WORK/source" "$view" --store "$WORK/place"
	assert_eq "$(find "$WORK/source" -name '.scratchfs*')" "" "left on the host"
	assert_eq "$(find "$view" -name '.scratchfs*')" "" "shown in the view"
	assert_eq "$(find "$WORK/place" -path '*work/*')" "" "left in the store"
	check_whole "$WORK"/source/config* "$view"/config* "$view"/logs/old* \
		"$view"/.tmp*
	unmount_view "$view"
done
assert_eq "$(find "$WORK/source/logs" -type f)" "" "scratch on the host"
