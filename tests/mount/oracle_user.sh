#!/bin/bash
# SPDX-License-Identifier: MIT
# The oracle in an ordinary user's own view.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/oracle.sh"

in_a_view_of_the_users() {
	mkdir "$HOME/source" "$HOME/view"
	oracle --make-tree "$HOME/source"
	cp -a "$HOME/source" "$HOME/plain"
	timeout 60 "$SCRATCHFS" "$HOME/source" "$HOME/view"
	oracle --left "$HOME/plain" --right "$HOME/view" --seed 16 --ops 10000 \
		--names both --border full --tree full
	# Somebody may be looking at all mounts.
	for _ in {1..50}; do
		! timeout 60 fusermount3 -u "$HOME/view" || break
		sleep 0.2
	done
	oracle --compare "$HOME/plain" "$HOME/source" --without-scratch
}

# The checkout may lie where the user cannot read it.
cp -r "$(dirname "$ORACLE")" "$WORK/oracle"
chmod -R a+rX "$WORK/oracle"
as_user env "ORACLE=$WORK/oracle/oracle.py" bash -c \
	"set -eu; $(declare -f oracle in_a_view_of_the_users)
	in_a_view_of_the_users"
