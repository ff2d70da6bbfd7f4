#!/bin/bash
# SPDX-License-Identifier: MIT
# `scratchfs run` on a terminal: stopping, continuing, Ctrl-C, a shell inside.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/run.sh"
need_run

mkdir -p "$WORK/source"
cd "$WORK/source"
PYTHONDONTWRITEBYTECODE=1 timeout -k 5 100 "$TEST_PYTHON" \
	"$(dirname "$0")/../lib/terminal.py" <<'END' || fail "see above"
send scratchfs run . sh -c 'echo is up; exec sleep 100'
expect is up
key Z
expect Stopped
send jobs
expect Stopped
send fg
expect scratchfs run
key C
send echo "status=$?"
expect status=130
send scratchfs run . bash --norc --noprofile -i
send PS1="in""side> "
expect inside>
send echo scratch >.tmp1; sleep 100
key Z
expect Stopped
send suspend
expect Stopped
send echo out"side"
expect outside
send fg
expect scratchfs run
send cat .tmp1
expect scratch
send kill %1; exit 5
send echo "status=$?"
expect status=5
send ls -A | wc -l
expect 0
END
wait_until 20 is_nothing_left
