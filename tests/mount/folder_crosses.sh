#!/bin/bash
# SPDX-License-Identifier: MIT
# A folder that was filled under a temporary name is renamed into place, and
# back, as one: who stands in it or has a file open goes on.
. "$(dirname "$0")/../lib/mount.sh"

cat >"$WORK/unpack.py" <<'PYTHON'
import os, sys, time
os.chdir(sys.argv[1])
host = sys.argv[2]
os.makedirs(".tmpunpack/deep/er")
with open(".tmpunpack/deep/er/file", "w") as file:
    file.write("one\n")
writer = os.open(".tmpunpack/deep/er/log", os.O_RDWR | os.O_CREAT | os.O_APPEND)
os.write(writer, b"begin\n")
inode = os.stat(".tmpunpack/deep").st_ino
inside = os.open(".tmpunpack/deep", os.O_RDONLY)
assert not os.path.exists(host + "/.tmpunpack")

# The kernel has been told that this name does not exist.
assert not os.path.exists(".tmpunpack/deep/later")
os.rename(".tmpunpack", "package")
os.write(writer, b"moved\n")
assert open(host + "/package/deep/er/log").read() == "begin\nmoved\n"
assert not os.path.lexists(".tmpunpack")
assert os.stat("package/deep").st_ino == os.stat("deep", dir_fd=os.open(
    "package", os.O_RDONLY)).st_ino == inode
fd = os.open("new", os.O_WRONLY | os.O_CREAT, dir_fd=inside)
os.close(fd)
assert os.path.exists(host + "/package/deep/new")
with open(host + "/package/deep/later", "w") as file:
    file.write("host\n")
deadline = time.monotonic() + 60    # until the event has come
while not os.path.exists("package/deep/later"):
    assert time.monotonic() < deadline
    time.sleep(0.01)

# Away again: from now on none of it is the host's.
os.rename("package", "logs")
os.write(writer, b"back\n")
assert not os.path.lexists(host + "/package")
assert not os.path.lexists(host + "/logs")
assert open("logs/deep/er/log").read() == "begin\nmoved\nback\n"
os.rename("logs/deep/er", "kept")
assert open(host + "/kept/log").read() == "begin\nmoved\nback\n"

# Not as one: what a rule diverts would stay behind.
os.makedirs("mixed/__pycache__")
os.mkdir(".tmpmixed")
os.mkdir(".tmpmixed/logs")
for old, new in (("mixed", ".tmpaway"), (".tmpmixed", "here")):
    try:
        os.rename(old, new)
    except OSError as error:
        assert error.errno == 18, error
    else:
        assert False, old
# Nor where a file has another name in the place that is left.
os.mkdir("linked")
with open("linked/file", "w") as file:
    file.write("x")
os.link("linked/file", "outside")
try:
    os.rename("linked", ".tmplinked")
except OSError as error:
    assert error.errno == 18, error
else:
    assert False
PYTHON

mkdir "$WORK/source"
mount_view "$WORK/source" "$WORK/view"
"$TEST_PYTHON" "$WORK/unpack.py" "$WORK/view" "$WORK/source"
unmount_view "$WORK/view"
assert_eq "$(cd "$WORK/source" && find . | LC_ALL=C sort)" \
	"$(printf '%s\n' . ./kept ./kept/file ./kept/log ./linked ./linked/file \
		./mixed ./outside)" "what is on the host"
