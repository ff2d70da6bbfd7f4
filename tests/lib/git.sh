# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For mounted tests with git; source it after mount.sh.  SFS_TEST_STORE chooses
# another store than the default one.
#
#   repository DIR          makes an empty one
#   commit DIR MESSAGE      of all that is not ignored
#   mount_git SOURCE VIEW   mounts
#   assert_same_status SOURCE VIEW
#                           git says the same on both sides, apart from untracked
#                           names in the view, which may be scratch
#   holds FILE TEXT         for wait_until: is this the file's text?
#   names DIR               what is in it
#   is_place FILE PLACE     for wait_until: does it live there?
need git
export GIT_CONFIG_GLOBAL="$WORK/gitconfig" GIT_CONFIG_NOSYSTEM=1
git config --global user.name test
git config --global user.email test@localhost
git config --global init.defaultBranch main
git config --global advice.detachedHead false
git config --global protocol.file.allow always
git config --global gc.auto 0

repository() {
	git init -q "$1"
}

commit() {
	git -C "$1" add -A
	git -C "$1" commit -qm "$2"
}

mount_git() {
	mount_view "$1" "$2" ${SFS_TEST_STORE:+--store "$SFS_TEST_STORE"}
}

tracked_status() {
	git -C "$1" status --porcelain -uno
}

assert_same_status() {
	assert_eq "$(tracked_status "$2")" "$(tracked_status "$1")" \
		"git status in the view and on the host"
}

holds() {
	[ "$(cat "$1" 2>/dev/null)" = "$2" ]
}

names() {
	find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort |
		tr '\n' ' '
}

is_place() {
	[ "$("$TEST_PYTHON" -c 'import os, sys
print(os.getxattr(sys.argv[1], "user.scratchfs.place").decode())' "$1")" = "$2" ]
}
