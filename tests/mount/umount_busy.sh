#!/bin/bash
# SPDX-License-Identifier: MIT
# A busy view is not unmounted, and whoever holds it is named; with --lazy it
# goes with its last user.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"

mkdir -p "$WORK/source/dir" "$WORK/source/logs"
echo host >"$WORK/source/dir/file"
echo host >"$WORK/source/logs/old"
view=$WORK/view
mount_view "$WORK/source" "$view"
echo 12345678 >"$view/.tmp1"
echo changed >"$view/logs/old"

assert_eq "$(bounded "$SCRATCHFS" umount --dry-run "$view")" \
	"would discard 2 files, 17 B
among them 1 changed copy of a file of the host:
  logs/old"
is_mounted "$view" || fail "--dry-run unmounted"

(cd "$view/dir" && exec sleep 200) &
stander=$!
(exec 7<"$view/dir/file" && exec sleep 200) &
reader=$!
wait_until 60 grep -q sleep "/proc/$stander/comm"
wait_until 60 grep -q sleep "/proc/$reader/comm"
said=$(bounded "$SCRATCHFS" umount "$view" 2>&1) && fail "unmounted while busy"
grep -q "^  $stander sleep (working folder)$" <<<"$said" || fail "said: $said"
grep -q "^  $reader sleep (open file)$" <<<"$said" || fail "said: $said"
assert_present "$view/.tmp1"

pid=$(daemon_of "$view")
said=$(bounded "$SCRATCHFS" umount --lazy "$view")
grep -q "^to be discarded: 2 files" <<<"$said" || fail "--lazy said: $said"
is_mounted "$view" && fail "still mounted after --lazy"
process_ended "$pid" && fail "ended while in use"
kill "$stander" "$reader"
wait_until 60 process_ended "$pid"
assert_eq "$(stores)" "" "stores"

# Or the scratch is kept, as a volume.
mount_view "$WORK/source" "$view"
echo secret >"$view/.tmp1"
echo changed >"$view/logs/old"
assert_fails "$SCRATCHFS" umount --volume 'No Name' "$view"
is_mounted "$view" || fail "unmounted with a bad name"
bounded "$SCRATCHFS" umount --volume kept "$view" >"$WORK/said"
grep -q '^kept 2 files' "$WORK/said" || fail "said: $(cat "$WORK/said")"
assert_eq "$(stores)" "" "stores"
mount_view "$WORK/source" "$view" --volume kept
assert_eq "$(cat "$view/.tmp1" "$view/logs/old")" "secret
changed" "what was kept"
assert_fails "$SCRATCHFS" umount --volume again "$view"
bounded "$SCRATCHFS" umount "$view" >"$WORK/said"
mount_view "$WORK/source" "$view"
assert_absent "$view/.tmp1"
assert_fails "$SCRATCHFS" umount --volume kept "$view"
is_mounted "$view" || fail "unmounted with a name that is taken"
