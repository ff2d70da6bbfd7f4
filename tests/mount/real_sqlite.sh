#!/bin/bash
# SPDX-License-Identifier: MIT
# Several writers of one SQLite database lose nothing, with a rollback journal
# and with a write-ahead log, in a core and in a scratch folder.
. "$(dirname "$0")/../lib/mount.sh"
"$TEST_PYTHON" -c 'import sqlite3' || skip "python3 has no sqlite3"

cat >"$WORK/writer.py" <<'PYTHON'
import sqlite3, sys
path, mode, who = sys.argv[1:]
db = sqlite3.connect(path, timeout=60, isolation_level=None)
db.execute("PRAGMA journal_mode=%s" % mode)
db.execute("PRAGMA synchronous=NORMAL")
for number in range(40):
    db.execute("BEGIN IMMEDIATE")
    last = db.execute("SELECT coalesce(max(n), 0) FROM t").fetchone()[0]
    db.execute("INSERT INTO t VALUES (?, ?, ?)", (last + 1, who, "x" * 500))
    db.execute("COMMIT")
PYTHON

check() {
	"$TEST_PYTHON" - "$1" <<'PYTHON'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(db.execute("PRAGMA integrity_check").fetchone()[0],
      db.execute("SELECT count(*), count(DISTINCT n), max(n) FROM t").fetchone())
PYTHON
}

mkdir "$WORK/source" "$WORK/source/data"
mount_view "$WORK/source" "$WORK/view"
mkdir "$WORK/view/logs"
for folder in data logs; do
	for mode in delete truncate wal; do
		database=$WORK/view/$folder/$mode.db
		"$TEST_PYTHON" -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA journal_mode=" + sys.argv[2])
db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, who, filler)")
db.commit()' "$database" "$mode"
		writers=()
		for who in one two three; do
			"$TEST_PYTHON" "$WORK/writer.py" "$database" "$mode" $who &
			writers+=($!)
		done
		for writer in "${writers[@]}"; do
			wait "$writer" || fail "a writer of $folder/$mode failed"
		done
		assert_eq "$(check "$database")" "ok (120, 120, 120)" "$folder/$mode"
	done
done
for mode in delete truncate wal; do
	assert_eq "$(check "$WORK/source/data/$mode.db")" "ok (120, 120, 120)" \
		"$mode on the host"
done
assert_absent "$WORK/source/logs"
unmount_view "$WORK/view"
