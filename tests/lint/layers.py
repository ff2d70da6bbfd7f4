#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Dependencies point one way: cli, mount -> view -> store, rules -> base.

A header belongs to the folder whose source file has its name, or to the one
named here.  Headers that nothing implements are everybody's.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

MAY_USE = {
    "base": {"base"},
    "rules": {"rules", "base"},
    "store": {"store", "base"},
    "view": {"view", "store", "rules", "base"},
    "mount": {"mount", "cli", "view", "store", "rules", "base"},
    "cli": {"cli", "mount", "view", "store", "rules", "base"},
}
HOME = {"command": "cli"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)
LIBRARIES = [
    (re.compile(r"^fuse"), lambda path: path.startswith("fs/mount/"),
     "only fs/mount includes libfuse"),
    (re.compile(r"^yaml\.h$"), lambda path: path == "fs/rules/config_yaml.c",
     "only fs/rules/config_yaml.c knows libyaml"),
]


def home_of(header):
    """The folder below fs/ that a header of include/scratchfs belongs to."""
    if header in HOME:
        return HOME[header]
    sources = list((ROOT / "fs").glob("*/%s.c" % header))
    sources += (ROOT / "fs").glob("*/%s_*.c" % header)
    return sources[0].parent.name if sources else None


def complaints_about(path, name, folder):
    for bracket, target in INCLUDE.findall(path.read_text()):
        for pattern, allowed, rule in LIBRARIES:
            if bracket == "<" and pattern.match(target) and not allowed(name):
                yield "%s includes <%s>: %s" % (name, target, rule)
        if bracket == "<" or folder is None:
            continue
        if target.startswith("scratchfs/"):
            other = home_of(target[len("scratchfs/"):-len(".h")])
            if other and other not in MAY_USE[folder]:
                yield "%s (%s) includes %s (%s)" % (name, folder, target, other)
        elif not (path.parent / target).exists() or "/" in target:
            yield '%s includes "%s", which is not beside it' % (name, target)


def main():
    complaints = []
    for path in sorted(ROOT.glob("fs/**/*.[ch]")):
        name = path.relative_to(ROOT).as_posix()
        folder = path.parent.name if path.parent.name in MAY_USE else None
        complaints += complaints_about(path, name, folder)
    for path in sorted(ROOT.glob("include/scratchfs/*.h")):
        name = path.relative_to(ROOT).as_posix()
        complaints += complaints_about(path, name, home_of(path.stem))
    print("\n".join(complaints), file=sys.stderr)
    return 1 if complaints else 0


sys.exit(main())
