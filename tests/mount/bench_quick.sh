#!/bin/bash
# SPDX-License-Identifier: MIT
# The benchmark runs: every workload ends, and its results can be read.
. "$(dirname "$0")/../lib/mount.sh"

need cc git make sqlite3 tar
need_root # for a tmpfs
bench=$(cd "$(dirname "$0")/../../contrib/bench" && pwd)

SFS_COMMAND_SECONDS=200 bounded "$bench/run.sh" --quick --output "$WORK/out" \
	--systems native,scratchfs >"$WORK/printed" 2>"$WORK/errors" || {
	cat "$WORK/errors" >&2
	fail "contrib/bench/run.sh"
}

"$TEST_PYTHON" - "$WORK/out/results.json" <<'PYTHON'
import json, sys

results = json.load(open(sys.argv[1]))
steps = results["media"]["tmpfs"]["workloads"]
assert len(steps) >= 28, sorted(steps)
for name, step in steps.items():
    for system in ("native", "scratchfs"):
        ns = step[system]["ns"]
        assert len(ns) == 1 and ns[0] > 0, (name, system)
    assert "requests" in step["scratchfs"], name
assert steps["create+write+close, scratch"]["scratchfs"]["requests"][0][
    "create"] == 100, steps["create+write+close, scratch"]
assert len(results["media"]["tmpfs"]["rules"]) == 2, results["media"]
PYTHON

"$bench/run.sh" --readme --output "$WORK/out" >"$WORK/section"
grep -q '^## How fast' "$WORK/section" || fail "no section for the README"
grep -q '^| stat |' "$WORK/section" || fail "no table"
