# SPDX-License-Identifier: MIT
"""Two views of one volume as one side: each operation goes to one of them.

A file or folder that is held open belongs to the view it was opened in.  What
another view has open is closed before names go away: a view cannot keep a file
that is deleted behind its back, no more than NFS can.
"""
import os
import random
import stat

from side import DIR_SLOTS, FILE_SLOTS, Side

OF_TWO_FILES = ("copy_range", "sendfile")
OF_A_FILE = ("close", "read", "pread", "write", "pwrite", "writev", "seek",
             "fstat", "ftruncate", "fallocate", "fsync", "fchmod", "fchown",
             "futimens", "fsetxattr", "fgetxattr", "data_map", "linkfd",
             "huge")
REMOVING = ("unlink", "rmdir", "rename", "rmtree", "save", "deep",
            "list_while_changing")
# Mapped pages are not the same in two views, and locks=local holds in one.
LEFT_OUT = ("map", "map_write", "map_read", "locks", "direct")


class Pair:
    def __init__(self, roots, seed):
        self.sides = [Side(root) for root in roots]
        self.rng = random.Random(seed)
        self.files = [None] * FILE_SLOTS
        self.dirs = [None] * DIR_SLOTS

    @property
    def root_fd(self):
        return self.rng.choice(self.sides).root_fd

    @property
    def changed_inode(self):
        return next((s.changed_inode for s in self.sides if s.changed_inode),
                    None)

    def owners(self, op):
        """The views whose open files and folders an operation uses."""
        verb = op[0]
        slots = op[1:3] if verb in OF_TWO_FILES else \
            op[1:2] if verb in OF_A_FILE else ()
        found = {self.files[slot] for slot in slots}
        if verb == "listfd":
            found.add(self.dirs[op[1]])
        found |= {self.dirs[word[0]] for word in op[1:]
                  if isinstance(word, tuple) and len(word) == 2 and
                  isinstance(word[1], bytes) and word[0] is not None}
        return found - {None}

    def opens_pipe(self, op):
        """A pipe joins who opened it in one view."""
        if op[0] != "open":
            return False
        side = self.sides[0]
        try:
            st = os.stat(op[2][1], dir_fd=side.at(op[2][0]))
        except OSError:
            return False
        return stat.S_ISFIFO(st.st_mode)

    def choose(self, op):
        """The view for an operation; None: it is left out."""
        owners = self.owners(op)
        if op[0] in LEFT_OUT or len(owners) > 1 or self.opens_pipe(op):
            return None
        return owners.pop() if owners else self.rng.randrange(2)

    def foreign(self, op, view):
        """The slots of files and of folders that the other view has to close."""
        if op[0] not in REMOVING:
            return [], []
        return tuple([slot for slot, owner in enumerate(slots)
                      if owner == 1 - view] for slots in (self.files, self.dirs))

    def close(self, files, folders):
        for slot in files:
            self.sides[self.files[slot]].do_close(slot)
            self.files[slot] = None
        for slot in folders:
            self.sides[self.dirs[slot]].do_closedir(slot)
            self.dirs[slot] = None

    def run_in(self, view, op, caller):
        side = self.sides[view]
        if op[0] == "open" and self.files[op[1]] is not None:
            self.close([op[1]], [])
        if op[0] == "opendir" and self.dirs[op[1]] is not None:
            self.close([], [op[1]])
        result = side.run(op, caller)
        if op[0] in ("open", "close"):
            self.files[op[1]] = view if side.files[op[1]] is not None else None
        if op[0] == "opendir":
            self.dirs[op[1]] = view if side.dirs[op[1]] is not None else None
        return result

    def settle(self):
        pass

    def open_files(self):
        both = [side.open_files() for side in self.sides]
        return [None if owner is None else both[owner][slot]
                for slot, owner in enumerate(self.files)]
