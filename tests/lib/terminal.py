# SPDX-License-Identifier: MIT
"""Types at an interactive bash on a terminal of its own.

Reads steps from standard input, one a line:
    send TEXT     types it and Enter
    key LETTER    types Ctrl-LETTER
    expect TEXT   waits for a line that begins with it
What was shown goes to stderr if a step waits in vain.
"""
import os
import pty
import select
import sys
import time

SECONDS = 20
SETTINGS = "PS1='$ '; scratchfs() { \"$SCRATCHFS\" \"$@\"; }"


class Terminal:
    def __init__(self):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "dumb"
            os.execlp("bash", "bash", "--norc", "--noprofile", "-i")
        self.shown = ""
        self.read_to = 0

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return
        try:
            self.shown += os.read(self.fd, 65536).decode(errors="replace")
        except OSError:
            raise SystemExit("the shell has ended:\n" + self.shown)

    def send(self, text):
        os.write(self.fd, text.encode())

    def expect(self, text):
        deadline = time.monotonic() + SECONDS
        while True:
            at = self.find(text)
            if at >= 0:
                self.read_to = at + len(text)
                return
            if time.monotonic() > deadline:
                raise SystemExit("no %r in:\n%s" % (text, self.shown))
            self.read(0.2)

    def find(self, text):
        """Where a line begins so; what was typed follows a prompt."""
        for start in ("\n", "\r"):
            at = self.shown.find(start + text, self.read_to)
            if at >= 0:
                return at + 1
        return -1


def main():
    terminal = Terminal()
    terminal.send(SETTINGS + "; echo begin\n")
    terminal.expect("begin")
    for step in sys.stdin.read().splitlines():
        verb, _, text = step.partition(" ")
        if verb == "send":
            terminal.send(text + "\n")
        elif verb == "key":
            terminal.send(chr(ord(text) - ord("@")))
        elif verb == "expect":
            terminal.expect(text)
        else:
            raise SystemExit("no such step: " + step)


main()
