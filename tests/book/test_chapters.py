"""Every chapter runs on its own, says nothing on standard error, and lets a reader hear something soon.

The build has just run each, in a fresh kernel. From another working directory, with figures and sounds as in a live
notebook, one runs here, the labeler's in tests/labeling/test_front_ends.py, and all of them here where DALBOOK_CHAPTERS
is "all", as once a week.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from executed import ran
from fold import fold
from notebooks import complaints, run

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
ALWAYS = ("03_embeddings",)  # figures and players; the one with the labeler runs in a real JupyterLab


@pytest.fixture(scope="module")
def built():
    return ran(ROOT)


@pytest.mark.parametrize("name", [path.name for path in CHAPTERS])
def test_a_chapter_ran_without_a_complaint(name, built):
    code = [cell for cell in built[name].cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code if cell.source.strip())
    assert any(cell.outputs for cell in code)
    assert complaints(built[name]) == []


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_runs_from_a_fresh_kernel_anywhere(chapter, tmp_path, monkeypatch):
    if chapter.stem not in ALWAYS and os.environ.get("DALBOOK_CHAPTERS") != "all":
        pytest.skip("runs once a week, or with DALBOOK_CHAPTERS=all")
    monkeypatch.delenv("DALBOOK_STATIC", raising=False)  # figures and sounds as in a live notebook
    notebook = nbformat.read(chapter, 4)
    assert run(notebook, tmp_path) == ""
    assert any(cell.get("outputs") for cell in notebook.cells)
    assert complaints(notebook) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_the_book_hides_is_folded_in_a_live_notebook_too(path):
    notebook = nbformat.read(path, 4)
    before = copy.deepcopy(notebook)
    fold(notebook)
    assert notebook == before, "run: python tools/fold.py"
    solutions = [cell for cell in notebook.cells if "{solution-start}" in cell.source]
    assert all(cell.metadata["jupyter"]["source_hidden"] for cell in solutions)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_its_questions_are_those_of_its_number(path):
    """They are in a file, so that nobody who runs the chapter reads the answers first."""
    asked = [cell.source for cell in nbformat.read(path, 4).cells if "quiz(" in cell.source]
    assert asked == [f'from dalbook import quiz\n\nquiz("{path.stem[:2]}")']


def first_sound(chapter: Path) -> str | None:
    """A chapter's code up to its first player, as a script; None where it has none, or where a labeler plays first."""
    code = []
    for cell in json.loads(chapter.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code" and cell["id"] != "set-up":
            code.append("".join(cell["source"]))
            if "Labeler(" in code[-1]:
                return None
            if "\nplay(" in code[-1]:
                return "\n".join(code)
    return None


PLAYS = [path.stem for path in CHAPTERS if first_sound(path)]


@pytest.mark.parametrize("name", PLAYS)
def test_the_first_sound_waits_for_nothing_heavy(name, tmp_path, monkeypatch):
    """Before it no embedding is computed and no classifier is made; the first chapters do not even import PyTorch."""
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DALBOOK_STATIC", raising=False)
    code = first_sound(ROOT / "chapters" / f"{name}.ipynb")
    line = [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.splitlines()[-1].split()
    assert "dalbook.book.player" in loaded
    assert "torch" not in loaded or name > "05"
    assert "dalbook.learners.engine.kernels" not in loaded, "a classifier is made"
    assert not list((tmp_path / "cache").rglob("*.npz")), "an embedding is computed"
