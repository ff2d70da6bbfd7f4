#!/bin/bash
# SPDX-License-Identifier: MIT
# SOURCE and MOUNTPOINT may be one folder: the view takes its place, and what a
# shell that stood in it sees is the host's until it changes into it again.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"

project=$WORK/project
mkdir -p "$project/src"
echo host >"$project/src/file"
cd "$project"
mount_view "$project" "$project"
assert_absent .tmp1
cd .
cd "$project"
echo secret-scratch >.tmp1
mkdir src/__pycache__
echo core >src/new
assert_eq "$(cat "$project/.tmp1")" secret-scratch
assert_eq "$(bounded ls -A "$project")" ".tmp1
src" "the project"

# A crash in place, mended in place.
cd "$WORK"
kill_daemon "$project"
mount_view "$project" "$project"
assert_eq "$(cat "$project/.tmp1")" secret-scratch "the scratch"
assert_present "$project/src/__pycache__"
unmount_view "$project"
assert_absent "$project/.tmp1"
assert_absent "$project/src/__pycache__"
assert_eq "$(cat "$project/src/new")" core "a new core file"
assert_no_scratch_on_disk secret-scratch
