# SPDX-License-Identifier: MIT
"""The system calls that Python's os module lacks, raising OSError alike."""
import ctypes
import os
import struct

RENAME_NOREPLACE = 1
RENAME_EXCHANGE = 2
RENAME_WHITEOUT = 4

FALLOC_KEEP_SIZE = 1
FALLOC_PUNCH_HOLE = 2
FALLOC_COLLAPSE_RANGE = 8
FALLOC_ZERO_RANGE = 16
FALLOC_INSERT_RANGE = 32

UTIME_NOW = (1 << 30) - 1
UTIME_OMIT = (1 << 30) - 2
AT_SYMLINK_NOFOLLOW = 0x100

_libc = ctypes.CDLL(None, use_errno=True)
_fallocate = _libc.fallocate64
_fallocate.argtypes = [ctypes.c_int, ctypes.c_int,
                       ctypes.c_int64, ctypes.c_int64]
_renameat2 = _libc.renameat2
_renameat2.argtypes = [ctypes.c_int, ctypes.c_char_p,
                       ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
_getdents64 = _libc.getdents64
_getdents64.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
_getdents64.restype = ctypes.c_ssize_t
_utimensat = _libc.utimensat
_utimensat.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p,
                       ctypes.c_int]

ACL_USER_OBJ, ACL_USER, ACL_GROUP_OBJ = 1, 2, 4
ACL_GROUP, ACL_MASK, ACL_OTHER = 8, 16, 32
_NO_ID = 0xFFFFFFFF


def _check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def fallocate(fd, mode, offset, length):
    _check(_fallocate(fd, mode, offset, length))


def renameat2(old_fd, old, new_fd, new, flags):
    _check(_renameat2(old_fd, old, new_fd, new, flags))


def utimensat(dir_fd, path, atime, mtime, flags):
    """Sets times; each is (seconds, nanoseconds), or None for path's own fd."""
    spec = struct.pack("=qqqq", *atime, *mtime)
    _check(_utimensat(dir_fd, path, spec, flags))


def getdents(fd, size):
    """Returns [(inode, type, name)] of one getdents64 with a buffer of size."""
    buffer = ctypes.create_string_buffer(size)
    length = _check(_getdents64(fd, buffer, size))
    raw, at, found = buffer.raw, 0, []
    while at < length:
        inode, _, step, kind = struct.unpack_from("=QqHB", raw, at)
        end = raw.index(b"\0", at + 19)
        found.append((inode, kind, raw[at + 19:end]))
        at += step
    return found


def acl_bytes(entries):
    """The value of system.posix_acl_*: entries of (tag, bits, id or None)."""
    value = struct.pack("<I", 2)
    for tag, bits, ident in entries:
        value += struct.pack("<HHI", tag, bits,
                             _NO_ID if ident is None else ident)
    return value
