#!/bin/bash
# SPDX-License-Identifier: MIT
# `scratchfs run`: the command sees the view at the source's own path, the host
# stays clean, its status is the exit status, and nothing is left afterwards.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/run.sh"
need_run

source=$WORK/source
mkdir -p "$source/sub"
echo core >"$source/sub/file"
cd "$source/sub" || exit

expect_status() {
	local expected=$1 status=0
	shift
	timeout -k 5 60 "$@" 2>"$WORK/stderr" || status=$?
	assert_eq "$status" "$expected" "status of $*"
}

# The view, where the command was called, with what it was given.
# shellcheck disable=SC2016,SC2209
out=$(VARIABLE=set "$SCRATCHFS" run .. -- sh -c \
	'pwd; echo "$VARIABLE"; cat; echo s >.tmp1; mkdir ../logs; echo l >../logs/a
	echo changed >file; cat .tmp1 ../logs/a' <<<'input')
assert_eq "$out" "$source/sub
set
input
s
l"
assert_eq "$(cat file)" changed
assert_absent .tmp1
assert_absent "$source/logs"
assert_nothing_left

# Outside of the source the working folder is what it was.
cd "$WORK" || exit
assert_eq "$("$SCRATCHFS" run source pwd)" "$WORK"
assert_eq "$("$SCRATCHFS" run source sh -c 'id -u; id -g')" "$(id -u; id -g)"

# Who is in the view sees it once, as any other.
assert_eq "$("$SCRATCHFS" run source "$SCRATCHFS" list |
	grep -F " $source -> $source -> " | cut -d' ' -f1)" live

# Options of a mount.
out=$("$SCRATCHFS" run --scratch '*.o' -r /sub source sh -c \
	'echo o >source/a.o; ! echo x 2>/dev/null >source/sub/x && cat source/a.o')
assert_eq "$out" o
assert_absent source/a.o

# Who waits for the end of the output does not wait for the daemon, and a lock
# that the command inherits is the command's.
out=$("$SCRATCHFS" run source sh -c 'echo out; exec sleep 0' | cat)
assert_eq "$out" out
exec 8>"$WORK/lock"
flock 8
"$SCRATCHFS" run source sh -c 'flock -u 8; flock -n '"$WORK"'/lock true' ||
	fail "the daemon kept a descriptor"
exec 8>&-

expect_status 0 "$SCRATCHFS" run source true
expect_status 7 "$SCRATCHFS" run source sh -c 'exit 7'
# shellcheck disable=SC2016
expect_status 143 "$SCRATCHFS" run source sh -c 'kill -TERM $$'
expect_status 127 "$SCRATCHFS" run source no-such-command
expect_status 126 "$SCRATCHFS" run source "$source/sub/file"
for arguments in "" "source" "$WORK/missing true" "--no-such source true" \
	"--config $WORK/missing source true" "lock true"; do
	# shellcheck disable=SC2086
	expect_status 125 "$SCRATCHFS" run $arguments
	[ -s "$WORK/stderr" ] || fail "no word about: run $arguments"
done
expect_status 125 "$SCRATCHFS" run --scratsh x source true
grep -q "did you mean '--scratch'" "$WORK/stderr"
assert_eq "$("$SCRATCHFS" run --help | head -n 1 | cut -c1-20)" \
	"Usage: scratchfs run"

# A volume stays.
"$SCRATCHFS" run --volume kept source sh -c 'echo kept >source/.tmpv'
assert_absent source/.tmpv
assert_eq "$("$SCRATCHFS" run --volume kept source cat source/.tmpv)" kept
"$SCRATCHFS" volume rm kept >/dev/null
assert_nothing_left

# Others find it by /proc/PID/root.
# shellcheck disable=SC2016
"$SCRATCHFS" run source sh -c \
	'echo private >source/.tmpp; echo >"$0"; exec sleep 60' \
	"$WORK/ready" &
waiter=$!
wait_until 60 test -e "$WORK/ready"
root=$("$SCRATCHFS" list --json | "$TEST_PYTHON" -c '
import json, sys
for view in json.load(sys.stdin):
    if view["mountpoint"] == sys.argv[1]:
        assert view["state"] == "private" and view["source"] == sys.argv[1]
        print(view["root"])
' "$source")
assert_eq "$(cat "$root$source/.tmpp")" private
"$SCRATCHFS" list | grep -qF " $root$source -> $source -> " ||
	fail "list does not show it"
[[ $("$SCRATCHFS" status) == *"$source on $source"* ]] ||
	fail "status does not show it"
kill -TERM "$waiter"
wait "$waiter" || :
wait_until 60 is_nothing_left
