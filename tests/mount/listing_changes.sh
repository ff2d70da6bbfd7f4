#!/bin/bash
# SPDX-License-Identifier: MIT
# While names come and go, on the host and in the view, every listing has each
# name that stays exactly once.
. "$(dirname "$0")/../lib/mount.sh"

mkdir -p "$WORK/source/core" "$WORK/source/logs"
mount_view "$WORK/source" "$WORK/view"

"$TEST_PYTHON" - "$WORK/source" "$WORK/view" <<'PYTHON' || fail "see above"
import os, sys, threading

source, view = sys.argv[1:]
STABLE, PASSES = 800, 12


def touch(path):
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def churn(folders, names, stop):
    while not stop.is_set():
        for folder in folders:
            for name in names:
                touch(f"{folder}/{name}")
        for folder in folders:
            for name in names:
                os.unlink(f"{folder}/{name}")


def check(folder, stable):
    entries = os.listdir(folder)
    seen = sorted(name for name in entries if "stays" in name)
    assert seen == stable, (
        f"{folder}: {len(seen)} names, {len(set(seen))} different, "
        f"{len(stable)} expected")
    assert len(entries) == len(set(entries)), f"{folder}: a name twice"


stable = {"core": [], "logs": []}
for i in range(STABLE):
    for folder, name in (("core", f"stays-{i}"), ("core", f".tmp-stays-{i}"),
                         ("logs", f"stays-{i}")):
        touch(f"{(source, view)[i % 2]}/{folder}/{name}")
        stable[folder].append(name)
for names in stable.values():
    names.sort()

stop = threading.Event()
host = [f"{source}/core", f"{source}/logs"]
mine = [f"{view}/core", f"{view}/logs"]
churners = [
    threading.Thread(target=churn, args=(host, ["a-h", "m-h", "z-h"], stop)),
    threading.Thread(target=churn, args=(mine, ["b-v", ".tmp-v"], stop)),
]
for thread in churners:
    thread.start()
try:
    for _ in range(PASSES):
        for folder, names in stable.items():
            check(f"{view}/{folder}", names)
finally:
    stop.set()
    for thread in churners:
        thread.join()
for folder, names in stable.items():
    assert sorted(os.listdir(f"{view}/{folder}")) == names, folder
PYTHON
unmount_view "$WORK/view"
