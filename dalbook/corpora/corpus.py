"""A corpus: clips with ids, labels, folds, recordings and sound, wherever they come from."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalbook.corpora.classes import class_names
from dalbook.files.hashing import fingerprint


@dataclass(frozen=True, eq=False)
class Corpus:
    """Clips, each known by its position 0 to n-1, everywhere and always.

    Attributes
    ----------
    name
        Which corpus it is, such as "toy-city" or "urbansound8k"; "folder" for anybody's recordings.
    classes
        The names of the C classes; a label is a position in it.
    ids : tuple of str, n of them
        Unique names of the clips, stable from one computer to another.
    labels : int64 array, shape (n,), read-only
        The true classes; -1 where unknown.
    folds : int64 array, shape (n,), read-only
        The cross-validation fold of each clip, from 1; all 0 in a corpus without folds.
    sound
        Gives clip i's samples, (float32 array, rate).
    fingerprint
        Changes whenever the corpus's content does; part of every cache key.
    description
        What is there and what is not, in one or more lines for a person.
    absent
        Of an UrbanSound8K in part, which whole folds are not there; otherwise empty.
    recordings : str array, shape (n,), read-only
        The recording that each clip was cut from: clips with the same name here are parts of one recording, and sound
        alike. By default every clip is a recording of its own, named by its id.

    Raises
    ------
    ValueError
        If the parts do not fit together.

    Examples
    --------
    >>> parts = ("wren", "robin"), ("a.wav#1", "a.wav#2", "b.wav"), [0, 0, 1], [1, 1, 2], None, "", ""
    >>> corpus = Corpus("mine", *parts, recordings=["a.wav", "a.wav", "b.wav"])
    >>> len(corpus), np.flatnonzero(corpus.recordings == corpus.recordings[0])
    (3, array([0, 1]))
    """

    name: str
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    folds: NDArray[np.int64]
    sound: Callable[[int], tuple[np.ndarray, int]] = field(repr=False)
    fingerprint: str
    description: str = field(repr=False)
    absent: str = field(default="", repr=False)
    recordings: NDArray[np.str_] = field(default=None, repr=False)

    def __post_init__(self) -> None:
        # a frozen dataclass can be tidied up on the way in only like this
        object.__setattr__(self, "classes", class_names(self.classes))
        object.__setattr__(self, "ids", tuple(self.ids))
        recordings = self.ids if self.recordings is None else self.recordings
        for name, values, dtype in (
            ("labels", self.labels, np.int64),
            ("folds", self.folds, np.int64),
            ("recordings", recordings, np.str_),
        ):
            array = np.array(values, dtype=dtype)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if not self.ids:
            raise ValueError(f"corpus {self.name}: there is no clip in it")
        if not self.labels.shape == self.folds.shape == (len(self.ids),):
            raise ValueError(
                f"corpus {self.name}: {len(self.ids)} ids, but labels {self.labels.shape} and folds {self.folds.shape}"
            )
        if self.recordings.shape != self.labels.shape:
            raise ValueError(f"corpus {self.name}: {len(self.ids)} ids, but recordings {self.recordings.shape}")
        if len(set(self.ids)) < len(self.ids):
            twice = next(a for a, b in zip(sorted(self.ids), sorted(self.ids)[1:], strict=False) if a == b)
            raise ValueError(f"corpus {self.name}: two clips have the id {twice!r}")
        if self.labels.min() < -1 or self.labels.max() >= len(self.classes):
            raise ValueError(f"corpus {self.name}: labels must be 0 to {len(self.classes) - 1}, or -1 for unknown")

    def __len__(self) -> int:
        return len(self.ids)

    def audio(self, i: int) -> tuple[NDArray[np.float32], int]:
        """The sound of clip `i`: float32 mono samples (samples,) and their rate in Hz.

        Raises
        ------
        IndexError
            If there is no clip `i`; positions are not counted from the end.
        ValueError, FileNotFoundError
            If its file cannot be decoded or is gone; the message names it.
        """
        i = operator.index(i)
        if not 0 <= i < len(self):
            raise IndexError(f"corpus {self.name} has clips 0 to {len(self) - 1}, there is no clip {i}")
        return self.sound(i)

    def take(self, clips: ArrayLike) -> Corpus:
        """The corpus of some of the clips, in that order; clip k there is clip ``clips[k]`` here.

        Parameters
        ----------
        clips
            Positions, int (k,), none twice.

        Returns
        -------
        Corpus
            With their ids, labels, folds, recordings and sounds, and a fingerprint of its own.

        Examples
        --------
        >>> corpus = Corpus("demo", ("a", "b"), ("x", "y", "z"), [0, 1, 0], [1, 1, 2], None, "", "")
        >>> corpus.take([2, 0]).ids
        ('z', 'x')
        """
        clips = np.asarray(clips, dtype=np.int64)
        return replace(
            self,
            ids=tuple(self.ids[clip] for clip in clips),
            labels=self.labels[clips],
            folds=self.folds[clips],
            recordings=self.recordings[clips],
            sound=_Taken(self, tuple(clips.tolist())),
            fingerprint=fingerprint(self.fingerprint, clips.tolist()),
        )

    def split(self, fold: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of the training clips (all other folds) and of the test clips (this fold), both ascending.

        Raises
        ------
        ValueError
            If that fold is not there, or there is no other to train on.

        Examples
        --------
        >>> corpus = Corpus("demo", ("a", "b"), ("x", "y", "z"), [0, 1, 0], [1, 1, 2], None, "", "")
        >>> corpus.split(2)
        (array([0, 1]), array([2]))
        """
        there = np.unique(self.folds)
        if there.tolist() == [0]:
            raise ValueError(f"corpus {self.name} has no folds, so it cannot be split into training and test clips")
        if fold not in there:
            raise ValueError(f"corpus {self.name} has no fold {fold}; it has {', '.join(map(str, there))}")
        if len(there) == 1:
            raise ValueError(f"corpus {self.name} has only fold {fold}: testing on it leaves nothing to train on")
        return np.flatnonzero(self.folds != fold), np.flatnonzero(self.folds == fold)


@dataclass(frozen=True)
class _Taken:
    """The sound of clip k of a part of a corpus."""

    whole: Corpus
    clips: tuple[int, ...]

    def __call__(self, k: int) -> tuple[np.ndarray, int]:
        return self.whole.audio(self.clips[k])
