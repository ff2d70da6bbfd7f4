#!/bin/bash
# SPDX-License-Identifier: MIT
# A daemon that does not answer, as a stopped one, keeps nobody waiting who did not
# ask for it: it is named, and the other views are shown.  It is unmounted all the
# same.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"

# Root's other tests do not ask the views of an ordinary user.
if [ "$(id -u)" = 0 ]; then
	again_as_user silent_daemon
	exit
fi

mkdir "$WORK/source"
for name in well stuck gone; do
	mount_view "$WORK/source" "$WORK/$name" 2>/dev/null
done
echo scratch >"$WORK/well/.tmp1"
stuck=$(daemon_of "$WORK/stuck")
gone=$(daemon_of "$WORK/gone")
kill -STOP "$stuck" "$gone"
trap 'kill -CONT "$stuck" "$gone" || :; cleanup' EXIT

# NAME COMMAND...: beside each other, because each waits for some seconds.
ask() {
	local name=$1 status=0
	shift
	bounded "$SCRATCHFS" "$@" >"$WORK/$name.out" 2>"$WORK/$name.err" || status=$?
	echo "$status" >"$WORK/$name.status"
}
ask list list &
ask json list --json &
ask all status &
ask one status "$WORK/stuck" &
ask well status "$WORK/well" &
ask gone umount --lazy "$WORK/gone" &
ask kept umount --volume kept "$WORK/stuck" &
wait

# NAME STATUS WORDS: how it ended, and what it said of that.
check() {
	assert_eq "$(cat "$WORK/$1.status")" "$2" "the exit status of $1"
	grep -qF -- "$3" "$WORK/$1.err" ||
		[ -z "$3" ] || fail "$1 said: $(cat "$WORK/$1.err")"
}
check list 0 ""
grep -q "^silent   $WORK/stuck -> " "$WORK/list.out" || fail "$(cat "$WORK/list.out")"
grep -q "^live     $WORK/well -> " "$WORK/list.out" || fail "$(cat "$WORK/list.out")"
"$TEST_PYTHON" -c '
import json, sys
it, = (it for it in json.load(open(sys.argv[1])) if it["mountpoint"] == sys.argv[2])
assert it["state"] == "silent" and it["pid"] == int(sys.argv[3]), it
' "$WORK/json.out" "$WORK/stuck" "$stuck"
check all 1 "the daemon of $WORK/stuck, process $stuck, does not answer"
grep -qF "$WORK/source on $WORK/well" "$WORK/all.out" || fail "$(cat "$WORK/all.out")"
check one 1 "the daemon of $WORK/stuck, process $stuck, does not answer"
check well 0 ""
assert_eq "$(cat "$WORK/well.err")" "" "what was said of others"
check gone 0 "the daemon of $WORK/gone, process $gone, does not answer"
is_mounted "$WORK/gone" && fail "still mounted"
check kept 1 "the daemon of $WORK/stuck, process $stuck, does not answer"
is_mounted "$WORK/stuck" || fail "unmounted without its volume"

kill -CONT "$stuck" "$gone"
await_end "$gone"
bounded "$SCRATCHFS" status "$WORK/stuck" >/dev/null || fail "it answers again"
unmount_view "$WORK/stuck"
unmount_view "$WORK/well"
assert_eq "$(ls "$XDG_STATE_HOME/scratchfs/stores")" "" "stores that are left"
