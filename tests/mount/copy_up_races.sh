#!/bin/bash
# SPDX-License-Identifier: MIT
# Several processes change one shown-through file for the first time, each a
# part of it, by write, through a map, and appending, while others read it and
# take links of it: nothing of it is lost, nobody sees half a file, and the host's
# copy stays.
. "$(dirname "$0")/../lib/mount.sh"

cat >"$WORK/race.py" <<'PYTHON'
import mmap, os, sys, time

# Whole pages: in one page the kernel itself may lose a write(2) to a map.
FILES, PART, PARTS = 25, 8192, 8
os.chdir(sys.argv[1])


def work(number):
    for file in range(FILES):
        path = "logs/folder%d/file%d" % (file % 5, file)
        while not os.path.exists("start%d" % file):
            time.sleep(0.0005)
        if number == PARTS:        # a reader
            content = open(path, "rb").read()
            assert len(content) >= PART * PARTS, len(content)
            assert set(content[:PART * PARTS]) <= set(b"o01234567"), path
        elif number == PARTS + 1:  # appends
            with open(path, "ab", buffering=0) as out:
                out.write(b"appended")
        elif number == PARTS + 2:  # another name
            os.link(path, path + ".link")
        else:
            with open(path, "r+b", buffering=0) as out:
                if number % 2:
                    with mmap.mmap(out.fileno(), PART * PARTS) as area:
                        area[number * PART:(number + 1) * PART] = \
                            b"%d" % number * PART
                else:
                    os.pwrite(out.fileno(), b"%d" % number * PART,
                              number * PART)


children = []
for number in range(PARTS + 3):
    pid = os.fork()
    if not pid:
        code = 1
        try:
            work(number)
            code = 0
        finally:
            os._exit(code)
    children.append(pid)
for file in range(FILES):
    open("start%d" % file, "w").close()
    time.sleep(0.01)
assert all(os.waitpid(pid, 0)[1] == 0 for pid in children), "a process failed"

expected = b"".join(b"%d" % n * PART for n in range(PARTS)) + b"appended"
for file in range(FILES):
    path = "logs/folder%d/file%d" % (file % 5, file)
    assert open(path, "rb").read() == expected, path
    assert os.path.samefile(path, path + ".link"), path
    assert open(path + ".link", "rb").read() == expected, path
PYTHON

for store in same tmpfs; do
	options=()
	[ "$store" = same ] || options=(--store tmpfs)
	mkdir -p "$WORK/$store"/logs/folder{0..4}
	"$TEST_PYTHON" -c 'import sys
for n in range(25):
    with open("%s/logs/folder%d/file%d" % (sys.argv[1], n % 5, n), "w") as f:
        f.write("o" * 65536)' "$WORK/$store"
	before=$(hash_tree "$WORK/$store/logs")
	mount_view "$WORK/$store" "$WORK/view" "${options[@]}"
	"$TEST_PYTHON" "$WORK/race.py" "$WORK/view" || fail "see above ($store)"
	unmount_view "$WORK/view"
	assert_eq "$(hash_tree "$WORK/$store/logs")" "$before" "the host's"
done
