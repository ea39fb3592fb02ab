"""The list of exercises: read from the chapters when the book is built, complete, each with its solution."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))

_spec = importlib.util.spec_from_file_location("exercises", ROOT / "tools" / "exercises.py")
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)


def write(path: Path, *markdown: str) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text) for text in markdown])
    nbformat.write(notebook, path)
    return path


def test_every_exercise_of_the_book_is_listed_once():
    listed = [exercise for chapter in CHAPTERS for exercise in tool.exercises_of(chapter)]
    written = sum(
        "".join(cell["source"]).count("{exercise}") + "".join(cell["source"]).count("{exercise-start}")
        for chapter in CHAPTERS
        for cell in json.loads(chapter.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
    )
    labels = [exercise.label for exercise in listed]
    assert len(labels) == written > 3
    assert len(set(labels)) == len(labels), "two exercises share a label"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_a_chapter_has_two_exercises_with_solutions(chapter):
    exercises = tool.exercises_of(chapter)
    assert len(exercises) >= 2
    assert [exercise.label for exercise in exercises if not exercise.solved] == []


def test_the_page_asks_for_the_list():
    assert re.search(r"^```\{exercises\}\n```$", (ROOT / "chapters" / "exercises.md").read_text(), re.MULTILINE)


def build(book: Path) -> subprocess.CompletedProcess:
    (book / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'tools')!r})\n"
        "extensions = ['myst_nb', 'sphinx_exercise', 'exercises']\n"
        "nb_execution_mode = 'off'\nmyst_enable_extensions = ['dollarmath']\n"
    )
    line = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(book), str(book.parent / "out")]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_the_list_follows_the_chapters(tmp_path):
    book = tmp_path / "book"
    book.mkdir()
    (book / "index.md").write_text("# Book\n\n```{toctree}\n01_first\n02_second\nlist\n```\n")
    (book / "list.md").write_text("# List\n\n```{exercises}\n```\n")
    one = "```{exercise}\n:label: ex-one\nWhat is $a$\nplus *b*?\n\nA second paragraph.\n```"
    two = "````{exercise} With a title\n:label: ex-two\nDraw it.\n\n```python\nx = 1\n```\n````"
    write(book / "01_first.ipynb", "# The first", one)
    write(book / "02_second.ipynb", "# The second\n\nNo exercise yet.")
    done = build(book)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out" / "list.html").read_text()
    body = page[page.index("dalbook-exercises") : page.index("</section>")]
    assert re.findall(r'href="([^"]+)"', body) == ["01_first.html", "01_first.html#ex-one"]
    assert "The first" in body
    assert "<em>b</em>" in body
    assert "A second paragraph" not in body

    write(book / "02_second.ipynb", "# The second", two)
    done = build(book)  # the page itself did not change, and is made anew all the same
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out" / "list.html").read_text()
    assert "02_second.html#ex-two" in page
    assert "<em>With a title</em>. Draw it." in page


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```{exercise}\nNo label.\n```", "needs a :label: and a text"),
        ("```{exercise}\n:label: ex-a\n```", "needs a :label: and a text"),
        ("````{exercise}\n:label: ex-a\nText.\n```", "is not closed"),
    ],
)
def test_a_malformed_exercise_is_named(text, problem, tmp_path):
    with pytest.raises(ValueError, match=f"03_third.ipynb: .*{problem}"):
        tool.exercises_of(write(tmp_path / "03_third.ipynb", text))


def test_a_solution_counts_wherever_it_stands_in_the_chapter(tmp_path):
    exercise = "```{exercise}\n:label: ex-{}\nText.\n```"
    path = write(
        tmp_path / "04.ipynb",
        exercise.replace("ex-{}", "ex-a"),
        "````{solution-start} ex-a\n:class: dropdown\n````",
        exercise.replace("ex-{}", "ex-b"),
    )
    assert [(e.label, e.solved) for e in tool.exercises_of(path)] == [("ex-a", True), ("ex-b", False)]
