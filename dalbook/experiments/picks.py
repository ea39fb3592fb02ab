"""What did the learners of an experiment ask for? New recordings or more of the same, all classes or a few.

Read from the clips that each finished run picked (`dalbook run`); ``tools/picks.py`` writes the table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dalbook.corpora.corpus import Corpus
from dalbook.experiments.batch import Listing
from dalbook.experiments.runner import read_result


def picks(listing: Listing, corpus: Corpus) -> pd.DataFrame:
    """What each run of a list asked for.

    Parameters
    ----------
    listing
        Finished runs on this corpus.
    corpus
        Its `recordings` are counted.

    Returns
    -------
    DataFrame
        corpus, learner, fold, trial, and of the clips asked for (the initial ones are not): asked, how many;
        recordings, from how many different ones; known, how many came from a recording of which a clip was labeled
        before; largest, how many are of the class asked for most; classes, of how many classes they are.

    Raises
    ------
    ValueError
        The list is of another corpus, or a result file is damaged.
    FileNotFoundError
        A run is missing.
    """
    if listing.corpus != corpus.name:
        raise ValueError(f"these runs are on {listing.corpus}, not on {corpus.name}")
    rows = []
    for run in listing.runs:
        result = read_result(listing.folder, run)
        if result["clips"] != len(corpus):
            raise ValueError(f"these runs are on {result['clips']} clips, the corpus has {len(corpus)}")
        asked = result["picked"]
        heard = described(result["initial"], asked, corpus.recordings)
        rows.append([corpus.name, run.learner, run.fold, run.trial, *heard])
        counts = np.bincount(corpus.labels[asked])
        rows[-1] += [int(counts.max()), int(np.count_nonzero(counts))]
    columns = ["corpus", "learner", "fold", "trial", "asked", "recordings", "known", "largest", "classes"]
    return pd.DataFrame(rows, columns=columns)


def described(initial: Sequence[int], asked: Sequence[int], recording: np.ndarray) -> tuple[int, int, int]:
    """How many clips were asked for, from how many recordings, and how many of a recording known by then.

    >>> described([0], [1, 2, 3], np.array(["a", "a", "b", "b"]))
    (3, 2, 2)
    """
    seen = set(recording[list(initial)].tolist())
    known = 0
    for clip in asked:
        known += str(recording[clip]) in seen
        seen.add(str(recording[clip]))
    return len(asked), len(set(recording[list(asked)].tolist())), known
