#!/bin/bash
# SPDX-License-Identifier: MIT
# Files whose bytes the kernel passes through behave as files do: times, sizes,
# set-ID bits, appending, truncating while open, running them.  Where the kernel
# does not pass through, the view works all the same, and status tells.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/passthrough.sh"
need_passthrough

# Run in a folder of the view; the argument is the same folder without it.
cat >"$WORK/files.py" <<'PYTHON'
import errno, mmap, os, shutil, subprocess, sys

OLD = 10**18
backing = sys.argv[1]


def other_user():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def made(name, mode=0o666):
    fd = os.open(name, os.O_RDWR | os.O_CREAT)
    os.fchmod(fd, mode)
    os.write(fd, b"first")
    os.utime(fd, ns=(OLD, OLD))
    assert os.stat(name).st_mtime_ns == OLD
    return fd


def content(name):
    both = [open(p, "rb").read() for p in (name, backing + "/" + name)]
    assert both[0] == both[1], (name, both)
    return both[0]


# A write, by descriptor and by map, shows by every name and moves the time.
fd = made("times")
os.link("times", "times.too")
os.write(fd, b" second")
for st in os.fstat(fd), os.stat("times.too"):
    assert st.st_size == 12 and st.st_mtime_ns > OLD, st
os.utime(fd, ns=(OLD, OLD))
with mmap.mmap(fd, 12) as area:
    area[:5] = b"FIRST"
    area.flush()
    assert os.stat("times").st_mtime_ns > OLD, "the map moved no time"
os.close(fd)
assert content("times.too") == b"FIRST second"

# Who writes takes the set-ID bits away, unless it is root.
def rights_after(write):
    fd = made("program", 0o6777)
    child = os.fork()
    if child == 0:
        other_user()
        write(os.open("program", os.O_RDWR))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    os.close(fd)
    here = os.stat("program").st_mode
    assert here == os.stat(backing + "/program").st_mode
    os.unlink("program")
    return oct(here & 0o7777)


def through_map(fd):
    with mmap.mmap(fd, 5) as area:
        area[:1] = b"F"
        area.flush()


assert rights_after(lambda fd: os.pwrite(fd, b"x", 0)) == "0o777"
assert rights_after(lambda fd: os.ftruncate(fd, 2)) == "0o777"
assert rights_after(through_map) == "0o6777"    # as everywhere

# Appending writers of both kinds, and one that positions itself.
fd = made("log")
ends = [os.open("log", os.O_WRONLY | os.O_APPEND) for _ in range(2)]
for i in range(6):
    assert os.write(ends[i % 2], b"%d" % i) == 1
os.pwrite(fd, b"F", 0)
assert content("log") == b"First012345"
with open(backing + "/log", "ab") as host:
    host.write(b"host")
os.write(ends[0], b"view")
assert content("log") == b"First012345hostview"

# Truncated by name and by descriptor while it is open and mapped.
with mmap.mmap(fd, 8) as area:
    os.truncate("log", 3)
    assert os.fstat(fd).st_size == 3 and area[:5] == b"Fir\0\0"
    os.ftruncate(ends[0], 6)
    os.write(ends[1], b"!")
    assert os.pread(fd, 99, 0) == b"Fir\0\0\0!" == area[:7]
fd = os.open("log", os.O_WRONLY | os.O_TRUNC)
assert content("log") == b""

# What is being written does not run; what runs is not written.
shutil.copy("/bin/sleep", "run")
writer = os.open("run", os.O_WRONLY)
try:
    subprocess.call(["./run", "0"])
    raise AssertionError("a file open for writing ran")
except OSError as error:
    assert error.errno == errno.ETXTBSY, error
os.close(writer)
running = subprocess.Popen(["./run", "60"])
try:
    os.open("run", os.O_WRONLY)
    raise AssertionError("a running file was opened for writing")
except OSError as error:
    assert error.errno == errno.ETXTBSY, error
running.kill()
running.wait()
os.close(os.open("run", os.O_WRONLY))
PYTHON

look_at_files() {
	local folder=$1 without=$2
	(cd "$folder" && timeout -k 5 120 "$TEST_PYTHON" "$WORK/files.py" "$without") ||
		fail "in $folder"
}

# rename(2) alone: mv would copy.
cross_by_rename() {
	"$TEST_PYTHON" - "$@" <<-'PYTHON'
		import errno, os, sys
		try:
		    os.rename(*sys.argv[1:])
		    print("yes")
		except OSError as error:
		    print(errno.errorcode[error.errno])
	PYTHON
}

crosses() {
	[ "$(cross_by_rename "$@")" = yes ]
}

mkdir -p "$WORK/source/core" "$WORK/store"
mount_passthrough "$WORK/source" "$WORK/view" --store "$WORK/store"
mkdir "$WORK/view/logs"
look_at_files "$WORK/view/core" "$WORK/source/core"
look_at_files "$WORK/view/logs" "$(find "$WORK/store" -path "*/tree/logs")"
assert_eq "$(io_of "$WORK/view")" passthrough
unmount_view "$WORK/view"

# An open file is not copied to another file system; once it is closed, it is.
mount_passthrough "$WORK/source" "$WORK/view" --store tmpfs
mkdir "$WORK/view/logs"
for ends in "core logs" "logs core"; do
	from=$WORK/view/${ends% *}/moves to=$WORK/view/${ends#* }/moves
	echo text >"$from"
	exec 7>>"$from"
	assert_eq "$(cross_by_rename "$from" "$to")" EXDEV "from ${ends% *}"
	assert_absent "$to"
	echo more >&7
	exec 7>&-
	assert_eq "$(cat "$from")" $'text\nmore'
	wait_until 60 crosses "$from" "$to" # the kernel tells of a close later
	assert_eq "$(cat "$to")" $'text\nmore'
	assert_absent "$from"
	rm "$to"
done
unmount_view "$WORK/view"

mkdir "$WORK"/{lower,upper,work,merged}
if mount -t overlay overlay -o "lowerdir=$WORK/lower,upperdir=$WORK/upper,workdir=$WORK/work" \
	"$WORK/merged"; then
	mkdir "$WORK/merged/core"
	mount_passthrough "$WORK/merged" "$WORK/view"
	look_at_files "$WORK/view/core" "$WORK/merged/core"
	assert_eq "$(io_of "$WORK/view")" cached "io of a view of an overlayfs"
	unmount_view "$WORK/view"
	umount "$WORK/merged"
else
	note "no overlayfs here"
fi
