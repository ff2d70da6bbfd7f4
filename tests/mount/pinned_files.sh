#!/bin/bash
# SPDX-License-Identifier: MIT
# Files that their owner may not open again (git makes its objects 0444) keep
# their descriptor only while somebody may be writing: many of them do not
# exhaust the daemon's.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"

if [ "$(id -u)" = 0 ]; then # who may open them again
	again_as_user pinned_files
	exit
fi
mkdir "$WORK/source"
(
	ulimit -n 400
	mount_view "$WORK/source" "$WORK/view"
)
for place in core logs; do
	mkdir "$WORK/view/$place"
	python3 - "$WORK/view/$place" <<'END' || fail "files cannot be made in $place"
import os, sys
held = []
for i in range(1200):
    fd = os.open(f"{sys.argv[1]}/f{i}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444)
    os.write(fd, b"some")
    if i < 20:
        held.append(fd)
    else:
        os.close(fd)
for fd in held:
    os.write(fd, b" more")
    os.close(fd)
END
	assert_eq "$(cat "$WORK/view/$place/f7")" "some more"
	assert_eq "$(cat "$WORK/view/$place"/f* | wc -c)" 4900
done
unmount_view "$WORK/view"
