"""``make book``: a chapter runs when it has to and not once more, old output never stays, and what fails says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import notebooks
import pytest
from nbclient.exceptions import DeadKernelError

ROOT = Path(__file__).parents[2]
TOC = "format: jb-book\nroot: index\nchapters:\n  - file: chapters/one\n"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# A chapter that notes every run, and shows a number of the package and a sound.
CODE = """
import os
import numpy as np
from dalbook.learners.masks import stream
from dalbook.book.player import play
with open(os.environ["RUNS"], "a") as file:
    file.write("run ")
print("shown:", getattr(__import__("dalbook"), "SHOWN", "nothing"))
play({"tone": (np.sin(np.arange(8000), dtype=np.float32), 8000)})
"""


class Book:
    """A small book with the real tools and the real package, in a folder of its own."""

    def __init__(self, root: Path):
        self.root, self.runs = root, root.parent / "runs"
        for name in ("dalbook", "tools", "_static"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("_config.yml", "references.bib", "requirements.txt"):
            shutil.copy(ROOT / name, root)
        (root / "_toc.yml").write_text(TOC)
        (root / "index.md").write_text("# A book\n\nIts first page {cite:p}`gal2016`.\n\n```{bibliography}\n```\n")
        self.write(CODE)

    def write(self, code: str) -> None:
        cells = [nbformat.v4.new_markdown_cell("# One\n\nSome words."), nbformat.v4.new_code_cell(code)]
        (self.root / "chapters").mkdir(exist_ok=True)
        nbformat.write(
            nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), self.root / "chapters/one.ipynb"
        )

    def make(self) -> subprocess.CompletedProcess:
        environment = {**os.environ, "RUNS": str(self.runs), "PYTHONPATH": str(self.root)}
        line = [sys.executable, "tools/build.py"]
        return subprocess.run(line, cwd=self.root, env=environment, capture_output=True, text=True, check=False)

    def ran(self) -> int:
        return self.runs.read_text().count("run") if self.runs.exists() else 0

    def page(self) -> str:
        return (self.root / "_build/html/chapters/one.html").read_text(encoding="utf-8")


@pytest.fixture
def book(tmp_path) -> Book:
    return Book(tmp_path / "book")


def test_a_chapter_runs_when_it_has_to(book):
    done = book.make()
    assert done.returncode == 0, done.stdout + done.stderr
    assert book.ran() == 1
    assert "shown: nothing" in book.page()
    (sound,) = (book.root / "_build/html/_static/audio").glob("*.mp3")
    assert f"../_static/audio/{sound.name}" in book.page()

    assert "Nothing has changed" in book.make().stdout
    assert book.ran() == 1

    # Words have changed: the page is made again, with the sound that the chapter made before.
    (book.root / "index.md").write_text("# A book\n\nOther words {cite:p}`gal2016`.\n\n```{bibliography}\n```\n")
    done = book.make()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Other words" in (book.root / "_build/html/index.html").read_text(encoding="utf-8")
    assert book.ran() == 1
    assert (book.root / "_build/html/_static/audio" / sound.name).is_file()

    # The package has changed: what the chapter shows may have, too.
    with (book.root / "dalbook/__init__.py").open("a") as file:
        file.write('\nSHOWN = "something else"\n')
    done = book.make()
    assert done.returncode == 0, done.stdout + done.stderr
    assert book.ran() == 2
    assert "shown: something else" in book.page()
    assert len(list((book.root / "_build/executed").iterdir())) == 1, "what no state needs any more is kept"


def test_a_failed_cell_fails_the_build(book):
    book.write("1 / 0")
    for _ in range(2):
        done = book.make()
        assert done.returncode != 0
        assert "A cell failed in one.ipynb" in done.stderr
        assert "ZeroDivisionError" in done.stderr
        assert not (book.root / "_build/html/.built").exists()


def test_a_warning_fails_the_build_and_every_later_one(book):
    (book.root / "index.md").write_text("# A book\n\nFigure 7.7 is nowhere, {cite:p}`nobody1999` wrote nothing.\n")
    for _ in range(2):
        done = book.make()
        assert done.returncode != 0
        assert "Figure 7.7 is on no page" in done.stdout + done.stderr
        assert "nobody1999" in done.stdout + done.stderr


def test_the_key_is_of_the_package_its_data_and_the_lock(book, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from executed import USED, digest

    before = digest(book.root, USED)
    (book.root / "dalbook/__pycache__").mkdir(exist_ok=True)
    (book.root / "dalbook/__pycache__/x.pyc").write_text("compiled")
    (book.root / "README.md").write_text("words")
    assert digest(book.root, USED) == before
    keys = {before}
    for name in (
        "dalbook/new.py",
        "dalbook/figures/style.py",
        "dalbook/book/static/quiz.js",
        "data/results/new.csv",
        "requirements.txt",
    ):
        (book.root / name).parent.mkdir(parents=True, exist_ok=True)
        (book.root / name).write_text("changed")
        keys.add(digest(book.root, USED))
    (book.root / "dalbook/new.py").unlink()
    keys.add(digest(book.root, USED))
    assert len(keys) == 7


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (DeadKernelError("Kernel died"), "Kernel died"),
        (RuntimeError("Kernel didn't respond in 600\nseconds"), "Kernel didn't respond in 600 seconds"),
        (AssertionError(), "nbclient has none any more, as after SIGTERM: AssertionError"),
    ],
)
def test_a_kernel_that_ends_or_does_not_answer_is_one_line(monkeypatch, tmp_path, error, says):
    """What nbclient raises then, the bare assertion too, was met on machines with too much to do."""

    def execute(client):
        assert min(client.startup_timeout, client.iopub_timeout) >= 600
        raise error

    monkeypatch.setattr(notebooks.NotebookClient, "execute", execute)
    told = notebooks.run(nbformat.v4.new_notebook(), tmp_path)
    assert told.startswith(f"its kernel ended or did not answer ({says}): run it again")
    assert "\n" not in told
