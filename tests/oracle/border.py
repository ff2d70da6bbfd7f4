# SPDX-License-Identifier: MIT
"""Where a path lives, and the complete list of what the view may answer
differently from a plain folder.

Every row of ACCEPTED is one limit the documentation names.  The operation is
run on the view first; if a row accepts the answer, the plain folder does not
run it, so that both sides stay equal.
"""
import errno
import functools
import os
import stat

import syscalls as sc

SCRATCH_NAMES = (b"logs", b"__pycache__")
SCRATCH_PREFIX = b".tmp"


def is_scratch_name(name):
    return name in SCRATCH_NAMES or name.startswith(SCRATCH_PREFIX)


@functools.lru_cache(maxsize=None)
def is_scratch(path):
    return store_of(path) is not None


@functools.lru_cache(maxsize=None)
def store_of(path):
    """The name that makes a path scratch, or None: with --volumes each of the
    two folder names has a store of its own."""
    for part in path.split(b"/"):
        if is_scratch_name(part):
            return part if part in SCRATCH_NAMES else SCRATCH_PREFIX
    return None


class Border:
    """Answers questions about the plain folder, which has no border."""

    def __init__(self, left, lower, args):
        self.left = left
        self.two_views = bool(args.second)
        self.on_volume = self.two_views or args.volumes or args.on_volume
        self.unknown = args.git or args.other_rules
        self.two, self.volumes = args.two_file_systems, args.volumes
        # Then a file that is open does not go to the other one.
        self.keeps_open = args.passthrough and self.two
        self.place_of = store_of if args.volumes else is_scratch
        # Inodes of the folders that were there at the start: in the view such
        # a scratch folder is merged from host and store.
        self.lower = lower

    def real(self, place):
        """The path below the root that a place really is; None if nowhere."""
        slot, path = place
        base = b"" if slot is None else self.left.where(self.left.dirs[slot])
        if base is None:
            return None
        folder, name = os.path.split(os.path.join(base, path.rstrip(b"/")))
        root = self.left.root
        full = os.path.realpath(os.path.join(root, folder))
        if full == root:
            return name
        return os.path.join(full[len(root) + 1:], name)

    def scratch(self, place):
        path = self.real(place)
        return None if path is None else is_scratch(path)

    def place(self, place):
        path = self.real(place)
        return "nowhere" if path is None else self.place_of(path)

    def lstat(self, place):
        try:
            return os.stat(place[1], dir_fd=self.left.at(place[0]),
                           follow_symlinks=False)
        except OSError:
            return None

    def is_folder(self, place):
        st = self.lstat(place)
        return st is not None and stat.S_ISDIR(st.st_mode)

    def crosses(self, old, new):
        return self.place(old) != self.place(new)

    def crosses_from_slot(self, slot, new):
        """The same for the name by which an open file is known."""
        path = self.left.where(self.left.files[slot])
        return path is None or self.place_of(path) != self.place(new)

    def is_open(self, place):
        """Whether a name's file is open here, or mapped."""
        st = self.lstat(place)
        return st is not None and any(
            os.path.samestat(os.fstat(fd), st)
            for fd in self.left.held_files())

    def made_folder(self, place):
        """A folder was made: its inode number may be a dead one's."""
        st = self.lstat(place)
        if st:
            self.lower.discard(st.st_ino)

    def is_mixed(self, place):
        """Whether a folder holds a scratch name, a second link, or something
        that cannot be looked at."""
        top, closed = self.left.proc(place).rstrip(b"/"), []
        for folder, names, files in os.walk(top, onerror=closed.append):
            if any(is_scratch_name(n) for n in names + files) or any(
                    os.lstat(os.path.join(folder, n)).st_nlink > 1
                    for n in files):
                return True
        return bool(closed)

    def is_lower(self, place):
        """Whether a folder, or one below it, was there at the start."""
        top = self.left.proc(place).rstrip(b"/")
        return os.lstat(top).st_ino in self.lower or any(
            os.lstat(folder).st_ino in self.lower
            for folder, _, _ in os.walk(top))


def _hard_link(border, op):
    if op[0] == "linkfd":
        return border.crosses_from_slot(op[1], op[2])
    return op[0] == "link" and border.crosses(op[1], op[2])


def _exchange(border, op):
    return op[0] == "rename" and op[3] == sc.RENAME_EXCHANGE and \
        border.crosses(op[1], op[2])


def _several_links(border, op):
    if op[0] != "rename" or not border.crosses(op[1], op[2]):
        return False
    st = border.lstat(op[1])
    return st is not None and not stat.S_ISDIR(st.st_mode) and st.st_nlink > 1


def _folder_crosses(border, op):
    """It may, with all that is in it, on one file system, if nothing inside
    would be another place's, is known by a second name, or is on the host
    although it was deleted here."""
    if op[0] != "rename" or not border.is_folder(op[1]) or \
            not border.crosses(op[1], op[2]):
        return False
    return border.two or border.on_volume or border.is_mixed(op[1]) or \
        border.is_lower(op[1])


def _lower_folder(border, op):
    if op[0] != "rename":
        return False
    moved = [op[1], op[2]] if op[3] == sc.RENAME_EXCHANGE else [op[1]]
    return any(
        border.is_folder(p) and border.scratch(p) and border.is_lower(p)
        for p in moved)


def _unreadable(border, op):
    """To copy a file takes a right to read it, which its owner may lack."""
    if op[0] != "rename" or not border.two or not os.geteuid():
        return False
    st = border.lstat(op[1])
    return st is not None and not st.st_mode & stat.S_IRUSR


def _passed_through(border, op):
    """The kernel would go on with the bytes of the file that was copied."""
    return border.keeps_open and op[0] == "rename" and \
        border.crosses(op[1], op[2]) and border.is_open(op[1])


def _unknown_place(border, op):
    """Where a name lies depends on git's index, or on rules, that are not
    known here."""
    return border.unknown and op[0] in ("rename", "link", "linkfd")


def _no_tmpfile(_, op):
    return op[0] == "open" and op[3] & os.O_TMPFILE == os.O_TMPFILE


def _range_mode(_, op):
    return op[0] == "fallocate" and \
        op[2] & (sc.FALLOC_COLLAPSE_RANGE | sc.FALLOC_INSERT_RANGE)


def _zero_range(border, op):
    """The store's file system may lack what the plain folder's has."""
    return border.two and op[0] == "fallocate" and \
        op[2] & sc.FALLOC_ZERO_RANGE


def _whiteout(_, op):
    return op[0] == "rename" and op[3] & sc.RENAME_WHITEOUT


def _moved_folder(border, op):
    """The kernel meets a folder it knows under another name, and cannot move it
    in its cache while a rename holds the cache's locks."""
    return border.two_views and op[0] == "rename"


def _device(border, op):
    if op[0] not in ("open", "direct", "locks"):
        return False
    slot, path = op[2] if op[0] == "open" else op[1]
    try:
        mode = os.stat(path, dir_fd=border.left.at(slot)).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode)


PASSED = "an open file whose bytes the kernel passes through"
ACCEPTED = (
    (errno.EXDEV, _hard_link, "hard link across the border"),
    (errno.EXDEV, _exchange, "exchange across the border"),
    (errno.EXDEV, _several_links, "a file with several links crosses"),
    (errno.EXDEV, _folder_crosses, "a folder crosses"),
    (errno.EXDEV, _lower_folder, "a scratch folder with host content"),
    (errno.EXDEV, _unreadable, "a file that its owner may not read"),
    (errno.EXDEV, _passed_through, PASSED),
    (errno.EXDEV, _unknown_place, "git or the rules know why"),
    (errno.EOPNOTSUPP, _no_tmpfile, "O_TMPFILE without libfuse's tmpfile"),
    (errno.EOPNOTSUPP, _range_mode, "collapse and insert range over FUSE"),
    (errno.EOPNOTSUPP, _zero_range, "zero range, which tmpfs does not have"),
    (errno.EINVAL, _whiteout, "whiteout"),
    (errno.ESTALE, _moved_folder, "a folder that the other view moved"),
    (errno.EACCES, _device, "devices on a nodev mount"),
)


def same_refusal(border, op, left, right):
    """Both refused to rename over a folder, one because the other moved it."""
    return border.two_views and op[0] == "save" and \
        (left[0], right[0]) == (errno.EISDIR, errno.ESTALE) and \
        left[1:] == right[1:]


def accepted(border, op, number):
    """Why an errno of the view is no fault; None if it is one."""
    for code, applies, why in ACCEPTED:
        if number == code and applies(border, op):
            return why
    return None
