#!/bin/bash
# SPDX-License-Identifier: MIT
# No operation on a scratch path that shows the host's content touches the
# host: each of them, by name, on files and folders that were there before.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"

mkdir "$WORK/source"
oracle --make-tree "$WORK/source"
before=$(hash_tree "$WORK/source")
mount_view "$WORK/source" "$WORK/view"

for place in "$WORK/view" "$WORK/view/p/q"; do
	cd "$place"
	echo more >>logs/a
	echo new >logs/b
	truncate -s 3 logs/data.bin
	chmod 600 logs/.hidden
	touch -d 2001-01-01 logs/sub/a
	touch logs
	"$TEST_PYTHON" - <<'PYTHON'
import mmap, os
os.setxattr("logs/sub/b", "user.note", b"1")
os.setxattr("logs/sub", "user.note", b"1")
os.removexattr("logs/a", "user.one")
with open("logs/sub/data.bin", "r+b") as file:
    file.truncate(5000)
    with mmap.mmap(file.fileno(), 5000) as area:
        area[:4] = b"mmap"
fd = os.open("logs/sub/.hidden", os.O_RDWR | os.O_CREAT)
os.write(fd, b"x")
os.posix_fallocate(fd, 0, 9000)
os.fsync(fd)
os.unlink("logs/sub/.hidden")
os.write(fd, b"after unlink")
os.close(fd)
PYTHON
	ln logs/a logs/a.link
	ln -s a logs/a.symlink
	mkdir logs/new logs/new/deep
	mkfifo logs/new/fifo
	mv logs/a logs/a.moved
	mv logs/sub/a logs/new/a
	cp -a logs/sub logs/copy
	rm logs/b logs/tmp
	rm -rf logs/sub __pycache__
	mkdir __pycache__
	echo fresh >__pycache__/x
	assert_eq "$(ls -A __pycache__)" x "a folder made again"
	mv .tmpa .tmpb
	rm .tmp .tmplink
	rmdir logs/empty
done
cd "$WORK"
assert_eq "$(hash_tree "$WORK/source")" "$before" "the source's hash"
unmount_view "$WORK/view"
assert_eq "$(hash_tree "$WORK/source")" "$before" "the source's hash"
