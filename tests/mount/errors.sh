#!/bin/bash
# SPDX-License-Identifier: MIT
# What cannot be mounted is said in one line, with the line that mends it where
# there is one, and nothing is mounted or left behind.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"

mkdir -p "$WORK/source" "$WORK/view" "$WORK/wrong"
echo file >"$WORK/file"
printf 'scrtch: [a]\n' >"$WORK/wrong/.scratchfs.yaml"

# STATUS LINES PATTERN ARGUMENT...
complains() {
	local status=$1 lines=$2 pattern=$3 said got=0
	shift 3
	said=$(timeout -k 5 30 "$SCRATCHFS" "$@" 2>&1) || got=$?
	assert_eq "$got" "$status" "exit status of: $* ($said)"
	assert_eq "$(printf '%s\n' "$said" | wc -l)" "$lines" \
		"lines said by: $* ($said)"
	[[ $said =~ $pattern ]] || fail "$*: $said"
	assert_eq "$(mounts_below "$WORK")" "" "mounts after: $*"
	assert_eq "$(stores)" "" "stores after: $*"
}

complains 2 1 'MOUNTPOINT is missing' "$WORK/source"
complains 2 1 'missing' -f
complains 2 1 'mkdir -p' "$WORK/source" "$WORK/none"
complains 2 1 'does not exist' "$WORK/none" "$WORK/view"
complains 2 1 'not a folder' "$WORK/file" "$WORK/view"
complains 2 1 'not a folder' "$WORK/source" "$WORK/file"
complains 2 1 'unknown option' --no-such "$WORK/source" "$WORK/view"
complains 2 1 'size' --size lots "$WORK/source" "$WORK/view"
complains 2 1 '' --volume NOT-A-NAME "$WORK/source" "$WORK/view"
complains 2 1 '' -o no_such_option "$WORK/source" "$WORK/view"
complains 2 1 '' --config "$WORK/none" "$WORK/source" "$WORK/view"
complains 2 3 '\.scratchfs\.yaml:1:1: .*scratch' "$WORK/wrong" "$WORK/view"
complains 2 1 "neither a command nor a folder" umuont "$WORK/view"
complains 1 1 'no view is mounted' umount "$WORK/view"
complains 1 1 '' umount "$WORK/none"
complains 2 1 'it takes one MOUNTPOINT' umount
complains 2 1 'it takes one MOUNTPOINT' umount "$WORK/view" "$WORK/view"
complains 2 1 'name of a volume' umount --volume 'No Name' "$WORK/view"
complains 2 1 'one MOUNTPOINT at most' status "$WORK/view" "$WORK/view"
complains 1 1 'No such file' status "$WORK/none"
complains 2 1 'it takes no arguments' list "$WORK/view"
complains 2 1 'it takes no arguments' prune "$WORK/view"
complains 2 1 'it takes no arguments' doctor all
complains 2 1 'one MOUNTPOINT at most' diff "$WORK/view" "$WORK/view"
complains 2 1 'PATH is missing' keep
complains 2 1 'it takes one SOURCE' absorb
complains 2 1 'it takes one SOURCE' audit "$WORK/source" "$WORK/view"
complains 125 1 'COMMAND is missing' run "$WORK/source"
complains 125 1 "did you mean 'inspect'" volume inspct
complains 125 1 'takes no value' volume ls --json=yes
complains 125 1 "no option '-Z'" volume ls -Zq
complains 2 1 '' list --no-such
complains 1 1 'in no view' status "$WORK/view"
complains 2 1 'PATH is missing' explain

if [ "$(id -u)" = 0 ]; then
	chmod 755 "$WORK"
	mkdir "$WORK/roots"
	said=$(as_user sh -c "! $WORK/bin/scratchfs $WORK/source $WORK/roots" 2>&1)
	[[ $said == *"sudo chown"* && $(wc -l <<<"$said") = 1 ]] ||
		fail "a mount point of root's: $said"
	said=$(as_user sh -c "! PATH=/none $WORK/bin/scratchfs \
		$WORK/source $WORK/home" 2>&1)
	[[ $said == *"apt install fuse3"* && $(wc -l <<<"$said") = 1 ]] ||
		fail "without fusermount3: $said"
	said=$(as_user sh -c "! $WORK/bin/scratchfs -o allow_other \
		$WORK/source $WORK/home" 2>&1)
	grep -q '^user_allow_other' /etc/fuse.conf ||
		[[ $said == *"tee -a /etc/fuse.conf"* && $(wc -l <<<"$said") = 1 ]] ||
		fail "allow_other: $said"
	assert_eq "$(mounts_below "$WORK")" "" "mounts"
fi

# A view on a view is a mistake.
mount_view "$WORK/source" "$WORK/view"
said=$("$SCRATCHFS" "$WORK/source" "$WORK/view" 2>&1) && fail "mounted twice"
[[ $said == *"already a view"*"scratchfs umount"* ]] || fail "twice: $said"
assert_eq "$(mounts_below "$WORK" | wc -l)" 1 "mounts"
unmount_view "$WORK/view"
