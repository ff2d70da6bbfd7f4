#!/bin/bash
# SPDX-License-Identifier: MIT
# The ways programs save a file: through a temporary that is renamed over it
# while it is still open, by truncating it, with a backup beside it; a log that
# is rotated under its writer; a database opened before its first change.  With
# the store on the source's file system and on another.
. "$(dirname "$0")/../lib/mount.sh"

cat >"$WORK/reader.py" <<'PYTHON'
# Reads config.json over and over: it must always be there, and whole.
import os, sys, time
view, stop = sys.argv[1:]
reads = 0
while not os.path.exists(stop):
    with open(os.path.join(view, "config.json"), "rb") as file:
        lines = file.read().split(b"\n")
    assert lines[0] == b"begin" and b"end of head" in lines, lines[:3]
    reads += 1
assert reads > 0
PYTHON

cat >"$WORK/save.py" <<'PYTHON'
import mmap, os, sys
os.chdir(sys.argv[1])
for number in range(60):
    name = ".tmp%04d" % number
    fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
    head = b"begin\n" + b"x" * 3000 + b"\nend of head\n"
    os.write(fd, head)
    os.rename(name, "config.json")
    os.write(fd, b"tail %d\n" % number)
    if number % 3 == 0:
        with mmap.mmap(fd, 0) as area:
            area[6:10] = b"mmap"
    appender = os.open("config.json", os.O_WRONLY | os.O_APPEND)
    os.write(appender, b"appended\n")
    os.close(appender)
    os.close(fd)
    with open("config.json", "rb") as file:
        content = file.read()
    assert content.endswith(b"tail %d\nappended\n" % number), content[-40:]
    assert not os.path.lexists(name)
# Truncate and write; a backup by rename, by link, by copy.
with open("plain.txt", "w") as file:
    file.write("one\n")
with open("plain.txt", "w") as file:
    file.write("two\n")
os.rename("plain.txt", ".tmp-backup")
with open("plain.txt", "w") as file:
    file.write("three\n")
assert open(".tmp-backup").read() == "two\n"
os.rename(".tmp-backup", "plain.txt~")
PYTHON

cat >"$WORK/rotate.py" <<'PYTHON'
import os, sys
os.chdir(sys.argv[1])
log = os.open("logs/app.log", os.O_WRONLY | os.O_APPEND)
os.write(log, b"first\n")
os.rename("logs/app.log", "logs/app.log.1")
os.write(log, b"second\n")
with open("logs/app.log", "w") as file:
    file.write("new\n")
os.rename("logs/app.log.1", "archived.log")
os.write(log, b"third\n")
os.close(log)
assert open("archived.log").read() == "old\nfirst\nsecond\nthird\n"
assert open("logs/app.log").read() == "new\n"
PYTHON

cat >"$WORK/database.py" <<'PYTHON'
# The database is opened, and read, before the change that copies it up.
import sqlite3, sys
path = sys.argv[1]
reader, writer = sqlite3.connect(path), sqlite3.connect(path, timeout=30)
count = "SELECT count(*) FROM t"
assert reader.execute(count).fetchone()[0] == 100
for number in range(30):
    writer.execute("INSERT INTO t VALUES (?)", (number,))
    writer.commit()
    assert reader.execute(count).fetchone()[0] == 101 + number
assert reader.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
PYTHON

make_database() {
	"$TEST_PYTHON" -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA journal_mode=" + sys.argv[2])
db.execute("CREATE TABLE t (n)")
db.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(100)])
db.commit()' "$1" "$2"
}

for store in same tmpfs; do
	options=()
	[ "$store" = same ] || options=(--store tmpfs)
	source=$WORK/$store
	mkdir -p "$source/logs"
	printf 'begin\nend of head\n' >"$source/config.json"
	printf 'old\n' >"$source/logs/app.log"
	for mode in delete wal; do
		make_database "$source/logs/$mode.db" "$mode"
	done
	before=$(hash_tree "$source/logs")
	mount_view "$source" "$WORK/view" "${options[@]}"

	"$TEST_PYTHON" "$WORK/reader.py" "$WORK/view" "$WORK/stop" &
	reader=$!
	"$TEST_PYTHON" "$WORK/save.py" "$WORK/view"
	touch "$WORK/stop"
	wait "$reader" || fail "a reader saw half a file or none"
	rm "$WORK/stop"
	assert_eq "$(tail -n 2 "$source/config.json")" \
		"$(printf 'tail 59\nappended')" "config.json on the host"
	assert_eq "$(stat -c %a "$source/config.json")" 640 "its mode"
	assert_eq "$(cat "$source/plain.txt" "$source/plain.txt~")" \
		"$(printf 'three\ntwo')" "plain.txt and its backup on the host"

	"$TEST_PYTHON" "$WORK/rotate.py" "$WORK/view"
	assert_eq "$(cat "$source/archived.log")" \
		"$(printf 'old\nfirst\nsecond\nthird')" "the archived log"
	for mode in delete wal; do
		"$TEST_PYTHON" "$WORK/database.py" "$WORK/view/logs/$mode.db"
	done
	assert_eq "$(hash_tree "$source/logs")" "$before" "the host's logs"
	assert_eq "$(ls -A "$source")" \
		"$(printf 'archived.log\nconfig.json\nlogs\nplain.txt\nplain.txt~')" \
		"names on the host"
	unmount_view "$WORK/view"
	assert_eq "$(hash_tree "$source/logs")" "$before" "the host's logs"
done
