# SPDX-License-Identifier: MIT
"""What is compared: how each is mounted, and what it counts."""
import json
import os
import pathlib
import re
import shutil
import time

from commands import Failure, cut_off, mounts_below, run

SWITCH = pathlib.Path("/sys/module/fuse/parameters/enable_uring")


class System:
    """One file system, showing a tree of its own."""

    peer = True     # knows no place: scratch and core are the same to it
    program = None  # must be installed
    scratchfs = False

    def __init__(self, name, program=None, command=()):
        self.name = name
        self.program = program
        self.command = list(command)
        self.env = {}
        self.folder = self.tree = self.root = None

    def place(self, folder):
        """What it shows lies in folder/tree."""
        self.folder = pathlib.Path(folder)
        self.tree = self.folder / "tree"
        self.root = self.folder / "view"
        for name in ("upper", "work", "view", "state"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def why_not(self):
        if self.program and not shutil.which(self.program):
            return "%s is not installed" % self.program
        return None

    def filled_in(self):
        return [word.format(tree=self.tree, view=self.root,
                            upper=self.folder / "upper",
                            work=self.folder / "work") for word in self.command]

    def mount(self):
        run(self.filled_in(), 60, self.folder, self.env)
        if not mounts_below(self.root):
            raise Failure("%s: nothing is mounted" % self.name)

    def unmount(self):
        way = ["umount"] if os.getuid() == 0 else ["fusermount3", "-u"]
        for attempt in range(20):
            if not mounts_below(self.root):
                return
            try:
                run(way + [self.root], 20, self.folder)
            except Failure:
                time.sleep(0.05 * attempt)
        cut_off(self.root)
        run(way + ["-l" if way == ["umount"] else "-z", self.root], 20)

    def remount(self):
        self.unmount()
        self.mount()

    def requests(self):
        return None

    def version(self):
        if not self.program:
            return os.uname().release
        text = run([self.program, "--version"], 10, good=(0, 1))
        # Some begin with what they are built on.
        own = text[max(text.rfind(self.program + ":"),
                       text.rfind(self.program + " "), 0):]
        return re.search(r"\d[\w.-]*", own).group()


class Native(System):
    """The tree itself."""

    def place(self, folder):
        super().place(folder)
        self.root = self.tree

    def mount(self):
        pass

    def unmount(self):
        pass


class Overlay(System):
    """The kernel's."""

    def why_not(self):
        return None if os.getuid() == 0 else "only root may mount it"


class Scratchfs(System):
    """This project's, with a way to travel."""

    peer = False
    scratchfs = True

    def __init__(self, name, program, options):
        super().__init__(name, program, [
            program, "--no-config", "-o", options, "{tree}", "{view}"])
        self.options = options

    def place(self, folder):
        super().place(folder)
        self.env = {"XDG_STATE_HOME": str(self.folder / "state"),
                    "XDG_DATA_HOME": str(self.folder / "state"),
                    "XDG_RUNTIME_DIR": str(self.folder / "state")}

    def why_not(self):
        if "passthrough" in self.options and os.getuid() != 0:
            return "only root may have bytes pass through"
        try:
            self.switch_on()
        except OSError:
            return "this kernel does not let us use io_uring"
        return super().why_not()

    def switch_on(self):
        """Whoever started us puts it back."""
        if "uring" in self.options and SWITCH.read_text().strip() != "Y":
            SWITCH.write_text("Y")

    def status(self):
        out = run([self.program, "status", "--json", self.root], 30,
                  self.folder, self.env)
        return json.loads(out)[0]

    def mount(self):
        self.switch_on()
        super().mount()
        if "uring" in self.options and self.status()["transport"] != "uring":
            raise Failure("%s: did not get io_uring" % self.name)

    def requests(self):
        return self.status()["requests"]


def all_systems(program):
    return [
        Native("native"),
        Overlay("overlayfs", "mount", [
            "mount", "-t", "overlay", "-o",
            "lowerdir={tree},upperdir={upper},workdir={work}",
            "overlay", "{view}"]),
        System("bindfs", "bindfs", ["bindfs", "{tree}", "{view}"]),
        System("mergerfs", "mergerfs", ["mergerfs", "{tree}", "{view}"]),
        System("fuse-overlayfs", "fuse-overlayfs", [
            "fuse-overlayfs", "-o",
            "lowerdir={tree},upperdir={upper},workdir={work}", "{view}"]),
        System("unionfs-fuse", "unionfs-fuse", [
            "unionfs-fuse", "-o", "cow", "{upper}=RW:{tree}=RO", "{view}"]),
        Scratchfs("scratchfs", program, "transport=dev"),
        Scratchfs("scratchfs-uring", program, "transport=uring"),
        Scratchfs("scratchfs-passthrough", program,
                  "transport=dev,io=passthrough"),
    ]


# The same view with 1,000 rules more, for what rules cost.
def with_rules(program, folder, n_rules):
    """A scratchfs whose rules match nothing, nearly."""
    config = pathlib.Path(folder) / ("%d-rules.yaml" % n_rules)
    config.write_text("scratch:\n" + "".join(
        "  - '%s%04d%s'\n" % (("*.none", "part", "/a/b*/c")[i % 3], i,
                              ("", "*", "?/")[i % 3]) for i in range(n_rules)))
    system = Scratchfs("%d rules" % n_rules, program, "transport=dev")
    system.command = [program, "--config", str(config), "-o", "transport=dev",
                      "{tree}", "{view}"]
    return system
