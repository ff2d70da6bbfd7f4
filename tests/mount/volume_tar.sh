#!/bin/bash
# SPDX-License-Identifier: MIT
# Archives of volumes: everything in them comes back, podman's come in and go
# out, and an import that fails leaves the volume as it was.
. "$(dirname "$0")/../lib/mount.sh"

volume() {
	timeout -k 5 60 "$SCRATCHFS" volume "$@"
}

refuses() {
	local status=0
	volume "$@" || status=$?
	assert_eq "$status" 125 "exit status of $*"
}

volume create v >/dev/null
volume export v >"$WORK/empty.tar" 2>"$WORK/stderr" || {
	! grep -q 'without libarchive' "$WORK/stderr" || skip "no libarchive"
	fail "$(cat "$WORK/stderr")"
}
store=$XDG_DATA_HOME/scratchfs/volumes
tree=$store/v/tree

# Everything that a tree can hold.
mkdir -p "$tree/logs/closed" "$store/v/hidden/conf"
echo hello >"$tree/logs/a"
ln "$tree/logs/a" "$tree/logs/hard"
ln -s ../../outside "$tree/logs/link"
mkfifo "$tree/logs/fifo"
truncate -s 64M "$tree/sparse"
printf x | dd of="$tree/sparse" bs=1 seek=40M conv=notrunc status=none
echo secret >"$tree/logs/closed/file"
chmod 4751 "$tree/logs/a"
touch -d '2001-02-03 04:05:06.789' "$tree/logs/a"
long=$(printf 'n%.0s' {1..200})
echo long >"$tree/logs/$long"
: >"$store/v/hidden/conf/gone"
if command -v setfattr >/dev/null; then
	setfattr -n user.colour -v red "$tree/logs/a" || :
fi
if command -v setfacl >/dev/null; then
	setfacl -m u:1234:rx "$tree/logs/a" 2>/dev/null || :
	setfacl -d -m u:1234:rx "$tree/logs" 2>/dev/null || :
fi
[ "$(id -u)" != 0 ] || chown 1234:2345 "$tree/logs/closed/file"
chmod 500 "$tree/logs/closed"
touch -d '2001-01-01' "$tree/logs/closed"

volume export -o "$WORK/v.tar" v
[ "$(stat -c %s "$WORK/v.tar")" -lt 2000000 ] || fail "holes were written"
volume create w >/dev/null
volume import w "$WORK/v.tar"
assert_eq "$(list_tree "$store/w/tree" | tail -n +2)" \
	"$(list_tree "$tree" | tail -n +2)" "export and import"
assert_present "$store/w/hidden/conf/gone"
[ "$(stat -c %b "$store/w/tree/sparse")" -lt 2000 ] || fail "holes were filled"
assert_eq "$(find "$store/w/work" -mindepth 1)" "" "leftovers"

# As a stream, onto what is there: merged, files replaced.
echo old >"$store/w/tree/logs/new"
echo other >"$store/w/tree/logs/hard.new"
rm "$store/w/tree/logs/a"
mkdir "$store/w/tree/logs/a"
echo in-the-way >"$store/w/tree/logs/a/x"
volume export v | volume import w -
assert_eq "$(cat "$store/w/tree/logs/a" "$store/w/tree/logs/new")" "hello
old"

# What fails changes nothing.
before=$(list_tree "$store/w")
head -c 20000 "$WORK/v.tar" >"$WORK/short.tar"
refuses import w "$WORK/short.tar"
mkdir -p "$WORK/evil/tree"
echo x >"$WORK/evil/tree/x"
tar -C "$WORK/evil" -cPf "$WORK/evil.tar" --transform 's,^tree/x,../../x,' tree/x
refuses import --at /logs w "$WORK/evil.tar"
ln -s "$WORK" "$WORK/evil/tree/out"
tar -C "$WORK/evil" -cf "$WORK/evil.tar" tree/out
tar -C "$WORK/evil" -rf "$WORK/evil.tar" --transform 's,^tree/x,tree/out/x,' tree/x
volume import w "$WORK/evil.tar" 2>/dev/null || :
assert_absent "$WORK/x"
rm -f "$store/w/tree/out" "$store/w/tree/out/x" 2>/dev/null || :
rm -rf "$store/w/tree/out"
echo garbage >"$WORK/garbage.tar"
refuses import w "$WORK/garbage.tar"
tar -C "$WORK/evil" -cf "$WORK/foreign.tar" --transform 's,^tree,foreign,' tree/x
refuses import w "$WORK/foreign.tar"
assert_eq "$(list_tree "$store/w" | grep -v "^'\.\?\(tree\|work\)\?' ")" \
	"$(grep -v "^'\.\?\(tree\|work\)\?' " <<<"$before")" "a failed import"
volume create --size 8K small >/dev/null
refuses import small "$WORK/v.tar"
assert_eq "$(find "$store/small/tree" -mindepth 1)" ""
refuses import nope "$WORK/v.tar"
refuses export -o "$WORK/never.tar" nope
assert_absent "$WORK/never.tar"

# --at: plain archives in, plain archives out.
mkdir -p "$WORK/plain/sub"
echo data >"$WORK/plain/sub/file"
tar -C "$WORK/plain" -czf "$WORK/plain.tar.gz" .
volume import --at /a/b w "$WORK/plain.tar.gz"
assert_eq "$(cat "$store/w/tree/a/b/sub/file")" data
tar -C "$WORK/plain" -cf "$WORK/bare.tar" sub/file
volume import --at bare w <"$WORK/bare.tar"
assert_eq "$(stat -c %a "$store/w/tree/bare")" 755
volume export --at a/b w >"$WORK/out.tar"
mkdir "$WORK/out"
tar -C "$WORK/out" -xpf "$WORK/out.tar"
assert_eq "$(list_tree "$WORK/out")" "$(list_tree "$store/w/tree/a/b")"
refuses export --at /nowhere w >/dev/null

# Modes are those of the archive, also of what has an ACL or a long name there.
mkdir -p "$WORK/modes/shared/sub"
: >"$WORK/modes/shared/$long"
chmod 4751 "$WORK/modes/shared/$long"
if command -v setfacl >/dev/null; then
	setfacl -d -m u:1234:rx "$WORK/modes/shared" 2>/dev/null || :
	setfacl -m u:1234:rwx "$WORK/modes/shared/sub" 2>/dev/null || :
fi
chmod 1757 "$WORK/modes/shared"
for format in gnu posix; do
	acls=--acls
	[ "$format" = posix ] || acls=--no-acls
	tar -C "$WORK/modes" -czf "$WORK/modes.tar.gz" "--format=$format" "$acls" .
	volume import --at "$format" w "$WORK/modes.tar.gz"
	assert_eq "$(find "$store/w/tree/$format" -mindepth 1 -printf '%m %f\n' | sort)" \
		"$(find "$WORK/modes" -mindepth 1 -printf '%m %f\n' | sort)" "$format"
done

# An ordinary user: same bytes, his own files.
as_user "$SCRATCHFS" volume create mine >/dev/null
as_user "$SCRATCHFS" volume import mine <"$WORK/v.tar"
as_user cat "$WORK/home/data/scratchfs/volumes/mine/tree/logs/a" >"$WORK/got"
assert_eq "$(cat "$WORK/got")" hello
