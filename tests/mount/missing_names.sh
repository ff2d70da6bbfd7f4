#!/bin/bash
# SPDX-License-Identifier: MIT
# Names that are missing are asked for twice, however many there are.
. "$(dirname "$0")/../lib/mount.sh"

look() {
	bounded "$TEST_PYTHON" - "$WORK/view" <<'PYTHON'
import os, sys

for i in range(1500):
    try:
        os.lstat("%s/sub/missing%d.h" % (sys.argv[1], i))
        sys.exit("missing%d.h is there" % i)
    except FileNotFoundError:
        pass
PYTHON
}

lookups() {
	bounded "$SCRATCHFS" status --json "$WORK/view" |
		"$TEST_PYTHON" -c '
import json, sys
print(json.load(sys.stdin)[0]["requests"].get("lookup", 0))'
}

mkdir -p "$WORK/source/sub"
sleep 3.1 # what is younger is not believed
mount_view "$WORK/source" "$WORK/view"
look
look
before=$(lookups)
look
spent=$(($(lookups) - before))
# A busy machine may have something to say of the folder in between.
[ "$spent" -lt 20 ] || fail "$spent look-ups for names known to be missing"
