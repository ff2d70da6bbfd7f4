#!/bin/bash
# SPDX-License-Identifier: MIT
# A file that git no longer tracks is scratch: no edit of it reaches the host.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/git.sh"
source=$WORK/source view=$WORK/view

repository "$source"
mkdir -m 750 "$source/logs"
echo f >"$source/logs/f"
echo keep >"$source/logs/.keep"
echo untracked >"$source/logs/u"
echo t >"$source/.tmp-t"
git -C "$source" add -f logs/f logs/.keep .tmp-t
git -C "$source" commit -qm first
mount_git "$source" "$view"
cd "$view"

names logs >/dev/null
exec 3>>logs/f
git rm -q --cached logs/f
echo x >>logs/f
echo y >&3
echo u >>logs/u
assert_eq "$(cat "$source/logs/f")" f "the host's file"
assert_eq "$(cat "$source/logs/u")" untracked "the host's untracked file"
assert_eq "$(cat logs/f)" "$(printf 'f\nx\ny')" "the view's file"
echo k >>logs/.keep
assert_eq "$(cat "$source/logs/.keep")" "$(printf 'keep\nk')" "still tracked"
exec 3>&-

echo new >logs/new
assert_absent "$source/logs/new"
git rm -q --cached -r .
echo z >>logs/.keep
echo z >>.tmp-t
assert_eq "$(cat "$source/logs/.keep")" "$(printf 'keep\nk')" "the host's .keep"
assert_eq "$(cat "$source/.tmp-t")" t "the host's .tmp-t"
assert_eq "$(stat -c %a logs)" 750 "mode of a folder that became scratch"
assert_eq "$(names logs)" ".keep f new u " "listing"

# The host's own git, seen in the view soon after.
git -C "$source" add -f logs/.keep
wait_until 60 is_place logs/.keep host
wait_until 60 is_place logs/f scratch
echo h >>logs/.keep
assert_eq "$(cat "$source/logs/.keep")" "$(printf 'keep\nk\nh')" "tracked again"
git -C "$source" rm -q --cached -f logs/.keep
wait_until 60 is_place logs/.keep scratch
echo lost >>logs/.keep
assert_eq "$(cat "$source/logs/.keep")" "$(printf 'keep\nk\nh')" "not any more"
