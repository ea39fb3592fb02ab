"""The long run over all clips of a corpus: several at a time, kept as it goes, and no clip stops the others."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.audio import resample
from dalbook.corpora.corpus import Corpus
from dalbook.embeddings.checkpoint import append_rows, read_rows
from dalbook.embeddings.npz import LARGEST
from dalbook.embeddings.own import OwnEmbedder
from dalbook.embeddings.prefetch import batches, prefetch
from dalbook.embeddings.registry import AnyEmbedder, Network, known, load_network, name_of
from dalbook.files.parent import end_with

CHUNK = 16  # clips that a process gets at a time

# positions, their rows (b, d), and by position why a row is missing
Part = tuple[Sequence[int], np.ndarray, dict[int, str]]


@dataclass(frozen=True)
class Run:
    """What a run over a corpus gave.

    Attributes
    ----------
    x
        float32 (n, d), zeros for broken clips.
    broken
        By id, why a clip has no embedding.
    resumed
        Clips that were there from an earlier run.
    seconds
        The time it took, without the loading of a network.
    waited
        The share of it that the network did not compute, but waited for sound; None where there is no network.
    """

    x: NDArray[np.float32]
    broken: dict[str, str]
    resumed: int = 0
    seconds: float = 0.0
    waited: float | None = None


def run(
    corpus: Corpus,
    what: str | AnyEmbedder,
    model: Path | None = None,
    device: str = "auto",
    jobs: int = 2,
    progress: bool = True,
    checkpoint: Path | None = None,
    earlier: Run | None = None,
) -> Run:
    """Embed the clips that are not in `checkpoint` or `earlier` yet, and add them to `checkpoint` as they come.

    Parameters
    ----------
    corpus
        n clips.
    what
        The embedder, or its name.
    model, device
        A network's weights, and where it computes.
    jobs
        Processes that compute; with a network, threads that decode beside it.
    progress
        Show a progress bar.
    checkpoint
        The file of what is there already, and where to keep more; see `append_rows`.
    earlier
        An earlier run over the same corpus, of which only the broken clips are tried again.

    Raises
    ------
    ValueError
        If not a single clip could be embedded, or the network cannot be loaded.

    Warns
    -----
    UserWarning
        If rows can no longer be kept, for example because the disk is full; the run goes on without.
    """
    from tqdm.auto import tqdm

    n, embedder = len(corpus), known(what)
    x = np.zeros((n, embedder.dimensions), dtype=np.float32)
    missing = np.ones(n, dtype=bool)
    if earlier is not None:
        missing[:] = [clip in earlier.broken for clip in corpus.ids]
        x[~missing] = earlier.x[~missing]
    if checkpoint is not None:
        there, rows = read_rows(checkpoint, *x.shape)
        x[there], missing[there] = rows, False
    todo = np.flatnonzero(missing).tolist()
    resumed = n - len(todo)
    network = _Timed(load_network(what, model, device)) if embedder.network and todo else None
    start, broken = time.perf_counter(), {}
    if network is None:
        parts = _in_processes(corpus, todo, embedder, jobs)
    else:
        parts = _in_batches(corpus, todo, network, embedder, jobs)
    with tqdm(total=n, initial=resumed, desc=name_of(what), unit="clip", disable=not progress) as bar:
        for clips, vectors, problems in parts:
            good = np.array([clip not in problems for clip in clips], dtype=bool)
            whole = np.array(clips, dtype=np.int64)[good]
            x[whole] = vectors[good]
            broken.update(problems)
            if checkpoint is not None and len(whole):
                checkpoint = _keep(checkpoint, whole, x[whole])
            bar.update(len(clips))
    seconds = time.perf_counter() - start
    waited = None if network is None else max(0.0, 1 - network.seconds / seconds)
    named = {corpus.ids[clip]: broken[clip] for clip in sorted(broken)}
    if len(named) == n:
        name, reason = next(iter(named.items()))
        raise ValueError(f"not one of the {n} clips could be embedded; the first, {name}: {reason}")
    return Run(x, named, resumed, seconds, waited)


def _keep(checkpoint: Path, clips: np.ndarray, rows: np.ndarray) -> Path | None:
    try:
        append_rows(checkpoint, clips, rows)
    except OSError as error:
        warnings.warn(
            f"{checkpoint} cannot be written to ({error}): from here on, nothing is kept if this is interrupted",
            stacklevel=3,
        )
        return None
    return checkpoint


def _in_processes(corpus: Corpus, todo: list[int], embedder: AnyEmbedder, jobs: int) -> Iterator[Part]:
    from joblib import Parallel, delayed

    jobs = 1 if isinstance(embedder, OwnEmbedder) else jobs  # it may be of a kind that no other process can be sent
    chunks = [todo[at : at + CHUNK] for at in range(0, len(todo), CHUNK)]
    # starting processes takes longer than a chunk
    pool = Parallel(n_jobs=jobs if len(chunks) > 1 else 1, return_as="generator")
    results = pool(delayed(_in_worker)(corpus, chunk, embedder, os.getpid()) for chunk in chunks)
    for chunk, (x, broken) in zip(chunks, results, strict=True):
        yield chunk, x, broken


def _in_worker(
    corpus: Corpus, chunk: Sequence[int], embedder: AnyEmbedder, parent: int
) -> tuple[np.ndarray, dict[int, str]]:
    end_with(parent)
    return embed_chunk(corpus, chunk, embedder)


def embed_chunk(corpus: Corpus, chunk: Sequence[int], embedder: AnyEmbedder) -> tuple[np.ndarray, dict[int, str]]:
    """The rows (b, d) of some clips, one after the other, and by position what is wrong with the broken ones."""
    function = embedder.load()
    x = np.zeros((len(chunk), embedder.dimensions), dtype=np.float32)
    broken = {}
    for row, i in enumerate(chunk):
        try:
            x[row] = finite(function(*corpus.audio(i)))
        except Exception as error:  # whatever is wrong with one clip, the others are not lost
            broken[i] = reason(error)
    return x, broken


class _Timed:
    """A network, and the seconds that it has computed."""

    def __init__(self, network: Network) -> None:
        self.seconds, self._network = 0.0, network

    def __call__(self, sounds: list[np.ndarray]) -> np.ndarray:
        start = time.perf_counter()
        try:
            return finite(self._network(sounds))
        finally:
            self.seconds += time.perf_counter() - start


def _in_batches(corpus: Corpus, todo: list[int], network: Network, embedder: AnyEmbedder, jobs: int) -> Iterator[Part]:
    rate = embedder.rate
    undecoded: dict[int, str] = {}

    def decoded() -> Iterator[tuple[int, np.ndarray]]:
        for clip, sound in prefetch(lambda i: resample(*corpus.audio(i), rate), todo, threads=jobs):
            if isinstance(sound, Exception):
                undecoded[clip] = reason(sound)
            else:
                yield clip, sound

    for batch in batches(decoded()):
        clips, sounds = [clip for clip, _ in batch], [x for _, x in batch]
        try:
            yield clips, network(sounds), {}
        except Exception:  # one of them is to blame
            x, problems = one_by_one(network, sounds, embedder.dimensions)
            yield clips, x, {clips[row]: problem for row, problem in problems.items()}
    yield list(undecoded), np.zeros((len(undecoded), embedder.dimensions), dtype=np.float32), undecoded


def one_by_one(
    function: Callable[[list[np.ndarray]], np.ndarray], sounds: Sequence[np.ndarray], d: int
) -> tuple[np.ndarray, dict[int, str]]:
    """The rows (b, d) of sounds that go through a network each by itself, and by row what is wrong with the others."""
    x = np.zeros((len(sounds), d), dtype=np.float32)
    broken = {}
    for row, sound in enumerate(sounds):
        try:
            x[row] = finite(function([sound])[0])
        except Exception as error:  # whatever is wrong with one clip, the others are not lost
            broken[row] = reason(error)
    return x, broken


def finite(x: np.ndarray) -> np.ndarray:
    """The embeddings, or an error."""
    if not (np.abs(x) <= LARGEST).all():
        raise ValueError(f"its embedding is not finite, or beyond {LARGEST:g}")
    return x


def reason(error: Exception) -> str:
    """What an error says, its kind where it says nothing."""
    return str(error) or type(error).__name__
