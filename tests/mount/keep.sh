#!/bin/bash
# SPDX-License-Identifier: MIT
# `keep` copies scratch files to their place on the host, and nothing else.
. "$(dirname "$0")/../lib/mount.sh"

source=$WORK/source
view=$WORK/view
mkdir -p "$source/logs" "$source/sub"
echo host >"$source/logs/both"
echo lower >"$source/logs/lower"
mount_view "$source" "$view"

mkdir -p "$view/sub/logs/deep/empty"
echo wanted >"$view/sub/logs/deep/file"
echo other >"$view/sub/logs/other"
ln -s deep/file "$view/sub/logs/link"
mkfifo "$view/sub/logs/fifo"
chmod 640 "$view/sub/logs/deep/file"
touch -d 2020-02-02T02:02:02.123456789 "$view/sub/logs/deep/file"
setfattr -n user.test -v value "$view/sub/logs/deep/file"
echo view >"$view/logs/both"
echo readonly >"$view/.tmpro"
chmod 444 "$view/.tmpro"

# One file: with the folders above it, without its neighbours.
"$SCRATCHFS" keep "$view/sub/logs/deep/file"
assert_eq "$(cat "$source/sub/logs/deep/file")" wanted
assert_eq "$(stat -c '%a %y' "$source/sub/logs/deep/file" | cut -c1-33)" \
	"640 2020-02-02 02:02:02.123456789"
assert_eq "$(getfattr --only-values -n user.test \
	"$source/sub/logs/deep/file" 2>/dev/null)" value
assert_absent "$source/sub/logs/other"
assert_eq "$(cat "$view/sub/logs/deep/file")" wanted

# A folder, from inside of the view; what is there already does no harm.
(cd "$view/sub" && "$SCRATCHFS" keep logs/ 2>"$WORK/stderr") &&
	fail "overwrote without being asked"
grep -q "deep/file is on the host too; --force" "$WORK/stderr" ||
	fail "$(cat "$WORK/stderr")"
assert_eq "$(cat "$source/sub/logs/other")" other
assert_eq "$(readlink "$source/sub/logs/link")" deep/file
assert_eq "$(stat -c %F "$source/sub/logs/fifo")" fifo
assert_present "$source/sub/logs/deep/empty"
"$SCRATCHFS" keep "$view/.tmpro"
assert_eq "$(cat "$source/.tmpro")" readonly

# A changed copy of a host file.
assert_fails "$SCRATCHFS" keep "$view/logs/both" 2>/dev/null
assert_eq "$(cat "$source/logs/both")" host
"$SCRATCHFS" keep --force "$view/logs"
assert_eq "$(cat "$source/logs/both")" view

# What the host has.
out=$("$SCRATCHFS" keep "$view/logs/lower" 2>&1)
[[ $out == *"on the host already"* ]] || fail "$out"

# The host has another kind of thing.
mkdir "$view/.tmpdir"
echo file >"$source/.tmpother"
rm "$view/.tmpother"
mkdir "$view/.tmpother"
assert_fails "$SCRATCHFS" keep --force "$view/.tmpother" 2>/dev/null
assert_eq "$(cat "$source/.tmpother")" file

assert_fails "$SCRATCHFS" keep 2>/dev/null
assert_fails "$SCRATCHFS" keep "$source/logs/both" 2>/dev/null
assert_fails "$SCRATCHFS" keep "$view/missing" 2>/dev/null
out=$("$SCRATCHFS" keep --forse "$view/.tmpro" 2>&1 || :)
[[ $out == *"did you mean '--force'"* ]] || fail "no suggestion: $out"
[[ $("$SCRATCHFS" keep --help) == "Usage: scratchfs keep"* ]]

# Over the source itself only the daemon reaches the host.
unmount_view "$view"
assert_eq "$(find "$source" -name '.scratchfs~*')" ""
mount_view "$source" "$source"
echo inside >"$source/.tmpinside"
(cd "$source" && "$SCRATCHFS" keep .tmpinside)
unmount_view "$source"
assert_eq "$(cat "$source/.tmpinside")" inside
