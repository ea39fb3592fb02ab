"""The data of the page that learns: few numbers a clip, so that a browser can do what a kernel does elsewhere.

The clips to label are some of folds 2 to 5 of toy-city, as a street has them: of the common sounds many, of the rare
ones few. The other folds are held out for the learning curve. The embeddings are reduced to 64 dimensions, which keeps
the learners' curves (tests/webpage/test_page_data.py) and makes an iteration some thirty times cheaper.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.corpus import Corpus
from dalbook.embeddings.map import positions
from dalbook.learners.cold_start import medoid_order
from dalbook.learners.dal import DALConfig
from dalbook.webpage.herding_data import herding_data

FOLDS = (2, 3, 4, 5)  # of the clips to label
COMMON_FIRST = (
    "engine_idling",
    "air_conditioner",
    "children_playing",
    "street_music",
    "dog_bark",
    "car_horn",
    "siren",
    "drilling",
    "jackhammer",
    "gun_shot",
)
MOST, LEAST = 32, 4  # clips of the commonest and of the rarest sound; between them a geometric series
DIMENSIONS = 64
FULL = 2048  # dimensions that Table 1 is for

# Table 1, but for what a browser waits for: fewer places in a minibatch, fewer first steps. Each of the 64 numbers
# stands for 32 of 2048, so the learning rate grows with the root of that: a step moves a score as far as it did.
CONFIG = DALConfig(batch=32, first_steps=400, learning_rate=1e-3 * math.sqrt(FULL / DIMENSIONS))


def page_data(corpus: Corpus, x: NDArray[np.float32]) -> dict:
    """What the page needs to know, but for the sounds; ready for JSON.

    Parameters
    ----------
    corpus
        toy-city, or another one with its classes and folds.
    x
        Its embeddings (n, d).

    Returns
    -------
    dict
        ``classes``; ``ids``, ``order``, ``scores``, ``why`` and ``xy`` of the P clips to label: their names, the order
        of typical clips as positions 0 to P-1, by how much and why each was picked, and where it lies on the map, 0 to
        1; ``pool``, how many P is; ``x``, the embeddings of all clips, those to label first, float16 (n, 64) in base64;
        ``truth``, their classes; ``config``, DAL's parameters; ``herding``, what `herding_data` gives; ``version``, a
        hash of all that.

    Raises
    ------
    ValueError
        a fold or a class is not there.
    """
    pool, test = split(corpus)
    small = reduced(x, pool)
    rows = np.concatenate([pool, test])
    place = {int(clip): at for at, clip in enumerate(pool)}
    picks = list(medoid_order(x, pool))
    xy = positions(x[pool])
    xy = (xy - xy.min(axis=0)) / np.ptp(xy, axis=0)
    data = {
        "corpus": corpus.name,
        "classes": list(corpus.classes),
        "ids": [corpus.ids[clip] for clip in pool],
        "order": [place[pick.clip] for pick in picks],
        "scores": [round(float(pick.score), 6) for pick in picks],
        "picked_by": [pick.picked_by for pick in picks],
        "why": [pick.why for pick in picks],
        "xy": xy.round(3).tolist(),
        "pool": len(pool),
        "dimensions": DIMENSIONS,
        "x": base64.b64encode(small[rows].astype("<f2").tobytes()).decode(),
        "truth": corpus.labels[rows].tolist(),
        "config": config(),
        "herding": herding_data(corpus, x, pool, rows),
    }
    version = hashlib.sha256(json.dumps(data).encode()).hexdigest()[:16]
    return {**data, "version": version}


def split(corpus: Corpus) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the clips to label, and of all clips of other folds, both ascending.

    Of each class whole recordings are drawn, until there are enough clips: slices of one recording sound alike, and
    a learner that asks well need not ask for all of them.

    Raises
    ------
    ValueError
        a fold or a class is not there.
    """
    missing = set(FOLDS) - set(corpus.folds.tolist())
    if missing:
        raise ValueError(f"corpus {corpus.name} has no fold {min(missing)}: the page labels clips of folds {FOLDS}")
    if set(corpus.classes) != set(COMMON_FIRST):
        raise ValueError(f"corpus {corpus.name} has other classes than toy-city: the page knows only these")
    asked = np.isin(corpus.folds, FOLDS)
    rng = np.random.default_rng(0)
    pool: list[int] = []
    for name, size in zip(COMMON_FIRST, np.geomspace(MOST, LEAST, len(COMMON_FIRST)), strict=True):
        ours = asked & (corpus.labels == corpus.classes.index(name))
        drawn: list[int] = []
        for recording in rng.permutation(np.unique(corpus.recordings[ours])):
            if len(drawn) >= round(size):
                break
            drawn += np.flatnonzero(corpus.recordings == recording).tolist()
        pool += drawn
    return np.sort(np.array(pool, np.int64)), np.flatnonzero(~asked)


def reduced(x: NDArray[np.float32], pool: NDArray[np.int64]) -> NDArray[np.float32]:
    """Embeddings of 64 dimensions (n, 64), as exact as float16: principal components of the pool, then turned.

    Bare principal components would not do: most of what a clip is lies in the first few, and a dropout mask that hits
    one of these has forgotten the clip. A rotation, drawn at random once, gives each dimension an equal share.

    Parameters
    ----------
    x
        Embeddings (n, d).
    pool
        Positions of the clips that the components are those of; more than 64.

    Examples
    --------
    >>> reduced(np.random.default_rng(0).random((100, 80)), np.arange(70)).shape
    (100, 64)
    """
    middle = x[pool].mean(axis=0)
    _, _, axes = np.linalg.svd(x[pool] - middle, full_matrices=False)
    # the sign of a component is the library's whim
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((DIMENSIONS, DIMENSIONS)))
    return ((x - middle) @ axes[:DIMENSIONS].T @ turn).astype(np.float16).astype(np.float32)


def typical_of_each(x: NDArray[np.float32], pool: NDArray[np.int64], truth: NDArray[np.int64]) -> dict[int, int]:
    """The most typical clip of each class, clip -> class: what the page's quick beginning labels.

    Parameters
    ----------
    x
        Embeddings of the whole corpus, (n, d).
    pool
        Positions of the clips to label.
    truth
        The class of each clip of the corpus, int (n,).

    Examples
    --------
    >>> x = np.array([[1, 0], [5, 1], [3, 1], [0, 1], [1, 9], [1, 8]], dtype=np.float32)
    >>> typical_of_each(x, np.arange(6), np.array([0, 0, 0, 1, 1, 1]))
    {1: 0, 4: 1}
    """
    first: dict[int, int] = {}
    for pick in medoid_order(x, pool):
        if truth[pick.clip] not in first.values():
            first[pick.clip] = int(truth[pick.clip])
    return first


def config() -> dict[str, float]:
    """`CONFIG` by the names that learner.js gives Table 1's parameters."""
    return {
        "threshold": CONFIG.threshold,
        "alpha": CONFIG.alpha,
        "wait": CONFIG.wait,
        "masks": CONFIG.n_masks,
        "batch": CONFIG.batch,
        "firstSteps": CONFIG.first_steps,
        "steps": CONFIG.steps,
        "learningRate": CONFIG.learning_rate,
        "weightDecay": CONFIG.weight_decay,
    }
