#!/bin/bash
# SPDX-License-Identifier: MIT
# `audit` lists what the host has under scratch patterns; its status is for CI.
. "$(dirname "$0")/../lib/mount.sh"
need git

source=$WORK/source
mkdir -p "$source"
git -C "$source" init -q

expect_status() {
	local expected=$1 status=0
	shift
	timeout -k 5 60 "$@" >"$WORK/stdout" 2>"$WORK/stderr" || status=$?
	assert_eq "$status" "$expected" "status of $*"
}

expect_status 0 "$SCRATCHFS" audit "$source"
assert_eq "$(cat "$WORK/stdout")" ""
expect_status 0 "$SCRATCHFS" audit --json "$source"
assert_eq "$(cat "$WORK/stdout")" "[]"
expect_status 0 env XDG_STATE_HOME="$source/state" "$SCRATCHFS" audit "$source"

# Tracked files, and folders that hold one that does not begin with a dot.
mkdir -p "$source/src/logs" "$source/logs" "$source/a/__pycache__/b" "$source/hidden"
echo code >"$source/src/logs/handler.py"
echo keep >"$source/logs/.gitkeep"
echo tracked >"$source/.tmptracked"
git -C "$source" add -f .
expect_status 0 "$SCRATCHFS" audit "$source/src"
rmdir "$source/a/__pycache__/b"
rmdir "$source/a/__pycache__"
expect_status 0 "$SCRATCHFS" audit "$source"

echo new >"$source/src/logs/new.py"
mkdir -p "$source/a/__pycache__/b"
head -c 1500 /dev/zero >"$source/a/__pycache__/b/one"
head -c 500 /dev/zero >"$source/a/__pycache__/two"
echo log >"$source/logs/today"
echo tmp >"$source/.tmpfile"
echo hid >"$source/hidden/file"
cat >"$source/.scratchfs.yaml" <<'END'
scratch: [.tmp*, logs, __pycache__, {glob: /hidden, existing: hide}, {glob: /a/core, existing: core}]
END
echo core >"$source/a/core"
expect_status 1 "$SCRATCHFS" audit "$source"
sed 's/^ *//' "$WORK/stdout" | LC_ALL=C sort >"$WORK/sorted"
assert_eq "$(cat "$WORK/sorted")" "2.0 kB  a/__pycache__/  (__pycache__, .scratchfs.yaml:1)
4 B  .tmpfile  (.tmp*, .scratchfs.yaml:1)
4 B  hidden/  (/hidden, .scratchfs.yaml:1)
4 B  logs/today  (logs, .scratchfs.yaml:1)
4 B  src/logs/new.py  (logs, .scratchfs.yaml:1)"
expect_status 1 "$SCRATCHFS" audit --json "$source"
"$TEST_PYTHON" -c '
import json, sys
rows = {row["path"]: row for row in json.load(sys.stdin)}
row = rows["a/__pycache__"]
assert row["files"] == 2 and row["bytes"] == 2000, row
assert row["folder"] and row["pattern"] == "__pycache__", row
assert row["volume"] is None and rows["logs/today"]["files"] == 1
' <"$WORK/stdout" || fail "the JSON is wrong"

# Options of a mount say what is scratch.
expect_status 1 "$SCRATCHFS" audit --no-config -s 'core' "$source"
grep -q ' a/core ' "$WORK/stdout"

for arguments in "" "$source $source" "$WORK/missing" "--no-such $source" \
	"--config $WORK/missing $source"; do
	# shellcheck disable=SC2086
	expect_status 2 "$SCRATCHFS" audit $arguments
	[ -s "$WORK/stderr" ] || fail "no word about: audit $arguments"
done
expect_status 2 "$SCRATCHFS" audit --jsno "$source"
grep -q "did you mean '--json'" "$WORK/stderr"
expect_status 0 "$SCRATCHFS" audit --help
mount_view "$source" "$WORK/view"
expect_status 2 "$SCRATCHFS" audit "$WORK/view"
grep -q "is a view of" "$WORK/stderr"
assert_eq "$(find "$XDG_STATE_HOME/scratchfs/stores" -mindepth 1 -maxdepth 1 |
	wc -l)" 1 "stores: the view's"
