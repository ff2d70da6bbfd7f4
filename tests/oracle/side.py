# SPDX-License-Identifier: MIT
"""One of the two trees, and every operation the oracle knows.

An operation is a tuple (verb, argument...); run() answers what can be compared
with the other side: a value, or ("error", errno).  A path argument is a pair
(slot, bytes): relative to the root, or to the folder held open in that slot.
"""
import collections
import errno
import mmap
import os
import re
import stat

import composite
import syscalls as sc

FILE_SLOTS = 12
DIR_SLOTS = 4
MAP_SLOTS = 3
_RUNS = re.compile(r"((\\x..|.)\2{15})\2*")


def facts(st):
    size = 0 if stat.S_ISDIR(st.st_mode) else st.st_size
    nlink = 0 if stat.S_ISDIR(st.st_mode) else st.st_nlink
    return (oct(st.st_mode), st.st_uid, st.st_gid, size, nlink, st.st_rdev)


class Side:
    def __init__(self, root):
        self.root = os.fsencode(os.path.realpath(root))
        self.root_fd = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        self.files = [None] * FILE_SLOTS
        self.inodes = [None] * FILE_SLOTS
        self.dirs = [None] * DIR_SLOTS
        self.maps = [None] * MAP_SLOTS
        self.map_files = [None] * MAP_SLOTS
        self.changed_inode = None
        # An ordinary user's daemon has the user's rights: it can neither list
        # an open folder that the user has closed to itself, nor reach a file
        # that is open in one.
        self.is_user = os.geteuid() != 0
        # The kernel passes what concerns bytes on to a tmpfs, which has ways of
        # its own: mapped writes do not move times, and holes are not pages.
        self.passes_to_tmpfs = False

    def run(self, op, caller=0):
        verb = getattr(self, "do_" + op[0])
        try:
            if not caller:
                return verb(*op[1:])
            with composite.Caller(caller):
                return verb(*op[1:])
        except OSError as error:
            return ("error", error.errno)

    def mode_of(self, mode, is_folder):
        return mode | 0o500 if self.is_user and is_folder else mode

    def at(self, slot):
        return self.root_fd if slot is None else self.dirs[slot]

    def where(self, fd):
        """What an open object is called, below the root; None: it is gone."""
        path = os.readlink(b"/proc/self/fd/%d" % fd)
        if path == self.root:
            return b""
        if not path.startswith(self.root + b"/") or \
                path.endswith(b" (deleted)"):
            return None
        return path[len(self.root) + 1:]

    def held_files(self):
        """The descriptors of all files that are open or mapped."""
        return [fd for fd in self.files if fd is not None] + [
            fd for fd, area in zip(self.map_files, self.maps)
            if area is not None]

    def proc(self, place):
        """An absolute path for calls that take no folder descriptor."""
        return b"/proc/self/fd/%d/%s" % (self.at(place[0]), place[1])

    def watched(self, slot):
        """fstat of an open file, whose inode number must not change."""
        st = os.fstat(self.files[slot])
        if st.st_ino != self.inodes[slot]:
            self.changed_inode = (slot, self.inodes[slot], st.st_ino)
        return st

    # Descriptors that stay open over renames and unlinks.

    def do_open(self, slot, place, flags, mode):
        self.do_close(slot)
        fd = os.open(place[1], flags, mode, dir_fd=self.at(place[0]))
        self.files[slot] = fd
        st = os.fstat(fd)
        self.inodes[slot] = st.st_ino
        return facts(st)

    def do_close(self, slot):
        if self.files[slot] is not None:
            os.close(self.files[slot])
            self.files[slot] = None

    def do_closedir(self, slot):
        if self.dirs[slot] is not None:
            os.close(self.dirs[slot])
            self.dirs[slot] = None

    def do_opendir(self, slot, place):
        self.do_closedir(slot)
        self.dirs[slot] = os.open(place[1], os.O_RDONLY | os.O_DIRECTORY,
                                  dir_fd=self.at(place[0]))

    def do_read(self, slot, size):
        return os.read(self.files[slot], size)

    def do_pread(self, slot, size, offset):
        return os.pread(self.files[slot], size, offset)

    def do_write(self, slot, data):
        return os.write(self.files[slot], data), self.watched(slot).st_size

    def do_pwrite(self, slot, data, offset):
        return (os.pwrite(self.files[slot], data, offset),
                self.watched(slot).st_size)

    def do_writev(self, slot, parts):
        return os.writev(self.files[slot], parts)

    def do_seek(self, slot, offset, whence):
        if stat.S_ISDIR(os.fstat(self.files[slot]).st_mode):
            return "a folder's positions are its file system's own"
        return os.lseek(self.files[slot], offset, whence)

    def do_fstat(self, slot):
        return facts(self.watched(slot))

    def do_ftruncate(self, slot, size):
        os.ftruncate(self.files[slot], size)
        return self.watched(slot).st_size

    def do_fallocate(self, slot, mode, offset, length):
        sc.fallocate(self.files[slot], mode, offset, length)
        return self.watched(slot).st_size

    def do_fsync(self, slot, only_bytes):
        (os.fdatasync if only_bytes else os.fsync)(self.files[slot])

    def do_fchmod(self, slot, mode):
        st = os.fstat(self.files[slot])
        os.fchmod(self.files[slot],
                  self.mode_of(mode, stat.S_ISDIR(st.st_mode)))
        return facts(self.watched(slot))

    def do_fchown(self, slot, uid, gid):
        os.fchown(self.files[slot], uid, gid)
        return facts(self.watched(slot))

    def do_futimens(self, slot, atime, mtime):
        sc.utimensat(self.files[slot], None, atime, mtime, 0)
        return self._times(self.watched(slot), atime, mtime)

    def do_fsetxattr(self, slot, name, value, flags):
        os.setxattr(self.files[slot], name, value, flags)

    def do_fgetxattr(self, slot, name):
        return os.getxattr(self.files[slot], name)

    def do_copy_range(self, source, target, count, offset_in, offset_out):
        total = 0
        while total < count:
            done = os.copy_file_range(
                self.files[source], self.files[target], count - total,
                offset_in + total, offset_out + total)
            if done == 0:
                break
            total += done
        return total

    def do_sendfile(self, source, target, count):
        if self.passes_to_tmpfs and os.path.sameopenfile(
                self.files[source], self.files[target]):
            return "may read what it has just written, or not"
        return os.sendfile(self.files[target], self.files[source], 0, count)

    def do_data_map(self, slot):
        return composite.data_map(self.files[slot])

    def do_linkfd(self, slot, place):
        os.link(b"/proc/self/fd/%d" % self.files[slot], place[1],
                src_dir_fd=self.root_fd, dst_dir_fd=self.at(place[0]),
                follow_symlinks=True)

    # Memory maps that stay over renames and unlinks.

    def do_map(self, slot, fd_slot, shared):
        if self.maps[slot] is not None:
            self.maps[slot].close()
            os.close(self.map_files[slot])
            self.maps[slot] = None
        fd = self.files[fd_slot]
        size = os.fstat(fd).st_size
        if not size or not stat.S_ISREG(os.fstat(fd).st_mode):
            return "nothing to map"
        self.maps[slot] = mmap.mmap(
            fd, min(size, 65536), mmap.MAP_SHARED if shared
            else mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
        self.map_files[slot] = os.dup(fd)
        return self.maps[slot][:64]

    def do_map_write(self, slot, offset, data):
        area = self.maps[slot]
        if area is None or offset + len(data) > min(len(area), area.size()):
            return "out of reach"
        if self.is_user:
            # Mapped pages reach the file by a write of the user's daemon, and
            # that clears set-ID bits.
            st = os.fstat(self.map_files[slot])
            os.fchmod(self.map_files[slot], st.st_mode & 0o1777)
        area[offset:offset + len(data)] = data
        area.flush()
        if self.passes_to_tmpfs:
            os.utime(self.map_files[slot])
        return len(data)

    def do_map_read(self, slot):
        area = self.maps[slot]
        return area and area[:min(len(area), area.size())]

    # Names.

    def do_mkdir(self, place, mode):
        os.mkdir(place[1], self.mode_of(mode, True), dir_fd=self.at(place[0]))
        return self.do_lstat(place)

    def do_rmdir(self, place):
        os.rmdir(place[1], dir_fd=self.at(place[0]))

    def do_mknod(self, place, mode, device):
        os.mknod(place[1], mode, device, dir_fd=self.at(place[0]))
        return self.do_lstat(place)

    def do_symlink(self, target, place):
        os.symlink(target, place[1], dir_fd=self.at(place[0]))
        return self.do_lstat(place)

    def do_readlink(self, place):
        return os.readlink(place[1], dir_fd=self.at(place[0]))

    def do_link(self, old, new):
        os.link(old[1], new[1], src_dir_fd=self.at(old[0]),
                dst_dir_fd=self.at(new[0]), follow_symlinks=False)
        return self.do_lstat(new)

    def do_unlink(self, place):
        os.unlink(place[1], dir_fd=self.at(place[0]))

    def do_rename(self, old, new, flags):
        sc.renameat2(self.at(old[0]), old[1], self.at(new[0]), new[1], flags)
        return self.do_lstat(new)

    def do_rmtree(self, place):
        return composite.remove_tree(self.at(place[0]), place[1])

    # Attributes.

    def do_stat(self, place):
        return facts(os.stat(place[1], dir_fd=self.at(place[0])))

    def do_lstat(self, place):
        return facts(os.stat(place[1], dir_fd=self.at(place[0]),
                             follow_symlinks=False))

    def do_access(self, place, mode):
        return os.access(place[1], mode, dir_fd=self.at(place[0]),
                         effective_ids=True)

    def do_chmod(self, place, mode):
        st = os.stat(place[1], dir_fd=self.at(place[0]))
        os.chmod(place[1], self.mode_of(mode, stat.S_ISDIR(st.st_mode)),
                 dir_fd=self.at(place[0]))
        return self.do_stat(place)

    def do_chown(self, place, uid, gid, follow):
        os.chown(place[1], uid, gid, dir_fd=self.at(place[0]),
                 follow_symlinks=follow)
        return self.do_lstat(place)

    def do_truncate(self, place, size):
        os.truncate(self.proc(place), size)
        return self.do_stat(place)

    def do_utimens(self, place, atime, mtime, flags):
        sc.utimensat(self.at(place[0]), place[1], atime, mtime, flags)
        st = os.stat(place[1], dir_fd=self.at(place[0]),
                     follow_symlinks=not flags)
        return self._times(st, atime, mtime)

    @staticmethod
    def _times(st, atime, mtime):
        special = (sc.UTIME_NOW, sc.UTIME_OMIT)
        return (None if atime[1] in special else st.st_atime_ns,
                None if mtime[1] in special else st.st_mtime_ns)

    def do_setxattr(self, place, name, value, flags, follow):
        os.setxattr(self.proc(place), name, value, flags,
                    follow_symlinks=follow)
        return self.do_lstat(place)

    def do_getxattr(self, place, name, follow):
        return os.getxattr(self.proc(place), name, follow_symlinks=follow)

    def do_listxattr(self, place, follow):
        return sorted(os.listxattr(self.proc(place), follow_symlinks=follow))

    def do_removexattr(self, place, name, follow):
        os.removexattr(self.proc(place), name, follow_symlinks=follow)
        return self.do_lstat(place)

    def do_umask(self, mask):
        os.umask(mask)

    def do_statvfs(self, place):
        found = os.statvfs(self.proc(place))
        return (found.f_namemax, found.f_bsize > 0, found.f_blocks > 0,
                found.f_bavail <= found.f_blocks)

    # Folders, and operations made of several.

    def do_listdir(self, place):
        fd = os.open(place[1], os.O_RDONLY | os.O_DIRECTORY,
                     dir_fd=self.at(place[0]))
        try:
            return sorted(composite.entries(fd))
        finally:
            os.close(fd)

    def do_listfd(self, slot):
        os.lseek(self.dirs[slot], 0, os.SEEK_SET)
        counted = collections.Counter(
            name for name, _ in composite.entries(self.dirs[slot]))
        return sorted(counted.items())

    def do_list_while_changing(self, place, prefix, steps, size):
        return composite.list_while_changing(
            self.at(place[0]), place[1], prefix, steps, size)

    def do_locks(self, place, first, second, style):
        return composite.locks(self.at(place[0]), place[1], first, second,
                               style)

    def do_deep(self, place):
        return composite.deep(self.at(place[0]), place[1])

    def do_direct(self, place, block):
        return composite.direct(self.at(place[0]), place[1], block)

    def do_huge(self, slot):
        return composite.huge(self.files[slot])

    def do_save(self, place, temporary, data):
        return composite.save(self.at(place[0]), place[1],
                              self.at(temporary[0]), temporary[1], data)

    def settle(self):
        """Brings mapped writes down before a picture is taken."""
        for area in self.maps:
            if area is not None:
                area.flush()

    def open_files(self):
        """Facts of every open file, and its number: for grouping."""
        return [None if fd is None else facts(self.watched(slot))
                for slot, fd in enumerate(self.files)]


def is_error(result, number=None):
    return isinstance(result, tuple) and len(result) == 2 and \
        result[0] == "error" and (number is None or result[1] == number)


def describe_both(left, right):
    """Two results that differ; of long bytes, where they begin to."""
    if isinstance(left, bytes) and isinstance(right, bytes):
        at = len(os.path.commonprefix([left, right]))
        return "left  %d bytes, from %d on %s\nright %d bytes, %s" % (
            len(left), at, describe(left[at:at + 60]),
            len(right), describe(right[at:at + 60]))
    return "left  %s\nright %s" % (describe(left), describe(right))


def describe(result):
    if is_error(result):
        return errno.errorcode.get(result[1], str(result[1]))
    text = _RUNS.sub(r"\1{\2...}", repr(result))
    return text if len(text) < 400 else text[:400] + "..."
