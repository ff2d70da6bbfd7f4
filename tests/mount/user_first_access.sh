#!/bin/bash
# SPDX-License-Identifier: MIT
# Whoever is the first to use a new view is let in, whatever happens in the source
# meanwhile.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"

if [ "$(id -u)" = 0 ]; then # whom permissions do not concern
	again_as_user user_first_access
	exit
fi
mkdir "$WORK/source"
"$TEST_PYTHON" -c '
import os, sys
while True:
    open("%s/file" % sys.argv[1], "w").close()
    os.unlink("%s/file" % sys.argv[1])' "$WORK/source" &

for _ in {1..20}; do
	mount_view "$WORK/source" "$WORK/view"
	lookers=()
	for _ in 1 2 3; do
		(cd "$WORK/view") &
		lookers+=($!)
	done
	for looker in "${lookers[@]}"; do
		wait "$looker" || fail "a new view may not be entered"
	done
	unmount_view "$WORK/view"
done
