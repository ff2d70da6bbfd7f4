#!/bin/bash
# SPDX-License-Identifier: MIT
# A volume in use: two views share it, a held lock protects it, kill -9 frees it
# and loses nothing, and `umount --volume` makes one of ephemeral scratch.
. "$(dirname "$0")/../lib/mount.sh"

volume() {
	timeout -k 5 60 "$SCRATCHFS" volume "$@"
}

state=$XDG_STATE_HOME/scratchfs
mkdir -p "$WORK/project/logs" "$WORK/other" "$WORK/three"
echo host >"$WORK/project/logs/host"

mount_view "$WORK/project" "$WORK/one" --volume shared
mount_view "$WORK/project" "$WORK/two" --volume shared
assert_eq "$(volume inspect -f '{{.Labels.source}} {{.MountCount}}' shared)" \
	"$WORK/project 2"
echo a >"$WORK/one/logs/a"
assert_eq "$(cat "$WORK/two/logs/a")" a
rm "$WORK/two/logs/host"
wait_until 60 test ! -e "$WORK/one/logs/host"
assert_present "$WORK/project/logs/host"

status=0
volume rm shared 2>"$WORK/stderr" || status=$?
assert_eq "$status" 2 "removing what is in use"
grep -q "at $WORK/one " "$WORK/stderr" || fail "the user is not named"
assert_eq "$(volume prune -f)" ""
assert_eq "$(volume df --noheading | awk '{print $2, $3}')" "2 1"

# Killed: the lock is free at once, what was written is there.
daemon=$(daemon_of "$WORK/one")
kill -KILL "$daemon"
wait_until 60 process_ended "$daemon"
assert_eq "$(volume ls -q --filter dangling=true)" "" "the other view holds it"
unmount_view "$WORK/two"
assert_eq "$(volume ls -q --filter dangling=true)" shared
mount_view "$WORK/project" "$WORK/one" --volume shared
assert_eq "$(cat "$WORK/one/logs/a")" a
assert_absent "$WORK/one/logs/host"
unmount_view "$WORK/one"
assert_eq "$(volume export shared | tar -t | sort | grep -v '/$' | xargs)" \
	"hidden/logs/host tree/logs/a"

# A configuration that came with a project cannot take another one's volume.
printf 'scratch: [{glob: logs, volume: shared}]\n' >"$WORK/other/.scratchfs.yaml"
status=0
timeout -k 5 60 "$SCRATCHFS" "$WORK/other" "$WORK/three" 2>"$WORK/stderr" ||
	status=$?
[ "$status" != 0 ] || fail "another source's volume was mounted"
grep -q "was made for $WORK/project" "$WORK/stderr" || fail "not said why"
mount_view "$WORK/other" "$WORK/three" --no-config --volume shared
unmount_view "$WORK/three"
volume rm shared >/dev/null

# Ephemeral scratch is kept on request, and gone otherwise.
mount_view "$WORK/project" "$WORK/one"
echo kept >"$WORK/one/logs/new"
timeout -k 5 60 "$SCRATCHFS" umount "$WORK/one" --volume kept >/dev/null
assert_eq "$(cat "$(volume inspect -f '{{.Mountpoint}}' kept)/logs/new")" kept
volume rm kept >/dev/null
mount_view "$WORK/project" "$WORK/one"
echo gone >"$WORK/one/logs/new"
daemon=$(daemon_of "$WORK/one")
unmount_view "$WORK/one"
assert_eq "$(find "$state" -type f ! -name .lock)" "" "scratch that is left"

# Killed and unmounted: the next start, or prune, collects it.
mount_view "$WORK/project" "$WORK/one"
echo gone >"$WORK/one/logs/new"
daemon=$(daemon_of "$WORK/one")
kill -KILL "$daemon"
wait_until 60 process_ended "$daemon"
assert_eq "$("$SCRATCHFS" prune)" "" "the dead mount still stands"
timeout -k 5 60 umount -l "$WORK/one" 2>/dev/null || fusermount3 -uz "$WORK/one"
# A process that is ending holds its locks a little longer than its program.
collects() {
	"$SCRATCHFS" prune | grep -q "^$state/stores/"
}
wait_until 60 collects
assert_eq "$(find "$state" -type f ! -name .lock)" "" "what prune left"
