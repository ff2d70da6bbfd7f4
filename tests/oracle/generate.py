# SPDX-License-Identifier: MIT
"""Random operations.  What comes next depends on the seed and on what the
plain folder answered, never on the view."""
import fcntl
import os
import stat

import border as where
import syscalls as sc
from side import DIR_SLOTS, FILE_SLOTS, MAP_SLOTS, is_error

CORE = (b"a", b"b", b"c", b"data.bin", b"sub", b"x y", b"\xff\x01odd",
        b"new\nline", b".hidden", b"tmp", b"logsx", b"\xc3\xbc",
        b"n" * 255)
SCRATCH = (b".tmp", b".tmpa", b".tmp.driveupload", b"logs", b"__pycache__",
           b".tmp" + b"L" * 251)
TOO_LONG = {False: b"z" * 256, True: b".tmp" + b"z" * 252}
MODES = (0o644, 0o644, 0o666, 0o600, 0o755, 0o777, 0o400, 0o200, 0o000,
         0o4755, 0o2755, 0o6777, 0o1777, 0o2775, 0o640, 0o111)
MASKS = (0o022, 0o022, 0o077, 0o002, 0)
# Of the past: a core folder's times are those of several objects, the latest
# counts, and so a name that comes or goes does not show in one of the future.
TIMES = ((1, 999999999), (1000000000, 123456789), (1700000000, 7),
         (86400, 0), (0, sc.UTIME_NOW), (0, sc.UTIME_OMIT))
XATTRS = ("user.one", "user.two", "user.\u00fc", "user.scratch", "nothere.x")
FALLOC = (0, 0, sc.FALLOC_KEEP_SIZE,
          sc.FALLOC_PUNCH_HOLE | sc.FALLOC_KEEP_SIZE,
          sc.FALLOC_PUNCH_HOLE | sc.FALLOC_KEEP_SIZE, sc.FALLOC_PUNCH_HOLE,
          sc.FALLOC_ZERO_RANGE, sc.FALLOC_ZERO_RANGE | sc.FALLOC_KEEP_SIZE,
          sc.FALLOC_COLLAPSE_RANGE, sc.FALLOC_INSERT_RANGE)
MAX_NAMES = 150
MAX_DEPTH = 5
IDS = (0, 1000, 1001, -1)

# How often each kind of operation is chosen.
WEIGHTS = {
    "open": 90, "close": 20, "opendir": 8, "read": 25, "pread": 30,
    "write": 50, "pwrite": 40, "writev": 8, "seek": 15, "fstat": 20,
    "ftruncate": 15, "fallocate": 15, "fsync": 4, "fchmod": 8, "fchown": 6,
    "futimens": 8, "fsetxattr": 6, "fgetxattr": 4, "copy_range": 12,
    "sendfile": 6, "data_map": 10, "linkfd": 3, "map": 10, "map_write": 12,
    "map_read": 8, "mkdir": 45, "rmdir": 15, "mknod": 12, "symlink": 20,
    "readlink": 12, "link": 25, "unlink": 35, "rename": 70, "stat": 40,
    "lstat": 40, "access": 15, "chmod": 20, "chown": 15, "truncate": 20,
    "utimens": 20, "setxattr": 20, "getxattr": 15, "listxattr": 10,
    "removexattr": 8, "acl": 15, "umask": 3, "statvfs": 2, "listdir": 30,
    "listfd": 10, "list_while_changing": 2, "locks": 2, "deep": 0.4,
    "direct": 4, "huge": 2, "save": 15, "rmtree": 3,
}


class Generator:
    def __init__(self, rng, names, border_mode, callers):
        self.rng = rng
        self.names = names
        self.across = border_mode == "full"
        self.callers = callers
        self.border = None
        self.known = {}
        self.open_slots = set()
        self.open_dirs = set()
        self.verbs = list(WEIGHTS)
        total, self.weights = 0, []
        for verb in self.verbs:
            total += WEIGHTS[verb]
            self.weights.append(total)

    # Names.

    def resync(self, picture):
        """Takes over what a picture of the plain folder shows."""
        self.known = {
            p: "d" if stat.S_ISDIR(e.st.st_mode) else
            "l" if stat.S_ISLNK(e.st.st_mode) else "f"
            for p, e in picture.items()
            if e.st and p != b"." and p.split(b"/")[0] != b".git"}

    def allowed(self, path):
        return self.names == "both" or \
            where.is_scratch(path) == (self.names == "scratch")

    def a_name(self, in_scratch):
        rng = self.rng
        if rng.random() < 0.003:
            return TOO_LONG[self.names == "scratch"]
        if self.names == "core":
            return rng.choice(CORE)
        if self.names == "scratch" and not in_scratch:
            return rng.choice(SCRATCH)
        return rng.choice(SCRATCH if rng.random() < 0.4 else CORE)

    def new_path(self):
        folders = [p for p, k in self.known.items() if k == "d"
                   and p.count(b"/") < MAX_DEPTH]
        if self.names == "core":
            folders = [p for p in folders if not where.is_scratch(p)]
        folder = self.rng.choice(folders + [b""]) if folders else b""
        name = self.a_name(where.is_scratch(folder))
        return folder + b"/" + name if folder else name

    def old_path(self, kinds="dlf"):
        paths = [p for p, k in self.known.items()
                 if k in kinds and self.allowed(p)]
        return self.rng.choice(paths) if paths else self.new_path()

    def a_path(self, kinds="dlf", new=0.15):
        """A place: mostly a name that exists, now and then an odd one."""
        rng = self.rng
        if self.open_dirs and rng.random() < 0.08:
            return (rng.choice(sorted(self.open_dirs)),
                    self.a_name(self.names != "scratch"))
        chance = rng.random()
        if chance < new:
            return None, self.new_path()
        path = self.old_path(kinds)
        if chance > 0.97:
            path += b"/"
        elif chance > 0.95:
            path += b"/" + rng.choice(CORE)
        elif chance > 0.94 and self.names != "scratch":
            path = b"a/../" + path
        elif chance > 0.93 and b"/" in path:
            path = path.replace(b"/", b"/./", 1)
        return None, path

    def a_place_to_make(self):
        return self.a_path(new=0.85)

    def link_target(self):
        rng = self.rng
        if rng.random() < 0.1:
            return b"/nonexistent-oracle/x"
        return self.a_name(self.names != "scratch") if rng.random() < 0.8 \
            else self.a_name(False) + b"/" + self.a_name(True)

    def a_slot(self):
        if self.open_slots and self.rng.random() < 0.97:
            return self.rng.choice(sorted(self.open_slots))
        return None

    def a_caller(self):
        if not self.callers or self.rng.random() < 0.4:
            return 0
        return self.rng.choice((1000, 1001))

    def bytes(self, most=9000):
        rng = self.rng
        size = rng.choice((1, 7, 100, 4096, rng.randrange(most)))
        return bytes([rng.randrange(1, 256)]) * size

    def offset(self):
        rng = self.rng
        return rng.choice((0, 1, 4095, 4096, rng.randrange(20000),
                           rng.randrange(150000)))

    # Operations.

    def next(self):
        """The next operation and who makes it."""
        rng = self.rng
        if len(self.known) > MAX_NAMES and \
                rng.random() < len(self.known) / MAX_NAMES - 0.9:
            verb = rng.choice(("rmtree", "unlink", "unlink", "rmdir"))
            return self.make(verb), 0
        while True:
            verb = rng.choices(self.verbs, cum_weights=self.weights)[0]
            op = self.make(verb)
            if op is not None:
                return op, self.a_caller()

    def make(self, verb):
        maker = getattr(self, "op_" + verb, None)
        if maker:
            return maker()
        slot = self.a_slot()
        if slot is None:
            return None
        arguments = getattr(self, "with_" + verb)()
        return None if arguments is None else (verb, slot) + arguments

    def op_open(self):
        rng = self.rng
        flags = rng.choice((os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_RDWR))
        flags |= os.O_NONBLOCK
        for flag, chance in ((os.O_CREAT, .5), (os.O_EXCL, .12),
                             (os.O_TRUNC, .15), (os.O_APPEND, .2),
                             (os.O_NOFOLLOW, .1), (os.O_DIRECTORY, .04),
                             (os.O_PATH, .04), (os.O_SYNC, .02)):
            if rng.random() < chance:
                flags |= flag
        kinds = "fl" if rng.random() < 0.9 else "dfl"
        place = self.a_path(kinds, 0.4 if flags & os.O_CREAT else 0.1)
        if rng.random() < 0.01:
            place = self.a_path("d", 0)
            flags = os.O_RDWR | os.O_TMPFILE
        return ("open", rng.randrange(FILE_SLOTS), place, flags,
                rng.choice(MODES))

    def op_close(self):
        slot = self.a_slot()
        return None if slot is None else ("close", slot)

    def op_opendir(self):
        return ("opendir", self.rng.randrange(DIR_SLOTS), self.a_path("d", 0))

    def with_read(self):
        return (self.rng.choice((1, 100, 4096, 200000)),)

    def with_pread(self):
        return (self.rng.choice((1, 100, 4096, 200000)), self.offset())

    def with_write(self):
        return (self.bytes(),)

    def with_pwrite(self):
        return (self.bytes(), self.offset())

    def with_writev(self):
        return ((self.bytes(500), self.bytes(500), b""),)

    def with_seek(self):
        return (self.offset(), self.rng.choice((0, 0, 1, 2)))

    def with_fstat(self):
        return ()

    with_data_map = with_huge = with_fgetattr = with_fstat

    def with_ftruncate(self):
        return (self.offset(),)

    def with_fallocate(self):
        return (self.rng.choice(FALLOC), self.offset(),
                self.rng.choice((0, 1, 4096, 10000)))

    def with_fsync(self):
        return (self.rng.random() < 0.5,)

    def with_fchmod(self):
        return (self.rng.choice(MODES),)

    def with_fchown(self):
        owner = self.rng.choice(IDS), self.rng.choice(IDS)
        # chown(-1, -1) of a set-ID file by another user: FUSE cannot tell it
        # from a write, which may clear the bits.
        return (0, 0) if owner == (-1, -1) and self.callers else owner

    def with_futimens(self):
        return (self.rng.choice(TIMES), self.rng.choice(TIMES))

    def with_fsetxattr(self):
        return (self.rng.choice(XATTRS), self.bytes(60)[:60],
                self.rng.choice((0, 0, os.XATTR_CREATE, os.XATTR_REPLACE)))

    def with_fgetxattr(self):
        return (self.rng.choice(XATTRS),)

    def with_copy_range(self):
        other = self.a_slot()
        return None if other is None else (
            other, self.rng.choice((1, 4096, 30000)), self.offset(),
            self.offset())

    def with_sendfile(self):
        other = self.a_slot()
        return None if other is None else (other, 5000)

    def op_map(self):
        slot = self.a_slot()
        return None if slot is None else (
            "map", self.rng.randrange(MAP_SLOTS), slot,
            self.rng.random() < 0.7)

    def op_map_write(self):
        return ("map_write", self.rng.randrange(MAP_SLOTS),
                self.rng.choice((0, 5, 4090, 9000)), self.bytes(300))

    def op_map_read(self):
        return ("map_read", self.rng.randrange(MAP_SLOTS))

    def op_mkdir(self):
        mode = 0o777 if self.rng.random() < 0.7 else self.rng.choice(MODES)
        return ("mkdir", self.a_place_to_make(), mode)

    def op_rmdir(self):
        return ("rmdir", self.a_path("d" if self.rng.random() < .8
                                     else "dlf", 0.05))

    def op_mknod(self):
        kind, device = self.rng.choice((
            (stat.S_IFIFO, 0), (stat.S_IFSOCK, 0), (stat.S_IFREG, 0),
            (stat.S_IFCHR, os.makedev(240, 77)), (stat.S_IFCHR, 0),
            (stat.S_IFBLK, os.makedev(240, 78))))
        return ("mknod", self.a_place_to_make(),
                kind | self.rng.choice(MODES), device)

    def op_symlink(self):
        return ("symlink", self.link_target(), self.a_place_to_make())

    def op_readlink(self):
        return ("readlink", self.a_path("l"))

    def op_link(self):
        return self.two_places("link", ())

    def op_linkfd(self):
        slot, new = self.a_slot(), self.a_place_to_make()
        if slot is None or (self.keeps_apart() and
                            self.border.crosses_from_slot(slot, new)):
            return None
        return ("linkfd", slot, new)

    def keeps_apart(self):
        return not self.across and self.names == "both"

    def op_unlink(self):
        return ("unlink", self.a_path("lf" if self.rng.random() < .9
                                      else "dlf", 0.05))

    def op_rename(self):
        flags = self.rng.choice((0, 0, 0, 0, 0, sc.RENAME_NOREPLACE,
                                 sc.RENAME_EXCHANGE, 0, 0, 3,
                                 sc.RENAME_WHITEOUT))
        return self.two_places("rename", (flags,))

    def two_places(self, verb, more):
        old = self.a_path("dlf" if verb == "rename" else "lf", 0.05)
        new = self.a_path(new=0.5)
        if self.keeps_apart() and self.border.crosses(old, new):
            return None
        return (verb, old, new) + more

    def op_rmtree(self):
        return ("rmtree", self.a_path("d", 0))

    def op_stat(self):
        return ("stat", self.a_path())

    def op_lstat(self):
        return ("lstat", self.a_path())

    def op_access(self):
        return ("access", self.a_path(), self.rng.randrange(8))

    def op_chmod(self):
        return ("chmod", self.a_path(), self.rng.choice(MODES))

    def op_chown(self):
        return ("chown", self.a_path()) + self.with_fchown() + (
            self.rng.random() < 0.5,)

    def op_truncate(self):
        return ("truncate", self.a_path("fl" if self.rng.random() < .9
                                        else "d"), self.offset())

    def op_utimens(self):
        return ("utimens", self.a_path(), self.rng.choice(TIMES),
                self.rng.choice(TIMES),
                self.rng.choice((0, sc.AT_SYMLINK_NOFOLLOW)))

    def op_setxattr(self):
        return ("setxattr", self.a_path()) + self.with_fsetxattr() + (
            self.rng.random() < 0.7,)

    def op_getxattr(self):
        return ("getxattr", self.a_path(), self.rng.choice(XATTRS),
                self.rng.random() < 0.7)

    def op_listxattr(self):
        return ("listxattr", self.a_path(), self.rng.random() < 0.7)

    def op_removexattr(self):
        return ("removexattr",) + self.op_getxattr()[1:]

    def op_acl(self):
        rng = self.rng
        name = rng.choice(("system.posix_acl_access",
                           "system.posix_acl_default"))
        place = self.a_path("df")
        if rng.random() < 0.2:
            return ("removexattr", place, name, True)
        bits = [rng.randrange(8) for _ in range(6)]
        entries = [(sc.ACL_USER_OBJ, bits[0] | (6 if self.callers else 7),
                    None)]
        if rng.random() < 0.7:
            entries.append((sc.ACL_USER, bits[1], rng.choice((1000, 1001))))
        entries.append((sc.ACL_GROUP_OBJ, bits[2], None))
        if rng.random() < 0.4:
            entries.append((sc.ACL_GROUP, bits[3], 3000))
        # A mask is needed with named entries; one time in 20 it is missing.
        if len(entries) > 2 and rng.random() < 0.95:
            entries.append((sc.ACL_MASK, bits[4], None))
        entries.append((sc.ACL_OTHER, bits[5], None))
        return ("setxattr", place, name, sc.acl_bytes(entries), 0, True)

    def op_umask(self):
        return ("umask", self.rng.choice(MASKS))

    def op_statvfs(self):
        return ("statvfs", self.a_path("df", 0))

    def op_listdir(self):
        return ("listdir", (None, b".") if self.rng.random() < 0.1
                else self.a_path("d", 0))

    def op_listfd(self):
        return ("listfd", self.rng.choice(sorted(self.open_dirs))) \
            if self.open_dirs else None

    def op_list_while_changing(self):
        rng = self.rng
        place = self.a_path("d", 0)
        prefix = b".tmp" if self.names == "scratch" or (
            self.names == "both" and rng.random() < 0.5) else b""
        steps = tuple((rng.choice(("unlink", "rename", "mkdir")),
                       rng.randrange(24)) for _ in range(10))
        return ("list_while_changing", place, prefix, steps,
                rng.choice((300, 512, 4096)))

    def op_locks(self):
        rng = self.rng
        kinds = (fcntl.LOCK_SH, fcntl.LOCK_EX)
        return ("locks", self.a_path("f", 0), rng.choice(kinds),
                rng.choice(kinds), rng.choice(("flock", "lockf")))

    def op_deep(self):
        place = self.a_path("d", 0)
        name = b".tmpdeep" if self.names == "scratch" else b"deep"
        return ("deep", (place[0], place[1].rstrip(b"/") + b"/" + name))

    def op_direct(self):
        return ("direct", self.a_path("f", 0), self.rng.randrange(6))

    def op_save(self):
        target = self.a_path("f", 0.2)
        temporary = self.a_path(new=1)
        if (self.keeps_apart() or self.border.keeps_open) and \
                self.border.crosses(temporary, target):
            return None
        return ("save", target, temporary, self.bytes())

    # What an operation that went well means for the next ones.

    def learn(self, op, result):
        verb = op[0]
        if verb in ("open", "opendir"):
            slots = self.open_slots if verb == "open" else self.open_dirs
            (slots.discard if is_error(result) else slots.add)(op[1])
        elif verb == "close":
            self.open_slots.discard(op[1])
        if is_error(result):
            return
        if verb == "open" and op[3] & os.O_CREAT:
            self.learn_name(op[2], "f")
        elif verb == "mkdir":
            self.learn_name(op[1], "d")
        elif verb == "mknod":
            self.learn_name(op[1], "f")
        elif verb in ("symlink", "link"):
            self.learn_name(op[2], "l" if verb == "symlink" else "f")
        elif verb in ("unlink", "rmdir", "rmtree"):
            self.forget(op[1][1])
        elif verb == "rename":
            self.learn_rename(op)

    def learn_name(self, place, kind):
        path = place[1].rstrip(b"/")
        if place[0] is None and path not in self.known and \
                b"/./" not in path and b".." not in path:
            self.known[path] = kind

    def forget(self, path):
        path = path.rstrip(b"/")
        for gone in [p for p in self.known
                     if p == path or p.startswith(path + b"/")]:
            del self.known[gone]

    def learn_rename(self, op):
        old, new = op[1][1].rstrip(b"/"), op[2][1].rstrip(b"/")
        if op[1][0] is not None or op[2][0] is not None or \
                old not in self.known or op[3] == sc.RENAME_EXCHANGE:
            return
        moved = {p: k for p, k in self.known.items()
                 if p == old or p.startswith(old + b"/")}
        self.forget(new)
        self.forget(old)
        for path, kind in moved.items():
            self.known[new + path[len(old):]] = kind
