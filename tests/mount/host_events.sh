#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Who watches files in the view with inotify sees what others do on the host, and
# nothing comes of it there.
. "$(dirname "$0")/../lib/mount.sh"
need inotifywait tail setpriv

# Everything about the host's objects that a change in the view would move.
state_of() {
	find "$1" -printf '%P %i %n %s %m %u %T@ %C@ %l\n' | LC_ALL=C sort
}

# watch VIEW NAME: what happens in it goes to $OUT/NAME.
watch() {
	inotifywait -m -r --format '%e %w%f' "$1" >"$OUT/$2" \
		2>"$OUT/$2.err" &
	WATCHER=$!
	wait_until 60 grep -q established "$OUT/$2.err"
}

end_watcher() {
	kill "$WATCHER" 2>/dev/null || :
	wait "$WATCHER" || :
}

# seen NAME 'EVENT PATH': such a line, once for each EVENT|... of it.
seen() {
	wait_until 60 grep -Eq -- "^($2)\$" "$OUT/$1"
}

# The host does something; after its event has been seen the host is as it was
# right after it.
host_does() {
	local name=$1 event=$2 before
	shift 2
	"$@"
	before=$(state_of "$SRC")
	seen "$name" "$event"
	assert_eq "$(state_of "$SRC")" "$before" "the host after $event"
}

write() { printf '%s\n' "$2" >"$1"; }
append() { printf '%s\n' "$2" >>"$1"; }
replace() { printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1"; }

every_kind() {
	local view=$1 n=$2
	watch "$view" "$n"
	host_does "$n" "MODIFY $view/file" append "$SRC/file" more
	host_does "$n" "CLOSE_WRITE,CLOSE $view/file" true
	host_does "$n" "CREATE $view/sub/made" write "$SRC/sub/made" 1
	host_does "$n" "CREATE,ISDIR $view/folder" mkdir "$SRC/folder"
	host_does "$n" "CREATE $view/link" ln -s file "$SRC/link"
	host_does "$n" "ATTRIB $view/sub/made" chmod 600 "$SRC/sub/made"
	host_does "$n" "MOVED_FROM $view/sub/made" \
		mv "$SRC/sub/made" "$SRC/moved"
	host_does "$n" "MOVED_TO $view/moved" true
	assert_eq "$(cat "$view/moved")" 1 "what was moved"
	assert_absent "$view/sub/made"
	host_does "$n" "MOVED_TO $view/file" replace "$SRC/file" new
	assert_eq "$(cat "$view/file")" new "what was replaced"
	host_does "$n" "MOVED_TO,ISDIR $view/else" mv "$SRC/folder" "$SRC/else"
	host_does "$n" "DELETE $view/moved" rm "$SRC/moved"
	host_does "$n" "DELETE $view/link" rm "$SRC/link"
	host_does "$n" "DELETE,ISDIR $view/else" rmdir "$SRC/else"
	assert_eq "$(ls -A "$view")" "$(ls -A "$SRC")" "the names afterwards"
	# The number of a deleted folder is given out again.
	mkdir "$SRC/else"
	write "$SRC/else/inside" 2
	wait_until 60 test -s "$view/else/inside"
	rm -r "$SRC/else"
	end_watcher
}

# What the view does is one event, not two.
no_echo() {
	local view=$1 n=$2
	watch "$view" "$n"
	write "$view/ours" 1
	host_does "$n" "CREATE $view/theirs" write "$SRC/theirs" 1
	assert_eq "$(grep -c "CREATE $view/ours" "$OUT/$n")" 1 "own creation"
	end_watcher
	rm "$SRC/ours" "$SRC/theirs"
}

follows_a_log() {
	local view=$1
	write "$SRC/log" first
	tail -n +1 -s 0.1 --max-unchanged-stats=2 -F "$view/log" >"$OUT/tail" 2>/dev/null &
	WATCHER=$!
	wait_until 60 grep -q first "$OUT/tail"
	append "$SRC/log" second
	wait_until 60 grep -q second "$OUT/tail"
	mv "$SRC/log" "$SRC/log.1"
	write "$SRC/log" third
	wait_until 60 grep -q third "$OUT/tail"
	end_watcher
	rm "$SRC/log" "$SRC/log.1"
}

# Unmounting waits for nothing and leaves no process.
unmounts_at_once() {
	local view=$1 i
	watch "$view" busy
	for i in $(seq 200); do write "$SRC/burst$i" "$i"; done
	seen busy "CREATE $view/burst1"
	for i in $(seq 200); do rm "$SRC/burst$i"; done
	# Each change holds the view for a moment.
	wait_until 60 "$SCRATCHFS" umount "$view"
	end_watcher
}

story() {
	SRC=$1 OUT=$2
	local view=$3
	mkdir -p "$SRC/sub" "$OUT"
	write "$SRC/file" one
	mount_view "$SRC" "$view"
	# Only what the view knows of is told of.
	ls -R "$view" >/dev/null
	every_kind "$view" every
	no_echo "$view" echo
	follows_a_log "$view"
	unmounts_at_once "$view"
	mount_view "$SRC" "$view" -r '/sub'
	every_kind "$view" readonly
	unmount_view "$view"
	mount_view "$SRC" "$view" -o events=off
	watch "$view" off
	append "$SRC/file" quiet
	write "$view/own" 1
	seen off "CREATE $view/own"
	assert_fails grep -q "MODIFY $view/file" "$OUT/off"
	end_watcher
	unmount_view "$view"
}

in_run() {
	SRC=$1 OUT=$2
	mkdir -p "$SRC" "$OUT"
	write "$SRC/file" one
	: >"$OUT/run"
	"$SCRATCHFS" run "$SRC" sh -c \
		"ls -R '$SRC' >/dev/null; exec timeout 100 inotifywait -q -e modify '$SRC/file'" \
		>"$OUT/run" 2>&1 &
	WATCHER=$!
	local deadline=$((SECONDS + 60))
	until grep -q MODIFY "$OUT/run"; do
		[ "$SECONDS" -lt "$deadline" ] || fail "run: $(cat "$OUT/run")"
		append "$SRC/file" more
		sleep 0.1
	done
	wait "$WATCHER" || fail "run ended with $?"
}

user_story() {
	story "$WORK/home/src" "$WORK/home/out" "$WORK/home/view"
	in_run "$WORK/home/run-src" "$WORK/home/run-out"
}

story "$WORK/src" "$WORK/out" "$WORK/view"
in_run "$WORK/run-src" "$WORK/run-out"
[ "$(id -u)" != 0 ] || as_user user_story
