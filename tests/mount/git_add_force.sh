#!/bin/bash
# SPDX-License-Identifier: MIT
# A scratch file that git begins to track moves to the host, open as it is.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/git.sh"
source=$WORK/source view=$WORK/view

repository "$source"
echo first >"$source/file"
printf 'logs\n.tmp*\n' >"$source/.gitignore"
commit "$source" first
mount_git "$source" "$view"
cd "$view"

mkdir -m 750 logs deep deep/logs
echo one >logs/x
echo other >logs/other
ln -s x logs/link
echo deep >deep/logs/.keep
echo deeper >deep/logs/noise
echo linked >.tmp-a
ln .tmp-a .tmp-b
assert_absent "$source/logs"
exec 3>>logs/x
exec 4<logs/x
ino=$(stat -c %i logs/x)
git add -f logs/x logs/link deep/logs/.keep .tmp-a

assert_eq "$(cat "$source/logs/x")" one "the tracked file on the host"
assert_eq "$(readlink "$source/logs/link")" x "the tracked symlink on the host"
assert_eq "$(cat "$source/deep/logs/.keep")" deep "the tracked file below"
assert_eq "$(stat -c %a "$source/logs")" 750 "mode of the folder made for it"
assert_absent "$source/logs/other"
assert_absent "$source/deep/logs/noise"
assert_eq "$(stat -c %i logs/x)" "$ino" "inode number in the view"
echo two >>logs/x
assert_eq "$(tail -n1 "$source/logs/x")" two "an edit after git add"
echo three >&3
assert_eq "$(tail -n1 "$source/logs/x")" three "a write through an open file"
assert_eq "$(cat <&4)" "$(printf 'one\ntwo\nthree')" "a reader's open file"
exec 3>&- 4<&-

# What else is in these folders is still there, and is still scratch.
assert_eq "$(cat logs/other)" other "an untracked neighbour"
echo more >>logs/other
assert_absent "$source/logs/other"
echo more >>deep/logs/noise
echo new >deep/logs/new
assert_absent "$source/deep/logs/noise"
assert_absent "$source/deep/logs/new"
assert_eq "$(names deep/logs)" ".keep new noise " "listing"
assert_eq "$(names logs)" "link other x " "listing"
# What git compares is told before git's rename is answered.
cp "$source/file" deep/logs/.two
stat deep/logs/.two >/dev/null
git update-index --add --cacheinfo \
	"100644,$(git rev-parse HEAD:file),deep/logs/.two"
assert_eq "$(stat -c %z deep/logs/.two)" \
	"$(stat -c %z "$source/deep/logs/.two")" "ctime of a file that moved"
# A folder with a tracked source is one of sources.
echo source >logs/new
assert_eq "$(cat "$source/logs/new")" source "a new file beside it"

# Another name of a file stays scratch.
assert_eq "$(cat "$source/.tmp-a")" linked "a file with links on the host"
assert_absent "$source/.tmp-b"
echo changed >>.tmp-b
assert_eq "$(cat "$source/.tmp-a")" linked "its other name was written to"

git commit -qm "all of it"
assert_same_status "$source" "$view"
assert_eq "$(tracked_status "$source")" " M logs/x" "status on the host"
cd "$WORK"
unmount_view "$view"
assert_eq "$(cat "$source/logs/x")" "$(printf 'one\ntwo\nthree')" "at the end"
