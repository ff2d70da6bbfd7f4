#!/bin/bash
# SPDX-License-Identifier: MIT
# Extended attributes: the host's on core paths, copies in the store for what
# shows through, and ours, which say where a name lives and are never listed.
. "$(dirname "$0")/../lib/mount.sh"
need setfattr getfattr cp

mkdir -p "$WORK/source/dir/logs"
echo core >"$WORK/source/dir/file"
echo lower >"$WORK/source/dir/.tmp1"
setfattr -n user.probe -v 1 "$WORK/source/dir" 2>/dev/null ||
	skip "this file system has no user.* attributes"
setfattr -n user.old -v 1 "$WORK/source/dir/file" "$WORK/source/dir/.tmp1"
ln -s file "$WORK/source/dir/link"
before=$(hash_tree "$WORK/source/dir/logs")

mount_view "$WORK/source" "$WORK/view"
view=$WORK/view/dir
value() {
	getfattr --absolute-names --only-values -n "$1" -- "$2"
}
echo scratch >"$view/.tmp2"

# Where a name lives.
assert_eq "$(value user.scratchfs.place "$view/file")" host
assert_eq "$(value user.scratchfs.place "$view")" host
assert_eq "$(value user.scratchfs.place "$view/.tmp1")" lower
assert_eq "$(value user.scratchfs.place "$view/.tmp2")" scratch
assert_eq "$(value user.scratchfs.path "$view/file")" "$WORK/source/dir/file"
assert_eq "$(value user.scratchfs.path "$view/.tmp1")" "$WORK/source/dir/.tmp1"
assert_eq "$(cat "$(value user.scratchfs.path "$view/.tmp2")")" scratch
assert_eq "$(value user.scratchfs.rule "$view/.tmp2")" '.tmp*'
assert_fails value user.scratchfs.rule "$view/file" 2>/dev/null
assert_fails setfattr -n user.scratchfs.place -v x "$view/file" 2>/dev/null
assert_fails setfattr -x user.scratchfs.place "$view/file" 2>/dev/null

# Never listed, so a copy doesn't carry them.
assert_eq "$(getfattr --absolute-names -d -m - "$view/file" | grep '=')" \
	'user.old="1"'
cp -a "$view/.tmp1" "$WORK/copy"
assert_eq "$(getfattr --absolute-names -d -m user "$WORK/copy" | grep '=')" \
	'user.old="1"'

# Set, changed, removed.
setfattr -n user.new -v 2 "$view/file" "$view/.tmp1" "$view"
assert_eq "$(value user.new "$WORK/source/dir/file")" 2
assert_eq "$(value user.new "$WORK/source/dir")" 2
assert_eq "$(value user.new "$view/.tmp1")" 2
assert_eq "$(value user.old "$view/.tmp1")" 1
assert_eq "$(cat "$view/.tmp1")" lower
assert_fails value user.new "$WORK/source/dir/.tmp1" 2>/dev/null
setfattr -x user.old "$view/file" "$view/.tmp1"
assert_fails value user.old "$view/file" 2>/dev/null
assert_fails value user.old "$view/.tmp1" 2>/dev/null
assert_eq "$(value user.old "$WORK/source/dir/.tmp1")" 1
# The host's changes show.
setfattr -n user.host -v 3 "$WORK/source/dir/file"
assert_eq "$(value user.host "$view/file")" 3

# What the system calls say, natively and in the view.
errors() {
	"$TEST_PYTHON" - "$1" <<'PYTHON'
import errno, os, sys

folder = sys.argv[1]


def say(what, call, *args, **kwargs):
    try:
        result = call(*args, **kwargs)
        print(what, sorted(result) if isinstance(result, list) else result)
    except OSError as error:
        print(what, errno.errorcode[error.errno])


for name in ("file", ".tmp9"):
    path = f"{folder}/{name}"
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
    say("missing", os.getxattr, path, "user.nothing")
    say("remove missing", os.removexattr, path, "user.nothing")
    say("replace missing", os.setxattr, path, "user.a", b"", os.XATTR_REPLACE)
    say("create", os.setxattr, path, "user.a", b"1", os.XATTR_CREATE)
    say("create again", os.setxattr, path, "user.a", b"", os.XATTR_CREATE)
    say("empty", os.setxattr, path, "user.empty", b"")
    say("get empty", os.getxattr, path, "user.empty")
    say("binary", os.setxattr, path, "user.b", bytes(range(256)))
    say("get binary", os.getxattr, path, "user.b")
    say("too long a name", os.setxattr, path, "user." + "n" * 256, b"")
    say("no such kind", os.setxattr, path, "strange.a", b"")
    say("too large", os.setxattr, path, "user.large", b"x" * 65537)
    say("remove", os.removexattr, path, "user.a")
    os.symlink(path, f"{path}.link")
    say("on a symlink", os.setxattr, f"{path}.link", "user.a", b"",
        follow_symlinks=False)
    os.unlink(f"{path}.link")
    os.mkfifo(f"{path}.fifo")
    say("on a fifo", os.setxattr, f"{path}.fifo", "user.a", b"")
    os.unlink(f"{path}.fifo")
    fd = os.open(path, os.O_RDWR)
    os.unlink(path)
    say("unlinked", os.setxattr, fd, "user.c", b"3")
    say("of unlinked", os.getxattr, fd, "user.c")
    os.close(fd)
PYTHON
}
mkdir "$WORK/native" "$WORK/view/errors"
diff <(errors "$WORK/native") <(errors "$WORK/view/errors") ||
	fail "the answers differ"
assert_eq "$(hash_tree "$WORK/source/dir/logs")" "$before"
unmount_view "$WORK/view"
