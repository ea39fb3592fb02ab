"""Embeddings of toy-city, seed 0, that travel with the package, so that no chapter waits for them.

They are rounded to float16, for everybody alike. ``tools/ship_embeddings.py`` makes them, and keys.json tells whether
they are still those of this code.
"""

from __future__ import annotations

import json
from pathlib import Path

from dalbook.corpora.corpus import Corpus
from dalbook.embeddings.registry import EMBEDDERS
from dalbook.files.cache import code_version
from dalbook.files.hashing import fingerprint

FOLDER = Path(__file__).with_name("shipped")
KEYS = FOLDER / "keys.json"


def key(corpus: Corpus, embedder: str) -> str:
    """What the embeddings of a corpus depend on, as a hash: its sounds and the embedder's code."""
    return fingerprint(corpus.fingerprint, embedder, code_version(*EMBEDDERS[embedder].sources))


def shipped_file(corpus: Corpus, embedder: str) -> Path | None:
    """The embedding file that came with the package, None if there is none for this corpus, embedder and code.

    >>> from dalbook import load_toy_city
    >>> shipped_file(load_toy_city(seed=1), "logmel") is None
    True
    """
    if corpus.name != "toy-city" or not KEYS.is_file():
        return None
    made = json.loads(KEYS.read_text(encoding="utf-8")).get(embedder)
    return FOLDER / f"{embedder}.npz" if made == key(corpus, embedder) else None
