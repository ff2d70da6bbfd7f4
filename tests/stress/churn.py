#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many processes change one view, and the host behind it, at the same time.

    churn.py VIEW HOST SECONDS SEED

Every file holds a record that says how long it is and what its bytes sum up
to.  Files are only ever replaced by renaming, so whoever reads one, whenever,
must find a whole record.  Names that begin with .tmp or are called logs are
scratch; everything else is on the host.

Opening a file in the view sends no request.  So when the host replaces it
after that and before its last byte is read, it may be gone (ESTALE, as on NFS),
or, mapped, be two files; and when the host replaces it after it was looked up
and before it is renamed, its size may be the former one's for a moment.  How
often depends on the machine; but only what was replaced meanwhile may be so.
"""
import errno
import mmap
import multiprocessing
import os
import random
import sys
import time
import traceback
import zlib

FOLDERS = ["a", "b", "a/deep"]
FILES = ["f%d" % i for i in range(6)]
RACES = {errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY}


def record(number):
    body = (b"%d " % number) * (1 + number % 3000)
    return b"%08x %d\n" % (zlib.crc32(body), len(body)) + body


def check(content, path):
    head, _, body = content.partition(b"\n")
    total, length = head.split()
    if int(length) != len(body) or int(total, 16) != zlib.crc32(body):
        raise AssertionError("%s is not whole: %r..." % (path, content[:60]))


def identity(path):
    try:
        st = os.stat(path)
    except FileNotFoundError:
        return None
    return st.st_ino, st.st_ctime_ns


class Worker:
    def __init__(self, root, host, seed):
        self.root = root
        self.host = host
        self.random = random.Random(seed)
        self.me = "%d" % seed
        self.count = 0
        self.logged = 0
        self.chosen = self.before = None

    def folder(self):
        return os.path.join(self.root, self.random.choice(FOLDERS))

    def name(self, folder):
        path = os.path.join(folder, self.random.choice(FILES))
        self.chosen = os.path.join(self.host, os.path.relpath(path, self.root))
        self.before = identity(self.chosen)
        return path

    def is_replaced(self):
        """Has the host another file than when its name was chosen?"""
        return self.chosen is not None and \
            self.before != identity(self.chosen)

    def temporary(self, folder, prefix):
        self.count += 1
        return os.path.join(folder, "%s%s-%d" % (prefix, self.me, self.count))

    def write(self, path):
        with open(path, "xb") as file:
            file.write(record(self.random.randrange(1 << 20)))

    def save(self, prefix=".tmp-"):
        folder = self.folder()
        temporary = self.temporary(folder, prefix)
        self.write(temporary)
        os.rename(temporary, self.name(folder))

    def save_on_host(self):
        self.save(".host-")
        time.sleep(0.002)

    def drop_on_host(self):
        os.unlink(self.name(self.folder()))

    def read(self):
        path = self.name(self.folder())
        with open(path, "rb") as file:
            check(file.read(), path)

    def read_mapped(self):
        path = self.name(self.folder())
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            with mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ) as memory:
                content = bytes(memory)
        try:
            check(content, path)
        except AssertionError:
            if not self.is_replaced():
                raise

    def stash(self):
        """From the host to scratch, and away."""
        path = self.name(self.folder())
        stashed = self.temporary(self.folder(), ".tmp-s")
        os.rename(path, stashed)
        deadline = time.monotonic() + 20
        while not self.is_whole(stashed):
            assert time.monotonic() < deadline, "%s is not whole" % stashed
            time.sleep(0.01)
        os.unlink(stashed)

    def is_whole(self, path):
        with open(path, "rb") as file:
            content = file.read()
        try:
            check(content, path)
        except AssertionError:
            return False
        return True

    def log(self):
        folder = os.path.join(self.root, "logs")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, self.me)
        with open(path, "ab") as file:
            file.write(b"line\n")
        self.logged += 1
        if os.path.getsize(path) != 5 * self.logged:
            raise AssertionError("%s: %d bytes after %d lines" % (
                path, os.path.getsize(path), self.logged))

    def cache(self):
        folder = os.path.join(self.folder(), "logs", self.me)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "entry")
        with open(path, "wb") as file:
            file.write(record(7))
        os.unlink(path)
        os.rmdir(folder)

    def list(self):
        names = os.listdir(self.folder())
        if len(names) != len(set(names)):
            raise AssertionError("listed twice: %r" % sorted(names))
        for name in names:
            if name not in FILES and name not in ("deep", "logs") and \
                    not name.startswith((".tmp-", ".host-")):
                raise AssertionError("a name from nowhere: %r" % name)

    def stat(self):
        os.lstat(self.name(self.folder()))

    def run(self, actions, until):
        while time.monotonic() < until:
            action = getattr(self, self.random.choice(actions))
            self.chosen = None
            try:
                action()
            except OSError as error:
                if error.errno not in RACES and not (
                        error.errno == errno.ESTALE and self.is_replaced()):
                    raise


VIEW_ACTIONS = ["save", "save", "read", "read", "read_mapped", "stash", "log",
                "cache", "list", "stat"]
HOST_ACTIONS = ["save_on_host", "save_on_host", "read", "drop_on_host"]


def work(root, actions, host, seed, seconds):
    try:
        Worker(root, host, seed).run(actions, time.monotonic() + seconds)
    except BaseException:
        traceback.print_exc()
        sys.exit(1)


def compare(view, host):
    """What is wrong now that everybody has stopped: a list."""
    wrong = []
    for folder in FOLDERS:
        for name in FILES:
            contents = []
            for root in (view, host):
                try:
                    with open(os.path.join(root, folder, name), "rb") as file:
                        contents.append(file.read())
                except FileNotFoundError:
                    contents.append(None)
            if contents[0] != contents[1]:
                wrong.append("%s/%s differs on the host" % (folder, name))
    for path, folders, files in os.walk(host):
        wrong += ["on the host: %s/%s" % (path, name) for name in folders + files
                  if name.startswith(".tmp") or name == "logs"]
    return wrong


def main():
    view, host, seconds, seed = sys.argv[1:]
    for folder in FOLDERS:
        os.makedirs(os.path.join(host, folder), exist_ok=True)
    print("seed", seed)
    seed = int(seed)
    jobs = [(view, VIEW_ACTIONS, host, seed + i) for i in range(4)]
    jobs.append((host, HOST_ACTIONS, host, seed + 4))
    workers = [multiprocessing.Process(target=work, args=job + (float(seconds),))
               for job in jobs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # The event of the host's last change may still be on its way.
    deadline = time.monotonic() + 20
    while (wrong := compare(view, host)) and time.monotonic() < deadline:
        time.sleep(0.05)
    print("\n".join(wrong))
    return 1 if wrong or any(worker.exitcode for worker in workers) else 0


if __name__ == "__main__":
    sys.exit(main())
