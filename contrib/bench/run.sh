#!/bin/bash
# SPDX-License-Identifier: MIT
#
# How fast scratchfs is, beside the file system itself and beside its peers.
#
#	contrib/bench/run.sh [OPTIONS]
#
#	--on tmpfs|disk|both    where the trees lie (tmpfs)
#	--rounds N              (5); medians are reported
#	--only WORD,...         only the workloads whose name has one of the words
#	--systems NAME,...      only these, and native: overlayfs, bindfs, mergerfs,
#	                        fuse-overlayfs, unionfs-fuse, scratchfs, scratchfs-uring,
#	                        scratchfs-passthrough
#	--quick                 one round, small sizes: whether it works, nothing else
#	--output FOLDER         (build/bench): results.json, results.md, MEDIUM.svg
#	--readme                prints the README's section from the last results
#
# Peers that are not installed are left out, and so is what needs root.  A full
# run takes about half an hour for each medium; nothing else should run meanwhile.
# $SCRATCHFS is the program (default: built here, optimized).
set -eu

HERE=$(cd "$(dirname "$0")" && pwd -P)
PROJECT=$(cd "$HERE/../.." && pwd -P)
SWITCH=/sys/module/fuse/parameters/enable_uring
ON=tmpfs OUTPUT=$PROJECT/build/bench README="" BASES=() PASSED_ON=()
CHILD=""

die() {
	printf 'run.sh: %s\n' "$*" >&2
	exit 2
}

parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		--on) ON=${2-} && shift ;;
		--output) OUTPUT=${2-} && shift ;;
		--rounds | --only | --systems) PASSED_ON+=("$1" "${2-}") && shift ;;
		--quick) PASSED_ON+=("$1") ;;
		--readme) README=yes ;;
		-h | --help)
			sed -n '4,/^set/{/^set/d; s/^# \{0,1\}//; p}' "$0"
			exit
			;;
		*) die "what is $1? See --help" ;;
		esac
		shift
	done
	case $ON in tmpfs | disk) ;; both) ON="tmpfs disk" ;; *) die "on $ON?" ;; esac
}

# shellcheck disable=SC2317 # it is called by the trap
mounts_below() {
	local path
	while read -r _ _ _ _ path _; do
		printf -v path %b "$path"
		case $path in "$1" | "$1"/*) printf '%s\n' "$path" ;; esac
	done </proc/self/mountinfo | tac
}

# shellcheck disable=SC2317
cleanup() {
	local status=$? base path
	trap - EXIT
	trap '' INT TERM
	set +e
	if [ -n "$CHILD" ] && kill -TERM "$CHILD" 2>/dev/null; then
		wait "$CHILD"
	fi
	[ -z "$SWITCH_BEFORE" ] || [ ! -w "$SWITCH" ] ||
		[ "$(cat "$SWITCH")" = "$SWITCH_BEFORE" ] ||
		echo "$SWITCH_BEFORE" >"$SWITCH"
	for base in "${BASES[@]}"; do
		mounts_below "$base" | while read -r path; do
			timeout -k 5 20 umount -l "$path" 2>/dev/null ||
				timeout -k 5 20 fusermount3 -uz "$path"
		done
		timeout -k 5 300 rm -rf --one-file-system -- "$base"
	done
	exit "$status"
}

# make_base MEDIUM: sets BASE.
make_base() {
	local parent=/var/tmp
	[ "$1" = disk ] || [ "$(id -u)" = 0 ] || parent=/dev/shm
	BASE=$(mktemp -d "$parent/scratchfs-bench.XXXXXX")
	BASES+=("$BASE")
	if [ "$1" = tmpfs ] && [ "$parent" != /dev/shm ]; then
		mount -t tmpfs -o mode=755,nr_inodes=0 scratchfs-bench "$BASE"
	fi
}

build_programs() {
	mkdir -p "$OUTPUT"
	"${CC:-cc}" -O2 -std=c11 -D_GNU_SOURCE -Wall -Wextra -o "$OUTPUT/micro" \
		"$HERE/micro.c"
	[ -z "${SCRATCHFS-}" ] || return 0
	cmake -S "$PROJECT" -B "$PROJECT/build-release" -G Ninja \
		-DCMAKE_BUILD_TYPE=Release >"$OUTPUT/build.log"
	cmake --build "$PROJECT/build-release" >>"$OUTPUT/build.log"
	SCRATCHFS=$PROJECT/build-release/scratchfs
}

main() {
	local medium media=() status=0
	parse "$@"
	if [ -n "$README" ]; then
		exec /usr/bin/python3 -B "$HERE/report.py" --readme "$OUTPUT/results.json"
	fi
	SWITCH_BEFORE=$(cat "$SWITCH" 2>/dev/null || :)
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	build_programs
	for medium in $ON; do
		make_base "$medium"
		media+=(--medium "$medium=$BASE")
	done
	# In the background, so that a signal is acted upon at once.
	/usr/bin/python3 -B "$HERE/bench.py" --program "$(readlink -f "$SCRATCHFS")" \
		--micro "$(readlink -f "$OUTPUT/micro")" --output "$OUTPUT" \
		"${media[@]}" "${PASSED_ON[@]}" &
	CHILD=$!
	wait "$CHILD" || status=$?
	CHILD=""
	exit "$status"
}

main "$@"
