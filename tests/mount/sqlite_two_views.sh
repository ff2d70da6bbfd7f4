#!/bin/bash
# SPDX-License-Identifier: MIT
# Two views of one volume, a SQLite writer in each, with locks=shared: nothing is
# lost.  The control shows that without them the writers do not exclude each other.
# SFS_TRANSACTIONS: how many there are in all.
. "$(dirname "$0")/../lib/mount.sh"
"$TEST_PYTHON" -c 'import sqlite3' || skip "python3 has no sqlite3"
transactions=${SFS_TRANSACTIONS:-2000}

cat >"$WORK/writer.py" <<'PYTHON'
import os, sqlite3, sys
path, mode, who, count = sys.argv[1:]
db = sqlite3.connect(path, timeout=120, isolation_level=None)
db.execute("PRAGMA journal_mode=%s" % mode)
db.execute("PRAGMA synchronous=OFF")
for number in range(int(count)):
    db.execute("BEGIN IMMEDIATE")
    last = db.execute("SELECT coalesce(max(n), 0) FROM t").fetchone()[0]
    db.execute("INSERT INTO t VALUES (?, ?, ?)", (last + 1, who, "x" * 300))
    db.execute("COMMIT")
PYTHON

sql() { # PATH SQL
	"$TEST_PYTHON" -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=120)
for row in db.execute(sys.argv[2]): print(*row)
db.commit()' "$@"
}

run_writers() { # FOLDER MODE
	local one two
	sql "$WORK/one/$1/$2.db" "CREATE TABLE t (n INTEGER PRIMARY KEY, who, filler)"
	"$TEST_PYTHON" "$WORK/writer.py" "$WORK/one/$1/$2.db" "$2" one "$each" &
	one=$!
	"$TEST_PYTHON" "$WORK/writer.py" "$WORK/two/$1/$2.db" "$2" two "$each" &
	two=$!
	wait "$one" || fail "the first writer of $1/$2 failed"
	wait "$two" || fail "the second writer of $1/$2 failed"
	assert_eq "$(sql "$WORK/two/$1/$2.db" "PRAGMA integrity_check")" ok "$1/$2"
	assert_eq "$(sql "$WORK/one/$1/$2.db" "SELECT who, count(*), max(n) >= $each \
		FROM t GROUP BY who ORDER BY who" | xargs)" "one $each 1 two $each 1"
	assert_eq "$(sql "$WORK/one/$1/$2.db" "SELECT count(DISTINCT n), max(n) FROM t")" \
		"$((2 * each)) $((2 * each))"
}

# Does a transaction in one view keep the other from beginning one?
excludes() {
	"$TEST_PYTHON" - "$WORK/one/logs/control.db" "$WORK/two/logs/control.db" <<'PYTHON'
import sqlite3, sys
first, second = (sqlite3.connect(path, timeout=0, isolation_level=None)
                 for path in sys.argv[1:])
first.execute("CREATE TABLE IF NOT EXISTS t (n)")
first.execute("BEGIN IMMEDIATE")
try:
    second.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    sys.exit(0)
sys.exit(3)
PYTHON
}

mkdir -p "$WORK/source/data"
mount_view "$WORK/source" "$WORK/one" --volume v -o locks=shared
mount_view "$WORK/source" "$WORK/two" --volume v -o locks=shared
mkdir "$WORK/one/logs"
excludes || fail "shared locks do not exclude"
each=$((transactions * 2 / 5))
run_writers logs delete
each=$((transactions / 20))
run_writers logs truncate
run_writers data persist
unmount_view "$WORK/two"
unmount_view "$WORK/one"

mount_view "$WORK/source" "$WORK/one" --volume v
mount_view "$WORK/source" "$WORK/two" --volume v
status=0
excludes || status=$?
assert_eq "$status" 3 "local locks exclude another view"
unmount_view "$WORK/two"
unmount_view "$WORK/one"
