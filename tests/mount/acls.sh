#!/bin/bash
# SPDX-License-Identifier: MIT
# POSIX ACLs behave in the view, on core and on scratch paths, as on a plain
# folder: masks, default ACLs with and without a umask, chmod, inheritance.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/story.sh"
need setfacl getfacl

mkdir "$WORK/native" "$WORK/source"
touch "$WORK/native/probe"
setfacl -m u:1:r "$WORK/native/probe" 2>/dev/null ||
	skip "this file system has no ACLs"
rm "$WORK/native/probe"

# Of everything below, in one order.
acls_of() (
	cd "$1" || exit
	find . ! -type l | LC_ALL=C sort | getfacl -n -p -
)

# The same in each folder; says what came out.
story() (
	cd "$1" || exit
	mkdir dir
	setfacl -d -m u:1:rwx,g:2:rx,o::- dir
	umask 077
	touch dir/file
	mkdir dir/sub
	(umask 000 && touch dir/open)
	setfacl -m u:3:rw dir/file
	chmod 640 dir/open
	touch plain
	setfacl -m u:4:r,m::rwx plain
	chmod g-w plain
	touch none
	setfacl -m u:5:rw none
	setfacl -b none
	setfacl -k dir/sub
	touch dir/sub/child
	cp -p plain copied
	mv plain moved
	ln -s moved link
	acls_of .
	stat -c '%n %A' dir dir/file dir/sub dir/open moved copied none
)
same_stories
grep -q 'user:1:rwx' "$WORK/native.txt" || fail "the story tells nothing"
diff <(acls_of "$WORK/source/core") <(acls_of "$WORK/view/core") ||
	fail "the host differs"

# A change of an ACL that only shows through is made in the store.
touch "$WORK/source/.tmp1"
setfacl -m u:6:r "$WORK/source/.tmp1"
before=$(getfacl -n -p "$WORK/source/.tmp1")
setfacl -m u:7:r "$WORK/view/.tmp1"
getfacl -n -p "$WORK/view/.tmp1" | grep -q '^user:7:r' || fail "not set"
getfacl -n -p "$WORK/view/.tmp1" | grep -q '^user:6:r' || fail "lost"
assert_eq "$(getfacl -n -p "$WORK/source/.tmp1")" "$before"
unmount_view "$WORK/view"
