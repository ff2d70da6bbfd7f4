#!/bin/bash
# SPDX-License-Identifier: MIT
# What unmounting throws away is counted, but not for longer than it may take.
. "$(dirname "$0")/../lib/mount.sh"

need getfattr
mkdir -p "$WORK/source/logs"
echo host >"$WORK/source/logs/old"
view=$WORK/view
mount_view "$WORK/source" "$view"
bounded "$TEST_PYTHON" - "$view" <<'PYTHON'
import os, sys

for i in range(5000):
    os.close(os.open("%s/logs/%d" % (sys.argv[1], i), os.O_CREAT | os.O_WRONLY))
PYTHON
echo changed >"$view/logs/old"

ask() {
	bounded getfattr --absolute-names --only-values \
		-n "user.scratchfs.$1" "$view" 2>/dev/null
}

usage() {
	ask "$1" | tr '\0' ' '
}

assert_eq "$(usage usage)" "5001 8 1 logs/old" "all of it"
assert_eq "$(usage usage/100000)" "5001 8 1 logs/old" "with time enough"
[[ $(usage usage/0) =~ ^4096\ [08]\ [01]\ more ]] ||
	fail "without time: $(usage usage/0)"
for bad in usage/ usage/x usage/1/ usage/1x usag; do
	assert_fails ask "$bad"
done
said=$(bounded "$SCRATCHFS" umount --dry-run "$view")
[[ $said == "would discard 5001 files, 8 B
among them 1 changed"* ]] || fail "--dry-run said: $said"

pid=$(daemon_of "$view")
said=$(bounded "$SCRATCHFS" umount "$view")
# A slow machine is still at it when the command ends.
[[ $said =~ (^|be\ )discarded:?\ (5001|more\ than\ 4096)\ files, ]] ||
	fail "said: $said"
wait_until 60 process_ended "$pid"
assert_eq "$(find "$WORK/state/scratchfs/stores" \
	"$WORK/state/scratchfs/discarded" -mindepth 1 2>/dev/null)" "" "scratch"
