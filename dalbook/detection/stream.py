"""Predicting on recordings of any length: block by block in threads, in order, with no more in memory than a few."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np

from dalbook.detection.files import Block, Recording, blocks_of, sounds_of
from dalbook.embeddings.encoder import Encoder

# what is told of embeddings (m, d): classes int (m,), scores (m,), vote entropies (m,)
Judge = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
Row = tuple[float, float, int, float, float]  # start, end, class, score, vote entropy


@dataclass(frozen=True)
class Done:
    """What a block gave.

    Attributes
    ----------
    file, stamp
        The recording, and its state.
    index, count
        Which block of how many.
    rows
        Its segments.
    broken
        (start, end, reason) of segments that could not be predicted on.
    """

    file: str
    stamp: str
    index: int
    count: int
    rows: list[Row] = field(default_factory=list)
    broken: list[tuple[float, float, str]] = field(default_factory=list)


def stream(
    recordings: Iterable[Recording],
    segment: float | None,
    encoder: Encoder,
    judge: Judge,
    jobs: int = 2,
    skip: Mapping[str, int] | None = None,
) -> Iterator[Done]:
    """Predict on recordings, in their order; a broken one is told of and does not stop the others.

    Parameters
    ----------
    recordings
        What to predict on.
    segment
        In seconds; None: each as a whole.
    encoder, judge
        From sound to embeddings, and from these to classes.
    jobs
        Threads.
    skip
        Name -> how many blocks of a recording are there already.
    """
    pool = ThreadPoolExecutor(jobs)
    ahead: deque = deque()
    todo = _todo(recordings, segment, skip or {})
    try:
        while True:
            while len(ahead) <= jobs and (task := next(todo, None)) is not None:
                ahead.append(pool.submit(_predict, task, encoder, judge) if isinstance(task, Block) else task)
            if not ahead:
                return
            done = ahead.popleft()
            if not isinstance(done, Done):
                while not wait([done], timeout=1).done:  # without a limit, it could not be interrupted on Windows
                    pass
                done = done.result()
            yield done
    finally:
        pool.shutdown(cancel_futures=True)


def _todo(recordings: Iterable[Recording], segment: float | None, skip: Mapping[str, int]) -> Iterator[Block | Done]:
    for recording in recordings:
        try:
            blocks = blocks_of(recording, segment)
        except (ValueError, OSError) as error:
            if not skip.get(recording.name):
                yield Done(recording.name, recording.stamp(), 0, 1, broken=[(0.0, 0.0, str(error))])
            continue
        yield from blocks[skip.get(recording.name, 0) :]


def _predict(block: Block, encoder: Encoder, judge: Judge) -> Done:
    stamp = block.recording.stamp()
    times, sounds, broken = [], [], []
    try:
        for start, end, sound in sounds_of(block):
            if isinstance(sound, Exception):
                broken.append((start, end, str(sound)))
            else:
                times.append((start, end))
                sounds.append(encoder.prepare(*sound))
    except (ValueError, OSError) as error:  # it was there a moment ago
        broken.append((0.0, 0.0, str(error)))
    x, problems = encoder(sounds)
    broken += [(*times[row], problem) for row, problem in problems.items()]
    good = [row for row in range(len(times)) if row not in problems]
    rows: list[Row] = []
    if good:
        told = zip(*(np.asarray(part).tolist() for part in judge(x[good])), strict=True)
        rows = [(*times[row], *values) for row, values in zip(good, told, strict=True)]
    return Done(block.recording.name, stamp, block.index, block.count, rows, sorted(broken))
