#!/bin/bash
# SPDX-License-Identifier: MIT
# Two views of one volume see each other's changes at once: bytes, names,
# listings, attributes, hidden marks, copies of what shows through.
. "$(dirname "$0")/../lib/mount.sh"

one=$WORK/one two=$WORK/two
mkdir -p "$WORK/project/logs/sub" "$WORK/project/src"
for name in shown hidden open sub/deep; do
	echo host >"$WORK/project/logs/$name"
done
touch -d 2001-01-01 "$WORK"/project/logs/* "$WORK"/project/src "$WORK/project"

by_turns() { # FIRST SECOND
	# What is quiet on the host is not believed either: ask for all of it first.
	ls -lR "$1" "$2" >/dev/null
	cat "$2"/logs/* "$1"/logs/* >/dev/null 2>&1 || :
	exec 3<>"$2/logs/open"
	echo "$1" >"$1/logs/open"
	assert_eq "$(cat "$2/logs/open")" "$1" "a copy-up"
	assert_eq "$(cat <&3)" "$1" "a copy-up, held open"
	echo "$1 again" >>"$1/logs/open"
	assert_eq "$(cat <&3)" "$1 again" "an append, held open"
	echo "held" >&3
	assert_eq "$(tail -n 1 "$1/logs/open")" held "written through it"
	exec 3>&-
	rm "$1/logs/hidden"
	assert_absent "$2/logs/hidden"
	[[ $(ls "$2/logs") != *hidden* ]] || fail "the listing shows it"
	echo new >"$2/logs/hidden"
	assert_eq "$(cat "$1/logs/hidden")" new
	# Scratch names in core folders, and what is missing.
	assert_absent "$2/src/.tmpx"
	assert_absent "$2/src/.tmpx"
	ls "$2/src" >/dev/null
	echo x >"$1/src/.tmpx"
	assert_eq "$(cat "$2/src/.tmpx")" x
	assert_eq "$(ls -A "$2/src")" .tmpx
	chmod 640 "$1/src/.tmpx"
	assert_eq "$(stat -c %a "$2/src/.tmpx")" 640
	mv "$2/src/.tmpx" "$2/src/.tmpy"
	assert_absent "$1/src/.tmpx"
	assert_eq "$(ls -A "$1/src")" .tmpy
	# Same size, time put back: of a young file the kernel hears a moment later.
	echo y >"$1/src/.tmpy"
	touch -d 2001-01-01 "$1/src/.tmpy"
	wait_until 60 grep -q y "$2/src/.tmpy"
	echo z >"$1/src/.tmpy"
	touch -d 2001-01-01 "$1/src/.tmpy"
	wait_until 60 grep -q z "$2/src/.tmpy"
	rm "$2/src/.tmpy"
	assert_eq "$(ls -A "$1/src")" ""
	# Folders: shown through, deleted, made again, moved.
	echo more >"$1/logs/sub/deep"
	assert_eq "$(cat "$2/logs/sub/deep")" more
	rm -r "$2/logs/sub"
	assert_absent "$1/logs/sub/deep"
	mkdir "$1/logs/sub"
	assert_eq "$(ls -A "$2/logs/sub")" ""
	mkdir "$2/logs/sub/a"
	mv "$1/logs/sub/a" "$1/logs/a"
	echo deep >"$2/logs/a/b"
	assert_eq "$(cat "$1/logs/a/b")" deep
	# A border crossed in one view is seen in the other.
	mv "$1/logs/a/b" "$1/src/b"
	assert_eq "$(cat "$2/src/b")" deep
	mv "$2/src/b" "$2/logs/b"
	assert_absent "$1/src/b"
	assert_eq "$(cat "$1/logs/b")" deep
}

# Both views copy the same files up at the same time.
race() {
	local i path writers
	for i in $(seq 20); do
		writers=()
		for path in "$one" "$two"; do
			echo "$path" >>"$path/logs/race$i" &
			writers+=($!)
		done
		for path in "${writers[@]}"; do wait "$path" || fail "a racer failed"; done
		assert_eq "$(LC_ALL=C sort "$one/logs/race$i" | xargs)" "$one $two host" "race $i"
		assert_eq "$(LC_ALL=C sort "$two/logs/race$i" | xargs)" "$one $two host" "race $i"
	done
}

for i in $(seq 20); do echo host >"$WORK/project/logs/race$i"; done
before=$(hash_tree "$WORK/project")
for order in "$one $two" "$two $one"; do
	read -r first second <<<"$order"
	mount_view "$WORK/project" "$one" --volume v
	mount_view "$WORK/project" "$two" --volume v
	by_turns "$first" "$second"
	[ "$first" = "$two" ] || race
	unmount_view "$one"
	unmount_view "$two"
	"$SCRATCHFS" volume rm v >/dev/null
	rm -rf "$WORK/project/src/b"
	touch -d 2001-01-01 "$WORK/project/src"
	assert_eq "$(hash_tree "$WORK/project")" "$before" "the host"
done
