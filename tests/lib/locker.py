# SPDX-License-Identifier: MIT
"""Holds and tries locks, told so line by line on stdin; answers on stdout.

  open NAME PATH      a file, for reading and writing
  close NAME
  KIND TYPE NAME [START LENGTH]      KIND: posix, ofd, flock
                      TYPE: read, write, unlock; "wait-" before it: says
                      "waits", then waits until it is had
  get NAME            is there a POSIX lock in the way of writing?
"""
import fcntl
import os
import signal
import struct
import sys

F_OFD_SETLK, F_OFD_SETLKW = 37, 38
TYPES = {"read": fcntl.F_RDLCK, "write": fcntl.F_WRLCK,
         "unlock": fcntl.F_UNLCK}
FLOCKS = {"read": fcntl.LOCK_SH, "write": fcntl.LOCK_EX,
          "unlock": fcntl.LOCK_UN}
files = {}


def record(kind, start, length):
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, start, length, 0)


def lock(kind, what, name, start=0, length=0):
    wait = what.startswith("wait-")
    what = what.removeprefix("wait-") if wait else what
    fd = files[name]
    if wait:
        print("waits", flush=True)
    if kind == "flock":
        fcntl.flock(fd, FLOCKS[what] | (0 if wait else fcntl.LOCK_NB))
        return
    commands = {"posix": (fcntl.F_SETLK, fcntl.F_SETLKW),
                "ofd": (F_OFD_SETLK, F_OFD_SETLKW)}[kind]
    fcntl.fcntl(fd, commands[wait],
                record(TYPES[what], int(start), int(length)))


def get(name):
    found = fcntl.fcntl(files[name], fcntl.F_GETLK,
                        record(fcntl.F_WRLCK, 0, 0))
    kind = struct.unpack("hhqqi4x", found)[0]
    return {v: k for k, v in TYPES.items()}[kind]


def run(words):
    if words[0] == "open":
        files[words[1]] = os.open(words[2], os.O_RDWR | os.O_CREAT, 0o644)
    elif words[0] == "close":
        os.close(files.pop(words[1]))
    elif words[0] == "get":
        return get(words[1])
    else:
        lock(*words)
    return "ok"


def interrupted(number, frame):
    raise InterruptedError


signal.signal(signal.SIGUSR1, interrupted)
for line in sys.stdin:
    try:
        answer = run(line.split())
    except BlockingIOError:
        answer = "busy"
    except InterruptedError:
        answer = "interrupted"
    except OSError as error:
        answer = "error %s" % error
    print(answer, flush=True)
