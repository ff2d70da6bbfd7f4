#!/bin/bash
# SPDX-License-Identifier: MIT
# locks=shared: flock, POSIX and OFD locks hold between two views of a volume and
# against the host, wait, are interrupted, and end when they should.
. "$(dirname "$0")/../lib/mount.sh"
LOCKER=$(cd "$(dirname "$0")/../lib" && pwd)/locker.py

# a and b: two processes that lock.
start() { # NAME
	mkfifo "$WORK/$1.in" "$WORK/$1.out"
	"$TEST_PYTHON" -u "$LOCKER" <"$WORK/$1.in" >"$WORK/$1.out" &
}
start a
a_pid=$!
exec 4>"$WORK/a.in" 3<"$WORK/a.out"
start b
b_pid=$!
exec 6>"$WORK/b.in" 5<"$WORK/b.out"

answer() { # FD WANTED
	local got=
	read -r -t 60 -u "$1" got || fail "no answer ($2 expected)"
	assert_eq "$got" "$2" "${3-}"
}
a() { # WANTED WORDS...
	echo "${*:2}" >&4
	answer 3 "$1" "a: ${*:2}"
}
b() {
	echo "${*:2}" >&6
	answer 5 "$1" "b: ${*:2}"
}

exclude() { # PATH-OF-A PATH-OF-B: every kind of lock, both ways
	local kind
	a ok open f "$1"
	b ok open f "$2"
	for kind in flock posix ofd; do
		a ok $kind write f
		b busy $kind write f
		b busy $kind read f
		a ok $kind unlock f
		b ok $kind read f
		a ok $kind read f
		a busy $kind write f
		b ok $kind unlock f
		a ok $kind write f
		# Who waits gets it as soon as it is free.
		b waits "$kind" wait-write f
		wait_until 60 sleeps "$b_pid"
		a ok $kind unlock f
		answer 5 ok "b waited for $kind"
		a busy $kind write f
		# And ends waiting on a signal.
		a waits "$kind" wait-write f
		wait_until 60 sleeps "$a_pid"
		kill -USR1 "$a_pid"
		answer 3 interrupted "$kind"
		b ok $kind unlock f
	done
	# Ranges, and POSIX against OFD.
	a ok posix write f 0 10
	b ok ofd write f 10 10
	b busy ofd write f 5 10
	a busy posix read f 15 1
	b write get f
	a write get f
	# POSIX locks end when any descriptor is closed, OFD locks with theirs.
	a ok open g "$1"
	a ok close g
	b ok ofd write f 0 20
	b ok close f
	wait_until 60 freed posix
	a ok posix unlock f
	b ok open f "$2"
	b ok flock write f
	b ok close f
	wait_until 60 freed flock
	a ok flock unlock f
	# In one view a file that was closed is not in its own way.
	a ok open g "$1"
	a ok flock write g
	a ok close g
	a ok flock write f
	a ok flock unlock f
	a ok close f
}
sleeps() {
	[ "$(cut -d' ' -f3 "/proc/$1/stat")" = S ]
}
freed() { # the end of an open file is told behind its close
	local got
	echo "$1 write f" >&4
	read -r -t 60 -u 3 got
	[ "$got" = ok ]
}

mkdir -p "$WORK/project/data"
mount_view "$WORK/project" "$WORK/one" --volume v -o locks=shared
mount_view "$WORK/project" "$WORK/two" --volume v -o locks=shared
mkdir "$WORK/one/logs"
exclude "$WORK/one/logs/file" "$WORK/two/logs/file"
exclude "$WORK/one/data/file" "$WORK/two/data/file"
exclude "$WORK/one/data/file" "$WORK/project/data/file"
exclude "$WORK/project/data/file" "$WORK/two/data/file"
exclude "$WORK/one/data/file" "$WORK/one/data/file"

# A program can be locked in all ways, and flock leaves it executable.
cp /bin/true "$WORK/one/data/program"
a ok open f "$WORK/one/data/program"
b ok open f "$WORK/two/data/program"
a ok flock write f
a ok posix read f
a ok posix write f
b busy posix read f
b busy flock read f
a ok posix unlock f
a ok ofd write f
b busy ofd read f
a ok close f
b ok close f
(
	flock -x 9
	"$WORK/project/data/program" || fail "flock keeps it from being run"
) 9<"$WORK/one/data/program"

# Whoever is killed holds nothing any more.
a ok open f "$WORK/one/logs/file"
a ok posix write f
a ok flock write f
kill -KILL "$a_pid"
b ok open f "$WORK/two/logs/file"
for kind in posix flock; do
	b waits $kind wait-write f
	answer 5 ok $kind
done
unmount_view "$WORK/one"
b ok close f
unmount_view "$WORK/two"

# The control: local locks do not exclude another view.
start c
exec 4>"$WORK/c.in" 3<"$WORK/c.out"
mount_view "$WORK/project" "$WORK/one" --volume v
mount_view "$WORK/project" "$WORK/two" --volume v
a ok open f "$WORK/one/logs/file"
b ok open f "$WORK/two/logs/file"
a ok posix write f
b ok posix write f
a ok close f
b ok close f
unmount_view "$WORK/two"
unmount_view "$WORK/one"
