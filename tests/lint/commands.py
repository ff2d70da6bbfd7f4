#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every command has a page of --help; a mistyped option gets a suggestion; the
manual has the same options, and the completions the same commands."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))
sys.dont_write_bytecode = True
import commands as cli  # noqa: E402

STATUS_OF_MISTAKES = {"run": 125, "volume": 125}


def check_help(command):
    status, out, err = cli.run(*command, "--help")
    lines = out.splitlines()
    if status or err or not lines:
        yield f"--help exits with {status}: {err}"
    if len(lines) > 24 or max(map(len, lines), default=0) > 80:
        yield "--help is larger than a screen of 24 lines of 80 columns"


def check_mistakes(command):
    expected = STATUS_OF_MISTAKES.get(command[0] if command else "", 2)
    names = {name for _, name in cli.options_of(command)}
    if command != ("volume",):
        names |= {"--help"}
    for name in sorted(names):
        status, out, err = cli.run(*command, name + name[-1])
        if (status, out) != (expected, "") or f"did you mean '{name}'" not in err:
            yield f"{name + name[-1]}: {status}, {out + err!r}"
    status, out, err = cli.run(*command, "--no-such-thing")
    if (status, out, err.count("\n")) != (expected, "", 1):
        yield f"--no-such-thing: {status}, {out + err!r}"


def manual_entries(page, section):
    """The options and words of each entry of the section: {name: (set, line)}."""
    text = (ROOT / "contrib/man" / page).read_text(encoding="utf-8")
    text = re.search(rf"^\.Sh {section}\n(.*?)^\.Sh ", text, re.M | re.S)[1]
    for line in re.findall(r"^\.It Cm (.*)", text, re.M):
        options = set()
        for flags in re.findall(r"Fl (-?[\w-]+(?: , -?[\w-]+)*)", line):
            words = ["-" + word for word in flags.split(" , ")]
            options.add(("" if len(words) == 1 else words[0], words[-1]))
        yield line.split()[0], (options - {("", "--")}, line)


def check_manual(command, entries):
    page = "scratchfs-volume(1)" if command[1:] else "scratchfs(1)"
    options, line = entries.get(command[-1], (None, ""))
    if options is None:
        yield f"is not in {page}"
        return
    if options - {("", "-")} != cli.options_of(command):
        yield (f"{page} has {sorted(options)}, "
               f"--help {sorted(cli.options_of(command))}")
    if cli.takes_mounts(command) != ("Ar OPTIONS" in line):
        yield f"{page} and --help do not agree on the options of a mount"


def check_lists(names):
    """The completions that describe commands do not ask for their names."""
    for file, pattern in (("_scratchfs", r"^\t\t'(\w+):"),
                          ("scratchfs.fish", r"^        (\w+) \"[A-Z]")):
        text = (ROOT / "contrib/completion" / file).read_text(encoding="utf-8")
        if re.findall(pattern, text, re.M) != names:
            yield f"contrib/completion/{file}: the commands are {names}"


def check_readme(every):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in every:
        if len(command) == 1 and f"scratchfs {command[0]}" not in text:
            yield f"README.md does not mention scratchfs {command[0]}"
    for verb in re.findall(r"scratchfs volume ([a-z]+)", text):
        if ("volume", verb) not in every:
            yield f"README.md has scratchfs volume {verb}"


def main():
    every = cli.commands()
    pages = {1: dict(manual_entries("scratchfs.1", "COMMANDS")),
             2: dict(manual_entries("scratchfs-volume.1", "VERBS"))}
    bad = [*check_lists([c[0] for c in every if len(c) == 1]),
           *check_readme(every)]
    for command in every:
        complaints = [*check_help(command), *check_mistakes(command)]
        if command:
            complaints += check_manual(command, pages[len(command)])
        bad += [" ".join(("scratchfs", *command)) + ": " + complaint
                for complaint in complaints]
    for size, page in pages.items():
        known = {command[-1] for command in every if len(command) == size}
        bad += [f"the manual explains {name}, which there is not"
                for name in page if name not in known]
    print(*bad, sep="\n", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
