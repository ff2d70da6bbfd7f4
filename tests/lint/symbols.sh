#!/bin/bash
# SPDX-License-Identifier: MIT
# What the core library exports carries its prefix, and nothing in the program
# is a variable that outlives a function, but for the few named here.
#
#	symbols.sh CORE_LIBRARY OBJECT...
. "$(dirname "$0")/lib.sh"

core=$1

nm -g --defined-only -P "$core" | awk 'NF > 1 && $1 !~ /^sfs_/ { print $1 }' |
	expect_none "exported without the prefix"

# to_syslog: where messages go.  Written once, when the daemon leaves its
# terminal.  Of a thread: the request that it is at (current), whether it is trying
# something, whether it is libfuse's and was adopted.
nm -f sysv --defined-only "$@" 2>/dev/null |
	awk -F'|' '$7 ~ /^\.t?(data|bss)|^\*COM\*/ && $7 !~ /^\.data\.rel\.ro/ {
		gsub(/ /, "", $1); print $1 }' |
	grep -Evx 'to_syslog|current|trying|adopted' | expect_none "mutable variables of static storage"
