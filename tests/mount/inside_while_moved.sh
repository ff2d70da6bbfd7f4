#!/bin/bash
# SPDX-License-Identifier: MIT
# What is in a folder is found by who stands in it, all of it, while the folder
# is renamed within a place and over the border.
. "$(dirname "$0")/../lib/mount.sh"

cat >"$WORK/stand.py" <<'PYTHON'
import os, sys, time

FILES = 20
os.chdir(sys.argv[1])
one, other = sys.argv[2:]
os.makedirs(one + "/deep/er")
folders = []
for path in (one, one + "/deep", one + "/deep/er"):
    for number in range(FILES):
        with open("%s/file%d" % (path, number), "w") as file:
            file.write("text")
    folders.append(os.open(path, os.O_RDONLY))


def look(folder):
    for number in range(FILES):
        assert os.stat("file%d" % number, dir_fd=folder).st_size == 4


def read(folder):
    for number in range(FILES):
        fd = os.open("file%d" % number, os.O_RDWR, dir_fd=folder)
        assert os.pread(fd, 9, 0) == b"text"
        os.close(fd)


def listing(folder):
    names = set(os.listdir(folder))
    assert names >= {"file%d" % n for n in range(FILES)}, names


def make(folder):
    name = "made%d" % os.getpid()
    os.mkdir(name, dir_fd=folder)
    os.rmdir(name, dir_fd=folder)


children = []
for work in (look, read, listing, make):
    pid = os.fork()
    if not pid:
        code = 1
        try:
            until = time.monotonic() + 1
            while time.monotonic() < until:
                for folder in folders:
                    work(folder)
            code = 0
        finally:
            os._exit(code)
    children.append(pid)
renames = 0
until = time.monotonic() + 1
while time.monotonic() < until:
    try:
        os.rename(one, other)
        one, other = other, one
        renames += 1
    except OSError as error:
        # A folder that is just being made in it: EXDEV is fair.
        assert error.errno in (16, 18, 39), error
assert all(os.waitpid(pid, 0)[1] == 0 for pid in children), "not found"
if one != sys.argv[2]:
    os.rename(one, other)
print(renames, "renames")
PYTHON

mkdir "$WORK/source"
mount_view "$WORK/source" "$WORK/view"
for pair in "core other" ".tmpone .tmpother" "comes .tmpgoes"; do
	read -r one other <<<"$pair"
	note "$("$TEST_PYTHON" "$WORK/stand.py" "$WORK/view" "$one" "$other")" ||
		fail "$pair: see above"
done
assert_eq "$(find "$WORK/view/comes" | wc -l)" 63 "what is in it"
unmount_view "$WORK/view"
