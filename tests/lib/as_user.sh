# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Other mounted tests, run by an ordinary user.  To be sourced after mount.sh.
#
#   again_as_user NAME...     runs tests/mount/NAME.sh as $TEST_USER

again_as_user() {
	local tests name status
	tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
	# The checkout may lie where the user cannot read it.
	mkdir "$WORK/tests"
	cp -r "$tests/lib" "$tests/mount" "$tests/oracle" "$WORK/tests"
	chmod -R a+rX "$WORK/tests"
	as_user true
	for name; do
		status=0
		SFS_COMMAND_SECONDS=240 as_user env "TMPDIR=$WORK/home" \
			bash "$WORK/tests/mount/$name.sh" || status=$?
		case $status in
		0) note "$name: passed" ;;
		77) note "$name: skipped" ;;
		*) fail "$name as $TEST_USER: exit $status" ;;
		esac
	done
}
