#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The three services, each in a container with its own view:
#
#	contrib/podman/services.sh image          makes a small image (busybox)
#	contrib/podman/services.sh start VIEWS
#	contrib/podman/services.sh stop
#
# PODMAN is the command, with options (podman), RUN more options for its run,
# IMAGE an image with a shell, SERVICES the services.
set -eu

read -ra PODMAN <<<"${PODMAN:-podman}"
read -ra RUN <<<"${RUN:-}"
read -ra SERVICES <<<"${SERVICES:-snapshot gcp receiver}"
IMAGE=${IMAGE:-localhost/story}

# The working folder is entered here and not with --workdir, so that a container
# whose view is missing or dead starts, fails, and is started again until the
# view is there.  ($1 is the shell's.)
# shellcheck disable=SC2016
ENTER='cd /srv/project && [ -f execution/service.sh ] || {
	echo "there is no view" >&2
	sleep 1
	exit 1
}
exec sh execution/service.sh "$1"'

image() {
	local root
	root=$(mktemp -d)
	mkdir -p "$root/bin" "$root/tmp" "$root/srv"
	cp "$(command -v busybox)" "$root/bin/busybox"
	"$root/bin/busybox" --install "$root/bin"
	tar -C "$root" -c . | "${PODMAN[@]}" import - "$IMAGE"
	rm -rf "$root"
}

start() {
	local name
	for name in "${SERVICES[@]}"; do
		"${PODMAN[@]}" run --detach --name "story-$name" --network none \
			--restart on-failure --volume "$1/$name:/srv:ro,rslave" \
			"${RUN[@]}" "$IMAGE" sh -c "$ENTER" sh "$name"
	done
}

stop() {
	"${PODMAN[@]}" stop --time 10 "${SERVICES[@]/#/story-}"
	"${PODMAN[@]}" rm "${SERVICES[@]/#/story-}"
}

case ${1-}$# in
image1) image ;;
start2) start "$2" ;;
stop1) stop ;;
*)
	sed -n '4,/^set/{/^set/d; s/^# \{0,1\}//; p}' "$0" >&2
	exit 2
	;;
esac
