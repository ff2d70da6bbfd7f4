# SPDX-License-Identifier: MIT
"""A picture of a whole tree, and what two pictures of two trees differ in.

Times are compared by value when a test set them (they are far from now), and
otherwise by whether they moved since the picture before: two trees that are
changed one after the other never have the same clock readings.
"""
import os
import stat
import time

RECENT_NS = 86400 * 10**9
OUR_XATTRS = b"user.scratchfs."


class Entry:
    __slots__ = ("st", "xattrs", "body")

    def __init__(self, st, xattrs, body):
        self.st, self.xattrs, self.body = st, xattrs, body


def _xattrs(path):
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return sorted((n, os.getxattr(path, n, follow_symlinks=False))
                      for n in names)
    except OSError as error:
        return error.errno


def read_all(name, dir_fd):
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK,
                 dir_fd=dir_fd)
    try:
        parts = []
        while True:
            part = os.read(fd, 1 << 20)
            if not part:
                return b"".join(parts)
            parts.append(part)
    finally:
        os.close(fd)


def _body(name, dir_fd, mode):
    try:
        if stat.S_ISLNK(mode):
            return os.readlink(name, dir_fd=dir_fd)
        if stat.S_ISREG(mode):
            return read_all(name, dir_fd)
    except OSError as error:
        return error.errno
    return None


def take(root_fd, skip=None, bodies=True):
    """Returns {path: Entry} of everything below root_fd, "." included; skip
    names what is left out, by its last name."""
    picture = {}
    _walk(picture, root_fd, b".", b"", skip or (lambda name: False), bodies)
    return picture


def _walk(picture, parent_fd, name, path, skip, bodies):
    here = b"/proc/self/fd/%d/%s" % (parent_fd, name)
    st = os.stat(name, dir_fd=parent_fd, follow_symlinks=False)
    entry = Entry(st, (), None)
    if bodies:
        entry.xattrs = _xattrs(here)
        entry.body = _body(name, parent_fd, st.st_mode)
    picture[path or b"."] = entry
    if not stat.S_ISDIR(st.st_mode):
        return
    try:
        fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW,
                     dir_fd=parent_fd)
    except OSError as error:
        entry.body = error.errno
        return
    try:
        names = os.listdir(b"/proc/self/fd/%d" % fd)
        if len(names) != len(set(names)):
            entry.body = "a name is listed twice"
        for child in sorted(names):
            if not skip(child):
                try:
                    _walk(picture, fd, child,
                          path + b"/" + child if path else child, skip,
                          bodies)
                except OSError as error:
                    picture[path + b"/" + child] = Entry(None, (), error.errno)
    finally:
        os.close(fd)


def is_recent(time_ns):
    return abs(time_ns - time.time_ns()) < RECENT_NS


def facts(entry):
    """What must be equal on both sides."""
    st = entry.st
    if st is None:
        return {"stat": entry.body}
    found = {"mode": oct(st.st_mode), "owner": (st.st_uid, st.st_gid),
             "xattrs": entry.xattrs, "bytes": entry.body}
    if not stat.S_ISDIR(st.st_mode):
        found.update(size=st.st_size, nlink=st.st_nlink, rdev=st.st_rdev)
    # The kernel moves a pipe's times itself, or on FUSE does not.
    if not is_recent(st.st_mtime_ns) and not stat.S_ISFIFO(st.st_mode):
        found["mtime"] = st.st_mtime_ns
    return found


def _brief(value):
    text = repr(value)
    return text if len(text) < 160 else "%s... (%d)" % (text[:160], len(value))


def differences(left, right):
    """Sentences on what differs between two pictures."""
    said = []
    for path in sorted(left.keys() | right.keys()):
        if path not in right or path not in left:
            said.append("%r only on the %s" % (
                path, "left" if path in left else "right"))
            continue
        ours, theirs = facts(left[path]), facts(right[path])
        if ours != theirs:
            said += ["%r %s: left %s, right %s" % (
                path, key, _brief(ours.get(key)), _brief(theirs.get(key)))
                for key in sorted(ours.keys() | theirs.keys())
                if ours.get(key) != theirs.get(key)]
    return said + _identity(left, right)


def _identity(left, right):
    """Names of one object on one side are names of one object on the other."""
    said, to_right, to_left = [], {}, {}
    for path in left.keys() & right.keys():
        if left[path].st is None or right[path].st is None:
            continue
        ours, theirs = left[path].st.st_ino, right[path].st.st_ino
        same = to_right.setdefault(ours, (theirs, path))
        if same[0] != theirs:
            said.append("%r and %r are one object left, %d and %d right" % (
                path, same[1], theirs, same[0]))
        same = to_left.setdefault(theirs, (ours, path))
        if same[0] != ours:
            said.append("%r and %r are one object right (%d), not left" % (
                path, same[1], theirs))
    return said


def moved_times(left, right, left_was, right_was):
    """Yields (path, which, left moved, right moved) where they disagree, for
    objects that are in both pictures of both sides."""
    was = {e.st.st_ino: (e.st, right_was[p].st) for p, e in left_was.items()
           if p in right_was and e.st and right_was[p].st}
    for path, entry in left.items():
        now = right.get(path)
        if not entry.st or now is None or not now.st or \
                entry.st.st_ino not in was or stat.S_ISFIFO(entry.st.st_mode):
            continue
        ours, theirs = was[entry.st.st_ino]
        if theirs.st_ino != now.st.st_ino:
            continue
        for which in ("st_mtime_ns", "st_ctime_ns"):
            moved = getattr(ours, which) != getattr(entry.st, which)
            moved_right = getattr(theirs, which) != getattr(now.st, which)
            if moved != moved_right:
                yield path, which, moved, moved_right
