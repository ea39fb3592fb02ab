"""How a `SoundClassifier` is taught, and how rows are made of what it says."""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dalbook import __version__
from dalbook.annotations.events import span_of
from dalbook.corpora.corpus import Corpus
from dalbook.corpora.segments import Segments
from dalbook.detection.embedder import UsedEmbedder, from_file
from dalbook.detection.report import make_report
from dalbook.detection.stream import Done, Judge
from dalbook.detection.validation import calibrate, held_out
from dalbook.embeddings.embed import embed_to_file
from dalbook.embeddings.missing import embedded
from dalbook.embeddings.npz import load_embeddings, read_embeddings
from dalbook.embeddings.registry import AnyEmbedder, known
from dalbook.files.hashing import file_sum, fingerprint
from dalbook.labeling.read import labels_to_corpus
from dalbook.learners.config import DALConfig
from dalbook.learners.head import Head
from dalbook.learners.herding import HerdingLearner
from dalbook.learners.hypotheses import Hypotheses

CONFIG = DALConfig()  # of the hypotheses: Table 1
SHOWN = 5
Row = tuple[str, float, float, int, float, float]  # file, start, end, class, score, vote entropy


def train(
    corpus: Corpus,
    labels: str | os.PathLike | None,
    embedding: str | os.PathLike | Callable | AnyEmbedder,
    model: str | os.PathLike | None,
    segment: float | None,
    device: str,
    jobs: int,
    progress: bool,
) -> tuple[Head, Hypotheses, dict[str, Any], UsedEmbedder]:
    """What a `SoundClassifier` is made of; see `SoundClassifier.fit`."""
    if labels is not None:
        corpus = labels_to_corpus(corpus, labels)
    x, usable, embedder = _embeddings(corpus, embedding, model, device, jobs, progress)
    if lost := [corpus.ids[i] for i in np.flatnonzero((corpus.labels >= 0) & ~usable)]:
        some = ", ".join(lost[:SHOWN]) + (", ..." if len(lost) > SHOWN else "")
        warnings.warn(
            f"{len(lost)} labeled clips have no embedding, and nothing is learned from them: {some}", stacklevel=3
        )
    given = np.where(usable, corpus.labels, -1)
    met = np.unique(given[given >= 0])
    if len(met) < 2:
        there = ", ".join(repr(corpus.classes[c]) for c in met) or "no class"
        raise ValueError(f"a classifier needs labels of at least two classes, there are labels of {there}")
    classes = [corpus.classes[c] for c in met]
    target = np.where(given >= 0, np.searchsorted(met, given), -1)
    groups = np.unique(corpus.recordings, return_inverse=True)[1]
    held = held_out(x, target, groups, usable, len(met))
    clips = np.flatnonzero(target >= 0)
    known = dict(zip(clips.tolist(), target[clips].tolist(), strict=True))
    head = HerdingLearner(x, len(met), known, pool=np.flatnonzero(usable), recordings=groups).head()
    content = file_sum(labels) if labels is not None else fingerprint(list(corpus.ids), given)
    card = {
        "dalbook": __version__,
        "classes": classes,
        "embedder": dict(embedder.told),
        "segment": segment_of(corpus) if segment is None else float(segment),
        "sharpness": calibrate(held),
        "labels": {"count": len(clips), "recordings": len(np.unique(groups[clips])), "hash": content},
        "report": make_report(held, classes).to_json(),
    }
    return head, Hypotheses.taught(x[clips], target[clips], len(met), CONFIG), card, embedder


def _embeddings(
    corpus: Corpus,
    embedding: str | os.PathLike | Callable | AnyEmbedder,
    model: str | os.PathLike | None,
    device: str,
    jobs: int,
    progress: bool,
) -> tuple[np.ndarray, np.ndarray, UsedEmbedder]:
    """x (n, d), which rows are embeddings (n,), and of what embedder."""
    if isinstance(embedding, (str, os.PathLike)) and Path(embedding).suffix.lower() == ".npz":
        x, (_, _, meta) = load_embeddings(embedding, corpus), read_embeddings(embedding)
        broken = set(meta.get("broken") or ()) if isinstance(meta, dict) else set()
        usable = np.array([name not in broken for name in corpus.ids]) & embedded(x)
        return x, usable, from_file(embedding, meta, x.shape[1], model)
    embedding = embedding if isinstance(embedding, str) else known(embedding)
    run, _ = embed_to_file(corpus, embedding, jobs=jobs, progress=progress, model=model, device=device)
    usable = np.array([name not in run.broken for name in corpus.ids])
    return run.x, usable, UsedEmbedder.of(embedding, model, device)


def segment_of(corpus: Corpus) -> float | None:
    """The seconds that a corpus's recordings were cut into; None where they were not cut.

    >>> segment_of(Corpus("demo", ("a",), ("x",), [0], [0], None, "", ""))
    """
    return segment_in(corpus.ids) if isinstance(corpus.sound, Segments) else None


def segment_in(ids: Iterable[str]) -> float | None:
    """The seconds that recordings were cut into, from the ids of the segments; None where there is none.

    >>> segment_in(["a.wav#t=0.000,4.000", "a.wav#t=4.000,8.000", "a.wav#t=8.000,9.500", "b.wav"])
    4.0
    """
    found = Counter()
    for name in ids:
        if times := re.search(r"#t=([0-9.]+),([0-9.]+)$", name):
            found[round(float(times[2]) - float(times[1]), 3)] += 1
    return found.most_common(1)[0][0] if found else None


def rows_of_corpus(judge: Judge, corpus: Corpus, embedder: dict[str, Any], jobs: int, progress: bool) -> Iterator[Row]:
    """The rows of a corpus's clips, in its order."""
    run, _ = embed_to_file(corpus, **embedder, jobs=jobs, progress=progress)
    _tell(run.broken)
    good = [i for i, name in enumerate(corpus.ids) if name not in run.broken]
    told = zip(*(part.tolist() for part in judge(run.x[good])), strict=True)
    for i, values in zip(good, told, strict=True):
        yield *span_of(corpus, i), *values


def rows_of_stream(done: Iterable[Done], progress: bool) -> Iterator[Row]:
    """The rows of recordings, as they come."""
    from tqdm.auto import tqdm

    broken: dict[str, str] = {}
    for block in tqdm(done, desc="predict", unit="block", disable=not progress):
        broken.update({f"{block.file} at {start:g} s": reason for start, _, reason in block.broken})
        yield from ((block.file, *row) for row in block.rows)
    _tell(broken)


def _tell(broken: dict[str, str]) -> None:
    if broken:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in list(broken.items())[:SHOWN])
        warnings.warn(f"{len(broken)} segments are not in the table: {reasons}", stacklevel=4)
