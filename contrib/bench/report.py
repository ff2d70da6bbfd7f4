#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Results as tables, as a section of the README and as a plot.

    report.py --readme RESULTS.JSON     prints the section
"""
import json
import pathlib
import shutil
import statistics
import sys

from commands import Failure, run

COLOURS = {
    "overlayfs": "#999999", "bindfs": "#e69f00", "mergerfs": "#cc79a7",
    "fuse-overlayfs": "#d55e00", "unionfs-fuse": "#f0e442",
    "scratchfs": "#0072b2", "scratchfs-uring": "#009e73",
    "scratchfs-passthrough": "#56b4e9",
}


def ratio(step, system, base="native"):
    """(of medians, least and greatest of a round), or None."""
    mine, other = step.get(system, {}), step.get(base, {})
    if not mine.get("ns") or not other.get("ns"):
        return None
    rounds = [a / b for a, b in zip(mine["ns"], other["ns"])]
    return (statistics.median(mine["ns"]) / statistics.median(other["ns"]),
            min(rounds), max(rounds))


def short(number):
    return "%.0f" % number if number >= 19.5 else "%.1f" % number \
        if number >= 9.95 else "%.2f" % number


def cell(step, system, base="native"):
    if "failed" in step.get(system, {}):
        return "failed"
    found = ratio(step, system, base)
    if not found:
        return ""
    return "%s (%s-%s)" % tuple(short(number) for number in found)


def duration(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return "%.3g %s" % (ns / size, unit)
    return "%.0f ns" % ns


def native_cell(step):
    ns = step.get("native", {}).get("ns")
    return duration(statistics.median(ns)) if ns else ""


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def steps_of(results, medium):
    return [(name, step) for name, step in
            results["media"][medium]["workloads"].items()
            if name not in ("mount", "unmount")]


def ratio_table(results, medium):
    compared = [s for s in results["systems"] if s != "native"]
    return table(["", "native"] + compared, [
        [name, native_cell(step)] + [cell(step, system) for system in compared]
        for name, step in steps_of(results, medium)])


def per_operation(result):
    """Requests by kind, in the round in the middle."""
    rounds = sorted(result["requests"], key=lambda r: sum(r.values()))
    requests = rounds[len(rounds) // 2]
    words = []
    for kind, n in sorted(requests.items(), key=lambda item: -item[1]):
        each = n / result["operations"]
        if each >= 0.005:
            words.append("%s %s" % (
                kind, "%.0f" % each if each >= 19.5 else "%.2g" % each))
    return ", ".join(words) or "none"


def request_table(results, medium):
    counting = [s for s in results["systems"] if s.startswith("scratchfs")][:1]
    return table(["", "requests for each operation"], [
        [name, per_operation(step[system])]
        for system in counting for name, step in steps_of(results, medium)
        if step.get(system, {}).get("requests")])


def rules_table(results, medium):
    few, many = "3 rules", "1000 rules"
    return table(["", "1,000 rules, to 3 rules"], [
        [name, cell(step, many, few)]
        for name, step in results["media"][medium].get("rules", {}).items()
        if name not in ("mount", "unmount")])


def about(results):
    computer = results["machine"]
    return ("%s, %d processors, %.0f GiB, Linux %s, %s, libfuse %s, %s; "
            "medians of %d rounds, systems taking turns" % (
                computer["processor"], computer["processors"],
                computer["memory"] / 2 ** 30, computer["kernel"],
                computer["system"], results["libfuse"], results["date"][:10],
                results["rounds"]))


def versions(results):
    return ", ".join("%s %s" % (name, system["version"])
                     for name, system in results["systems"].items()
                     if name not in ("native", "overlayfs"))


def section(results):
    parts = ["## How fast", "%s. Times are ratios to the same work done on the "
             "source itself, with the least and the greatest of a round in "
             "brackets; the column `native` is for one operation or command. "
             "*Cold* means a view just mounted. %s. `contrib/bench/run.sh` makes "
             "these tables." % (about(results), versions(results))]
    if results["quick"]:
        parts.append("**A quick run: these numbers say nothing.**")
    for medium in results["media"]:
        parts += ["On %s:" % ("tmpfs" if medium == "tmpfs" else "the disk"),
                  ratio_table(results, medium)]
    medium = next(iter(results["media"]))
    parts += ["What scratchfs was asked by the kernel meanwhile (%s):" % medium,
              request_table(results, medium)]
    if results["media"][medium].get("rules"):
        parts += ["What more rules cost:", rules_table(results, medium)]
    return "\n\n".join(parts) + "\n"


# --- the plot -------------------------------------------------------------------

PLOT = """\
set terminal svg size 1000,{height} font "sans-serif,12" background "white"
set output "{output}"
set title "{title}: time, as a ratio to native (logarithmic; less is better)"
set logscale x
set xrange [0.5:*]
set yrange [-1:{rows}]
set ytics ({ytics})
set grid xtics ytics lc rgb "#dddddd"
set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb "#444444"
set key outside right top
plot {curves}
"""


def plot_data(steps, system):
    lines = []
    for row, (_, step) in enumerate(reversed(steps)):
        found = ratio(step, system)
        if found:
            lines.append("%g %g %g %d" % (found + (row,)))
    return "\n".join(lines)


def write_plot(results, medium, folder):
    steps = steps_of(results, medium)
    curves, blocks = [], []
    for system, colour in COLOURS.items():
        points = plot_data(steps, system)
        if points:
            curves.append('$d%d using 1:4:2:3 with xerrorbars pt 7 ps 0.7 '
                          'lc rgb "%s" title "%s"' % (
                              len(blocks), colour, system))
            blocks.append("$d%d << EOD\n%s\nEOD\n" % (len(blocks), points))
    if not curves:
        return
    script = folder / ("%s.gnuplot" % medium)
    script.write_text("".join(blocks) + PLOT.format(
        height=120 + 22 * len(steps), output=folder / ("%s.svg" % medium),
        title=medium, rows=len(steps), curves=", \\\n     ".join(curves),
        ytics=", ".join('"%s" %d' % (name, row) for row, (name, _) in
                        enumerate(reversed(steps)))))
    run(["gnuplot", script], 60)


def write_all(results, folder):
    text = section(results)
    (folder / "results.md").write_text(text)
    print(text)
    if not shutil.which("gnuplot"):
        print("no plot: gnuplot is not installed", file=sys.stderr)
        return
    for medium in results["media"]:
        try:
            write_plot(results, medium, folder)
        except Failure as failure:
            print(failure, file=sys.stderr)


def print_failures(results):
    """Says what failed; 1 if it was native or scratchfs."""
    status = 0
    for medium, parts in results["media"].items():
        for steps in parts.values():
            for name, step in steps.items():
                for system, result in step.items():
                    if "failed" not in result:
                        continue
                    print("%s, %s: %s: %s" % (medium, name, system,
                                              result["failed"]), file=sys.stderr)
                    ours = system.startswith(("native", "scratchfs", "1", "3"))
                    status = 1 if ours else status
    return status


def main():
    if len(sys.argv) != 3 or sys.argv[1] != "--readme":
        print(__doc__, file=sys.stderr)
        return 2
    print(section(json.loads(pathlib.Path(sys.argv[2]).read_text())), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
