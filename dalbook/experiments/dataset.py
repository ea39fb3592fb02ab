"""What a run reads: embeddings with labels and folds, in one folder that every process of a list maps into memory."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from dalbook.corpora.corpus import Corpus
from dalbook.files.atomic import atomic_write
from dalbook.files.hashing import fingerprint


@dataclass(frozen=True, eq=False)
class Inputs:
    """The embeddings of a corpus and its ground truth: no sounds, nothing that a worker elsewhere would not have.

    Attributes
    ----------
    corpus, embedding
        Names, to tell results by.
    x
        float32 (n, d).
    labels, folds
        int64 (n,), all labels known.
    classes
        Class names.
    name
        A hash of all of this.
    recordings
        int64 (n,), which clips were cut from the same recording; not in the name, as the clips decide it.
    """

    corpus: str
    embedding: str
    x: np.ndarray
    labels: np.ndarray
    folds: np.ndarray
    classes: tuple[str, ...]
    name: str
    recordings: np.ndarray

    @classmethod
    def of(cls, corpus: Corpus, embedding: str, x: np.ndarray) -> Inputs:
        """From a corpus and its embeddings.

        Raises
        ------
        ValueError
            A clip of unknown class, or embeddings of another corpus.
        """
        labels, folds = np.asarray(corpus.labels, np.int64), np.asarray(corpus.folds, np.int64)
        if (labels < 0).any():
            raise ValueError(f"corpus {corpus.name} has clips of unknown class: an experiment needs the true labels")
        if x.ndim != 2 or len(x) != len(corpus):
            raise ValueError(f"embeddings {x.shape} do not belong to a corpus of {len(corpus)} clips")
        parts = corpus.name, embedding, np.ascontiguousarray(x, np.float32), labels, folds, tuple(corpus.classes)
        _, recordings = np.unique(corpus.recordings, return_inverse=True)
        return cls(*parts, _name(*parts), recordings.astype(np.int64))

    @classmethod
    def without_embeddings(cls, corpus: Corpus) -> Inputs:
        """What there is to plan with before the embeddings are computed.

        Raises
        ------
        ValueError
            A clip of unknown class.
        """
        return cls.of(corpus, "", np.zeros((len(corpus), 1), np.float32))

    def split(self, fold: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the training clips and of the test fold's clips.

        Raises
        ------
        ValueError
            There is no such fold, or no other.
        """
        test = self.folds == fold
        if not test.any() or test.all():
            raise ValueError(f"there is no fold {fold} to test on beside others; folds: {np.unique(self.folds)}")
        return np.flatnonzero(~test), np.flatnonzero(test)

    def save(self, folder: str | os.PathLike) -> None:
        """Write them below `folder`, unless they are there; what is damaged there is named and written again."""
        place = Path(folder, "inputs", self.name)
        if (place / "about.json").exists():  # the last to be written
            try:
                if np.array_equal(_read(place).recordings, self.recordings):
                    return
            except ValueError as error:
                print(f"{error}; they are written again", file=sys.stderr)
        place.mkdir(parents=True, exist_ok=True)
        for what in ("x", "labels", "folds", "recordings"):
            atomic_write(place / f"{what}.npy", lambda file, what=what: np.save(file, getattr(self, what)))
        about = {"corpus": self.corpus, "embedding": self.embedding, "classes": self.classes}
        about["recordings"] = fingerprint(self.recordings)
        atomic_write(place / "about.json", lambda file: file.write(json.dumps(about).encode()))


@lru_cache(maxsize=2)
def load_inputs(folder: str, name: str) -> Inputs:
    """Read what `Inputs.save` wrote; the embeddings stay on disk and are mapped into memory.

    Raises
    ------
    ValueError
        They are not there, or damaged.
    """
    try:
        return _read(Path(folder, "inputs", name))
    except ValueError as error:
        raise ValueError(
            f"{error}: start `dalbook run` again, which writes them; on another machine, let it see this folder"
        ) from None


def _read(place: Path) -> Inputs:
    try:
        about = json.loads((place / "about.json").read_text(encoding="utf-8"))
        # copy on write: processes share the memory, and PyTorch, which refuses a read-only array, makes no copy
        x = np.load(place / "x.npy", mmap_mode="c", allow_pickle=False)
        labels, folds, recordings = (
            np.load(place / f"{what}.npy", allow_pickle=False) for what in ("labels", "folds", "recordings")
        )
        parts = about["corpus"], about["embedding"], x, labels, folds, tuple(about["classes"])
        if _name(*parts) != place.name:
            raise ValueError("their content is not what their name says")
        if recordings.shape != labels.shape or fingerprint(recordings) != about["recordings"]:
            raise ValueError("the recordings are not those that were written")
        return Inputs(*parts, place.name, recordings)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise ValueError(f"the embeddings in {place} cannot be read ({error})") from None


def _name(
    corpus: str, embedding: str, x: np.ndarray, labels: np.ndarray, folds: np.ndarray, classes: tuple[str, ...]
) -> str:
    return fingerprint(x, labels, folds, [corpus, embedding, *classes])
