"""What the chapters printed, drew and played when they ran, kept for as long as nothing that they use has changed.

All of it lies in one folder named after a hash of the package, its data and the lock: a change in any of them is
another folder, so a page never shows old output.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from notebooks import run
from sphinx_external_toc.parsing import parse_toc_yaml

USED = ("dalbook", "data", "requirements.txt")


def digest(root: Path, names: tuple[str, ...]) -> str:
    """A hash of these files and folders, their names and what they hold."""
    found = hashlib.sha256()
    for name in names:
        for path in [root / name, *sorted((root / name).rglob("*"))]:
            inside = path.relative_to(root)
            ours = not any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
            if ours and path.is_file():
                found.update(f"{inside.as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()[:16]


def folder(root: Path) -> Path:
    """Where this state of the package keeps what the chapters did; those of other states are removed."""
    here = root / "_build" / "executed" / digest(root, USED)
    for other in here.parent.glob("*"):
        if other != here:
            rmtree(other, ignore_errors=True)
    (here / "static" / "audio").mkdir(parents=True, exist_ok=True)
    return here


def chapters(root: Path) -> list[Path]:
    """The notebooks of the book, in its order."""
    paths = (root / f"{name}.ipynb" for name in parse_toc_yaml(root / "_toc.yml"))
    return [path for path in paths if path.is_file()]


def ran(root: Path) -> dict[str, nbformat.NotebookNode]:
    """What each chapter, by its file's name, did when the book was built last.

    Raises
    ------
    KeyError
        A chapter has not run since it, the package or the lock have changed: the book has to be built.
    """
    cache = get_cache(str(root / "_build" / "executed" / digest(root, USED) / "cache"))
    done = {}
    for path in chapters(root):
        notebook = nbformat.read(path, 4)
        _, done[path.name] = cache.merge_match_into_notebook(notebook)
    return done


def execute(root: Path) -> int:
    """Run the chapters that have not run yet, side by side; return how many. Exits if one fails, and says where."""
    here = folder(root)
    cache = get_cache(str(here / "cache"))
    waiting = []
    for path in chapters(root):
        notebook = nbformat.read(path, 4)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            waiting.append((path, notebook))

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = max(1, min(cores, len(waiting), 4))
    os.environ["DALBOOK_STATIC"] = str(here / "static" / "audio")
    if workers > 1:
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores // workers)))  # or they wait for each other

    def timed(item):
        path, notebook = item
        begin = time.monotonic()
        return path, notebook, run(notebook, path.parent), time.monotonic() - begin

    failed = []
    with ThreadPoolExecutor(workers) as pool:
        for path, notebook, error, seconds in pool.map(timed, waiting):
            if not error:
                print(f"{path.name}: ran in {seconds:.0f} s", flush=True)
                bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            else:
                what = error if "\n" not in error else f"a cell failed\n{error}"
                print(f"{path.name}: {what}", file=sys.stderr, flush=True)
                failed.append(path.name)
    if failed:
        raise SystemExit(f"A cell failed in {', '.join(failed)}")
    return len(waiting)
