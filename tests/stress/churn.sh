#!/bin/bash
# SPDX-License-Identifier: MIT
# Four processes in the view and one on the host replace each other's files.
# Promises 2, 3, 4: no scratch on the host, whole files only, the same in the end.
set -eu
. "$(dirname "$0")/../lib/mount.sh"

mkdir -p "$WORK/host" "$WORK/view"
mount_view "$WORK/host" "$WORK/view"
timeout -k 5 120 "$TEST_PYTHON" "$(dirname "$0")/churn.py" \
	"$WORK/view" "$WORK/host" "${SFS_STRESS_SECONDS:-5}" "${SFS_SEED:-$RANDOM}" ||
	fail "the view went wrong under load"
unmount_view "$WORK/view"
