#!/bin/bash
# SPDX-License-Identifier: MIT
# Attributes, bytes and listings in an ordinary user's own view.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/as_user.sh"
need_root

again_as_user xattrs acls holes listing_changes
