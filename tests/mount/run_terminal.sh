#!/bin/bash
# SPDX-License-Identifier: MIT
# `scratchfs run` on a terminal: stopping, continuing, Ctrl-C, a shell inside.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/run.sh"
need_run
need python3

mkdir -p "$WORK/source"
# Not a shell: one that is stopped between vfork and exec hangs.
cat >"$WORK/busy" <<'END'
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGCONT, lambda *_: print("is on", flush=True))
print("is up", flush=True)
while True:
    signal.pause()
END
cd "$WORK/source" || exit
PYTHONDONTWRITEBYTECODE=1 timeout -k 5 200 "$TEST_PYTHON" \
	"$(dirname "$0")/../lib/terminal.py" <<'END' || fail "see above"
send scratchfs run . python3 ../busy
expect ^is up
key Z
expect ^\[1\]\+ +Stopped
send fg
expect ^is on
key C
expect ^\$ 
send echo "status=$?"
expect ^status=130
send scratchfs run . bash --norc --noprofile -i
send PS1="in""side> "
expect ^inside>
send echo scratch >.tmp1; python3 ../busy
expect ^is up
key Z
expect ^\[1\]\+ +Stopped +python3
send suspend
expect ^\[1\]\+ +Stopped +"
send echo out"side"
expect ^outside
send fg
send cat .tmp1
expect ^scratch$
send fg
expect ^is on
key C
expect ^inside>
send exit 5
expect ^\$ 
send echo "status=$?"
expect ^status=5
send ls -A | wc -l
expect ^0$
END
wait_until 60 is_nothing_left
