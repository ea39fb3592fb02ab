"""The book around the package: its committed tables, and the address of its repository.

A fork makes its buttons, badges and set-up cells point to itself with

    python -m dalbook.book.results set-repository https://github.com/OWNER/REPO

The address stands in ``_config.yml``; the command writes it there and brings everything else in line with it. Without
an address it does the second half only, which is also what puts a set-up cell into a new chapter.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]  # the package
ROOT = HERE.parent
TABLES = (ROOT / "data" / "results", HERE / "results")  # in a checkout, and in an installed package

ADDRESS = re.compile(r"https://github\.com/([A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/[A-Za-z0-9._-]{1,100}?)(?:\.git)?/?")
# Where the address stands by itself: file -> what comes before it.
PLACES = {
    "_config.yml": r"^repository:.*\n(?:[ \t].*\n)*?[ \t]+url:[ \t]*",
    "pyproject.toml": r'^Source = "',
    "CITATION.cff": r"^repository-code:[ \t]*",
}
# Where it is part of links; the theme makes its own buttons from _config.yml.
TEXTS = ("README.md", "index.md")
LINKS = r"https://github\.com/|https://colab\.research\.google\.com/github/|https://mybinder\.org/v2/gh/"

# How a set-up cell is known: by its name, or by what a copy of it says, however a formatter has laid it out.
SET_UP_ID = "set-up"
ON_COLAB = '"google.colab" in sys.modules'
SET_UP = """\
# On Colab, install the package; its own PyTorch and NumPy stay.
import sys

if "google.colab" in sys.modules:
    %pip install --quiet "dalbook @ git+{url}\""""


def results(name: str) -> Path:
    """Find a committed result table, whatever the working directory, in a checkout and in an installed package.

    Parameters
    ----------
    name
        The file's name in ``data/results``.

    Raises
    ------
    FileNotFoundError
        If there is no such table.

    Examples
    --------
    >>> results("no_such_curve.csv")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FileNotFoundError: No result table 'no_such_curve.csv': there are ...
    """
    tables = {path.name: path for folder in TABLES for path in sorted(folder.glob("*.*"))}
    if name not in tables:
        raise FileNotFoundError(f"No result table {name!r}: there are {', '.join(tables) or 'none'}")
    return tables[name]


def github(url: str) -> str:
    """OWNER/REPO of a repository on GitHub, the one host that Colab opens notebooks from by their address.

    Raises
    ------
    ValueError
        If `url` is anything else.

    Examples
    --------
    >>> github("https://github.com/somebody/sounds.git")
    'somebody/sounds'
    """
    match = ADDRESS.fullmatch(url)
    if not match or not match[1].split("/")[1].strip("."):
        raise ValueError(f"{url!r} is not a repository on GitHub: give it as https://github.com/OWNER/REPO")
    return match[1]


def set_repository(root: str | Path = ROOT, url: str | None = None) -> list[Path]:
    """Write the repository's address into every file that names it, and a set-up cell into every chapter.

    Nothing is written unless all files can be; files that are right already stay as they are, byte for byte.

    Parameters
    ----------
    root
        The book's folder.
    url
        ``https://github.com/OWNER/REPO``; without one, the address in ``_config.yml``.

    Returns
    -------
    list of Path
        The files that changed.

    Raises
    ------
    FileNotFoundError
        If `root` is not the book's folder.
    ValueError
        If the address is not one of GitHub, or if a file no longer has its place for it.
    """
    root = Path(root)
    if not (root / "_config.yml").is_file():
        raise FileNotFoundError(
            f"{root} is not the book's folder, it has no _config.yml: run this in a clone of the book"
        )
    chapters = sorted(path.relative_to(root).as_posix() for path in (root / "chapters").glob("*.ipynb"))
    texts = {name: (root / name).read_bytes().decode() for name in (*PLACES, *TEXTS, *chapters)}

    written = {name: _address(name, texts[name]) for name in PLACES}
    slug = github(written["_config.yml"] if url is None else url)
    old = {slug} | {match[1] for match in map(ADDRESS.fullmatch, written.values()) if match}

    new = {
        name: _place(name, text, slug) if name in PLACES else _links(text, old, slug) for name, text in texts.items()
    }
    for name in chapters:
        new[name] = _with_set_up(name, new[name], slug)
    changed = [root / name for name in texts if new[name] != texts[name]]
    for path in changed:
        path.write_bytes(new[path.relative_to(root).as_posix()].encode())
    return changed


def _address(name: str, text: str) -> str:
    match = re.search(f'(?:{PLACES[name]})([^\\s"]+)', text, re.MULTILINE)
    if not match:
        raise ValueError(f"{name} has no place for the repository's address")
    return match[1]


def _place(name: str, text: str, slug: str) -> str:
    return re.sub(f'({PLACES[name]})[^\\s"]+', rf"\g<1>https://github.com/{slug}", text, count=1, flags=re.MULTILINE)


def _links(text: str, old: set[str], slug: str) -> str:
    """The text with links to the old repositories turned to the new one, and to no others with longer names."""
    names = "|".join(map(re.escape, sorted(old)))
    text = re.sub(rf"({LINKS})(?:{names})(?![\w-])(?!\.(?!git\b)\w)", rf"\g<1>{slug}", text)
    cloned = rf"(git clone https://github\.com/{re.escape(slug)}(?:\.git)? && cd )[\w.-]+"
    return re.sub(cloned, rf"\g<1>{slug.split('/')[1]}", text)


def _with_set_up(name: str, text: str, slug: str) -> str:
    """The chapter with its one set-up cell: under its title, before all other code."""
    try:
        notebook = json.loads(text)
        cells = [
            cell
            for cell in notebook["cells"]
            if cell.get("id") != SET_UP_ID and ON_COLAB not in "".join(cell["source"])
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{name} is not a Jupyter notebook: restore it") from error
    set_up = {
        "cell_type": "code",
        "execution_count": None,
        "id": SET_UP_ID,
        "metadata": {"tags": ["remove-cell"]},
        "outputs": [],
        "source": SET_UP.format(url=f"https://github.com/{slug}").splitlines(keepends=True),
    }
    cells.insert(1 if cells and cells[0]["cell_type"] == "markdown" else 0, set_up)
    return json.dumps({**notebook, "cells": cells}, indent=1, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``python -m dalbook.book.results``."""
    parser = argparse.ArgumentParser(
        prog="python -m dalbook.book.results", description="Look after the book's own files."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "set-repository", help="make every button, badge and set-up cell point to the repository at URL"
    )
    command.add_argument("url", nargs="?", metavar="URL", help="https://github.com/OWNER/REPO; default: as it is")
    options = parser.parse_args(arguments)
    try:
        changed = set_repository(ROOT, options.url)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(str(error))
    print("\n".join(f"changed {path.relative_to(ROOT).as_posix()}" for path in changed) or "Nothing to change")


if __name__ == "__main__":
    main()
