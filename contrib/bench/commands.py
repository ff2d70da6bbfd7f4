# SPDX-License-Identifier: MIT
"""Commands that end: every one has a time limit, and a view that hangs is cut off."""
import os
import pathlib
import signal
import subprocess

QUICK_GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}


class Failure(Exception):
    """A command failed, or did not end in time."""


def mounts_below(folder):
    """(mount point, device's minor number), the last mounted first."""
    found = []
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        path = fields[4].encode().decode("unicode_escape")
        if path == str(folder) or path.startswith("%s/" % folder):
            found.insert(0, (path, fields[2].split(":")[1]))
    return found


def cut_off(folder):
    """Ends whatever waits for a FUSE daemon that serves something in folder."""
    for _, minor in mounts_below(folder):
        abort = pathlib.Path("/sys/fs/fuse/connections/%s/abort" % minor)
        try:
            abort.write_text("1")
        except OSError:
            pass


def end(process, hanging):
    for attempt in range(2):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        try:
            process.wait(5)
            return
        except subprocess.TimeoutExpired:
            if attempt == 0 and hanging:
                cut_off(hanging)


def run(command, seconds=60, hanging=None, env=None, good=(0,)):
    """Returns what the command printed.

    hanging: the folder whose mounts are cut off if killing does not end it.
    """
    surroundings = dict(os.environ, LC_ALL="C", **QUICK_GIT)
    surroundings.update(env or {})
    process = subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=surroundings, start_new_session=True)
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        end(process, hanging)
        raise Failure("%s: not done after %d s" % (command[0], seconds))
    except BaseException:
        end(process, hanging)
        raise
    if process.returncode not in good:
        raise Failure("%s: status %d: %s" % (
            " ".join(str(word) for word in command)[:200], process.returncode,
            errors.strip()[-300:]))
    return output
