#!/bin/bash
# SPDX-License-Identifier: MIT
# The shells that are here complete mount points and volumes.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/complete.sh"

mkdir -p "$WORK/source" "$WORK/bin"
ln -sf "$SCRATCHFS" "$WORK/bin/scratchfs"
export PATH=$WORK/bin:$PATH
bounded "$SCRATCHFS" volume create first >/dev/null
bounded "$SCRATCHFS" volume create second >/dev/null
mount_view "$WORK/source" "$WORK/my view"

for shell in $(complete_shells); do
	offered=$(bounded complete_lines "$shell" <<-END
		scratchfs umount $WORK/my
		scratchfs status --json $WORK/my
		scratchfs --volume fi
		scratchfs volume rm fi
		scratchfs volume export -o x se
		scratchfs run --volume=se
	END
	)
	for word in first second; do
		[ "$(grep -c "[^a-z]$word\$" <<<"$offered")" = 2 ] ||
			fail "$shell, volume $word: $offered"
	done
	# As it is typed, or as it is.
	[ "$(grep -cE "	$WORK/my(\\\\)? view\$" <<<"$offered")" = 2 ] ||
		fail "$shell, mount point: $offered"
done
unmount_view "$WORK/my view"
