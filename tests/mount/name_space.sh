#!/bin/bash
# SPDX-License-Identifier: MIT
# The corners of the name space, in a core and in a scratch folder.
. "$(dirname "$0")/../lib/mount.sh"

cat >"$WORK/corners.py" <<'PYTHON'
import errno, fcntl, mmap, os, stat, sys

os.chdir(sys.argv[1])


def fails(number, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except OSError as error:
        assert error.errno == number, (call, args, error)
    else:
        assert False, ("did not fail", call, args)


def put(path, content, mode=0o666):
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode)
    os.write(fd, content)
    os.close(fd)


def names():
    put(b"n" * 255, b"long")
    fails(errno.ENAMETOOLONG, put, b"n" * 256, b"")
    fails(errno.ENAMETOOLONG, os.stat, b"n" * 256)
    fails(errno.ENAMETOOLONG, os.mkdir, b"n" * 256)
    fails(errno.ENAMETOOLONG, os.rename, b"n" * 255, b"n" * 256)
    every = bytes(c for c in range(1, 256) if c != ord("/"))
    odd = [every[:127], every[127:], b" ", b"-rf", b"...", b"\\", b"\xff"]
    for name in odd:
        put(name, name)
    listed = os.listdir(b".")
    for name in odd:
        assert listed.count(name) == 1, name
        with open(name, "rb") as file:
            assert file.read() == name
        os.unlink(name)


def deep():
    fds = [os.open(b".", os.O_RDONLY)]
    for _ in range(20):
        os.mkdir(b"d" * 250, dir_fd=fds[-1])
        fds.append(os.open(b"d" * 250, os.O_RDONLY, dir_fd=fds[-1]))
    os.fchdir(fds[-1])
    put(b"bottom", b"5000 bytes down")
    assert os.listdir(b".") == [b"bottom"]
    assert os.stat(b"bottom").st_size == 15
    os.unlink(b"bottom")
    while len(fds) > 1:
        os.close(fds.pop())
        os.rmdir(b"d" * 250, dir_fd=fds[-1])
    os.fchdir(fds[0])


def sparse():
    fd = os.open("sparse", os.O_CREAT | os.O_RDWR)
    os.ftruncate(fd, 1 << 40)
    os.pwrite(fd, b"island", 1 << 30)
    st = os.fstat(fd)
    assert st.st_size == 1 << 40 and st.st_blocks * 512 < 1 << 20, st
    assert os.lseek(fd, 0, os.SEEK_DATA) == 1 << 30
    hole = os.lseek(fd, 1 << 30, os.SEEK_HOLE)
    assert 1 << 30 < hole <= (1 << 30) + 65536, hole
    fails(errno.ENXIO, os.lseek, fd, hole, os.SEEK_DATA)
    os.close(fd)
    os.unlink("sparse")


def direct():
    fd = os.open("direct", os.O_CREAT | os.O_RDWR | os.O_DIRECT)
    with mmap.mmap(-1, 8192) as page:
        page[:] = b"D" * 8192
        assert os.pwritev(fd, [page], 4096) == 8192
        page[:] = bytes(8192)
        assert os.preadv(fd, [page], 4096) == 8192
        assert page[:] == b"D" * 8192
    with open("direct", "rb") as file:
        assert file.read() == bytes(4096) + b"D" * 8192
    os.close(fd)


def times():
    put("times", b"x")
    for ns in ((1, 1), (1234567890123456789, 987654321987654321),
               (2147483653000000007, 4102444800000000001)):
        os.utime("times", ns=ns)
        st = os.stat("times")
        assert (st.st_atime_ns, st.st_mtime_ns) == ns, (st, ns)
    before = os.stat("times")
    os.chmod("times", 0o600)
    after = os.stat("times")
    assert after.st_mtime_ns == before.st_mtime_ns
    assert after.st_ctime_ns != before.st_ctime_ns


def modes():
    for mask, expected in ((0o022, 0o644), (0o077, 0o600), (0, 0o666)):
        os.umask(mask)
        put("mask", b"")
        assert stat.S_IMODE(os.stat("mask").st_mode) == expected
        os.unlink("mask")
    os.umask(0o022)
    os.mkdir("group")
    group = (os.getgroups() + [os.getgid()])[0]
    if os.geteuid() == 0:
        group = 4321
    os.chown("group", -1, group)
    os.chmod("group", 0o2775)
    os.mkdir("group/inner")
    put("group/file", b"")
    assert os.stat("group/inner").st_mode & 0o7777 == 0o2755
    assert os.stat("group/inner").st_gid == group
    assert os.stat("group/file").st_gid == group
    os.mkdir("sticky")
    os.chmod("sticky", 0o1777)
    assert os.stat("sticky").st_mode & 0o7777 == 0o1777
    put("sticky/roots", b"")
    if os.geteuid() == 0 and os.environ["SHARED"] == "yes":
        os.seteuid(65534)
        fails(errno.EPERM, os.unlink, "sticky/roots")
        os.seteuid(0)


def in_child(work):
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def locks():
    put("lock", b"")
    for take in (fcntl.flock, fcntl.lockf):
        with open("lock", "r+b") as ours:
            def other():
                with open("lock", "r+b") as file:
                    take(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            take(ours, fcntl.LOCK_EX)
            assert not in_child(lambda: quietly(other))
            take(ours, fcntl.LOCK_UN)
            assert in_child(other)


def quietly(call):
    try:
        call()
    except OSError:
        os._exit(1)


def maps():
    put("map", b"m" * 10000)
    with open("map", "r+b") as file:
        shared = mmap.mmap(file.fileno(), 10000)
        private = mmap.mmap(file.fileno(), 10000, mmap.MAP_PRIVATE)

    def child():
        shared[5000:5005] = b"child"
        private[0:5] = b"alone"
        shared.flush()
    assert in_child(child)
    assert shared[5000:5005] == b"child"
    assert private[0:5] == b"mmmmm"
    with open("map", "rb") as file:
        assert file.read()[4999:5006] == b"mchildm"
    os.unlink("map")
    shared[0:4] = b"gone"
    shared.flush()
    assert shared[0:4] == b"gone"


def appends():
    put("append", b"")

    def child():
        fd = os.open("append", os.O_WRONLY | os.O_APPEND)
        for _ in range(100):
            os.write(fd, b"0123456789" * 5)
        os.close(fd)
    children = []
    for _ in range(4):
        pid = os.fork()
        if not pid:
            child()
            os._exit(0)
        children.append(pid)
    assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
    with open("append", "rb") as file:
        assert file.read() == b"0123456789" * 5 * 400


for corner in (names, deep, sparse, direct, times, modes, locks, maps,
               appends):
    corner()
PYTHON

mkdir "$WORK/source"
options=()
export SHARED=no
if [ "$(id -u)" = 0 ]; then
	options=(-o allow_other)
	SHARED=yes
fi
mount_view "$WORK/source" "$WORK/view" "${options[@]}"
mkdir "$WORK/view/core" "$WORK/view/logs"
"$TEST_PYTHON" "$WORK/corners.py" "$WORK/view/core"
"$TEST_PYTHON" "$WORK/corners.py" "$WORK/view/logs"
assert_eq "$(hash_tree "$WORK/source/core")" "$(hash_tree "$WORK/view/core")" \
	"host and view"
assert_absent "$WORK/source/logs"
unmount_view "$WORK/view"
