#!/bin/bash
# SPDX-License-Identifier: MIT
# A program that was made or changed in the view can be run on the host at once:
# nothing holds it open for writing (ETXTBSY).  One that its owner may not write
# to (0555) only a moment later, because nothing says when it was closed.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"
need setfacl install

programs_run() { # HOST VIEW
	local way
	cd "$2" || exit
	for way in 'cp -p /bin/true P' \
		'install -m 755 /bin/true P' \
		'cat /bin/true >P; chmod 755 P' \
		'cat /bin/true >P; setfacl -m u:0:rwx,g::rx,u::rwx,o::rx P' \
		'cp /bin/true P; printf "\177" | dd of=P conv=notrunc status=none'; do
		bash -euc "${way//P/program}"
		"$1/program" || fail "$way: $?"
		rm program
	done
	install -m 555 /bin/true program
	wait_until 30 "$1/program"
}

mkdir "$WORK/source"
mount_view "$WORK/source" "$WORK/view"
(programs_run "$WORK/source" "$WORK/view")
unmount_view "$WORK/view"
if [ "$(id -u)" = 0 ]; then
	again_as_user run_on_host
fi
