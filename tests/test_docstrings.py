"""Docstrings: what is public has one, in NumPy's style, and its Parameters are those of the signature."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "dalbook"
MODULES = sorted(PACKAGE.rglob("*.py"))
GOOGLE = re.compile(r"^ *(Args|Arguments|Returns|Raises|Yields|Attributes):$", re.MULTILINE)
# Files whose docstrings do not fit yet. Take one out when it is mended; put none in.
WAITING: set[str] = set()
Public = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public(tree: ast.Module) -> Iterator[tuple[str, Public]]:
    """Public functions and classes of a module, and the classes' public methods."""
    for node in tree.body:
        if isinstance(node, Public) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and not method.name.startswith("_"):
                        yield f"{node.name}.{method.name}", method


def arguments(node: Public) -> list[str] | None:
    """The names that a call takes; of a class without a constructor, its annotated fields."""
    if isinstance(node, ast.ClassDef):
        constructors = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        if not constructors:
            return [one.target.id for one in node.body if isinstance(one, ast.AnnAssign)]
        return arguments(constructors[0])
    given = node.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg) if one]
    return [name for name in names if name not in ("self", "cls")]


def section(text: str, title: str) -> list[str] | None:
    """The names of a section of a docstring, "a, b : int" being two; None where there is no such section."""
    lines = text.split("\n")
    starts = [i + 2 for i, line in enumerate(lines[:-1]) if line == title and set(lines[i + 1]) == {"-"}]
    if not starts:
        return None
    names = []
    for i in range(starts[0], len(lines)):
        if i + 1 < len(lines) and lines[i + 1] and set(lines[i + 1]) == {"-"}:
            break
        if lines[i] and not lines[i].startswith(" "):
            names += [name.strip().lstrip("*") for name in lines[i].split(" : ")[0].split(",")]
    return names


@pytest.mark.parametrize("path", MODULES, ids=[path.relative_to(PACKAGE).as_posix() for path in MODULES])
def test_docstrings_are_there_and_fit(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    wrong = [] if ast.get_docstring(tree) else ["the module has no docstring"]
    for name, node in public(tree):
        text = ast.get_docstring(node)
        if not text:
            wrong.append(f"{name} has no docstring")
            continue
        if GOOGLE.search(text):
            wrong.append(f"{name} is not in NumPy's style")
        named = section(text, "Parameters")
        if named is not None and named != arguments(node):
            wrong.append(f"{name} describes {', '.join(named)}, but takes {', '.join(arguments(node))}")
    assert bool(wrong) == (path.relative_to(PACKAGE).as_posix() in WAITING), wrong
