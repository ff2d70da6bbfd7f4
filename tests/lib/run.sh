# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What tests of `scratchfs run` need.  To be sourced after mount.sh.
#
#   need_run              skips where no mount namespace can be made
#   what_is_left          prints stores, mounts and half-made things in the state
#   assert_nothing_left

need_run() {
	local -a flags=(--mount)
	[ "$(id -u)" = 0 ] || flags+=(--user --map-current-user)
	unshare "${flags[@]}" true 2>/dev/null ||
		skip "no mount namespaces can be made here"
}

what_is_left() {
	find "$XDG_STATE_HOME" -mindepth 3 2>/dev/null || :
}

is_nothing_left() {
	[ -z "$(what_is_left)" ]
}

assert_nothing_left() {
	is_nothing_left || fail "left behind: $(what_is_left)"
}
