"""From annotations to labels of segments: which class has a segment that events lie in, before, or across."""

from __future__ import annotations

import dataclasses
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from dalbook.annotations.events import check_events, span_of
from dalbook.corpora.corpus import Corpus

HALF = 0.5


def onto_segments(corpus: Corpus, events: pd.DataFrame) -> Corpus:
    """The corpus with the labels that annotations give its clips.

    The rule: a clip gets a class if an event of it covers at least half of the clip, or lies in the clip with at least
    half of its own length. Of several classes it gets the one that covers most of it, of equals the one that begins
    first. Other clips have no label: nobody said that nothing is there.

    Parameters
    ----------
    corpus
        Recordings cut into segments, or whole.
    events
        Columns file, start, end, class. A file is found by its id in the corpus, or by its path without the ending if
        only one recording has it.

    Returns
    -------
    Corpus
        With the same clips; classes are those of the corpus, and then others in their order of appearance.

    Raises
    ------
    ValueError
        No event, or an event of a recording that is not there; names it.

    Examples
    --------
    >>> corpus = Corpus("demo", ("wren",), ("a.wav",), [-1], [0], lambda i: (np.zeros(4000), 1000), "", "")
    >>> heard = [["a", 0.5, 1.5, "owl"], ["a", 3.8, 5.0, "wren"]]
    >>> events = pd.DataFrame(heard, columns=["file", "start", "end", "class"])
    >>> labeled = onto_segments(corpus, events)
    >>> labeled.classes, labeled.labels.tolist()
    (('wren', 'owl'), [1])
    """
    events = check_events(events)
    if not len(events):
        raise ValueError("there is no event")
    spans = [span_of(corpus, clip) for clip in range(len(corpus))]
    place = _places({name for name, _, _ in spans})
    if strange := [name for name in events["file"].unique() if name not in place]:
        raise ValueError(
            f"{len(strange)} recordings of the annotations are not in the corpus, such as {strange[0]!r}; its own are "
            f"called like {spans[0][0]!r}"
        )
    classes = [*corpus.classes, *(name for name in events["class"].unique() if name not in corpus.classes)]
    of_file: dict[str, list[int]] = {}
    for clip, (name, _, _) in enumerate(spans):
        of_file.setdefault(name, []).append(clip)
    labels = np.full(len(corpus), -1)
    for name, own in events.groupby("file", sort=False):
        for clip in of_file[place[name]]:
            _, start, end = spans[clip]
            covered = (np.minimum(own["end"], end) - np.maximum(own["start"], start)).clip(lower=0).to_numpy()
            length = np.minimum((own["end"] - own["start"]).to_numpy(), end - start)
            # a click may have no length of its own
            counts = (covered >= HALF * length) & (own["end"] > start).to_numpy() & (own["start"] < end).to_numpy()
            if counts.any():
                amount = pd.Series(covered[counts]).groupby(own["class"].to_numpy()[counts], sort=False).sum()
                labels[clip] = classes.index(amount.idxmax())
    return dataclasses.replace(corpus, classes=tuple(classes), labels=labels)


def _places(names: set[str]) -> dict[str, str]:
    """What a recording may be called in annotations -> its name: the name itself, and its path without the ending."""
    stems: dict[str, list[str]] = {}
    for name in sorted(names):
        stems.setdefault(str(PurePosixPath(name).with_suffix("")), []).append(name)
    return {stem: same[0] for stem, same in stems.items() if len(same) == 1} | {name: name for name in names}
