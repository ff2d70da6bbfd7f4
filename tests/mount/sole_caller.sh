#!/bin/bash
# SPDX-License-Identifier: MIT
# A caller that is alone is served by one worker that makes way for it; when that
# one hangs in a request, everybody else goes on being served.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/ways.sh"

need_root
need strace
[ "$(nproc)" -gt 1 ] || skip "one CPU is everybody's"
chrt -p $$ | grep -q SCHED_OTHER || skip "threads keep the policy they have"

# Many requests in a row of one thread, then a look at what may hang.
cat >"$WORK/alone.py" <<'PYTHON'
import os, sys

log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for _ in range(int(sys.argv[2])):
    os.write(log, b"a line\n")
for path in sys.argv[3:]:
    print(os.path.lexists(path))
PYTHON
alone() {
	"$TEST_PYTHON" "$WORK/alone.py" "$@"
}

mkdir -p "$WORK/hanging/folder" "$WORK/source/hanging" "$WORK/source/logs"
mount_view "$WORK/hanging" "$WORK/source/hanging" --no-config
mount_view "$WORK/source" "$WORK/view" -o transport=dev
daemon=$(daemon_of "$WORK/view")
slow=$(daemon_of "$WORK/source/hanging")

# It rests where others want the CPU as well.
ways=$(ways_made "$daemon" alone "$WORK/view/logs/log" 2000)
[ "$ways" -gt 0 ] || fail "way was made $ways times for 2000 writes"
assert_eq "$(wc -l <"$WORK/view/logs/log")" 2000

note "it hangs"
stat "$WORK/view/hanging/folder" >/dev/null
kill -STOP "$slow"
alone "$WORK/view/logs/log" 2000 "$WORK/view/hanging/folder/absent" \
	>"$WORK/answer" &
caller=$!
wait_until 60 grep -q request_wait_answer "/proc/$daemon/task/"*/stack
for i in $(seq 20); do
	answer=0
	timeout -k 1 30 ls "$WORK/view/absent-$i" >/dev/null 2>&1 || answer=$?
	assert_eq "$answer" 2 "ls of a missing name"
done
[ ! -s "$WORK/answer" ] || fail "nothing hung"
# And by somebody who is alone in turn.
timeout -k 1 30 "$TEST_PYTHON" "$WORK/alone.py" "$WORK/view/logs/other" 500
kill -CONT "$slow"
wait "$caller"
assert_eq "$(cat "$WORK/answer")" False

note "it ends while others are parked"
alone "$WORK/view/logs/log" 500
unmount_view "$WORK/view"
unmount_view "$WORK/source/hanging"
