"""The public door, `import dalbook`: which names it offers, that all are described, and that chapters come in by it."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dalbook

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
NAMES = [
    *("load_toy_city", "load_urbansound8k", "load_esc50", "load_folder", "load_table"),
    *("embed", "load_embeddings"),
    *("DALConfig", "DropoutLearner", "HerdingLearner", "MedoidLearner"),
    *("simulate", "initial_labels", "macro_recall", "bootstrap_interval"),
    *("Labeler", "read_labels", "labels_to_corpus"),
    "SoundClassifier",
    *("play", "quiz", "results", "figures"),
]
# What a chapter imports beside the door and the drawings of `dalbook.figures`: what it teaches, and what that needs.
BESIDE = {
    "01_budget": "learners.metrics",
    "02_listening": "book.player corpora.audio corpora.toycity.clips embeddings.logmel experiments.full_labels"
    " learners.kmedoids",
    "03_embeddings": "book.player corpora.audio embeddings.logmel embeddings.map embeddings.registry"
    " experiments.full_labels learners.kmedoids",
    "04_medoids": "book.player corpora.audio embeddings.logmel embeddings.mfcc learners.kl_distance learners.kmedoids"
    " learners.metrics",
    "05_hypotheses": "learners.mc_dropout",
    "06_disagreement": "book.player learners.acquisition learners.mc_dropout",
    "07_pseudo_labels": "learners.masks learners.mc_dropout learners.pseudo_labels",
    "08_dal": "learners.acquisition learners.masks learners.mc_dropout learners.metrics learners.pseudo_labels",
    "09_label_by_hand": "book.results corpora.toycity.clips labeling.agreement labeling.csv_rows webpage.replay",
    "10_your_own_sounds": "book.player corpora.toycity.clips labeling.agreement labeling.exports learners.acquisition",
    "11_threshold": "experiments.analysis learners.metrics",
    "12_weight": "experiments.analysis learners.metrics learners.pseudo_labels",
    "13_baselines": "experiments.analysis learners.metrics learners.registry",
    "14_which_question": "experiments.analysis learners.acquisition learners.kmedoids learners.metrics"
    " learners.registry",
    "15_what_saves_labels": "book.player corpora.audio embeddings.map experiments.analysis learners.coverage"
    " learners.geometry learners.label_spreading learners.registry",
    "16_bigger": "book.player embeddings.logmel experiments.plan learners.acquisition learners.engine.engines"
    " learners.kmedoids learners.mc_dropout",
    "00_in_this_page": "learners.metrics webpage.data webpage.learning_page",
}


def test_the_door_has_these_names():
    assert sorted(dalbook.__all__) == sorted(NAMES)
    assert set(NAMES) <= set(dir(dalbook))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = dalbook.no_such_name


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_there_and_its_description_fits(name):
    thing = getattr(dalbook, name)
    text = inspect.getdoc(thing)
    if name != "figures":
        assert "Parameters\n----------\n" in text
        returns = inspect.isfunction(thing) and inspect.signature(thing).return_annotation != "None"
        assert ("Returns\n-------\n" in text) == returns


def test_a_notebook_completes_the_names():
    code = (
        "from IPython.core.completer import IPCompleter; import dalbook\n"
        "completer = IPCompleter(namespace={'dalbook': dalbook}); completer.use_jedi = False\n"
        "print(*completer.complete('dalbook.load_t')[1], *completer.complete('dalbook.Drop')[1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert {"dalbook.load_toy_city", "dalbook.DropoutLearner"} <= {
        word if word.startswith("dalbook") else f"dalbook{word}" for word in done.stdout.split()
    }


def test_the_page_describes_every_name_once():
    page = (ROOT / "chapters" / "package.md").read_text(encoding="utf-8")
    described = re.findall(r"^\.\. auto(?:function|class):: (\w+)$", page, re.MULTILINE)
    assert sorted([*described, "figures"]) == sorted(NAMES)
    assert "`dalbook.figures`" in page
    for name in re.findall(r"^\.\. autofunction:: dalbook\.figures\.(\w+)$", page, re.MULTILINE):
        assert callable(getattr(dalbook.figures, name))


def imports(chapter: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of every import of the package in a chapter."""
    for cell in json.loads(chapter.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code" and cell["id"] != "set-up":
            for node in ast.walk(ast.parse("".join(cell["source"]))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dalbook":
                    yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=[chapter.stem for chapter in CHAPTERS])
def test_a_chapter_comes_in_by_the_door(chapter):
    beside = set()
    for module, name in imports(chapter):
        if module == "dalbook":
            assert name in NAMES, f"{chapter.name}: the door has no {name}"
            continue
        home = f"{module}.{name}" if importlib.util.find_spec(module).submodule_search_locations else module
        thing = getattr(importlib.import_module(module), name, None)
        assert thing is not None or importlib.util.find_spec(home), f"{chapter.name}: there is no {name} in {module}"
        public = getattr(dalbook, name, None) if name in NAMES else None
        assert thing is None or thing is not public, f"{chapter.name}: from dalbook import {name}"
        beside.add(home.removeprefix("dalbook."))
    assert sorted(name for name in beside if not name.startswith("figures.")) == sorted(BESIDE[chapter.stem].split())
