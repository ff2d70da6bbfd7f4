# SPDX-License-Identifier: MIT
"""What is measured: for each workload, steps that a system goes through.

A step is (name, command); commands run with the view as their folder.  The
first word "micro" is the program of micro.c.
"""
import dataclasses

from trees import CORE, SCRATCH


@dataclasses.dataclass
class Workload:
    steps: list
    prepare: list = dataclasses.field(default_factory=list)
    after: list = dataclasses.field(default_factory=list)
    warm: bool = False   # every round begins with a look at what it needs
    cold: bool = False   # the view is mounted afresh before every round
    same_as: str = None  # for a peer, the steps of that prefix were the same


def command(times, *words):
    return ["micro", "run", str(times)] + [str(word) for word in words]


def readers(sizes):
    """Name: command, for those that run on warm and on fresh views."""
    once = sizes.times
    return {
        "git status": command(once, "git", "--no-optional-locks", "status",
                              "--porcelain"),
        "grep -rI": command(once, "grep", "-rI", "nowhere-to-be-found", "src"),
        "find -printf": command(once, "find", "src", "-printf",
                                "%p %s %m %T@ %u\n"),
    }


def single_calls(sizes):
    ms = sizes.milliseconds
    return {
        "python imports": command(sizes.times, "/usr/bin/python3", "-IS",
                                  "python/start.py", "{view}/python"),
        "open+read+close": ["micro", "open", "src", ms],
        "stat": ["micro", "stat", "src", ms],
        "stat, missing names": ["micro", "missing", "src", ms],
        "readdir, per entry": ["micro", "readdir", "large", ms],
        "4 KiB random read": ["micro", "read4k", "bytes", ms],
        "1 MiB sequential read": ["micro", "read1m", "bytes", ms],
    }


def fresh(folder):
    return [["rm", "-rf", folder], ["mkdir", folder]]


def archive(label, folder, same_as=None):
    return Workload(
        prepare=fresh(folder), same_as=same_as,
        steps=[("unpack, " + label, command(1, "tar", "-xf", "{archive}", "-C",
                                            folder)),
               ("rm -rf, " + label, command(1, "rm", "-rf", folder))])


def names(label, folder, sizes, same_as=None):
    return Workload(
        prepare=fresh(folder), same_as=same_as,
        steps=[("create+write+close, " + label,
                ["micro", "create", folder, sizes.names]),
               ("rename, " + label, ["micro", "rename", folder, sizes.names]),
               ("unlink, " + label, ["micro", "unlink", folder, sizes.names])])


def writers(sizes):
    ms, folder = sizes.milliseconds, SCRATCH
    copy = ["cp", "bytes", folder + "/bytes"]
    return [
        Workload(prepare=fresh(folder) + [copy], after=[["rm", "-rf", folder]],
                 steps=[("4 KiB random write",
                         ["micro", "write4k", folder + "/bytes", ms]),
                        ("1 MiB sequential write",
                         ["micro", "write1m", folder + "/bytes", ms]),
                        ("100 byte append",
                         ["micro", "append", folder + "/log", ms])]),
        Workload(prepare=fresh(folder) + [
            ["sqlite3", folder + "/db", "CREATE TABLE t (a, b)"]],
                 steps=[("sqlite transactions", command(
                     1, "sqlite3", folder + "/db", ".read {transactions}"))]),
        Workload(prepare=[["rm", "-rf", "project/.tmp-build"]],
                 steps=[("make -j2", command(
                     1, "make", "-s", "-j2", "-C", "project"))]),
    ]


def all_workloads(sizes):
    warm = dict(readers(sizes), **single_calls(sizes))
    return ([Workload([(name, words)], warm=True)
             for name, words in warm.items()] +
            writers(sizes) +
            [names("scratch", SCRATCH, sizes),
             names("core", CORE, sizes, same_as="scratch"),
             archive("scratch", SCRATCH),
             archive("core", CORE, same_as="scratch")] +
            [Workload([(name + ", cold", words[:2] + ["1"] + words[3:])],
                      cold=True) for name, words in readers(sizes).items()])


def rule_workloads(sizes):
    """What is run with few rules and with many."""
    find = readers(sizes)["find -printf"]
    return [Workload([("find -printf", find)], warm=True),
            Workload([("find -printf, cold", find[:2] + ["1"] + find[3:])],
                     cold=True)]


def chosen(workloads, only):
    """Those with a step whose name begins with, or has a word of, `only`."""
    def wanted(workload):
        return any(word.strip().lower() in name.lower()
                   for word in only for name, _ in workload.steps)
    return [w for w in workloads if not only or wanted(w)]
