#!/bin/bash
# SPDX-License-Identifier: MIT
# Two views of one volume, used by turns at random, are one tree: equal to a plain
# folder.  SFS_STRESS_OPS: how many operations.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need_root
ops=${SFS_STRESS_OPS:-3000}

# What one view changes on the host the other hears of by events, a moment later:
# for core names the views are strict.
run_both() { # CACHE SEED, OPTIONS of the oracle
	mount_view "$WORK/source" "$WORK/one" --volume v -o "cache=$1"
	mount_view "$WORK/source" "$WORK/two" --volume v -o "cache=$1"
	shift
	oracle_in "$WORK/source" "$WORK/one" --second "$WORK/two" --seed "$@"
	unmount_view "$WORK/two"
	unmount_view "$WORK/one"
	timeout -k 5 60 "$SCRATCHFS" volume rm v >/dev/null
}

mkdir "$WORK/source"
run_both strict "${SFS_SEED:-31}" --ops $((ops / 2)) --border full
rm -rf "$WORK/source"
mkdir "$WORK/source"
oracle --make-tree "$WORK/source"
run_both auto "${SFS_SEED:-32}" --ops $((ops / 2)) --names scratch --tree full
# A symlink may have led out of scratch: then both have made a core file.
oracle_host "$WORK/source" --without-scratch
