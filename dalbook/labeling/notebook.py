"""A small notebook that labels a folder of recordings, and JupyterLab to open it in."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dalbook.corpora.classes import class_names
from dalbook.files.atomic import atomic_write

WORDS = """\
# Label

Run the cell below. It shows one clip at a time; every decision is on disk, in `{labels}`, before the next clip is \
shown. Stop any time: the same cell goes on where you were. Then, in a terminal here:

    dalbook train {folder} {labels} --embedding {embedding}
"""
CODE = """\
from dalbook import Labeler, load_folder

corpus = load_folder({folder!r}, classes={classes!r}, segment={segment:g})
Labeler(corpus, out={labels!r}, embedding={embedding!r}{more})"""


def write_notebook(
    path: str | os.PathLike,
    folder: str | os.PathLike,
    classes: Sequence[str],
    segment: float,
    embedding: str,
    like: str | None = None,
    target: str | None = None,
) -> Path:
    """Write a notebook whose one cell opens the labeler; its labels go to a CSV file of its name beside it.

    Parameters
    ----------
    path
        The notebook. If it is there already with the same cell, it stays as it is.
    folder
        The recordings.
    classes
        What to tell apart.
    segment
        Seconds.
    embedding
        An embedder's name or an .npz file.
    like, target
        As the `Labeler` takes them: a sound file to search by, and the one class to look for.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    FileExistsError
        There is another notebook of that name.
    FileNotFoundError, ValueError
        There is no such folder; a class name is wrong.
    """
    import nbformat

    path, folder = Path(path), os.fspath(folder)
    if not Path(folder).expanduser().is_dir():
        raise FileNotFoundError(f"{folder}: there is no such folder")
    more = "".join(f", {name}={value!r}" for name, value in (("like", like), ("target", target)) if value is not None)
    parts = {
        "more": more,
        "folder": folder,
        "classes": list(class_names(classes)),
        "segment": segment,
        "labels": path.with_suffix(".csv").name,
        "embedding": embedding,
    }
    code = CODE.format(**parts)
    if path.exists():
        try:
            there = nbformat.read(path, as_version=4).cells
        except (ValueError, KeyError, AttributeError):
            there = []
        if code in [cell.source for cell in there]:
            return path
        raise FileExistsError(
            f"{path} is there already, and another; go on with it in JupyterLab, or call this in another folder"
        )
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(WORDS.format(**parts)), nbformat.v4.new_code_cell(code)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"label-{number}"  # the same file each time
    text = nbformat.writes(notebook) + "\n"
    atomic_write(path, lambda file: file.write(text.encode()))
    return path


def open_notebook(path: Path) -> int:
    """Open a notebook in JupyterLab and wait for its end; where it is not installed, say what to do. Gives 0."""
    if importlib.util.find_spec("jupyterlab") is None:
        print(f"JupyterLab is not installed here: pip install jupyterlab, or open {path} in what you have")
        return 0
    return subprocess.run([sys.executable, "-m", "jupyterlab", str(path)], check=False).returncode
