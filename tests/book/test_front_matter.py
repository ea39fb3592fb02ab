"""The pages around the chapters: their notation, words, code and numbers are those of the book and of the package."""

from __future__ import annotations

import doctest
import re
from dataclasses import fields
from pathlib import Path

import numpy as np

import dalbook
from dalbook import DALConfig, load_toy_city
from dalbook.learners.acquisition import ACQUISITIONS
from dalbook.learners.mc_dropout import summarize

ROOT = Path(__file__).parents[2]
CHAPTERS = ROOT / "chapters"
TERMS = """acquisition function, active learning, Adam, alpha, BALD, bootstrap interval, budget, calibration,
confidence, confidence threshold, corpus, cosine distance, DAL, dropout, dropout mask, embedding, fold, hypothesis,
k-medoids, kappa, Kullback-Leibler divergence, label propagation, label spreading, learner, learning curve, log-mel
spectrogram, macro-averaged recall, MAL, margin, max entropy, medoid, MFCC, minibatch, Monte Carlo dropout, oracle,
paired difference, PANN, pool, posterior, predictive entropy, pseudo-label, random sampling, ReLU, ridge regression,
sampling weight, scan, seed, segment, self-training, softmax, toy-city, transfer learning, trial, uncertainty,
uncertainty herding, variation ratio, vote, vote distribution, vote entropy, weight decay, Wilcoxon test"""


def page(name: str) -> str:
    return (CHAPTERS / f"{name}.md").read_text(encoding="utf-8")


def glossary() -> dict[str, str]:
    """Term -> definition."""
    body = page("glossary").split(":::{glossary}\n")[1].split("\n:::")[0]
    entries = [entry.split("\n", 1) for entry in body.strip().split("\n\n")]
    return dict(entries)


def test_the_glossary_has_its_terms_in_order_each_with_a_chapter():
    found = glossary()
    assert list(found) == sorted(TERMS.replace("\n", " ").split(", "), key=str.lower)
    known = {path.stem for path in CHAPTERS.iterdir()}
    for term, definition in found.items():
        assert re.findall(r"\{doc\}`(\w+)`", definition), f"{term} leads to no chapter"
    missing = {name for text in found.values() for name in re.findall(r"\{doc\}`(\w+)`", text)} - known
    assert missing == set()


def test_the_notation_has_every_default_of_table_1():
    text = page("00_preface")
    said = dict(re.findall(r"\(`(\w+)`, ([\d.]+)\)", text))
    defaults = {field.name: field.default for field in fields(DALConfig)}
    assert {name: float(value) for name, value in said.items()} == {k: float(v) for k, v in defaults.items()}


SYMBOLS = r"""
N; C; c; |C|; x; x_i; l_i; S_U; S_L; |S_L|; s(x_1, x_2); x^T; ||x||; d; D; |D|; P(c|x, d); P(c|x); \hat l(x)
P(\hat l(x)|x); \Theta; S_P; vote(x, d); \delta_{c, c'}; \tilde P(c|x); H_{\tilde P}(x)
T_0; B; S_{L,c}; S_{P,c}; B_{L,c}; B_{P,c}; \alpha; R
"""
TEX = {r"\lvert": "|", r"\rvert": "|", r"\mid": "|", r"\lVert": "||", r"\rVert": "||", r"\mathrm{vote}": "vote"}


def test_the_notation_has_every_symbol_of_the_paper():
    cells = "\n".join(re.findall(r"^\| (\$.*?) \|", page("00_preface"), re.MULTILINE))
    for tex, plain in TEX.items():
        cells = cells.replace(tex, plain)
    table = [re.sub(r"\s", "", symbol) for symbol in re.findall(r"\$([^$]+)\$", cells)]
    wanted = [re.sub(r"\s", "", symbol) for symbol in re.split(r"[;\n]", SYMBOLS.strip())]
    assert sorted(table) == sorted(wanted)


def test_the_preface_counts_right():
    text = " ".join(page("00_preface").split())
    corpus = load_toy_city()
    assert len(corpus.labels) == 800
    assert len(corpus.classes) == len(np.unique(corpus.folds)) == 10
    assert "800 clips, ten classes, ten folds" in text
    card = " ".join((ROOT / "data" / "results" / "README.md").read_text(encoding="utf-8").split())
    assert "folds 1, 2 and 10 (2598 of 8732" in card
    assert "8732 clips cut from real recordings, in ten folds. We had folds 1, 2 and 10, which are 2598 clips" in text


def test_the_changes_are_of_this_version():
    assert f"## Version {dalbook.__version__}" in page("changes")


def test_the_acquisition_function_of_the_page_fulfills_the_contract(monkeypatch):
    code = re.findall(r"^```python\n(.*?)^```", page("contributing"), re.MULTILINE | re.DOTALL)
    monkeypatch.setattr("dalbook.learners.acquisition.ACQUISITIONS", dict(ACQUISITIONS))
    scope = {"np": np, "ACQUISITIONS": dalbook.learners.acquisition.ACQUISITIONS}
    exec("\n".join(code), scope)
    finder = doctest.DocTestFinder(exclude_empty=False)
    (example,) = finder.find(scope["least_confident"], globs=dict(scope))
    assert doctest.DocTestRunner().run(example) == (0, 1)

    score = dalbook.learners.acquisition.ACQUISITIONS["least_confident"]
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.full(4, 0.3), (40, 16))
    first = score(summarize(probs), rng)
    assert first.shape == (40,)
    order = rng.permutation(40)
    np.testing.assert_allclose(score(summarize(probs[order]), rng), first[order])


def test_the_page_names_what_is_there():
    text = page("contributing")
    named = set(re.findall(r"\b(?:dalbook|tests|data/results)/[\w./]+\.(?:py|md)\b", text))
    assert {
        "dalbook/learners/acquisition.py",
        "tests/learners/test_protocol.py",
        "dalbook/learners/registry.py",
    } <= named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
    assert "MAKERS = {" in (ROOT / "tests" / "learners" / "test_protocol.py").read_text(encoding="utf-8")
    assert "\nFAMILIES: " in (ROOT / "dalbook" / "learners" / "registry.py").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make (\w+)", text, re.MULTILINE) + re.findall(r"^\s+make (\w+)$", text, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
