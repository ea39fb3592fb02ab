"""Clips without an embedding: those that could not be decoded have zeros, which no network gives to a sound."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.corpus import Corpus

SHOWN = 5  # clips that a message names


def embedded(x: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which rows are embeddings, bool (n,); the others are zeros, see `dalbook.embeddings.embed.embed`.

    >>> embedded(np.array([[0.0, 0.0], [0.0, 1.0]])).tolist()
    [False, True]
    """
    return np.asarray(x).any(axis=1)


def left_out(corpus: Corpus, x: NDArray[np.floating]) -> str:
    """The sentence that counts and names the clips without an embedding; empty if there are none."""
    missing = [corpus.ids[clip] for clip in np.flatnonzero(~embedded(x))]
    if not missing:
        return ""
    names = ", ".join(missing[:SHOWN]) + (", ..." if len(missing) > SHOWN else "")
    return (
        f"{len(missing)} of {len(corpus)} clips have no embedding (they could not be decoded) and are left out of "
        f"learning and of asking: {names}"
    )


def asked(corpus: Corpus, x: NDArray[np.floating], pool: NDArray[np.integer]) -> NDArray[np.integer]:
    """Those of some positions whose clips have an embedding.

    Raises
    ------
    ValueError
        If none has.
    """
    there = pool[embedded(x)[pool]]
    if not len(there):
        raise ValueError(f"corpus {corpus.name}: all embeddings are zeros, so not one clip could be decoded")
    return there


def with_embeddings(corpus: Corpus, x: NDArray[np.floating]) -> tuple[Corpus, NDArray[np.floating]]:
    """The corpus of the clips that have an embedding, and their rows; the others are counted and named in a warning.

    Raises
    ------
    ValueError
        If none has.

    Examples
    --------
    >>> corpus = Corpus("demo", ("cat", "dog"), ("a.wav", "b.wav"), [0, 1], [1, 2], None, "", "")
    >>> with_embeddings(corpus, np.ones((2, 3)))[0] is corpus
    True
    """
    clips = asked(corpus, x, np.arange(len(corpus)))
    if len(clips) == len(corpus):
        return corpus, x
    warnings.warn(left_out(corpus, x), stacklevel=2)
    return corpus.take(clips), x[clips]
