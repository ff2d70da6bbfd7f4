#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the workloads; run.sh makes what this needs and clears up after it."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import sys
import time

import report
import systems as known
import trees
import workloads
from commands import Failure, run

SETTLED_SECONDS = 3.2  # an object of the host that is younger is not cached
RUN_SECONDS = 120
FEW_RULES, MANY_RULES = 3, 1000


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    """One medium: the systems with their trees, and what was measured."""

    def __init__(self, options, folder, sizes):
        self.options = options
        self.folder = pathlib.Path(folder)
        self.sizes = sizes
        self.results = {}
        self.settled = True
        self.names = {
            "micro": options.micro,
            "archive": str(self.folder / "archive.tar"),
            "transactions": str(self.folder / "transactions.sql"),
        }

    def set_up(self, systems):
        template = self.folder / "template"
        if not template.exists():
            trees.make_template(template, self.sizes)
            trees.make_archive(self.folder / "archive.tar", self.sizes.archive)
            (self.folder / "transactions.sql").write_text(
                "INSERT INTO t VALUES ('key', 'value');\n"
                * self.sizes.transactions)
        for system in systems:
            system.place(self.folder / system.name)
            trees.make_tree(template, system.tree)
        time.sleep(SETTLED_SECONDS)
        present = [s for s in systems if self.try_to(s.mount, s, "mount")]
        for system in systems:
            if system not in present:  # half mounted, it may be
                self.try_to(system.unmount, system, "unmount")
        return present

    def try_to(self, action, system, step):
        try:
            action()
            return True
        except Failure as failure:
            say("  %s: %s: %s" % (step, system.name, failure))
            self.results.setdefault(step, {})[system.name] = {
                "failed": str(failure)}
            return False

    def filled_in(self, system, command):
        words = [str(word).format(view=system.root, **self.names)
                 for word in command]
        if words[0] == "micro":
            words[0] = self.options.micro
        return words

    def run(self, system, command):
        return run(["env", "-C", system.root] +
                   self.filled_in(system, command), RUN_SECONDS, system.folder)

    def run_all(self, system, commands):
        for command in commands:
            self.run(system, command)

    def timed(self, system, name, command):
        """Runs a step, takes down its time and the requests that it took."""
        first = system.requests()
        before = system.requests()
        ns, operations = map(int, self.run(system, command).split())
        after = system.requests()
        result = self.results.setdefault(name, {}).setdefault(
            system.name, {"ns": []})
        result["ns"].append(ns / operations)
        result["operations"] = operations
        if before is None:
            return
        # Asking costs requests of its own.
        spent = {kind: n - 2 * before.get(kind, 0) + first.get(kind, 0)
                 for kind, n in after.items()}
        result.setdefault("requests", []).append(
            {kind: n for kind, n in spent.items() if n > 0})

    def one_round(self, system, workload):
        if workload.cold:
            system.remount()
        if workload.warm:
            self.look(system, workload)
        self.run_all(system, workload.prepare)
        for name, command in workload.steps:
            self.timed(system, name, command)
        self.run_all(system, workload.after)

    def warm_up(self, system, workload):
        """The first time lets git see what numbers the view gives its files."""
        if workload.steps[0][0].startswith("git"):
            self.run(system, ["git", "status", "--porcelain"])
        self.look(system, workload)

    def look(self, system, workload):
        """Makes what is going to be looked at warm."""
        for _, command in workload.steps:
            self.run(system, command if command[1] == "run" else
                     command[:-1] + ["0"])

    def copy_result(self, system, workload):
        """The same operations in a folder of the same kind."""
        for name, _ in workload.steps:
            other = name.rpartition(", ")[0] + ", " + workload.same_as
            if system.name in self.results.get(other, {}):
                self.results.setdefault(name, {})[system.name] = (
                    self.results[other][system.name])

    def settle(self, workload):
        """What others left behind is not to be young when this one looks."""
        looks = workload.warm or workload.cold
        if looks and not self.settled:
            time.sleep(SETTLED_SECONDS)
        self.settled = looks

    def measure(self, systems, workload):
        name = workload.steps[0][0]
        self.settle(workload)
        taking_part = []
        for system in systems:
            if workload.same_as and system.peer and system.name != "native":
                self.copy_result(system, workload)
            elif not workload.warm or self.try_to(
                    lambda s=system: self.warm_up(s, workload), system, name):
                taking_part.append(system)
        for _ in range(self.options.rounds):
            taking_part = [s for s in taking_part if self.try_to(
                lambda s=s: self.one_round(s, workload), s, name)]

    def run_workloads(self, systems, chosen):
        present = self.set_up(systems)
        for workload in chosen:
            start = time.monotonic()
            self.measure(present, workload)
            say("  %-60s %6.1f s" % (
                "; ".join(name for name, _ in workload.steps)[:60],
                time.monotonic() - start))
        for system in present:
            self.try_to(system.unmount, system, "unmount")
        for system in systems:
            shutil.rmtree(system.folder, ignore_errors=True)


def machine():
    model = platform.machine()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    release = platform.freedesktop_os_release()
    return {"processor": model, "processors": os.cpu_count(),
            "memory": memory, "kernel": os.uname().release,
            "system": release.get("PRETTY_NAME", ""),
            "load": os.getloadavg()[0]}


def libfuse_version():
    try:
        return run(["pkg-config", "--modversion", "fuse3"], 10).strip()
    except (Failure, OSError):
        return "unknown"


def take_part(options):
    wanted = options.systems.split(",") if options.systems else None
    present, absent = [], {}
    for system in known.all_systems(options.program):
        if wanted and system.name not in wanted + ["native"]:
            continue
        reason = system.why_not()
        if reason:
            say("without %s: %s" % (system.name, reason))
            absent[system.name] = reason
        else:
            present.append(system)
    return present, absent


def measure_medium(options, folder, sizes, only, results):
    """Fills results in as it goes."""
    bench = Bench(options, folder, sizes)
    results["workloads"] = bench.results
    chosen = workloads.chosen(workloads.all_workloads(sizes), only)
    if chosen:
        bench.run_workloads(take_part(options)[0], chosen)
    if not only or "rules" in only:
        bench = Bench(options, folder, sizes)
        results["rules"] = bench.results
        bench.run_workloads(
            [known.with_rules(options.program, folder, n)
             for n in (FEW_RULES, MANY_RULES)],
            workloads.rule_workloads(sizes))


def parse(arguments):
    parser = argparse.ArgumentParser(prog="run.sh", allow_abbrev=False)
    parser.add_argument("--program", required=True)
    parser.add_argument("--micro", required=True)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--medium", action="append", required=True,
                        metavar="NAME=FOLDER")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--systems", default="")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 5)
    return options


def main():
    options = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sizes = trees.Sizes(options.quick)
    only = [word for word in options.only.split(",") if word]
    present, absent = take_part(options)
    results = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(
            timespec="seconds"),
        "machine": machine(), "libfuse": libfuse_version(),
        "quick": options.quick, "rounds": options.rounds,
        "systems": {s.name: {"version": s.version(), "command": s.command}
                    for s in present},
        "absent": absent, "media": {},
    }
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        for medium in options.medium:
            name, folder = medium.split("=", 1)
            say("on %s" % name)
            measure_medium(options, folder, sizes, only,
                           results["media"].setdefault(name, {}))
    finally:  # what was measured counts, even if that is not all
        (options.output / "results.json").write_text(
            json.dumps(results, indent=1) + "\n")
        report.write_all(results, options.output)
    # Strangers may be slow or broken; this program may not.
    return report.print_failures(results)


if __name__ == "__main__":
    sys.exit(main())
