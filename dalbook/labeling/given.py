"""What a labeler is given, checked; and an error as a person reads it."""

from __future__ import annotations

import getpass
import os

import numpy as np

from dalbook.corpora.corpus import Corpus
from dalbook.embeddings.embed import embeddings_for
from dalbook.labeling.refused import Refused
from dalbook.learners.mc_dropout import check_embeddings


def given_embeddings(corpus: Corpus, embedding: str | os.PathLike | np.ndarray) -> np.ndarray:
    """The corpus's embeddings (n, d), by an embedder's name, from an .npz file, or as they are.

    Raises
    ------
    ValueError, OSError
        They do not fit the corpus, or cannot be read or computed.
    """
    if isinstance(embedding, (str, os.PathLike)):
        embedding = embeddings_for(corpus, embedding)
    x = check_embeddings(embedding)
    if len(x) != len(corpus):
        raise ValueError(f"there are {len(x)} embeddings for the {len(corpus)} clips of corpus {corpus.name}")
    return x


def login() -> str:
    """The name one is logged in by; empty where there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container without users
        return ""


def words(error: Exception) -> str:
    """What a person is told of an error.

    >>> words(Refused("there is nothing to undo"))
    'there is nothing to undo'
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) if isinstance(error, Refused) else f"Something went wrong ({type(error).__name__}: {error})"
