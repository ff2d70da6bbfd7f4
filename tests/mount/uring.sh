#!/bin/bash
# SPDX-License-Identifier: MIT
# Requests over io_uring: many at once, from one CPU and for a daemon that may
# use only one, while a CPU goes and comes back, through unmounting and kill -9
# under load; way is made for callers that move, by whoever may; with locks=shared
# over /dev/fuse.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/ways.sh"

need_root
SWITCH=/sys/module/fuse/parameters/enable_uring
[ -w "$SWITCH" ] || skip "this kernel has no FUSE over io_uring"
! "$SCRATCHFS" doctor | grep -q "this libfuse was built without io_uring" ||
	skip "this libfuse has no FUSE over io_uring"
before=$(cat "$SWITCH")
LAST_CPU=$(tail -n 1 <<<"$(printf '%s\n' /sys/devices/system/cpu/cpu[1-9]*/online)")
put_back() {
	local status=$?
	set +e
	echo "$before" >"$SWITCH"
	[ ! -w "$LAST_CPU" ] || echo 1 >"$LAST_CPU"
	(exit "$status")
	cleanup
}
trap put_back EXIT

# The kernel looks at the switch when a connection begins, so others need not
# notice.
mount_uring() { # OPTIONS...
	echo Y >"$SWITCH"
	mount_view "$WORK/source" "$WORK/view" "$@"
	echo "$before" >"$SWITCH"
}
transport() {
	bounded "$SCRATCHFS" status --json "$WORK/view" | "$TEST_PYTHON" -c \
		'import json, sys; print(json.load(sys.stdin)[0]["transport"])'
}

# Eight threads, in a core and in a scratch folder; the bytes are checked.  What
# the end of the view cuts off is no fault.
cat >"$WORK/load.py" <<'PYTHON'
import errno, os, sys, threading

# What a caller gets whose request was under way.
ENDED = (errno.ECONNABORTED, errno.ENOTCONN, errno.ECANCELED)
os.chdir(sys.argv[1])
rounds, may_end = int(sys.argv[2]), len(sys.argv) > 3
faults = []


def work(number):
    try:
        for i in range(rounds):
            name = "%s/%d.%d.%d" % (("core", "logs")[number % 2], os.getpid(),
                                    number, i)
            bytes = b"%d" % i * (20000 if i % 10 == 0 else 10)
            with open(name, "wb") as out:
                out.write(bytes)
            os.rename(name, name + "~")
            with open(name + "~", "rb") as file:
                if file.read() != bytes:
                    faults.append(name)
            os.unlink(name + "~")
    except OSError as error:
        if not may_end or error.errno not in ENDED:
            faults.append(str(error))


threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
sys.exit(faults[0] if faults else 0)
PYTHON
load=(timeout -k 5 100 "$TEST_PYTHON" "$WORK/load.py" "$WORK/view")

mkdir -p "$WORK/source/core" "$WORK/source/logs"

mount_uring -o transport=auto
[ "$(transport)" = uring ] || skip "the kernel does not agree to io_uring"
"${load[@]}" 60 || fail "under load"
dd if=/dev/urandom of="$WORK/big" bs=1M count=9 status=none
cp "$WORK/big" "$WORK/view/core/big"
cmp "$WORK/big" "$WORK/source/core/big"
taskset -c 0 cp "$WORK/big" "$WORK/view/logs/big"
cmp "$WORK/big" "$WORK/view/logs/big"
unmount_view "$WORK/view"

note "a CPU goes and comes back"
mount_uring -o transport=uring
if [ -w "$LAST_CPU" ] && [ "$(cat "$LAST_CPU")" = 1 ]; then
	"${load[@]}" 100 &
	loading=$!
	wait_until 60 compgen -G "$WORK/source/core/[0-9]*" >/dev/null
	if echo 0 >"$LAST_CPU"; then
		"${load[@]}" 10 || fail "without a CPU"
		echo 1 >"$LAST_CPU"
		kill -0 "$loading" || note "it came back when the load was over"
	fi
	wait "$loading" || fail "while a CPU went and came"
	"${load[@]}" 10 || fail "with all CPUs again"
else
	note "none can be taken away"
fi
unmount_view "$WORK/view"

# A caller that goes from CPU to CPU.
cat >"$WORK/moves.py" <<'PYTHON'
import os, sys

cpus = sorted(os.sched_getaffinity(0))[:2]
for i in range(40):
    os.sched_setaffinity(0, {cpus[i % len(cpus)]})
    os.close(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY, 0o644))
    os.unlink(sys.argv[1])
PYTHON
moves() {
	"$TEST_PYTHON" "$WORK/moves.py" "$1/core/moves"
}
echo Y >"$SWITCH"
served=$("$SCRATCHFS" doctor | grep "served by libfuse") || served=
echo "$before" >"$SWITCH"
if [ -z "$served" ] && [ "$(nproc)" -gt 1 ] && command -v strace >/dev/null; then
	note "way is made for who moves, by who may"
	(
		chrt -o -p 0 "$BASHPID"
		mount_uring -o transport=uring
	)
	ways=$(ways_made "$(daemon_of "$WORK/view")" moves "$WORK/view")
	[ "$ways" -gt 0 ] || fail "no way was made"
	unmount_view "$WORK/view"
	(
		chrt -b -p 0 "$BASHPID"
		mount_uring -o transport=uring
	)
	ways=$(ways_made "$(daemon_of "$WORK/view")" moves "$WORK/view")
	assert_eq "$ways" 0 "ways made by who has another policy"
	unmount_view "$WORK/view"
	make_test_user
	as_user mkdir -p "$WORK/home/source/core"
	echo Y >"$SWITCH"
	(
		chrt -o -p 0 "$BASHPID"
		ulimit -e 0
		as_user mount_view "$WORK/home/source" "$WORK/home/view" \
			-o transport=uring
	)
	echo "$before" >"$SWITCH"
	ways=$(ways_made "$(daemon_of "$WORK/home/view")" \
		as_user moves "$WORK/home/view")
	assert_eq "$ways" 0 "ways made by who may not come back"
	unmount_view "$WORK/home/view"
fi

note "a daemon with one CPU"
usable=$(taskset -cp $$ | sed 's/.*: \([0-9]*\).*/\1/')
all=$(taskset -cp $$ | sed 's/.*: //')
taskset -cp "$usable" $$ >/dev/null
mount_uring -o transport=uring
taskset -cp "$all" $$ >/dev/null
"${load[@]}" 30 || fail "with a daemon on one CPU"
unmount_view "$WORK/view"

note "unmounted under load"
mount_uring -o transport=uring
"${load[@]}" 100000 may-end &
loading=$!
wait_until 60 compgen -G "$WORK/source/core/*" >/dev/null
umount -l "$WORK/view"
kill "$loading"
wait "$loading" || :
for pid in $(daemon_of "$WORK/view"); do
	wait_until 60 process_ended "$pid"
done

note "killed under load"
mount_uring -o transport=uring
rm -rf "$WORK/source/core"
mkdir "$WORK/source/core"
"${load[@]}" 100000 may-end &
loading=$!
wait_until 60 compgen -G "$WORK/source/core/*" >/dev/null
kill -9 "$(daemon_of "$WORK/view")"
wait "$loading" || fail "after kill -9"
umount -l "$WORK/view"

note "over /dev/fuse"
mount_uring -o transport=auto,locks=shared
[ "$(transport)" = dev ] || fail "locks travel over io_uring"
unmount_view "$WORK/view"
