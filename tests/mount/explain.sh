#!/bin/bash
# SPDX-License-Identifier: MIT
# `explain` says where a path lives and which rule decided, of a mounted view,
# of the source of one, and of a folder that nobody mounted.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"

mkdir -p "$WORK/source/src/logs" "$WORK/source/lib"
cd "$WORK/source"
cat >.scratchfs.yaml <<'YAML'
scratch:
  - logs
  - "*.o"
  - {glob: /cache, volume: cached}
readonly: [/lib]
YAML
echo host | tee a.c src/logs/old lib/file >/dev/null
ln -s a.c link
ln -s nowhere loose

# PATH KEY: one value of the answer.
value() {
	bounded "$SCRATCHFS" explain --json "$1" | "$TEST_PYTHON" -c '
import json, sys
answer, = json.load(sys.stdin)
assert list(answer) == ["path", "place", "readonly", "real_path", "pattern",
                        "from", "volume"], answer
assert answer["path"] == sys.argv[1], answer
value = answer[sys.argv[2]]
print(json.dumps(value) if not isinstance(value, str) else value)
' "$1" "$2"
}

expect() {
	assert_eq "$(value "$1" "$2")" "$3" "$2 of $1"
}

decisions() {
	expect "$1/a.c" place host
	expect "$1/a.c" real_path "$WORK/source/a.c"
	expect "$1/a.c" pattern null
	expect "$1/link" place host
	expect "$1/loose" real_path "$WORK/source/loose"
	expect "$1/src/logs/old" place lower
	expect "$1/src/logs/old" real_path "$WORK/source/src/logs/old"
	expect "$1/src/logs/old" pattern logs
	expect "$1/src/logs/new" place scratch
	expect "$1/no/such/folder/x.o" place scratch
	expect "$1/no/such/folder/x.o" pattern '*.o'
	expect "$1/no/such/folder/x.o" from .scratchfs.yaml:3
	expect "$1/no/such/folder/x.c" place host
	expect "$1/lib/file" readonly true
	expect "$1/lib/file" pattern /lib
	expect "$1/lib/no/such" readonly true
	expect "$1/lib/x.o" readonly false
	expect "$1/cache/deep/x" volume cached
	expect "$1/cache/deep/x" pattern /cache
	expect "$1/x/cache" place host
	expect "$1" place host
}

note "not mounted"
decisions "$WORK/source"
assert_eq "$(stores)" "" "stores that explaining left"
assert_absent "$XDG_DATA_HOME/scratchfs/volumes/cached"

view=$WORK/view
mount_view "$WORK/source" "$view" 2>/dev/null
note "mounted"
decisions "$view"
decisions "$WORK/source"
echo new >"$view/src/logs/old"
expect "$view/src/logs/old" place scratch
real=$(value "$view/src/logs/old" real_path)
assert_eq "$(cat "$real")" new "the real path's content"
assert_eq "$(getfattr --only-values -n user.scratchfs.place "$view/src/logs/old")" \
	scratch "the attribute"

# Very long paths are asked of a folder further down.
name=$(printf 'n%.0s' {1..200})
mkdir -p "$view/$name/$name/$name"
expect "$view/$name/$name/$name/x.o" place scratch
expect "$view/$name/$name/$name/x.c" place host

# For people, several at once; what cannot be explained does not stop the rest.
cd "$view"
said=$(bounded "$SCRATCHFS" explain a.c/x a.c x.o 2>"$WORK/complaint") &&
	fail "explained a path below a file"
assert_eq "$(printf '%s\n' "$said" | sed 's/, .*tree/, TREE/')" \
	"a.c: host, $WORK/source/a.c
x.o: scratch, TREE/x.o, *.o, .scratchfs.yaml:3"
assert_eq "$(wc -l <"$WORK/complaint")" 1 "complaints"
cd "$WORK"
unmount_view "$view"

# Patterns of the command line, and another source.
cd "$WORK/source"
assert_eq "$(bounded "$SCRATCHFS" explain --no-config -s '*.c' a.c)" \
	"a.c: lower, $WORK/source/a.c, *.c, command line"
assert_fails "$SCRATCHFS" explain --source "$WORK/source/lib" a.c
# Also where no view could be mounted: in the home folder, which holds the stores.
assert_eq "$(XDG_STATE_HOME=$WORK/source/state bounded "$SCRATCHFS" explain a.c)" \
	"a.c: host, $WORK/source/a.c"
assert_absent state/scratchfs/stores
printf 'scrtch: []\n' >.scratchfs.yaml
status=0
bounded "$SCRATCHFS" explain a.c 2>/dev/null || status=$?
assert_eq "$status" 2 "exit status of a wrong configuration"
