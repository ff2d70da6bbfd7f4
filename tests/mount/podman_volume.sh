#!/bin/bash
# SPDX-License-Identifier: MIT
# A real podman volume moves into a scratchfs volume, and back, with nothing lost.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/podman.sh"

# A volume as a container leaves it.
pod volume create old >/dev/null
# shellcheck disable=SC2086
pod run --rm --network none $RUN -v old:/logs "$IMAGE" sh -c '
	mkdir -p /logs/archive/empty
	echo "line 1" >/logs/app.log
	ln -s app.log /logs/latest
	ln /logs/app.log /logs/archive/linked
	head -c 3000000 /dev/urandom >/logs/archive/big
	chmod 640 /logs/archive/big
	chown 1000:1000 /logs/archive/big
	touch -d "2001-02-03 04:05:06" /logs/archive/big
	chmod 2775 /logs/archive'
old=$(pod volume inspect --format '{{.Mountpoint}}' old)

"$SCRATCHFS" volume create logs >/dev/null
if ! pod volume export old |
	"$SCRATCHFS" volume import --at /logs logs - 2>"$WORK/stderr"; then
	! grep -q 'without libarchive' "$WORK/stderr" || skip "no libarchive"
	fail "$(cat "$WORK/stderr")"
fi

# The time of the top folder is not in podman's archives, and of times they have
# the seconds.
same() {
	list_tree "$1" | tail -n +2 | sed -E 's/ ([0-9]{10}|[0-9]{9})[0-9]{9} / \1 /'
}
tree=$("$SCRATCHFS" volume inspect --format '{{.Mountpoint}}' logs)
assert_eq "$(same "$tree/logs")" "$(same "$old")" "podman to scratchfs"

# A view shows it, and adds to it.
mkdir "$WORK/project"
printf 'scratch: [{glob: /logs, volume: logs}]\n' >"$WORK/scratchfs.yaml"
mount_view "$WORK/project" "$WORK/view" --config "$WORK/scratchfs.yaml"
assert_eq "$(cat "$WORK/view/logs/latest")" "line 1"
echo "line 2" >>"$WORK/view/logs/app.log"
unmount_view "$WORK/view"
assert_absent "$WORK/project/logs"

# And back.
pod volume create new >/dev/null
"$SCRATCHFS" volume export --at /logs logs | pod volume import new -
new=$(pod volume inspect --format '{{.Mountpoint}}' new)
assert_eq "$(same "$new")" "$(same "$tree/logs")" "scratchfs to podman"
# shellcheck disable=SC2086
assert_eq "$(pod run --rm --network none $RUN -v new:/logs "$IMAGE" \
	cat /logs/latest)" "line 1
line 2"
