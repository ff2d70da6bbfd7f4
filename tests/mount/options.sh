#!/bin/bash
# SPDX-License-Identifier: MIT
# What the command line, -o and mount(8) can say, and what it does.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"

mkdir -p "$WORK/source/lib" "$WORK/source/logs"
echo host >"$WORK/source/lib/file"
view=$WORK/view

# Patterns are added to those built in; read-only ones refuse.
mount_view "$WORK/source" "$view" -s '*.o' -r /lib
touch "$view/a.o" "$view/.tmp1"
assert_absent "$WORK/source/a.o"
assert_absent "$WORK/source/.tmp1"
said=$(sh -c "echo x >'$view/lib/file'" 2>&1) && fail "wrote to a read-only file"
[[ $said == *"Read-only file system"* ]] || fail "said: $said"
assert_fails touch "$view/lib/new"
assert_fails rm "$view/lib/file"
touch "$view/lib/b.o"
assert_absent "$WORK/source/lib/b.o"
assert_eq "$(cat "$view/lib/file")" host
unmount_view "$view"

# The same as -o, in one word, as fstab would have it.
mount_view "$WORK/source" "$view" -o 'scratch=*.o,readonly=/lib,noatime'
touch "$view/a.o"
assert_absent "$WORK/source/a.o"
assert_fails touch "$view/lib/new"
grep -q " $view [^ ]*noatime" /proc/self/mountinfo || fail "not noatime"
unmount_view "$view"

# ro: nothing changes, scratch neither.
mount_view "$WORK/source" "$view" -o ro
assert_fails touch "$view/.tmp1"
unmount_view "$view"

# Names that the options of a mount could trip over.
odd="$WORK/odd, name\\x=y"
mkdir "$odd"
echo host >"$odd/file"
mount_view "$odd" "$view"
assert_eq "$(cat "$view/file")" host
assert_eq "$(findmnt -no SOURCE "$view" | sed 's/\\x5c/\\/g')" "$odd" "source"
unmount_view "$view"
mount_view "$WORK/source" "$odd"
assert_eq "$(cat "$odd/lib/file")" host "on an odd mount point"
unmount_view "$odd"

# A configuration of the source, announced; and not read if so wished.
printf 'scratch: [wanted]\n' >"$WORK/source/.scratchfs.yaml"
said=$(timeout -k 5 30 "$SCRATCHFS" "$WORK/source" "$view" 2>&1)
assert_eq "$(wc -l <<<"$said")" 1 "lines about the configuration ($said)"
[[ $said == *.scratchfs.yaml* ]] || fail "said: $said"
touch "$view/wanted" "$view/.tmp1"
assert_absent "$WORK/source/wanted"
assert_present "$WORK/source/.tmp1"
rm "$view/.tmp1"
bounded "$SCRATCHFS" umount "$view" >/dev/null
mount_view "$WORK/source" "$view" --no-config
touch "$view/.tmp1"
assert_absent "$WORK/source/.tmp1"
unmount_view "$view"

# Other places for the store.
mkdir "$WORK/place"
for place in "$WORK/place" tmpfs tmpfs:16M; do
	mount_view "$WORK/source" "$view" --no-config --store "$place"
	echo secret-scratch >"$view/.tmp1"
	assert_eq "$(cat "$view/.tmp1")" secret-scratch "in a store on $place"
	grep -rlq secret-scratch "$XDG_STATE_HOME" &&
		fail "the default store was used beside $place"
	unmount_view "$view"
	grep -rl secret-scratch "$WORK/place" && fail "left in $place"
done
assert_eq "$(find "$XDG_STATE_HOME/scratchfs/mounts" -type f)" "" "the registry"

[ "$(id -u)" = 0 ] || exit 0

# mount(8) calls us with words of its own.  (By the path, because where the
# type's name leads is not a test's to say.)
if command -v mount.fuse >/dev/null; then
	timeout -k 5 30 mount -t fuse "$SCRATCHFS#$WORK/source" "$view" \
		-o "no_config,scratch=*.o,nodev" || fail "mount(8): exit $?"
	touch "$view/a.o"
	assert_absent "$WORK/source/a.o"
	wait_until 60 umount "$view"
fi

# Others see a view of root's only if they may, and new files are theirs.
chmod 1777 "$WORK/source"
mount_view "$WORK/source" "$view" --no-config
assert_fails as_user ls "$view"
unmount_view "$view"
mount_view "$WORK/source" "$view" --no-config -o allow_other
as_user touch "$view/.tmp1" "$view/theirs"
as_user mkdir "$view/__pycache__"
for path in .tmp1 theirs __pycache__; do
	assert_eq "$(stat -c %U "$view/$path")" "$TEST_USER" "owner of $path"
done
chmod 700 "$view/lib"
assert_fails as_user cat "$view/lib/file"
unmount_view "$view"
