"""The house: which rooms there are, which way imports go between them, and how long a file may be.

Read from the sources with `ast`, imports inside functions included, and the names of modules in strings too, by which a
registry loads them. What is not yet as it should be stands in the tables at the top. They only shrink: a line whose
violation is gone fails the test as well.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "dalbook"

BELOW_LABELING = {"files", "corpora", "embeddings", "learners", "experiments", "annotations"}
# What each room may import. Learners take arrays: they know no corpora and no embeddings.
MAY_IMPORT = {
    "files": set(),
    "corpora": {"files"},
    "embeddings": {"files", "corpora"},
    "book": {"files", "corpora"},
    "learners": {"files"},
    "experiments": {"files", "corpora", "embeddings", "learners"},
    "annotations": {"files", "corpora"},
    "labeling": {"files", "corpora", "embeddings", "learners", "book", "annotations"},
    "detection": {"files", "corpora", "embeddings", "learners", "annotations", "labeling"},
    "figures": {"files", "corpora", "embeddings", "learners", "book", "experiments", "labeling"},
    "webpage": {"files", "corpora", "embeddings", "learners", "book", "experiments", "labeling", "figures"},
}
ROOMS = set(MAY_IMPORT)
FRONT = {"__init__", "__main__", "cli"}  # beside the rooms; these may import all of them
LINES = 300

# Known violations. Take a line out when it is mended; put none in.
UPWARD: set[tuple[str, str]] = set()
CIRCLES: list[set[str]] = []
RUN_AS_A_SCRIPT: set[str] = set()
TOO_LONG: set[str] = set()


def name_of(path: Path) -> str:
    """The dotted name of a module: dalbook/files/cache.py is dalbook.files.cache."""
    parts = ("dalbook", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room_of(module: str) -> str:
    """The first folder or file below the package; of the package itself, the door, ``__init__``."""
    return (module.split(".") + ["__init__"])[1]


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def statements(module: str) -> tuple[str, ...]:
    """The full names that a module's import statements bind: ``from a import b`` is a.b."""
    found = []
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import: write its full name"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(found)


def imported(module: str) -> Iterator[str]:
    """The package's modules that a module imports by statements; of the door, the version is free to take."""
    for name in statements(module):
        if name == "dalbook.__version__":
            continue
        while name.startswith("dalbook") and name not in MODULES:
            name = name.rpartition(".")[0]
        if name in MODULES and name != module:
            yield name


def named(module: str) -> Iterator[str]:
    """The package's modules that a module names in strings."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Constant) and node.value in MODULES and node.value != "dalbook":
            yield node.value


def test_the_rooms_are_those_of_the_plan():
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in MODULES.values() if path.parent != PACKAGE}
    assert folders == ROOMS | {"cli"}
    assert {path.stem for path in PACKAGE.glob("*.py")} == FRONT - {"cli"}


def test_each_room_says_in_one_line_what_it_is_for():
    for room in sorted(ROOMS):
        first = (ast.get_docstring(ast.parse(MODULES[f"dalbook.{room}"].read_text(encoding="utf-8"))) or "").split(
            "\n"
        )[0]
        assert first.endswith("."), f"dalbook/{room}/__init__.py begins with one sentence on what the room is for"


def test_the_page_for_newcomers_has_every_room():
    page = (PACKAGE.parent / "chapters" / "contributing.md").read_text(encoding="utf-8")
    rows = [line.rsplit("`dalbook/", 1)[1].split("/")[0] for line in page.splitlines() if line.endswith("/` |")]
    assert sorted(rows) == sorted(ROOMS)


def test_imports_go_one_way_between_rooms():
    found = set()
    for module in MODULES:
        here = room_of(module)
        if here not in ROOMS:
            continue
        for other in {*imported(module), *named(module)}:
            if room_of(other) != here and room_of(other) not in MAY_IMPORT[here]:
                found.add((module, other))
    assert found == UPWARD


def circles() -> list[set[str]]:
    """The sets of modules that import each other, inside functions or not (Tarjan's components, of two and more)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in imported(module):
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            component = set(stack[stack.index(module) :])
            del stack[stack.index(module) :]
            if len(component) > 1:
                found.append(component)

    for module in MODULES:
        if module not in index:
            visit(module)
    return found


def test_no_module_imports_itself_through_others():
    assert sorted(map(sorted, circles())) == sorted(map(sorted, CIRCLES))


def test_widgets_and_plots_are_needed_at_the_top_only():
    for module in MODULES:
        tops = {name.split(".")[0] for name in statements(module)}
        if room_of(module) in BELOW_LABELING | {"book", "detection"}:
            assert not tops & {"ipywidgets", "anywidget"}, f"{module} imports a widget"
        if room_of(module) in BELOW_LABELING | {"book", "labeling", "detection"}:
            assert "plotly" not in tops, f"{module} imports Plotly"


def test_importing_the_package_loads_nothing_large():
    large = ["torch", "librosa", "plotly", "pandas", "scipy", "sklearn", "numba", "ipywidgets", "anywidget", "numpy"]
    code = f"import dalbook, sys; dir(dalbook); print(*[name for name in {large} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert done.stdout.split() == []


def test_files_are_short():
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.js")]
    long = {
        path.relative_to(PACKAGE).as_posix()
        for path in files
        if len(path.read_text(encoding="utf-8").splitlines()) > LINES
    }
    assert long == TOO_LONG


def test_what_a_maintainer_runs_lies_in_tools():
    """The package has one door for commands: `dalbook`, which ``python -m dalbook`` may be."""
    scripts = {path for path in MODULES.values() if '\nif __name__ == "__main__":' in path.read_text(encoding="utf-8")}
    scripts -= {PACKAGE / "__main__.py"}
    assert {path.relative_to(PACKAGE).as_posix() for path in scripts} == RUN_AS_A_SCRIPT
