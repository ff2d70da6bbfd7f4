# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Views whose files the kernel reads and writes itself.  To be sourced after
# mount.sh.
#
#   need_passthrough                      skips where the kernel has no such thing
#   mount_passthrough SOURCE MOUNTPOINT [OPTIONS]
#   io_of MOUNTPOINT                      prints what status says

mount_passthrough() {
	local SFS_TEST_OPTIONS=io=passthrough,allow_other${SFS_TEST_OPTIONS:+,$SFS_TEST_OPTIONS}
	mount_view "$@"
}

io_of() {
	timeout -k 5 20 "$SCRATCHFS" status --json "$1" |
		"$TEST_PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[0]["io"])'
}

need_passthrough() {
	need_root
	mkdir "$WORK/try"
	mount_passthrough "$WORK/try" "$WORK/try.view"
	: >"$WORK/try.view/file"
	[ "$(io_of "$WORK/try.view")" = passthrough ] ||
		skip "the kernel does not pass through"
	unmount_view "$WORK/try.view"
}
