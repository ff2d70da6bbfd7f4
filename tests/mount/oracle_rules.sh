#!/bin/bash
# SPDX-License-Identifier: MIT
# Rules of every kind: anchored, for folders, for any depth, negated, with each
# of the meanings of what exists; and the whole behaves as a plain folder does.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need_root

mkdir "$WORK/source"
oracle --make-tree "$WORK/source"
cat >"$WORK/config" <<'YAML'
scratch:
  - .tmp*
  - "!.tmpa"
  - logs/
  - /p/a
  - "**/sub/b"
  - r/**/c
  - x y/
  - {glob: data.bin, existing: core}
  - tmp
YAML
mount_view "$WORK/source" "$WORK/view" --config "$WORK/config"
oracle_in "$WORK/source" "$WORK/view" --seed 23 --ops 6000 --names both \
	--border full --tree full --other-rules
unmount_view "$WORK/view"
