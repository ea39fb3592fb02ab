"""README's examples run, and every command line in README and on the pages is one that the command line takes."""

from __future__ import annotations

import ast
import contextlib
import re
import shlex
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dalbook import DALConfig
from dalbook.cli import build_parser, main
from dalbook.detection import training

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "chapters").glob("*.md"))]


def blocks() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """The command lines of a page, continued lines joined, comments left out."""
    text = re.sub(r"\\\n\s*", " ", page.read_text(encoding="utf-8"))
    found = []
    for line in text.splitlines():
        wrapped = re.search(r'--wrap "(dalbook .*)"$', line)
        if wrapped or re.match(r"(?: {3,4})?dalbook [a-z]", line):
            found.append(shlex.split(wrapped[1] if wrapped else line, comments=True))
    return found


COMMANDS = [(page.name, words) for page in PAGES for words in commands(page)]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder to work in, with three short recordings in recordings/."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name, seconds in (("dawn", 9), ("noon", 4), ("rain/night", 5)):
        path = tmp_path / "recordings" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, rng.normal(0, 0.05, seconds * 16000), 16000)
    return tmp_path


class Cluster:
    """Stands for the SLURM cluster that is not here; takes what dask-jobqueue's takes in the example."""

    scheduler_address = "tcp://10.0.0.1:8786"

    def __init__(self, *, cores: int, processes: int, memory: str, walltime: str):
        assert cores >= processes

    def scale(self, *, jobs: int):
        assert jobs > 0


def run(code: str, scope: dict) -> None:
    """As a notebook runs a cell: the value of a last line that is an expression is `_`."""
    tree = ast.parse(code)
    if isinstance(tree.body[-1], ast.Expr):
        tree.body[-1] = ast.copy_location(ast.Assign([ast.Name("_", ast.Store())], tree.body[-1].value), tree.body[-1])
    exec(compile(ast.fix_missing_locations(tree), "README.md", "exec"), scope)


def test_the_examples_run_one_after_the_other(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask_jobqueue", types.SimpleNamespace(SLURMCluster=Cluster))
    scope = {"input": print}
    own, read, detect, cluster, package = blocks()
    run(own, scope)
    with contextlib.closing(scope["_"]) as labeler:  # what a person does between the two examples
        labeler.act({"do": "label", "clip": labeler.clip["clip"], "label": 1, "seconds": 2.0})
    run(read, scope)
    assert sorted(scope["labeled"].labels.tolist())[-2:] == [-1, 1]
    with contextlib.closing(scope["Labeler"](scope["corpus"], out="labels.csv")) as labeler:
        for label in (0, 2):  # a classifier needs two classes
            labeler.wait()
            labeler.act({"do": "label", "clip": labeler.clip["clip"], "label": label, "seconds": 2.0})
    monkeypatch.setattr(training, "CONFIG", DALConfig(first_steps=10))
    run(detect, scope)
    assert scope["table"].columns[:4].tolist() == ["file", "start", "end", "class"]
    run(cluster, scope)
    run(package, scope)
    assert scope["_"].shape == (len(scope["test"]), 10)


@pytest.mark.parametrize(
    ("page", "words"), COMMANDS, ids=[f"{page}:{' '.join(words)[:60]}" for page, words in COMMANDS]
)
def test_the_command_line_takes_what_the_pages_say(page, words):
    options = build_parser().parse_args(words[1:])
    assert callable(options.command)


def test_the_pages_show_every_command_but_the_maintainer_s():
    shown = {words[1] for _, words in COMMANDS}
    assert {"label", "train", "predict", "curve", "run", "status", "table", "figure", "prepare"} <= shown


def test_your_own_recordings_are_prepared_as_the_page_says(folder, monkeypatch, capsys):
    monkeypatch.setenv("DALBOOK_CACHE", str(folder / "cache"))
    (line,) = (words for name, words in COMMANDS if name == "README.md" and words[1:3] == ["prepare", "folder"])
    assert main([{"DIR": "recordings"}.get(word, word) for word in line[1:]] + ["--jobs", "1"]) == 0
    assert ".npz" in capsys.readouterr().out
