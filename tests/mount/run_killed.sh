#!/bin/bash
# SPDX-License-Identifier: MIT
# Whichever process of a `run` is killed, no scratch stays behind.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/run.sh"
need_run

source=$WORK/source
mkdir -p "$source"
cd "$source" || exit

# The processes of a run: $waiter itself, its $daemon, the $command.
start_run() {
	rm -f "$WORK/command" "$WORK/more"
	"$SCRATCHFS" run . sh -c 'echo scratch >.tmp1; sleep 60 & echo $! >'"$WORK"'/more
		echo $$ >'"$WORK"'/command; wait' &
	waiter=$!
	wait_until 60 test -s "$WORK/command"
	command=$(cat "$WORK/command")
	daemon=
	local pid
	for pid in $(daemon_pids); do
		if [ "$pid" != "$waiter" ]; then daemon=$pid; fi
	done
	[ -n "$daemon" ] || fail "there is no daemon"
	! is_nothing_left || fail "there is no store"
}

end_run() {
	kill -KILL "$(cat "$WORK/more")" 2>/dev/null || :
	status=0
	wait "$waiter" || status=$?
}

has_ended() {
	! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status"
}

note "the one that waits"
start_run
kill -KILL "$waiter"
wait_until 60 has_ended "$command"
end_run
wait_until 60 is_nothing_left

note "the command: what it has started goes on using the view"
start_run
kill -KILL "$command"
end_run
assert_eq "$status" 137
wait_until 60 is_nothing_left

note "the daemon"
start_run
kill -KILL "$daemon"
wait_until 60 is_nothing_left
kill -TERM "$command"
end_run
assert_nothing_left

note "all at once: the next start collects"
start_run
kill -STOP "$waiter"
kill -KILL "$daemon" "$waiter" "$command"
end_run
wait_until 60 has_ended "$daemon"
collects() {
	"$SCRATCHFS" run . true && is_nothing_left
}
# Threads of a killed process, and with them its lock, may outlive it shortly.
wait_until 60 collects

note "asked to end"
for signal in TERM HUP USR1; do
	start_run
	kill -"$signal" "$waiter"
	wait_until 60 has_ended "$command"
	end_run
	assert_eq "$status" "$((128 + $(kill -l "$signal")))"
	wait_until 60 is_nothing_left
done
