"""`pip install` of a checkout into an empty environment, used from another folder: the package needs nothing else.

The longest set-up of all tests. It needs the package index, so without a network it is skipped (never in CI).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import environment
import pytest

ROOT = Path(__file__).parents[2]
IN_CI = bool(os.environ.get("CI"))

PUBLIC = """
import dalbook, pathlib, sys
assert "torch" not in sys.modules
for name in dalbook.__all__:
    getattr(dalbook, name)
print(pathlib.Path(dalbook.__file__).parent)
"""
COMMANDS = """
import argparse, contextlib, io
from dalbook.cli import build_parser, main
parser = build_parser()
(commands,) = (action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))
for command in commands:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            main([command, "--help"])
        except SystemExit as end:
            assert not end.code, command
    assert said.getvalue().startswith(f"usage: dalbook {command}"), command
print(*commands)
"""
SESSION = """
import numpy as np
from dalbook import Labeler, embed, load_toy_city, read_labels
corpus = load_toy_city()
embedding = embed(corpus, progress=False)
labeler = Labeler(corpus, "labels.csv", embedding=embedding, annotator="anna")
for n in range(3):
    clip = labeler.clip["clip"]
    labeler.act({"do": "label", "clip": clip, "label": int(corpus.labels[clip]), "seconds": 1.0})
labeler.act({"do": "undo"})
labeler.close()
labels = read_labels("labels.csv")
assert len(labels) == 2
assert (labels["label"] == [corpus.classes[corpus.labels[corpus.ids.index(clip)]] for clip in labels["clip"]]).all()
"""


class Environment:
    """A virtual environment with the installed package, and a folder to use it in."""

    def __init__(self, folder: Path):
        self.folder, self.python = folder, folder / environment.PYTHON

    def run(self, *line: str | Path) -> str:
        """What a command prints; it does not see the checkout."""
        hidden = ("PYTHONPATH", "DALBOOK_STATIC", "PYTEST_ADDOPTS")
        known = {name: value for name, value in os.environ.items() if name not in hidden}
        known |= {"DALBOOK_CACHE": str(self.folder / "cache")}
        done = subprocess.run(line, cwd=self.folder, env=known, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def code(self, code: str) -> str:
        return self.run(self.python, "-c", code)


def has_cuda() -> bool:
    import torch

    return torch.version.cuda is not None


def shipped(folder: str) -> set[str]:
    """The files in a folder of the checkout that are not Python."""
    files = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
    files = {path for path in files if not any(part.startswith((".", "__pycache__")) for part in path.parts)}
    kept = {path for path in files if path.suffix != ".py"}
    assert kept, folder
    return {path.as_posix() for path in kept}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Environment:
    """The checkout, installed with what it asks for in the locked versions, and pytest to run examples with."""
    if has_cuda() and not IN_CI:
        pytest.skip("PyTorch is a build with CUDA here: gigabytes would be installed once more")
    folder = tmp_path_factory.mktemp("anywhere")
    hidden = shutil.ignore_patterns(".*", "_build", "build", "runs", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, folder / "checkout", ignore=hidden)  # building leaves files where it builds
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "tools")!r})
import environment
environment.create()
environment.torch("checkout/requirements.txt")
pins = ["--constraint", "checkout/requirements.txt", "--constraint", "checkout/requirements-test.txt"]
environment.uv(*pins, "pytest", "-r", "checkout/pyproject.toml")  # what the package says it needs, in seconds
environment.pip("--quiet", "--no-compile", *pins, "pytest", "./checkout")  # which would get what still is missing
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    if "no network" in done.stderr and not IN_CI:
        pytest.skip("no network: an empty environment cannot be filled")
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.move(folder / "checkout", folder / "elsewhere")  # nothing may look there
    return Environment(folder)


def test_every_public_name_is_there(installed):
    where = Path(installed.code(PUBLIC).strip())
    assert where.is_relative_to(installed.folder.resolve() / ".venv")


def test_all_that_is_not_python_is_installed(installed):
    """Scripts, styles, quizzes, embeddings and result tables."""
    package = Path(installed.code("import dalbook; print(*dalbook.__path__)").strip())
    there = {path.relative_to(package).as_posix() for path in package.rglob("*") if path.suffix not in (".py", ".pyc")}
    ours = {name.removeprefix("dalbook/") for name in shipped("dalbook")}
    ours |= {name.removeprefix("data/") for name in shipped("data/results")}
    assert ours <= there, ours - there
    assert "fig2.csv" in installed.code("from dalbook import results; print(results('fig2.csv'))")


def test_the_book_s_extras_are_not(installed):
    missing = "import importlib.util as u; print([n for n in ('sphinx', 'jupyterlab', 'tensorflow') if u.find_spec(n)])"
    assert installed.code(missing).strip() == "[]"


def test_every_command_says_what_it_takes(installed):
    script = installed.python.parent / ("dalbook.exe" if os.name == "nt" else "dalbook")
    assert installed.run(script, "--help").startswith("usage: dalbook")
    assert {"curve", "bench", "prepare", "run", "status", "table", "figure"} <= set(installed.code(COMMANDS).split())


def test_somebody_labels(installed):
    installed.code(SESSION)


def test_readme_s_examples_run(installed):
    house = installed.folder / "house"
    (house / "tests").mkdir(parents=True)
    shutil.copy(ROOT / "README.md", house)
    shutil.copy(ROOT / "tests" / "test_readme.py", house / "tests")
    (house / "chapters").mkdir()
    for page in (ROOT / "chapters").glob("*.md"):
        shutil.copy(page, house / "chapters")
    said = installed.run(installed.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", house / "tests")
    assert " passed" in said
    assert version("pytest") in installed.code("import pytest; print(pytest.__version__)")
