# SPDX-License-Identifier: MIT
"""Types at an interactive bash on a terminal of its own.

Reads steps from standard input, one a line:
    send TEXT     types it and Enter
    key LETTER    types Ctrl-LETTER
    expect REGEX  waits for it; ^ and $ are a line's
What was shown goes to stderr if a step waits in vain.
"""
import os
import pty
import re
import select
import sys
import time

SECONDS = 60
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
            text = os.read(self.fd, 65536)
            self.shown += text.decode(errors="replace").replace("\r", "")
        except OSError:
            raise SystemExit("the shell has ended:\n" + self.shown)

    def send(self, text):
        os.write(self.fd, text.encode())

    def expect(self, regex):
        deadline = time.monotonic() + SECONDS
        while True:
            found = re.search(regex, self.shown[self.read_to:], re.MULTILINE)
            if found:
                self.read_to += found.end()
                return
            if time.monotonic() > deadline:
                raise SystemExit("no %r in:\n%s" % (regex, self.shown))
            self.read(0.2)


def main():
    terminal = Terminal()
    terminal.send(SETTINGS + "; echo begin\n")
    terminal.expect("^begin")
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
