#!/bin/bash
# SPDX-License-Identifier: MIT
# fallocate(2) in the modes that FUSE can carry, holes and copy_file_range(2)
# give the same bytes, sizes, holes and errors as on a plain folder.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/story.sh"

story() {
	"$TEST_PYTHON" - "$1" <<'PYTHON'
import ctypes, errno, hashlib, os, sys

libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long,
                           ctypes.c_long]
KEEP, PUNCH, ZERO = 1, 2, 16
K = 1024


def say(what, call, *args):
    try:
        print(what, call(*args))
    except OSError as error:
        print(what, errno.errorcode[error.errno])


def allocate(fd, mode, offset, length):
    if libc.fallocate(fd, mode, offset, length):
        raise OSError(ctypes.get_errno(), "")
    return "done"


def holes(fd):
    found, at, end = [], 0, os.fstat(fd).st_size
    while at < end:
        try:
            data = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            break
        at = os.lseek(fd, data, os.SEEK_HOLE)
        found.append((data, at))
    return found


def show(fd):
    os.fsync(fd)
    size = os.fstat(fd).st_size
    digest = hashlib.sha256(os.pread(fd, size, 0)).hexdigest()[:16]
    print("  ", size, holes(fd), digest)


os.chdir(sys.argv[1])
fd = os.open("file", os.O_CREAT | os.O_RDWR, 0o644)
os.write(fd, bytes(range(256)) * 4 * 256)
for name, mode, offset, length in (
        ("allocate", 0, 0, 300 * K),
        ("allocate beyond", KEEP, 0, 400 * K),
        ("punch", PUNCH | KEEP, 16 * K, 32 * K),
        ("punch a piece", PUNCH | KEEP, 100 * K + 7, 5 * K),
        ("punch without keep", PUNCH, 0, 4 * K),
        ("zero", ZERO, 64 * K, 8 * K),
        ("zero beyond", ZERO | KEEP, 300 * K, 8 * K),
        ("nonsense", 4096, 0, 4 * K),
        ("no length", 0, 0, 0),
        ("negative", 0, -1, 10)):
    say(name, allocate, fd, mode, offset, length)
    show(fd)

sparse = os.open("sparse", os.O_CREAT | os.O_RDWR, 0o644)
os.pwrite(sparse, b"a" * 4096, 64 * K)
os.pwrite(sparse, b"b" * 10, 1000 * K)
os.ftruncate(sparse, 2000 * K)
show(sparse)
for whence in (os.SEEK_DATA, os.SEEK_HOLE):
    for at in (0, 64 * K, 66 * K, 999 * K, 1000 * K, 1999 * K, 2000 * K, 1 << 40):
        say(f"seek {whence} {at}", os.lseek, sparse, at, whence)
say("seek end", os.lseek, sparse, -10, os.SEEK_END)

target = os.open("target", os.O_CREAT | os.O_RDWR, 0o644)
for arguments in ((sparse, target, 100 * K, 60 * K, 0),
                  (sparse, target, 10, 1000 * K, 200 * K),
                  (sparse, target, 10, 3000 * K, 0),
                  (target, target, 4 * K, 0, 300 * K),
                  (target, target, 4 * K, 0, 1 * K)):
    say("copy", os.copy_file_range, *arguments)
    show(target)
readonly = os.open("sparse", os.O_RDONLY)
say("to read-only", os.copy_file_range, target, readonly, 10)
say("allocate read-only", allocate, readonly, 0, 0, 10)
folder = os.open(".", os.O_RDONLY)
say("allocate folder", allocate, folder, 0, 0, 10)
say("beyond all", allocate, fd, 0, 1 << 62, 1 << 62)
PYTHON
}

mkdir "$WORK/native" "$WORK/source"
same_stories
grep -q 'punch done' "$WORK/native.txt" ||
	skip "this file system punches no holes"

# From one place to the other, both ways.
"$TEST_PYTHON" - "$WORK/view" <<'PYTHON' || fail "copying across differs"
import os, sys

os.chdir(sys.argv[1])
for here, there in (("core/a", "logs/a"), ("logs/b", "core/b")):
    one = os.open(here, os.O_CREAT | os.O_RDWR, 0o644)
    two = os.open(there, os.O_CREAT | os.O_RDWR, 0o644)
    text = os.urandom(3 << 20)
    os.write(one, text)
    copied = 0
    while copied < len(text):
        n = os.copy_file_range(one, two, len(text) - copied, copied, copied)
        assert n > 0
        copied += n
    assert os.pread(two, len(text), 0) == text
    assert os.fstat(two).st_size == len(text)
PYTHON
unmount_view "$WORK/view"
