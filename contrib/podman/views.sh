#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The views of the three services, VIEWS/NAME/project each:
#
#	contrib/podman/views.sh up SOURCE VIEWS [PROFILE...]
#	contrib/podman/views.sh down VIEWS
#
# up mounts what is not mounted, and mends what a killed daemon left behind; a
# PROFILE is laid over each service's own (production).  SCRATCHFS names the
# program, SERVICES the services.
#
# A container gets VIEWS/NAME, the folder around its view, with ro,rslave: a view
# that is mounted later, or anew, then appears in the container, and where none
# is mounted there is nothing to write to.
set -eu

SCRATCHFS=${SCRATCHFS:-scratchfs}
read -ra SERVICES <<<"${SERVICES:-snapshot gcp receiver}"

# What is mounted below a folder reaches containers only if it is shared;
# systemd makes all shared, other systems do not.
share() {
	case $(findmnt -n -o PROPAGATION -T "$1") in
	*shared*) ;;
	*)
		mount --bind "$1" "$1"
		mount --make-shared "$1"
		;;
	esac
}

up() {
	local source=$1 views=$2 name profile
	local -a more=()
	shift 2
	for profile; do more+=(--profile "$profile"); done
	mkdir -p "$views"
	share "$views"
	for name in "${SERVICES[@]}"; do
		mkdir -p "$views/$name"
		! "$SCRATCHFS" status "$views/$name/project" >/dev/null 2>&1 || continue
		mkdir "$views/$name/project" 2>/dev/null || : # or it is there, or dead
		"$SCRATCHFS" --profile "$name" "${more[@]}" -o allow_other \
			"$source" "$views/$name/project"
	done
}

down() {
	local name
	for name in "${SERVICES[@]}"; do
		"$SCRATCHFS" umount "$1/$name/project"
	done
	! mountpoint -q "$1" || umount "$1"
}

case ${1-}$# in
up[3-9]) shift && up "$@" ;;
down2) down "$2" ;;
*)
	sed -n '4,/^set/{/^set/d; s/^# \{0,1\}//; p}' "$0" >&2
	exit 2
	;;
esac
