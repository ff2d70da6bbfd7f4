#!/bin/bash
# SPDX-License-Identifier: MIT
# A file goes on working for who has it open, whatever is done through the
# descriptor, while its name goes to and fro over the border, or that of a folder
# above it changes.  With the store on the source's file system and on another,
# and with few descriptors.
. "$(dirname "$0")/../lib/mount.sh"

cat >"$WORK/exercise.py" <<'PYTHON'
# Random operations on one open file, compared with what it should hold.
import mmap, os, random, sys, time

path, ready, stop, seed = sys.argv[1:]
rng = random.Random(int(seed))
fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
open(ready, "w").close()
model = bytearray()
inode = os.fstat(fd).st_ino
deadline = time.monotonic() + 150
done = 0
while done < 300 or not os.path.exists(stop):
    assert time.monotonic() < deadline, "nobody told to stop"
    done += 1
    what = rng.randrange(6)
    offset = rng.randrange(60000)
    data = bytes([rng.randrange(1, 256)]) * rng.randrange(1, 9000)
    if what < 2:
        assert os.pwrite(fd, data, offset) == len(data)
        model += bytes(max(0, offset + len(data) - len(model)))
        model[offset:offset + len(data)] = data
    elif what == 2:
        os.ftruncate(fd, offset)
        model = model[:offset] + bytes(max(0, offset - len(model)))
    elif what == 3:
        assert os.pread(fd, 20000, offset) == model[offset:offset + 20000], done
    elif what == 4 and model:
        with mmap.mmap(fd, len(model)) as area:
            assert area[:] == model, done
            at = offset % len(model)
            piece = data[:len(model) - at]
            area[at:at + len(piece)] = piece
            model[at:at + len(piece)] = piece
            area.flush()
    else:
        os.fsync(fd)
    st = os.fstat(fd)
    assert (st.st_size, st.st_ino) == (len(model), inode), (st, done)
assert os.pread(fd, 100000, 0) == model
print(done)
PYTHON

cat >"$WORK/rename.py" <<'PYTHON'
import os, sys, time
one, other, ready, stop = sys.argv[1:]
deadline = time.monotonic() + 60
while not os.path.exists(ready):
    assert time.monotonic() < deadline
    time.sleep(0.01)
until = time.monotonic() + 0.7
count = 0
while count < 50 or time.monotonic() < until:
    os.rename(one, other)
    os.rename(other, one)
    count += 2
open(stop, "w").close()
print(count)
PYTHON

exercise() {
	local file=$1 one=$2 other=$3
	rm -f "$WORK/stop" "$WORK/ready"
	cd "$WORK/view"
	"$TEST_PYTHON" "$WORK/exercise.py" "$file" "$WORK/ready" \
		"$WORK/stop" "$RANDOM" >"$WORK/done" &
	local worker=$!
	"$TEST_PYTHON" "$WORK/rename.py" "$one" "$other" "$WORK/ready" \
		"$WORK/stop" >"$WORK/renamed" || fail "renaming $one and $other"
	wait "$worker" || fail "$file, while $one and $other were renamed"
	note "$(cat "$WORK/done") operations, $(cat "$WORK/renamed") renames"
	cd "$WORK"
}

RANDOM=7
for store in same tmpfs few; do
	options=()
	[ "$store" != tmpfs ] || options=(--store tmpfs)
	[ "$store" != few ] || ulimit -n 160
	mkdir -p "$WORK/$store/folder/deep"
	mount_view "$WORK/$store" "$WORK/view" "${options[@]}"
	exercise file file .tmpfile
	exercise folder/deep/file folder moved
	[ "$store" = tmpfs ] || exercise folder/deep/other folder .tmpfolder
	unmount_view "$WORK/view"
done
