"""What `dalbook prepare` prints: first what it will do, and in the end what is there."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from dalbook.corpora.corpus import Corpus
from dalbook.embeddings.compute import Run
from dalbook.embeddings.published import UNPACKED, URBANSOUND8K, Remote
from dalbook.embeddings.registry import known, name_of
from dalbook.files.cache import cache_folder
from dalbook.files.disk import gigabytes

CLIPS = 8732  # of UrbanSound8K
say = partial(print, flush=True)  # in order with the progress bars, also into a file


def tell_plan(
    root: Path, there: bool, archive: Path, fetched: Sequence[Remote], embedding: str, limit: int | None
) -> None:
    """The license, what is fetched, and where everything goes."""
    say(f"UrbanSound8K. License: {URBANSOUND8K.license}. Please cite: {URBANSOUND8K.citation}; {URBANSOUND8K.page}")
    if there:
        say(f"The sounds are at {root}")
    elif archive.exists():
        say(f"{archive} will be unpacked beside itself: {gigabytes(UNPACKED)} more on disk")
    else:
        say(f"The sounds go to {root}: {gigabytes(UNPACKED + (URBANSOUND8K.size or 0))} on disk with the archive")
    tell_fetched(fetched)
    tell_embeddings(embedding, count(limit, None), limit or CLIPS)


def embedding_bytes(embedding: str, n: int) -> int:
    """Bytes on disk for n clips' embeddings, float32: the rows as they come, and the file they end in.

    >>> embedding_bytes("cnn14", 8732)
    143065088
    """
    return 2 * 4 * n * known(embedding).dimensions


def tell_embeddings(embedding: str, clips: str, n: int) -> None:
    """Where the embeddings go, and how much they take."""
    most = gigabytes(embedding_bytes(embedding, n))
    say(f"Embeddings ({name_of(embedding)}) of {clips} clips go to {cache_folder()}: up to {most} on disk")


def tell_fetched(fetched: Sequence[Remote]) -> None:
    """What is fetched, how large it is, where from, and under which license."""
    for remote in fetched:
        size = "size unknown" if remote.size is None else gigabytes(remote.size)
        say(f"To fetch: {remote.file}, {size}, from {remote.url or 'an address in ' + remote.variable}")
        if remote.file != URBANSOUND8K.file:
            say(f"  License: {remote.license}. Please cite: {remote.citation}; {remote.page}")
    if not fetched:
        say("Nothing is to be fetched")


def count(limit: int | None, n: int | None) -> str:
    """How many of n clips, in words."""
    return "all" if limit is None or (n is not None and limit >= n) else str(limit)


def tell_summary(corpus: Corpus, troubles: Sequence[str], result: Run) -> None:
    """Clips per fold and class, what is missing or broken, and how long it took."""
    say(f"\n{corpus.description}\n")
    if corpus.folds.any():
        say(_table(corpus) + "\n")
    _tell_troubles([*filter(None, [corpus.absent]), *troubles], result)
    _tell_time(corpus, result)


def _table(corpus: Corpus) -> str:
    """Clips per fold and class."""
    import pandas as pd

    folds = np.unique(corpus.folds)
    counts = np.zeros((len(corpus.classes), len(folds)), dtype=int)
    np.add.at(counts, (corpus.labels, np.searchsorted(folds, corpus.folds)), 1)
    table = pd.DataFrame(counts, index=list(corpus.classes), columns=folds.tolist())
    table["all"] = table.sum(axis=1)
    table.loc["all"] = table.sum()
    return table.rename_axis(columns="fold").to_string()


def _tell_troubles(troubles: Sequence[str], result: Run) -> None:
    for trouble in troubles:
        say(f"Missing: {trouble}")
    for name, reason in result.broken.items():
        say(f"Broken: {name}: {reason}")
    if result.broken:
        say(f"{len(result.broken)} clips are broken; their embeddings are zeros")
    if not troubles and not result.broken:
        say("Nothing is missing or broken")


def _tell_time(corpus: Corpus, result: Run) -> None:
    fresh = len(corpus) - result.resumed
    if not fresh:
        say("All embeddings were there already")
        return
    rate = f"{fresh} clips embedded in {result.seconds:.0f} s, {fresh / max(result.seconds, 1e-9):.0f} a second"
    earlier = f"; {result.resumed} were there from an earlier run" if result.resumed else ""
    waited = "" if result.waited is None else f"; the network waited for sound {100 * result.waited:.0f} % of the time"
    say(rate + earlier + waited)


def quoted(path: Path) -> str:
    """A path as it is typed on a command line."""
    return f'"{path}"' if sys.platform == "win32" else shlex.quote(str(path))
