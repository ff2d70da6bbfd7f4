#!/bin/bash
# SPDX-License-Identifier: MIT
# Who writes to a program of somebody else's takes its set-ID bits away, in
# whatever way; root does not, and an owner may set them again.
. "$(dirname "$0")/../lib/mount.sh"
need_root

mkdir "$WORK/source"
view=$WORK/view

# CHANGE: what sh does to a file F.
by_root() {
	sh -c "${1//F/$file}"
}
by_user() {
	as_user sh -c "${1//F/$file}"
}

by_member() { # of a group that is not the first one
	setpriv --reuid="$TEST_USER" --regid=12345 --groups="$TEST_USER" \
		sh -c "${1//F/$file}"
}

# WHO CHANGE [MODE]: the mode after it.
mode_after() {
	echo 0123456789 >"$file"
	chown "$owner" "$file"
	chmod "${3-6777}" "$file"
	"$1" "$2"
	stat -c %a "$file"
}

in_all_ways() {
	for file in "$view/file" "$view/.tmp1"; do
		owner=root:root
		for change in 'echo x >>F' 'echo x 1<>F' 'echo x >F' \
			'truncate -s 3 F' 'fallocate -l 50 F'; do
			assert_eq "$(mode_after by_user "$change")" 777 "user: $change"
			assert_eq "$(mode_after by_root "$change")" 6777 "root: $change"
			# Not a program of the group: who is in the group keeps it.
			assert_eq "$(mode_after by_user "$change" 6767)" 767 "group: $change"
			owner=$TEST_USER:$TEST_USER
			assert_eq "$(mode_after by_member "$change" 6767)" 2767 "member: $change"
			owner=root:root
		done
		owner=$TEST_USER:root
		assert_eq "$(mode_after by_user "chgrp $TEST_USER F" 6767)" 767 chgrp
		owner=$TEST_USER:$TEST_USER
		assert_eq "$(mode_after by_user 'echo x >>F; chmod u+s F')" 4777 owner
	done
}

mount_view "$WORK/source" "$view" -o allow_other,io=passthrough
in_all_ways
unmount_view "$view"
mount_view "$WORK/source" "$view" -o allow_other,io=cached
in_all_ways

# Bits that the kernel has not heard of: it says who writes, the view looks.
chmod 777 "$view/file"
exec 3<>"$view/file"
chmod 6777 "$WORK/source/file"
echo x >&3
assert_eq "$(stat -c %a "$WORK/source/file")" 6777 "root, through a descriptor"
as_user sh -c 'echo x >&3'
assert_eq "$(stat -c %a "$WORK/source/file")" 777 "user, through a descriptor"
exec 3>&-
