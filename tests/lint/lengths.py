#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No function of 60 lines or more, no file of more than 500.

Reads the project's own layout: a function is what stands between a brace alone
in the first column and the next one that closes there.
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["fs", "include", "tests", "contrib"]
SUFFIXES = {".c", ".h", ".sh", ".py"}


def long_functions(lines):
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 >= 60:
                yield start, number - start - 1
            start = None


def main():
    complaints = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in SUFFIXES or "data" in path.parts:
                continue
            name = path.relative_to(ROOT).as_posix()
            lines = path.read_text().splitlines()
            if len(lines) > 500:
                complaints.append("%s: %d lines" % (name, len(lines)))
            for start, length in long_functions(lines):
                complaints.append("%s:%d: a function of %d lines"
                                  % (name, start, length))
    print("\n".join(complaints), file=sys.stderr)
    return 1 if complaints else 0


sys.exit(main())
