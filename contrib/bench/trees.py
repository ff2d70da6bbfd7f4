# SPDX-License-Identifier: MIT
"""The tree that every system shows: always the same bytes."""
import os
import pathlib
import random
import shutil
import tarfile

from commands import run

PROJECT = pathlib.Path(__file__).resolve().parents[2]
WORDS = ("static int return struct node name offset while lock size buffer "
         "const char unsigned parent table result error length").split()
PACKAGES = ("asyncio collections concurrent ctypes email html http importlib "
            "json logging multiprocessing unittest urllib wsgiref xml").split()
# What is scratch in scratchfs (built-in rules), and what is not.
SCRATCH, CORE = ".tmp-bench", "made"
MAKEFILE = """\
SOURCES := $(wildcard %s)
OBJECTS := $(SOURCES:%%.c=.tmp-build/%%.o)
CFLAGS := -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -O0 -Iinclude

all: .tmp-build/all.a
.tmp-build/all.a: $(OBJECTS)
\t$(AR) crs $@ $(OBJECTS)
.tmp-build/%%.o: %%.c
\t@mkdir -p $(@D)
\t$(CC) $(CFLAGS) -MMD -c -o $@ $<
"""


class Sizes:
    """How much of everything."""

    def __init__(self, quick):
        self.quick = quick
        self.files = 400 if quick else 4800
        self.archive = 200 if quick else 10000
        self.entries = 1000 if quick else 100000
        self.names = 100 if quick else 2000
        self.megabytes = 2 if quick else 32
        self.transactions = 20 if quick else 500
        self.milliseconds = 5 if quick else 150
        self.times = 1 if quick else 5


def text(rng, size):
    lines = []
    while size > 0:
        lines.append(" ".join(rng.choices(WORDS, k=8)))
        size -= len(lines[-1]) + 1
    return "\n".join(lines) + "\n"


def make_sources(folder, n_files):
    rng = random.Random(4711)
    for i in range(n_files):
        sub = folder / ("d%02d" % (i // 40 % 10)) / ("e%03d" % (i // 40))
        if i % 40 == 0:
            sub.mkdir(parents=True)
        size = min(int(rng.lognormvariate(8, 1.2)), 200000)
        (sub / ("f%05d.c" % i)).write_text(text(rng, size))


def make_archive(path, n_files):
    """A tar file of small files, 50 to a folder."""
    rng = random.Random(815)
    tree = path.parent / "archive"
    for i in range(n_files):
        sub = tree / ("p%03d" % (i // 50))
        if i % 50 == 0:
            sub.mkdir(parents=True)
        (sub / ("m%d.js" % i)).write_text(text(rng, rng.randrange(200, 3000)))
    with tarfile.open(path, "w") as tar:
        tar.add(tree, "archive")
    shutil.rmtree(tree)


def standard_library():
    out = run(["/usr/bin/python3", "-c",
               "import sysconfig; print(sysconfig.get_path('stdlib'))"])
    return pathlib.Path(out.strip())


IMPORTS = """\
asyncio, concurrent.futures, email.message, html.parser, http.client, http.server,
json, logging.config, pdb, multiprocessing, unittest.mock, urllib.request,
xml.dom.minidom, argparse, difflib, doctest, optparse, pickle, tarfile, zipfile"""


def make_python(folder, imports):
    """Packages of Python's own library, imported from here by a main module."""
    library = standard_library()
    folder.mkdir()
    for name in PACKAGES:
        if (library / name).is_dir():
            shutil.copytree(library / name, folder / name, ignore=(
                shutil.ignore_patterns("__pycache__", "*.so", "test*")))
    for path in library.glob("*.py"):
        shutil.copy(path, folder)
    (folder / "start.py").write_text(
        "import sys\nsys.path.insert(0, sys.argv[1])\n" + "".join(
            "import %s\n" % name.strip() for name in imports.split(",")) +
        "assert sys.modules['json'].__file__.startswith(sys.argv[1])\n")


def make_project(folder, quick):
    folder.mkdir()
    shutil.copytree(PROJECT / "include", folder / "include")
    shutil.copytree(PROJECT / "fs", folder / "fs")
    modules = ["base"] if quick else ["base", "rules", "store", "view"]
    (folder / "Makefile").write_text(
        MAKEFILE % " ".join("fs/%s/*.c" % name for name in modules))


def make_template(folder, sizes):
    folder.mkdir()
    make_sources(folder / "src", sizes.files)
    make_python(folder / "python", "json" if sizes.quick else IMPORTS)
    make_project(folder / "project", sizes.quick)
    (folder / ".gitignore").write_text("/%s*\n/%s\n/large\n/bytes\n"
                                       "__pycache__\n.tmp*\n" % (SCRATCH, CORE))
    run(["git", "init", "-q", folder])
    run(["git", "-C", folder, "add", "."], 120)
    run(["git", "-C", folder, "-c", "user.name=bench", "-c",
         "user.email=bench@localhost", "commit", "-q", "-m", "begin"], 120)
    (folder / "bytes").write_bytes(
        random.Random(1).randbytes(1 << 20) * sizes.megabytes)
    (folder / "large").mkdir()
    for i in range(sizes.entries):
        os.close(os.open(folder / "large" / ("entry%06d" % i),
                         os.O_CREAT | os.O_WRONLY, 0o644))


def make_tree(template, folder):
    """A copy whose index git believes."""
    run(["cp", "-a", template, folder], 300)
    run(["git", "-C", folder, "status", "--porcelain"], 120)
