# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Real containers for a mounted test: sourced after mount.sh.  Skips the test where
# podman is missing or cannot run anything.
#
#   pod CMD...       podman with storage of its own below $WORK
#   $PODMAN, $RUN    the same for the scripts of contrib/podman
#
# All containers are removed when the test ends.
need_root
need podman busybox findmnt

PODMAN="podman --root $WORK/podman/root --runroot $WORK/podman/run"
! command -v runc >/dev/null || PODMAN="$PODMAN --runtime runc"
# The defaults are more than a machine without systemd may grant.
RUN="--ulimit nofile=20000:20000 --ulimit nproc=1000:1000"
export PODMAN RUN IMAGE=localhost/scratchfs-test

pod() {
	local -a podman
	read -ra podman <<<"$PODMAN"
	timeout -k 5 60 "${podman[@]}" "$@"
}

end_containers() {
	local status=$?
	pod rm --all --force --time 0 >/dev/null 2>&1
	(exit "$status")
	cleanup
}
trap end_containers EXIT

contrib=$(cd "$(dirname "$0")/../../contrib/podman" && pwd)

try_podman() {
	"$contrib/services.sh" image || return
	# shellcheck disable=SC2086
	pod run --rm --network none $RUN "$IMAGE" true
}

try_podman >"$WORK/podman.log" 2>&1 ||
	skip "podman cannot run containers here: $(tail -n 1 "$WORK/podman.log")"
