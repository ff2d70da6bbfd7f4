# SPDX-License-Identifier: MIT
"""The trees that the oracle starts from."""
import os

import syscalls as sc

ACL = sc.acl_bytes([(sc.ACL_USER_OBJ, 6, None), (sc.ACL_USER, 4, 1001),
                    (sc.ACL_GROUP_OBJ, 4, None), (sc.ACL_MASK, 4, None),
                    (sc.ACL_OTHER, 0, None)])
OLD = 1500000000 * 10**9


def folders(root_fd):
    """A few core folders, for the empty start."""
    for path in (b"p", b"p/q", b"r"):
        os.mkdir(path, 0o777, dir_fd=root_fd)
        os.chmod(path, 0o777, dir_fd=root_fd)


def _write(path, content, mode=0o644):
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)


def _litter(folder, number):
    """What tools leave in one folder of a project."""
    for name in ("logs", "__pycache__", ".tmp.driveupload", "logs/sub",
                 "logs/sub/deeper", "logs/empty"):
        os.mkdir(os.path.join(folder, name), 0o777)
    _write(os.path.join(folder, ".tmp"), b"t" * 10)
    _write(os.path.join(folder, ".tmpa"), b"a" * 5000, 0o600)
    for name in ("logs", "__pycache__", "logs/sub"):
        for child in ("a", "b", "data.bin", ".hidden"):
            _write(os.path.join(folder, name, child),
                   bytes([65 + number]) * (1000 * number + 17), 0o666)
    _write(os.path.join(folder, "logs/sub/deeper/x y"), b"")
    with open(os.path.join(folder, "logs/sparse"), "wb") as file:
        file.truncate(100000)
        file.seek(70000)
        file.write(b"island")
    os.symlink("sub", os.path.join(folder, "logs/tmp"))
    os.symlink(".tmpa", os.path.join(folder, ".tmplink"))
    os.mkfifo(os.path.join(folder, "logs/fifo"))
    os.setxattr(os.path.join(folder, "logs/a"), "user.one", b"kept")
    os.setxattr(os.path.join(folder, "logs/sub"), "user.two", b"kept")
    os.setxattr(os.path.join(folder, "logs/b"), "system.posix_acl_access", ACL)
    os.chmod(os.path.join(folder, "logs/sub/b"), 0o4755)
    os.chmod(os.path.join(folder, "logs/sub/a"), 0o444)


def project(top):
    """A project with litter at every depth, all of it years old."""
    for path in ("p", "p/q", "r", "r/sub"):
        os.mkdir(os.path.join(top, path))
    for number, path in enumerate(("", "p", "p/q", "r/sub")):
        folder = os.path.join(top, path)
        for name in ("a", "data.bin"):
            _write(os.path.join(folder, name), b"core %d\n" % number)
        _litter(folder, number)
    for folder, names, files in os.walk(top, topdown=False):
        for name in files + names:
            os.utime(os.path.join(folder, name), ns=(OLD, OLD + 123456789),
                     follow_symlinks=False)
    for folder, _, _ in os.walk(top):
        if os.geteuid() == 0:
            os.chmod(folder, 0o777)
    os.utime(top, ns=(OLD, OLD))
