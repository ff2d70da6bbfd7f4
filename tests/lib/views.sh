# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What tests of the life of a view have in common; after lib/mount.sh.
#
#   stores                           the folders of ephemeral stores, with what is
#                                    being discarded
#   assert_scratch_on_disk TEXT      TEXT is in a file of some store
#   assert_no_scratch_on_disk TEXT   and is in none; no store is left at all
#   not_mounted PATH
#   kill_daemon MOUNTPOINT           as a crash would

not_mounted() {
	! is_mounted "$1"
}

stores() {
	find "$XDG_STATE_HOME/scratchfs/stores" \
		"$XDG_STATE_HOME/scratchfs/discarded" -mindepth 1 -maxdepth 1 \
		2>/dev/null || :
}

assert_scratch_on_disk() {
	grep -rlq -- "$1" "$XDG_STATE_HOME" || fail "no store has: $1"
}

assert_no_scratch_on_disk() {
	grep -rl -- "$1" "$XDG_STATE_HOME" && fail "still on disk: $1"
	assert_eq "$(stores)" "" "stores that are left"
}

kill_daemon() {
	local pid
	pid=$(daemon_of "$1")
	kill -KILL "$pid"
	wait_until 60 process_ended "$pid"
}
