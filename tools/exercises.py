"""A Sphinx extension: the directive ``exercises`` lists every exercise of the chapters, read from them at each build.

An exercise is written in a chapter as

    ```{exercise}
    :label: ex-name
    What to do.
    ```

and the list shows its number, as a link, and its first paragraph.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

# A fence with its options and its body, up to the same fence alone on a line.
EXERCISE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{exercise(?:-start)?\}(?P<title>[^\n]*)\n"
    r"(?P<options>(?::[\w-]+:[^\n]*\n)*)(?P<body>.*?)^(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
OPENED = re.compile(r"^[`:]{3,}\{exercise(?:-start)?\}", re.MULTILINE)
SOLVED = re.compile(r"^[`:]{3,}\{solution(?:-start)?\}[ \t]*(\S+)", re.MULTILINE)


class Exercise(NamedTuple):
    """One exercise: its label, its title (mostly none), its text's first paragraph, and whether it has a solution."""

    label: str
    title: str
    text: str
    solved: bool


def exercises_of(chapter: Path) -> list[Exercise]:
    """The exercises of a notebook, in its order.

    Raises
    ------
    ValueError
        One has no label or no text, or is not closed.
    """
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    solved = {label for text in texts for label in SOLVED.findall(text)}
    return [exercise for text in texts for exercise in _exercises(chapter, text, solved)]


def _exercises(chapter: Path, text: str, solved: set[str]) -> Iterator[Exercise]:
    found = list(EXERCISE.finditer(text))
    if len(found) != len(OPENED.findall(text)):
        raise ValueError(f"{chapter.name}: an exercise is not closed by the fence that opened it: {text[:60]!r}")
    for match in found:
        label = re.search(r"^:label:[ \t]*(\S+)", match["options"], re.MULTILINE)
        paragraph = match["body"].strip().split("\n\n")[0]
        if not label or not paragraph:
            raise ValueError(f"{chapter.name}: an exercise needs a :label: and a text: {match[0][:60]!r}")
        yield Exercise(label[1], match["title"].strip(), paragraph, label[1] in solved)


class Exercises(SphinxDirective):
    """``exercises``: a heading a chapter and an entry an exercise, of the book's notebooks beside this page."""

    def run(self) -> list[nodes.Node]:
        folder = Path(self.env.doc2path(self.env.docname)).parent
        lines = []
        for chapter in sorted(folder.glob("*.ipynb")):
            docname = self.env.path2doc(str(chapter))
            if docname not in self.env.found_docs:
                continue
            self.env.note_dependency(str(chapter))
            found = exercises_of(chapter)
            if found:
                lines += [f"{{doc}}`/{docname}`", ""]
            for one in found:
                title = f"*{one.title}*. " if one.title else ""
                first, *rest = f"{title}{one.text}".splitlines()
                lines += [f"- {{ref}}`{one.label}`: {first}", *(f"  {line}" for line in rest)]
            lines.append("")
        if not any(lines):
            raise self.error("no chapter beside this page has an exercise")
        node = nodes.container(classes=["dalbook-exercises"])
        source = self.get_source_info()[0]
        self.state.nested_parse(StringList(lines, source), self.content_offset, node)
        return [node]


def setup(app) -> dict:
    app.add_directive("exercises", Exercises)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
