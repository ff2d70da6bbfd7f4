#!/bin/bash
# SPDX-License-Identifier: MIT
# What the kernel is really told when a mount begins, whatever libfuse makes of
# it: look-ups in one folder need not wait for each other (bit 18), and no
# capability is asked for before each write (bit 28).
. "$(dirname "$0")/../lib/mount.sh"
need strace

mkdir "$WORK/source" "$WORK/view"
# The leak sanitizer wants to trace the process itself.
ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 \
	strace -f -qq -xx -s 128 -e trace=writev -o "$WORK/trace" \
	"$SCRATCHFS" --foreground "$WORK/source" "$WORK/view" &
wait_until 20 is_mounted "$WORK/view"
assert_absent "$WORK/view/none"
wait_until 10 unmounts "$WORK/view"
wait

"$TEST_PYTHON" - "$WORK/trace" <<'PYTHON' || fail "see $(head -n 1 "$WORK/trace")"
import re, struct, sys

# struct fuse_out_header, then struct fuse_init_out.
line = next(line for line in open(sys.argv[1]) if "iov_len=16}, {" in line)
answer = [bytes.fromhex(text.replace("\\x", "")) for text in
          re.findall(r'iov_base="([^"]*)"', line)]
flags, = struct.unpack_from("=I", answer[1], 12)
assert flags >> 18 & 1 and flags >> 28 & 1, hex(flags)
PYTHON
