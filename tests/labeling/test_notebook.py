"""`dalbook label` writes a notebook that labels, leaves one that is there alone, and opens it where it can."""

from __future__ import annotations

import importlib.util
import subprocess

import field
import nbformat
import pytest

from dalbook.cli import main


@pytest.fixture
def here(tmp_path, monkeypatch):
    field.write_recordings(tmp_path / "rec", ("a.wav",))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def installed(monkeypatch, jupyterlab: bool) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: found(name) if name != "jupyterlab" else (jupyterlab or None)
    )


def label(*options: str) -> int:
    return main(["label", "rec", "--classes", "hum, hiss", "--segment", "1", "--embedding", "mfcc", *options])


def test_the_notebook_labels_when_it_is_run(here, monkeypatch, capsys):
    installed(monkeypatch, False)
    assert label() == 0
    assert "JupyterLab is not installed here: pip install jupyterlab, or open labels.ipynb" in capsys.readouterr().out
    notebook = nbformat.read("labels.ipynb", as_version=4)
    nbformat.validate(notebook)
    words, code = notebook.cells
    assert "dalbook train rec labels.csv --embedding mfcc" in words.source
    assert code.source.splitlines() == [
        "from dalbook import Labeler, load_folder",
        "",
        "corpus = load_folder('rec', classes=['hum', 'hiss'], segment=1)",
        "Labeler(corpus, out='labels.csv', embedding='mfcc')",
    ]
    scope: dict = {}
    lines, last = code.source.rsplit("\n", 1)
    exec(lines, scope)
    labeler = eval(last, scope)
    labeler.act({"do": "label", "clip": labeler.clip["clip"], "label": 1, "seconds": 1.0})
    labeler.close()
    assert "hiss" in (here / "labels.csv").read_text()


def test_search_by_example_and_one_target(here, monkeypatch):
    installed(monkeypatch, False)
    assert label("--like", "rec/a.wav", "--target", "hiss") == 0
    code = nbformat.read("labels.ipynb", as_version=4).cells[1].source
    lines, last = code.rsplit("\n", 1)
    assert last == "Labeler(corpus, out='labels.csv', embedding='mfcc', like='rec/a.wav', target='hiss')"
    scope: dict = {}
    exec(lines, scope)
    eval(last, scope).close()


def test_it_is_opened_and_one_that_is_there_is_left_alone(here, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(
        subprocess, "run", lambda words, check: opened.append(words[1:]) or subprocess.CompletedProcess(words, 0)
    )
    installed(monkeypatch, True)
    assert label() == 0
    before = (here / "labels.ipynb").read_bytes()
    assert label() == 0
    assert (here / "labels.ipynb").read_bytes() == before
    assert opened == [["-m", "jupyterlab", "labels.ipynb"]] * 2
    assert label("--segment", "2") == 2
    assert "labels.ipynb is there already, and another" in capsys.readouterr().err
    assert main(["label", "none", "--classes", "a"]) == 2
    assert "none: there is no such folder" in capsys.readouterr().err
