#!/bin/bash
# SPDX-License-Identifier: MIT
# Three stores in one view, two of them volumes: files are renamed between all
# of them and the host.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"
need_root

mkdir "$WORK/source"
oracle --make-tree "$WORK/source"
cat >"$WORK/config" <<'YAML'
scratch:
  - .tmp*
  - {glob: logs, volume: of-logs}
  - {glob: __pycache__, volume: of-python}
YAML
mount_view "$WORK/source" "$WORK/view" --config "$WORK/config"
oracle_in "$WORK/source" "$WORK/view" --seed 17 --ops 6000 --names both \
	--border full --tree full --volumes
unmount_view "$WORK/view"
oracle_host "$WORK/source" --without-scratch
