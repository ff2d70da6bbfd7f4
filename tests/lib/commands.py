#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What --help says that there is: commands, verbs of volume, their options.

As a program: for each command, what its options should complete to, as
"LINE<tab>OPTION", one a line.
"""
import os
import re
import subprocess

SCRATCHFS = os.environ["SCRATCHFS"]
OPTION = re.compile(r"^ {2,6}(?:(-\w), )?(--[a-z][a-z-]*)")
MOUNTS = "those of a mount"


def run(*arguments):
    """Runs scratchfs: its status, standard output and error."""
    done = subprocess.run(
        [SCRATCHFS, *arguments], stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def help_of(command):
    return run(*command, "--help")[1]


def commands():
    """Every command as a tuple of words, () being the mount."""
    text = help_of(())
    names = re.search(r"COMMAND being\n((?: {4}.*\n)+)", text)[1].split()
    verbs = re.findall(r"^  ([a-z]+) ", help_of(("volume",)), re.M)
    return [(), *((name,) for name in names),
            *(("volume", verb) for verb in verbs)]


def options_of(command):
    """The options of its own as (letter or "", "--name"), --help apart."""
    return {(m[1] or "", m[2])
            for m in map(OPTION.match, help_of(command).splitlines())
            if m and m[2] != "--help"}


def takes_mounts(command):
    """Whether it takes the options of a mount as well."""
    return MOUNTS in help_of(command)


def main():
    mounts = {name for _, name in options_of(())} | {"-o", "--version"}
    for command in commands():
        expected = {name for _, name in options_of(command)} | {"--help"}
        if not command or takes_mounts(command):
            expected |= mounts
        for name in sorted(expected):
            print(" ".join(("scratchfs", *command, "-")), name, sep="\t")


if __name__ == "__main__":
    main()
