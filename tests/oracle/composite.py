# SPDX-License-Identifier: MIT
"""Operations made of several calls, whose outcome is compared as a whole."""
import collections
import fcntl
import mmap
import os
import stat

import syscalls as sc

CALLERS = {1000: (1000, [1000, 3000]), 1001: (1001, [1001, 3000, 3001])}


class Caller:
    """Runs a block with another user's identity; the oracle must be root."""

    def __init__(self, uid):
        self.uid = uid
        self.gid, self.groups = CALLERS[uid]

    def __enter__(self):
        os.setgroups(self.groups)
        os.setegid(self.gid)
        os.seteuid(self.uid)

    def __exit__(self, *_):
        os.seteuid(0)
        os.setegid(0)
        os.setgroups([])


def outcome(call, *args, **kwargs):
    """0, or the errno of a call."""
    try:
        call(*args, **kwargs)
        return 0
    except OSError as error:
        return error.errno


def entries(fd):
    """[(name, type)] of an open folder from its present offset on."""
    found = []
    while True:
        part = sc.getdents(fd, 8192)
        if not part:
            return found
        found += [(name, kind) for _, kind, name in part]


def list_while_changing(dir_fd, path, prefix, steps, size):
    """Lists a folder in small pieces while names come and go: what nobody
    touched must appear exactly once, and nothing that never was."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=dir_fd)
    try:
        names = [b"%si%02d" % (prefix, n) for n in range(24)]
        made = [outcome(os.mknod, n, 0o644 | stat.S_IFREG, dir_fd=fd)
                for n in names]
        before = {n for n, _ in entries(fd)}
        os.lseek(fd, 0, os.SEEK_SET)
        seen, touched, results = collections.Counter(), set(), []
        steps = list(steps)
        while True:
            part = sc.getdents(fd, size)
            if not part:
                break
            seen.update(name for _, _, name in part)
            if steps:
                results.append(_step(fd, prefix, steps.pop(), touched))
        os.lseek(fd, 0, os.SEEK_SET)
        after = {n for n, _ in entries(fd)}
        for name in names:
            outcome(os.unlink, name, dir_fd=fd)
        stable = (before & after) - touched
        wrong = [(n, seen[n]) for n in sorted(stable) if seen[n] != 1]
        ghosts = sorted(set(seen) - before - after - touched)
        # How many pieces there are is the file system's own business.
        return made, set(results) <= {0, 2, 13, 17}, wrong, ghosts
    finally:
        os.close(fd)


def _step(fd, prefix, step, touched):
    verb, number = step
    name = b"%si%02d" % (prefix, number)
    other = b"%sj%02d" % (prefix, number)
    touched.update((name, other))
    if verb == "unlink":
        return outcome(os.unlink, name, dir_fd=fd)
    if verb == "rename":
        result = outcome(os.rename, name, other, src_dir_fd=fd, dst_dir_fd=fd)
        outcome(os.unlink, other, dir_fd=fd)
        return result
    result = outcome(os.mkdir, other, dir_fd=fd)
    outcome(os.rmdir, other, dir_fd=fd)
    return result


def remove_tree(dir_fd, path):
    """rm -rf; answers the set of errors met."""
    errors = set()
    _remove(dir_fd, path, errors)
    return sorted(errors)


def _remove(dir_fd, path, errors):
    try:
        st = os.stat(path, dir_fd=dir_fd, follow_symlinks=False)
        if not stat.S_ISDIR(st.st_mode):
            os.unlink(path, dir_fd=dir_fd)
            return
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW,
                     dir_fd=dir_fd)
    except OSError as error:
        errors.add(error.errno)
        return
    try:
        # Deletes while it lists, as rm does.
        while True:
            part = sc.getdents(fd, 4096)
            if not part:
                break
            for _, _, name in part:
                if name not in (b".", b".."):
                    _remove(fd, name, errors)
    finally:
        os.close(fd)
    failed = outcome(os.rmdir, path, dir_fd=dir_fd)
    if failed:
        errors.add(failed)


def data_map(fd):
    """Whether SEEK_DATA and SEEK_HOLE tell the truth: what they call a hole
    reads as zeros, they advance, and they end at the size.  Where exactly they
    see holes is up to them, so the file's position must not tell."""
    position = os.lseek(fd, 0, os.SEEK_CUR)
    try:
        return _data_map(fd)
    finally:
        os.lseek(fd, position, os.SEEK_SET)


def _data_map(fd):
    size = os.fstat(fd).st_size
    offset = 0
    while offset < size:
        try:
            start = os.lseek(fd, offset, os.SEEK_DATA)
        except OSError as error:
            return error.errno, not any(os.pread(fd, size - offset, offset))
        if start < offset or any(os.pread(fd, start - offset, offset)):
            return "a hole that is none", offset
        offset = os.lseek(fd, start, os.SEEK_HOLE)
        if offset <= start or offset > size:
            return "no advance", start
    return 6, True


def locks(dir_fd, path, first, second, style):
    """Takes a lock here, tries one in another process, frees, tries again."""
    fd = os.open(path, os.O_RDWR, dir_fd=dir_fd)
    take = fcntl.flock if style == "flock" else fcntl.lockf
    try:
        take(fd, first | fcntl.LOCK_NB)
        held = _try_lock(dir_fd, path, second, take)
        take(fd, fcntl.LOCK_UN)
        return held, _try_lock(dir_fd, path, second, take)
    finally:
        os.close(fd)


def _try_lock(dir_fd, path, kind, take):
    child = os.fork()
    if not child:
        code = 255
        try:
            fd = os.open(path, os.O_RDWR, dir_fd=dir_fd)
            code = outcome(take, fd, kind | fcntl.LOCK_NB)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def deep(dir_fd, first):
    """A path far longer than PATH_MAX, built and removed step by step."""
    fds, results, name = [os.dup(dir_fd)], [], first
    try:
        for _ in range(18):
            os.mkdir(name, dir_fd=fds[-1])
            fds.append(os.open(name, os.O_RDONLY | os.O_DIRECTORY,
                               dir_fd=fds[-1]))
            name = b"d" * 250
        bottom = fds[-1]
        fd = os.open(b"file", os.O_CREAT | os.O_RDWR | os.O_EXCL, 0o600,
                     dir_fd=bottom)
        results.append(os.write(fd, b"deep"))
        os.rename(b"file", b"other", src_dir_fd=bottom, dst_dir_fd=bottom)
        results.append(os.pread(fd, 9, 0))
        os.close(fd)
        results.append([n for n, _ in sorted(entries(bottom))])
        os.unlink(b"other", dir_fd=bottom)
    finally:
        while len(fds) > 1:
            os.close(fds.pop())
            name = b"d" * 250 if len(fds) > 1 else first
            results.append(outcome(os.rmdir, name, dir_fd=fds[-1]))
        os.close(fds.pop())
    return results


def direct(dir_fd, path, block):
    """O_DIRECT with aligned buffers, read back through the cache."""
    fd = os.open(path, os.O_RDWR | os.O_DIRECT | os.O_NONBLOCK |
                 os.O_NOFOLLOW, dir_fd=dir_fd)
    plain = -1
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return "no regular file"
        with mmap.mmap(-1, 4096) as aligned:
            aligned[:] = bytes([block % 251]) * 4096
            done = os.pwritev(fd, [aligned], block * 4096)
            aligned[:] = bytes(4096)
            again = os.preadv(fd, [aligned], block * 4096)
            plain = os.open(path, os.O_RDONLY, dir_fd=dir_fd)
            cached = os.pread(plain, 4096, block * 4096)
            return done, again, cached == aligned[:]
    finally:
        os.close(fd)
        if plain >= 0:
            os.close(plain)


def huge(fd):
    """A sparse file of a terabyte, and back."""
    size = os.fstat(fd).st_size
    os.ftruncate(fd, 1 << 40)
    try:
        os.pwrite(fd, b"far", 1 << 39)
        return os.pread(fd, 5, (1 << 39) - 1), os.fstat(fd).st_size
    finally:
        os.ftruncate(fd, size)


def save(dir_fd, path, temporary_fd, temporary, data):
    """The way editors save: a temporary, kept open over the rename."""
    fd = os.open(temporary, os.O_CREAT | os.O_RDWR | os.O_EXCL, 0o640,
                 dir_fd=temporary_fd)
    try:
        os.write(fd, data)
        result = outcome(os.rename, temporary, path, src_dir_fd=temporary_fd,
                         dst_dir_fd=dir_fd)
        os.write(fd, b"tail")
        st = os.fstat(fd)
        if result:
            outcome(os.unlink, temporary, dir_fd=temporary_fd)
            return result, st.st_size
        reader = os.open(path, os.O_RDONLY, dir_fd=dir_fd)
        try:
            same = os.fstat(reader).st_ino == st.st_ino
            return os.read(reader, 1 << 20), same, st.st_size
        finally:
            os.close(reader)
    finally:
        os.close(fd)
