"""What several commands need: how runs begin, options with numbers, files to write to."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from dalbook.files.atomic import atomic_write


def add_runs(parser: argparse.ArgumentParser) -> None:
    """The options of whatever does runs: seed, how they begin, and how many at once."""
    parser.add_argument("--seed", type=int, default=0, help="of the first trial (default 0)")
    parser.add_argument(
        "--start",
        default="paper",
        help="paper (default): three labels of each class are given; nothing: none, and a class is unknown until met",
    )
    parser.add_argument(
        "--unequal", action="store_true", help="learn from classes of very unequal size, drawn anew in each trial"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="cores to use (default: all)")
    parser.add_argument("--device", default="auto", help="where DAL computes: auto (default), cpu or cuda")


def add_model_file(parser: argparse.ArgumentParser) -> None:
    """The options of an embedder that is a .tflite or .onnx file."""
    parser.add_argument("--tensor", metavar="NAME", help="of a .tflite or .onnx file: what to take, if not its output")
    parser.add_argument("--rate", type=int, metavar="HZ", help="of a .tflite or .onnx file: the sample rate it takes")


def integers(text: str, option: str) -> list[int]:
    """Whole numbers with commas between, as an option takes them.

    >>> integers("30,60", "--budgets")
    [30, 60]
    """
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"{option} takes whole numbers with commas between, such as 30,60, not {text!r}") from None


def check_jobs(jobs: int) -> None:
    """Refuse fewer than one."""
    if jobs < 1:
        raise ValueError(f"--jobs must be at least 1, not {jobs}")


def check_folder(path: Path, option: str) -> None:
    """Refuse a file where a folder is wanted."""
    if path.exists() and not path.is_dir():
        raise ValueError(f"{option} {path} is a file, not a folder")


def check_target(path: Path | None) -> None:
    """Refuse, before the long run, a file that could not be written after it."""
    if path is None:
        return
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise ValueError(f"cannot write {path}: {'it is a folder' if path.is_dir() else 'there is no such folder'}")
    if not all(os.access(place, os.W_OK) for place in (path, path.resolve().parent) if place.exists()):
        raise ValueError(f"cannot write {path}: permission denied")


def write_text(path: Path, text: str) -> None:
    """Write a file in one piece, and say so."""
    if path.exists() and not path.is_file():  # a pipe or a device: there is nothing to replace
        path.write_text(text, encoding="utf-8")
    else:
        atomic_write(path.resolve(), lambda file: file.write(text.encode()))
    print(f"wrote {path}")


def work(listing, options: argparse.Namespace, what: str, scheduler: str | None = None) -> None:
    """Do the runs of a list that are missing, with a bar that says how far it is."""
    from tqdm.auto import tqdm

    with tqdm(total=len(listing.runs), unit="run", desc=what) as bar:

        def tell(done: int) -> None:
            bar.n = done
            bar.refresh()

        listing.work(options.jobs, scheduler, options.device, tell)
