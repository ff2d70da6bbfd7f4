#!/bin/bash
# SPDX-License-Identifier: MIT
# `doctor` says what is lacking, with a line that mends it.
. "$(dirname "$0")/../lib/mount.sh"

mkdir -p "$WORK/source" "$WORK/view"

# The field of a check, or nothing.  Other tests have their dead mounts.
finding() {
	"$SCRATCHFS" doctor --json | "$TEST_PYTHON" -c '
import json, os, sys
check, field = sys.argv[1:]
for row in json.load(sys.stdin):
    assert set(row) == {"check", "status", "detail", "mend"}, row
    assert row["status"] in ("ok", "note", "fail"), row
    ours = check != "dead_mount" or os.environ["WORK"] in row["detail"]
    if row["check"] == check and ours:
        print(row[field])
' "$@"
}

assert_eq "$(finding fuse status)" ok
assert_eq "$(finding kernel detail)" "$(uname -r)"
assert_eq "$(finding dead_mount status)" ""
"$SCRATCHFS" doctor >"$WORK/text" || :
grep -q '^ok    fuse  ' "$WORK/text"

# Something is missing.
out=$(PATH=/nowhere "$SCRATCHFS" doctor || :)
[[ $out == *"sudo apt install fuse3"* ]] || fail "$out"
if [ "$(id -u)" != 0 ]; then
	assert_fails env PATH=/nowhere "$SCRATCHFS" doctor >/dev/null
fi
if unshare --mount true 2>/dev/null || unshare --user --mount true 2>/dev/null; then
	assert_eq "$(finding namespaces status)" ok
fi

# A dead mount, and the line that brings it back.
mount_view "$WORK/source" "$WORK/view"
echo scratch >"$WORK/view/.tmp1"
assert_eq "$(finding dead_mount status)" ""
kill -KILL "$(daemon_of "$WORK/view")"
is_found() {
	[ -n "$(finding dead_mount mend)" ]
}
wait_until 60 is_found
line=$(finding dead_mount mend)
assert_fails "$SCRATCHFS" doctor >/dev/null
scratchfs() {
	"$SCRATCHFS" "$@"
}
eval "$line" 2>/dev/null
assert_eq "$(cat "$WORK/view/.tmp1")" scratch
assert_eq "$(finding dead_mount status)" ""

assert_fails "$SCRATCHFS" doctor now 2>/dev/null
out=$("$SCRATCHFS" doctor --jsno 2>&1 || :)
[[ $out == *"did you mean '--json'"* ]] || fail "no suggestion: $out"
out=$("$SCRATCHFS" docter 2>&1 || :)
[[ $out == *"did you mean 'doctor'"* ]] || fail "no suggestion: $out"
[[ $("$SCRATCHFS" doctor --help) == "Usage: scratchfs doctor"* ]]
