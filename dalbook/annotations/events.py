"""A table of events: which class, in which file, from when to when. Labels and predictions alike."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from dalbook.corpora.audio import Files
from dalbook.corpora.corpus import Corpus
from dalbook.corpora.segments import Segments
from dalbook.corpora.sound_file import open_sound

COLUMNS = ("file", "start", "end", "class", "score")
MADE = re.compile(r"(?P<file>.*)#t=(?P<start>[0-9.]+),(?P<end>[0-9.]+)", re.DOTALL)  # the id of a segment
TOUCH = 0.0015  # seconds: times are exact to the millisecond


def check_events(events: pd.DataFrame) -> pd.DataFrame:
    """The table with times rounded to the millisecond, in the order of files and times.

    Raises
    ------
    ValueError
        A column is missing; an event ends before it begins.
    """
    missing = [name for name in COLUMNS[:4] if name not in events.columns]
    if missing:
        raise ValueError(
            f"a table of events needs the columns {', '.join(COLUMNS[:4])}; {', '.join(missing)} is missing"
        )
    events = events.assign(start=events["start"].astype(float).round(3), end=events["end"].astype(float).round(3))
    wrong = ~(events["end"] >= events["start"]) | (events["start"] < 0)
    if wrong.any():
        row = events[wrong].iloc[0]
        raise ValueError(f"an event of {row['file']} cannot be: from {row['start']} to {row['end']} s")
    return events.sort_values(["file", "start", "end"], kind="stable", ignore_index=True)


def merge_events(events: pd.DataFrame) -> pd.DataFrame:
    """Make one event of overlapping and touching ones of one class, file and, if there are several, annotator.

    Parameters
    ----------
    events
        Columns file, start, end, class, and possibly score, vote_entropy, annotator.

    Returns
    -------
    DataFrame
        With these columns: the score is the largest, the vote entropy the mean.

    Examples
    --------
    >>> segments = [("a.wav", 0, 4, "wren", 0.7), ("a.wav", 4, 8, "wren", 0.9), ("a.wav", 12, 16, "wren", 0.6)]
    >>> merge_events(pd.DataFrame(segments, columns=COLUMNS)).values.tolist()
    [['a.wav', 0.0, 8.0, 'wren', 0.9], ['a.wav', 12.0, 16.0, 'wren', 0.6]]
    """
    events = check_events(events)
    kept = [name for name in (*COLUMNS, "vote_entropy", "annotator") if name in events.columns]
    keys = [name for name in ("file", "class", "annotator") if name in kept]
    events = events[kept].sort_values([*keys, "start", "end"], kind="stable", ignore_index=True)
    if not len(events):
        return events
    same = (events[keys] == events[keys].shift()).all(axis=1)
    # the latest end so far of the same file and class: an event may lie within an earlier one
    latest = events.groupby(keys, sort=False)["end"].cummax().shift()
    run = (~(same & (events["start"] <= latest + TOUCH))).cumsum()
    how = dict.fromkeys(keys, "first") | {"start": "min", "end": "max", "score": "max", "vote_entropy": "mean"}
    merged = events.groupby(run).agg({name: how[name] for name in kept})
    if "vote_entropy" in kept:
        merged["vote_entropy"] = merged["vote_entropy"].round(4)
    return check_events(merged)


def span_of(corpus: Corpus, clip: int) -> tuple[str, float, float]:
    """File, start and end in seconds of a clip; of a clip that is no segment, its id and all of it."""
    if isinstance(corpus.sound, Segments) and (made := MADE.fullmatch(corpus.ids[clip])):
        return made["file"], float(made["start"]), float(made["end"])
    return corpus.ids[clip], 0.0, seconds_of(corpus, clip)


def seconds_of(corpus: Corpus, clip: int) -> float:
    """How long the recording is that a clip belongs to, to the millisecond."""
    path = path_of(corpus, clip)
    if path is None:
        samples, rate = corpus.audio(clip)
        return round(len(samples) / rate, 3)
    with open_sound(path) as file:
        return round(file.frames / file.samplerate, 3)


def path_of(corpus: Corpus, clip: int) -> str | None:
    """The file that a clip is, or is a part of; None if it is made."""
    if isinstance(corpus.sound, Files):
        return corpus.sound.paths[clip]
    return corpus.sound.parts[clip].path if isinstance(corpus.sound, Segments) else None


def score_of(row: pd.Series) -> float | None:
    """The score of an event, None where it has none."""
    score = row.get("score")
    return None if score is None or (isinstance(score, float) and np.isnan(score)) else float(score)
