# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The oracle on a real view; see tests/oracle/oracle.py.  To be sourced after
# mount.sh.
#
#   oracle OPTIONS...                the program itself
#   oracle_in SOURCE VIEW OPTIONS... the operations on a fresh plain folder
#                                    ($PLAIN) and on VIEW; with --tree full both
#                                    begin with what SOURCE holds
#   oracle_host SOURCE [OPTIONS]     SOURCE must now equal the plain folder

ORACLE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../oracle" && pwd)/oracle.py
export ORACLE

oracle() {
	PYTHONDONTWRITEBYTECODE=1 timeout -k 5 "${SFS_TEST_SECONDS:-400}" \
		"$TEST_PYTHON" "$ORACLE" "$@"
}

oracle_in() {
	local source=$1 view=$2
	shift 2
	PLAIN=$WORK/plain
	rm -rf -- "$PLAIN"
	cp -a -- "$source" "$PLAIN"
	# The failing operation is the last thing said: leave it for the log.
	oracle --left "$PLAIN" --right "$view" "$@" || fail "see above"
}

oracle_host() {
	local source=$1
	shift
	oracle --compare "$WORK/plain" "$source" "$@" ||
		fail "the host is not what the plain folder is"
}
