#!/bin/bash
# SPDX-License-Identifier: MIT
# Below scratch folders that the host's show through, nothing is asked for twice
# once the host is quiet; what the host then does there shows all the same.
. "$(dirname "$0")/../lib/mount.sh"

look() {
	bounded "$TEST_PYTHON" - "$WORK/view/.tmp/a/file" <<'PYTHON'
import os, sys

for i in range(500):
    os.lstat(sys.argv[1])
PYTHON
}

requests() {
	bounded "$SCRATCHFS" status --json "$WORK/view" |
		"$TEST_PYTHON" -c '
import json, sys
requests = json.load(sys.stdin)[0]["requests"]
print(requests.get("lookup", 0) + requests.get("getattr", 0))'
}

mtime() {
	stat -c %.9Y "$WORK/view/.tmp/a"
}

changed() {
	[ "$(mtime)" != "$1" ]
}

names_are() {
	[ "$(cd "$WORK/view/.tmp/a" && echo *)" = "$1" ]
}

mkdir -p "$WORK/source/.tmp/a"
echo text >"$WORK/source/.tmp/a/file"
mount_view "$WORK/source" "$WORK/view"
touch "$WORK/view/.tmp/new" "$WORK/view/.tmp/a/new"
sleep 3.1 # what is younger is not believed
look
look
before=$(requests)
look
spent=$(($(requests) - before))
# A busy machine may have something to say of the folder in between.
[ "$spent" -lt 20 ] || fail "$spent requests for what is known"

names_are "file new" || fail "not merged"
was=$(mtime)
touch "$WORK/source/.tmp/a/hosts"
wait_until 60 test -e "$WORK/view/.tmp/a/hosts"
wait_until 60 changed "$was"
wait_until 60 names_are "file hosts new"
rm "$WORK/source/.tmp/a/hosts"
wait_until 60 names_are "file new"
assert_absent "$WORK/view/.tmp/a/hosts"
rm -r "$WORK/source/.tmp/a"
wait_until 60 names_are new
unmount_view "$WORK/view"
