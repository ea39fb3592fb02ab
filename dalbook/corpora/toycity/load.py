"""Toy-city as a corpus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dalbook.corpora.corpus import Corpus
from dalbook.corpora.toycity import clips as toycity
from dalbook.files.cache import code_version
from dalbook.files.hashing import fingerprint

# the modules that the sounds depend on, for the corpus's fingerprint; see tests/embeddings/test_cache_keys.py
SOURCES = tuple(
    f"dalbook.corpora.toycity.{name}"
    for name in ("clips", "sources", "machines", "strokes", "acoustics", "signals", "spectra")
)


@dataclass(frozen=True)
class ToyCity:
    """The sound of clip i is synthesized from (seed, i)."""

    seed: int

    def __call__(self, i: int) -> tuple[np.ndarray, int]:
        return toycity.synthesize(i, seed=self.seed), toycity.RATE


def load_toy_city(seed: int = 0) -> Corpus:
    """The built-in corpus: 800 synthesized clips of UrbanSound8K's ten classes in ten folds, nothing to download.

    Parameters
    ----------
    seed
        Of the synthesis; another seed is another city.

    Returns
    -------
    Corpus
        With labels, folds and recordings.

    Examples
    --------
    >>> corpus = load_toy_city()
    >>> len(corpus), corpus.classes[3], np.unique(corpus.folds).tolist()
    (800, 'dog_bark', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    >>> corpus.ids[1], corpus.recordings[:2].tolist()
    ('1001-0-0-1', ['1001', '1001'])
    """
    clips = toycity.describe(seed)
    folds = len(np.unique(clips.folds))
    return Corpus(
        name="toy-city",
        classes=tuple(toycity.CLASSES),
        ids=clips.ids,
        labels=clips.labels,
        folds=clips.folds,
        sound=ToyCity(seed),
        fingerprint=fingerprint("toy-city", seed, code_version(*SOURCES)),
        recordings=clips.recordings,
        description=f"toy-city, seed {seed}: {len(clips.ids)} synthesized clips in {folds} folds",
    )
