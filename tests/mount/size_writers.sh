#!/bin/bash
# SPDX-License-Identifier: MIT
# Eight writers fill a limited store of every kind: exact to 64 KiB, what was
# written is whole, and what is deleted can be written again at once.
. "$(dirname "$0")/../lib/mount.sh"
limit=$((3 << 20))

cat >"$WORK/writers.py" <<'PYTHON'
import ctypes, errno, mmap, os, sys

folder, limit = sys.argv[1], int(sys.argv[2])
PAGE, EXACT = 4096, 65536


def write(path, seed):
    """In pieces of all sizes until there is no more room; what was written."""
    fd, written, size = os.open(path, os.O_CREAT | os.O_RDWR, 0o644), 0, seed
    while True:
        size = size * 48271 % 2147483647
        try:
            written += os.write(fd, bytes([seed]) * (size % 200000 + 1))
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
            os.close(fd)
            return written


def charged(names):
    return sum(-(-os.stat(name).st_size // PAGE) * PAGE for name in names)


def eight_writers(names):
    children = []
    for seed, name in enumerate(names, 1):
        child = os.fork()
        if not child:
            written = write(name, seed)
            body = open(name, "rb").read()
            os._exit(body != bytes([seed]) * written)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0, "a writer's bytes are not there"
    used = charged(names)
    assert limit - EXACT < used <= limit, "full at %d of %d" % (used, limit)


def refuse(call, *args, number=errno.ENOSPC):
    try:
        call(*args)
    except OSError as error:
        assert error.errno == number, error
    else:
        raise AssertionError("%r did not fail" % (args,))


def keep_size(fd, length):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fallocate(fd, 1, ctypes.c_long(0), ctypes.c_long(length)):
        raise OSError(ctypes.get_errno(), "fallocate")


names = [os.path.join(folder, "w%d" % i) for i in range(8)]
eight_writers(names)
for _ in range(20):     # given back by the time that it is asked for
    sizes = [os.stat(name).st_size for name in names[:4]]
    for name in names[:4]:
        os.unlink(name)
    for name, size in zip(names, sizes):
        with open(name, "wb") as file:
            file.truncate(size)
for name in names:
    os.unlink(name)
eight_writers(names)
for name in names:
    os.unlink(name)

# Holes are charged, so that a mapped write finds room.
path = os.path.join(folder, "hole")
fd = os.open(path, os.O_CREAT | os.O_RDWR)
os.ftruncate(fd, limit - PAGE)
refuse(os.posix_fallocate, fd, 0, limit + 1)
other = os.open(path + "2", os.O_CREAT | os.O_RDWR)
os.ftruncate(other, 1)
refuse(os.ftruncate, other, PAGE + 1)
refuse(os.pwrite, other, b"x", 10 * PAGE)
os.close(other)
with mmap.mmap(fd, limit - PAGE) as area:
    for at in range(0, limit - PAGE, 16 * PAGE):
        area[at] = 1
    area.flush()
os.fsync(fd)
assert os.pread(fd, 1, 16 * PAGE) == b"\1"
# Blocks behind the end would not be charged.
refuse(keep_size, fd, 2 * limit, number=errno.EOPNOTSUPP)
# A file that is deleted but open keeps its bytes; they come back with its end.
os.unlink(path)
refuse(os.ftruncate, os.open(path + "3", os.O_CREAT | os.O_RDWR), 2 * PAGE)
os.close(fd)
with open(path + "3", "wb") as file:
    file.truncate(limit - 2 * PAGE)
os.unlink(path + "3")
os.unlink(path + "2")
PYTHON

run() { # OPTIONS of the mount
	mkdir -p "$WORK/source/logs"
	mount_view "$WORK/source" "$WORK/view" "$@"
	"$TEST_PYTHON" "$WORK/writers.py" "$WORK/view/logs" "$limit" ||
		fail "in a store of $*"
	unmount_view "$WORK/view"
}

run_all() {
	run --size 3M
	run --size 3M --store "$WORK/elsewhere"
	run --store tmpfs:3M
	run --volume limited --size 3M
	timeout -k 5 60 "$SCRATCHFS" volume rm limited >/dev/null
}

mkdir -p "$WORK/elsewhere"
run_all
