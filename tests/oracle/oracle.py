#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one random sequence of file operations on a plain folder (left) and in
a view (right), and stops at the first thing that differs.

  oracle.py --seed N --ops N --left DIR --right DIR
            [--names core|scratch|both] [--border none|full]
            [--tree empty|full] [--callers] [--two-file-systems]
            [--on-volume] [--volumes] [--second DIR] [--git]
            [--other-rules] [--passthrough]
            [--every N] [--watch-from K] [--until K]
  oracle.py --make-tree DIR        fills DIR with what a project leaves about
  oracle.py --compare DIR DIR [--without-scratch]

Both folders must be empty or equal.  border.py lists every answer of the view
that may differ.  Exit status: 0 equal, 1 different, 2 usage.
"""
import argparse
import collections
import os
import random
import signal
import sys
import time

import border as where
import generate
import pair
import populate
import tree
from side import Side, describe, describe_both, is_error

RESYNC_EVERY = 200


class Difference(Exception):
    pass


class Oracle:
    def __init__(self, args):
        self.args = args
        self.left = Side(args.left)
        self.right = pair.Pair((args.right, args.second), args.seed) \
            if args.second else Side(args.right)
        if args.passthrough and args.two_file_systems:
            self.left.passes_to_tmpfs = self.right.passes_to_tmpfs = True
        self.maker = generate.Generator(random.Random(args.seed), args.names,
                                        args.border, args.callers)
        self.history = collections.deque(maxlen=args.history)
        self.accepted = collections.Counter()
        self.failed = 0
        self.done = 0
        self.pictures = None
        if args.tree == "empty":
            for side in (self.left, self.right):
                populate.folders(side.root_fd)
        self.compare_trees()
        self.maker.resync(self.pictures[0])
        lower = {e.st.st_ino for p, e in self.pictures[0].items()
                 if args.tree == "full" and e.st}
        self.border = where.Border(self.left, lower, args)
        self.maker.border = self.border

    def step(self):
        op, caller = self.maker.next()
        view = self.choose_view(op)
        if view is None:
            return
        self.history.append((self.done, op, caller, view))
        right = self.right.run_in(view, op, caller) if self.args.second \
            else self.right.run(op, caller)
        if is_error(right):
            why = where.accepted(self.border, op, right[1])
            if why:
                self.accepted[why] += 1
                self.keep_slots_equal(op)
                if why == where.PASSED:
                    self.compare_trees()    # nothing has changed
                return
        left = self.left.run(op, caller)
        self.failed += is_error(left)
        if left != right and not where.same_refusal(self.border, op, left,
                                                    right):
            raise Difference(describe_both(left, right))
        if self.right.changed_inode:
            raise Difference("an open file's inode number changed: "
                             "slot %d, %d -> %d" % self.right.changed_inode)
        self.maker.learn(op, left)
        if op[0] == "mkdir" and not is_error(left):
            self.border.made_folder(op[1])

    def choose_view(self, op):
        """Of two views; None: the operation is left out."""
        if not self.args.second:
            return 0
        view = self.right.choose(op)
        if view is not None:
            files, folders = self.right.foreign(op, view)
            self.right.close(files, folders)
            for slot in files:
                self.left.do_close(slot)
            for slot in folders:
                self.left.do_closedir(slot)
            self.maker.open_slots.difference_update(files)
            self.maker.open_dirs.difference_update(folders)
        return view

    def keep_slots_equal(self, op):
        """The view refused an open that the plain folder is not asked for."""
        if op[0] == "open":
            self.left.do_close(op[1])
            self.maker.open_slots.discard(op[1])

    def compare_trees(self):
        for side in (self.left, self.right):
            side.settle()
        now = tree.take(self.left.root_fd), tree.take(self.right.root_fd)
        said = tree.differences(*now)
        if self.pictures:
            said += ["%r %s: left %s, right %s" % (
                path, which[:8], *("moved" if m else "still" for m in moved))
                for path, which, *moved in tree.moved_times(
                    *now, *self.pictures)
                if not self.times_may_differ(path, which, moved)]
        said += ["open file in slot %d: left %r, right %r" % (slot, *both)
                 for slot, both in enumerate(zip(self.left.open_files(),
                                                 self.right.open_files()))
                 if both[0] != both[1]]
        if said:
            raise Difference("\n".join(said[:20]))
        self.pictures = now
        time.sleep(0.005)    # older kernels stamp times by the tick

    def times_may_differ(self, path, which, moved):
        """What is copied up is a new object to the store's file system: its
        change time says so, also when the operation then changed nothing."""
        return which == "st_ctime_ns" and moved == [False, True] and \
            self.args.tree == "full" and where.is_scratch(path)

    def run(self):
        args = self.args
        until = args.ops if args.until is None else min(args.until, args.ops)
        while self.done < until:
            self.step()
            self.done += 1
            if self.done % args.every == 0 or self.done >= args.watch_from:
                self.compare_trees()
            # Not at each comparison: --every must not change what comes next.
            if self.done % RESYNC_EVERY == 0:
                self.maker.resync(tree.take(self.left.root_fd, bodies=False))
        self.compare_trees()


def report(oracle, difference):
    print("oracle: difference after %d operations" % oracle.done)
    for number, op, caller, view in oracle.history:
        print("  %6d %s%s%s" % (number, describe(op),
                                " as %d" % caller if caller else "",
                                " in the second view" if view else ""))
    print(difference)
    print("oracle: again with: %s" % " ".join(sys.argv))


def compare(left, right, without_scratch):
    fds = [os.open(d, os.O_RDONLY | os.O_DIRECTORY) for d in (left, right)]
    skip = where.is_scratch_name if without_scratch else None
    said = tree.differences(*(tree.take(fd, skip) for fd in fds))
    # Whether an entry that only one side lists moved a folder's time is not
    # compared here: core folders do not see scratch names come and go.
    said = [s for s in said if not (without_scratch and " mtime: " in s)]
    print("\n".join(said) if said else "oracle: equal")
    return 1 if said else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", default="1", help="a number, or random")
    parser.add_argument("--ops", type=int, default=10000)
    parser.add_argument("--left")
    parser.add_argument("--right")
    parser.add_argument("--second", metavar="DIR",
                        help="another view of the same, used by turns")
    parser.add_argument("--names", default="both",
                        choices=("core", "scratch", "both"))
    parser.add_argument("--border", default="none", choices=("none", "full"))
    parser.add_argument("--tree", default="empty", choices=("empty", "full"))
    parser.add_argument("--callers", action="store_true",
                        help="act as several users (needs root)")
    parser.add_argument("--two-file-systems", action="store_true",
                        help="source and store lie on different ones")
    parser.add_argument("--on-volume", action="store_true",
                        help="what is scratch is in a volume")
    parser.add_argument("--volumes", action="store_true",
                        help="logs and __pycache__ have volumes of their own")
    parser.add_argument("--passthrough", action="store_true",
                        help="the view is one with io=passthrough")
    parser.add_argument("--other-rules", action="store_true",
                        help="which names are scratch is not known here")
    parser.add_argument("--git", action="store_true",
                        help="the tree is a repository; .git is left alone")
    parser.add_argument("--every", type=int, default=200,
                        help="compare the trees after so many operations")
    parser.add_argument("--watch-from", type=int, default=1 << 60,
                        help="from operation K on compare after each one")
    parser.add_argument("--history", type=int, default=25,
                        help="print so many operations before a difference")
    parser.add_argument("--until", type=int, help="stop before operation K")
    parser.add_argument("--make-tree", metavar="DIR")
    parser.add_argument("--compare", nargs=2, metavar="DIR")
    parser.add_argument("--without-scratch", action="store_true")
    args = parser.parse_args()
    args.seed = random.randrange(10**9) if args.seed == "random" \
        else int(args.seed)
    return parser, args


def main():
    parser, args = arguments()
    if args.make_tree:
        populate.project(args.make_tree)
        return 0
    if args.compare:
        return compare(*args.compare, args.without_scratch)
    if not args.left or not args.right:
        parser.error("--left and --right are needed")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    os.umask(0o022)
    print("oracle: seed %d, %d operations, names %s, border %s, tree %s" % (
        args.seed, args.ops, args.names, args.border, args.tree), flush=True)
    oracle = None
    started = time.monotonic()
    try:
        oracle = Oracle(args)
        oracle.run()
    except Difference as difference:
        if oracle:
            report(oracle, difference)
        else:
            print("oracle: the trees differ at the start\n%s" % difference)
        return 1
    print("oracle: equal after %d operations (%d failed alike) in %.1f s" % (
        oracle.done, oracle.failed, time.monotonic() - started))
    for why, count in sorted(oracle.accepted.items()):
        print("oracle: accepted %5d times: %s" % (count, why))
    return 0


if __name__ == "__main__":
    sys.exit(main())
