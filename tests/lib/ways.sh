# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Sourced after mount.sh.  ways_made PID CMD...: how often threads of a daemon made
# way for their callers, while a command ran.

ways_made() {
	local pid=$1 tracer
	shift
	strace -f -qq -e trace=sched_setscheduler -o "$WORK/trace" -p "$pid" &
	tracer=$!
	wait_until 60 grep -q "^TracerPid:.$tracer$" "/proc/$pid/status"
	"$@"
	kill -INT "$tracer"
	wait "$tracer" || :
	grep -c SCHED_IDLE "$WORK/trace" || :
}
