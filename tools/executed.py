"""What the chapters printed, drew and played when they ran, kept for as long as nothing that they use has changed.

All of it lies in one folder named after a hash of the package, its data and the lock: a change in any of them is
another folder, so a page never shows old output.
"""

from __future__ import annotations

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from sphinx_external_toc.parsing import parse_toc_yaml

USED = ("dalbook", "data", "requirements.txt")
TIMEOUT = 1800  # seconds a cell, on a machine that is busy with much else


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


def execute(root: Path) -> int:
    """Run the chapters that have not run yet, side by side; return how many. Exits if one fails, and says where."""
    here = folder(root)
    cache = get_cache(str(here / "cache"))
    waiting = []
    for name in parse_toc_yaml(root / "_toc.yml"):
        path = root / f"{name}.ipynb"
        if path.is_file():
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

    def run(item):
        path, notebook = item
        return path, single_nb_execution(notebook, cwd=str(path.parent), timeout=TIMEOUT, allow_errors=False)

    failed = []
    with ThreadPoolExecutor(workers) as pool:
        for path, result in pool.map(run, waiting):
            if result.err is None:
                print(f"{path.name}: ran in {result.time:.0f} s", flush=True)
                bundle = CacheBundleIn(result.nb, str(path), data={"execution_seconds": result.time})
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            else:
                print(f"{path.name}: a cell failed\n{result.exc_string}", file=sys.stderr, flush=True)
                failed.append(path.name)
    if failed:
        raise SystemExit(f"A cell failed in {', '.join(failed)}")
    return len(waiting)
