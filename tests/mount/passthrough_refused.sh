#!/bin/bash
# SPDX-License-Identifier: MIT
# Bytes that pass through are no requests; where the kernel refuses to let them, the
# view says no word of it.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/passthrough.sh"
need_passthrough

# VIEW: its requests to read and to write.
requests() {
	bounded "$SCRATCHFS" status --json "$1" | "$TEST_PYTHON" -c '
import json, sys
it, = json.load(sys.stdin)
print(sum(it["requests"].get(kind, 0) for kind in ("read", "write")))'
}

mkdir "$WORK/source"
view=$WORK/view
mount_passthrough "$WORK/source" "$view"
for file in file .tmp1; do
	for _ in 1 2 3 4 5; do
		echo line
	done >>"$view/$file"
	assert_eq "$(wc -l <"$view/$file")" 5
done
assert_eq "$(requests "$view")" 0 "requests"
unmount_view "$view"

mkdir "$WORK/upper" "$WORK/work" "$WORK/merged"
mount -t overlay overlay -o \
	"lowerdir=$WORK/source,upperdir=$WORK/upper,workdir=$WORK/work" \
	"$WORK/merged" || skip "no overlayfs here"
"$SCRATCHFS" --foreground --io passthrough --scratch '.tmp*' "$WORK/merged" "$view" \
	>"$WORK/said" 2>&1 &
wait_until 60 is_mounted "$view"
wait_until 60 test -e "$view/file"
echo last >>"$view/file"
assert_eq "$(tail -n 1 "$WORK/merged/file")" last
[ "$(requests "$view")" != 0 ] || fail "bytes passed through overlayfs"
wait_until 60 unmounts "$view"
wait
assert_eq "$(cat "$WORK/said")" ""
umount "$WORK/merged"
