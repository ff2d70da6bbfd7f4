#!/bin/bash
# SPDX-License-Identifier: MIT
# Some write and delete files in a limited store while others look them up: in the
# end nothing is charged.
. "$(dirname "$0")/../lib/mount.sh"
limit=$((64 << 20))

cat >"$WORK/churn.py" <<'PYTHON'
import os, random, sys

folder, rounds, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
NAMES, WRITERS, LOOKERS = 4, 3, 3


def write(rng):
    """Deleted while it is open, replaced by a rename, or just deleted."""
    for i in range(rounds):
        path = "%s/%d" % (folder, rng.randrange(NAMES))
        try:
            fd = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
            if i % 3:
                os.write(fd, b"x" * rng.randrange(1, 20000))
            if i % 4 == 3:
                os.rename(path, "%s/%d" % (folder, rng.randrange(NAMES)))
            else:
                os.unlink(path)
            os.write(fd, b"y" * rng.randrange(1, 20000))
            os.close(fd)
        except FileNotFoundError:
            os.close(fd)


def look(rng):
    while True:
        try:
            os.stat("%s/%d" % (folder, rng.randrange(NAMES)))
        except FileNotFoundError:
            pass


def start(work, number):
    child = os.fork()
    if not child:
        work(random.Random(seed * 1000 + number))
        os._exit(0)
    return child


lookers = [start(look, i) for i in range(LOOKERS)]
writers = [start(write, LOOKERS + i) for i in range(WRITERS)]
failed = [w for w in writers if os.waitpid(w, 0)[1]]
for looker in lookers:
    os.kill(looker, 9)
    os.waitpid(looker, 0)
for name in os.listdir(folder):
    os.unlink(os.path.join(folder, name))
sys.exit("a writer failed" if failed else 0)
PYTHON

nothing_is_charged() {
	free=$(stat -f -c '%a %S' "$WORK/view/logs" | awk '{ print $1 * $2 }')
	[ "$free" = "$limit" ]
}

mkdir -p "$WORK/source/logs"
mount_view "$WORK/source" "$WORK/view" --volume limited --size "$limit"
bounded "$TEST_PYTHON" "$WORK/churn.py" "$WORK/view/logs" \
	"${SFS_STRESS_OPS:-1000}" "${SFS_SEED:-$RANDOM}" || fail "under load"
wait_until 20 nothing_is_charged
unmount_view "$WORK/view"
