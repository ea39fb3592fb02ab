"""Decoding beside the network: threads read clips ahead, and clips of one length go through the network together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np

RUN = 16  # neighboring clips that one thread reads: parts of one file are read in order
ROOM = 128 << 20  # bytes of decoded sound that may lie ready
BATCH = 16  # clips that go through a network at once,
BATCH_SAMPLES = 6_000_000  # or fewer where they are long
SHELF = 256  # clips that wait for others of their length


def prefetch(
    read: Callable[[int], np.ndarray], clips: Sequence[int], threads: int = 2, room: int = ROOM
) -> Iterator[tuple[int, np.ndarray | Exception]]:
    """Read clips in threads, ahead of whoever iterates, in their order.

    Parameters
    ----------
    read
        Gives a clip's samples, a NumPy array. Called from several threads.
    clips
        What to read.
    threads
        How many.
    room
        Bytes that may lie ready, but for one clip of each thread.

    Yields
    ------
    clip, sound
        `sound` is the exception where `read` raised one.

    Examples
    --------
    >>> [(clip, len(sound)) for clip, sound in prefetch(np.ones, [1, 2, 3])]
    [(1, 1), (2, 2), (3, 3)]
    """
    share = room // (threads + 2)  # one run of clips is being taken, one is ready, and each thread reads one

    def load(run: Sequence[int]) -> list[np.ndarray | Exception]:
        """The first clips of a run, as many as its share holds."""
        sounds: list[np.ndarray | Exception] = []
        while len(sounds) < len(run) and sum(getattr(sound, "nbytes", 0) for sound in sounds) < share:
            try:
                sounds.append(read(run[len(sounds)]))
            except Exception as error:  # whatever is wrong with one clip, the others go on
                sounds.append(error)
        return sounds

    runs = deque(clips[at : at + RUN] for at in range(0, len(clips), RUN))
    ahead: deque = deque()
    pool = ThreadPoolExecutor(threads)

    def fill() -> None:
        while runs and len(ahead) <= threads:
            ahead.append((runs[0], pool.submit(load, runs.popleft())))

    try:
        fill()
        while ahead:
            run, loading = ahead.popleft()
            while not wait([loading], timeout=1).done:  # without a limit, it could not be interrupted on Windows
                pass
            sounds = loading.result()
            if rest := run[len(sounds) :]:
                ahead.appendleft((rest, pool.submit(load, rest)))
            fill()
            yield from zip(run, sounds, strict=False)
    finally:
        pool.shutdown(cancel_futures=True)


def batches(
    sounds: Iterable[tuple[int, np.ndarray]], size: int = BATCH, samples: int = BATCH_SAMPLES, shelf: int = SHELF
) -> Iterator[list[tuple[int, np.ndarray]]]:
    """Group clips by length, so that a network computes on as little padding as can be.

    Clips wait until there are enough of their length. If too many wait, all go, neighbors in length together.

    Parameters
    ----------
    sounds
        Pairs (clip, samples).
    size
        Most clips of a batch.
    samples
        Most samples of a batch, all clips together; a longer clip goes alone.
    shelf
        Most clips that wait; four batches' worth of samples is the limit too.

    Examples
    --------
    >>> sounds = [(0, np.ones(5)), (1, np.ones(9)), (2, np.ones(5)), (3, np.ones(8))]
    >>> [[clip for clip, _ in batch] for batch in batches(sounds, size=2)]
    [[0, 2], [3, 1]]
    """

    def most(length: int) -> int:
        return max(1, min(size, samples // max(1, length)))

    def cut() -> Iterator[list[tuple[int, np.ndarray]]]:
        """Empty the shelf, shortest clips first."""
        batch: list[tuple[int, np.ndarray]] = []
        for length in sorted(waiting):
            for pair in waiting[length]:
                if len(batch) >= most(length):
                    yield batch
                    batch = []
                batch.append(pair)
        waiting.clear()
        if batch:
            yield batch

    waiting: dict[int, list[tuple[int, np.ndarray]]] = {}
    count = total = 0
    for clip, x in sounds:
        same = waiting.setdefault(len(x), [])
        same.append((clip, x))
        count, total = count + 1, total + len(x)
        if len(same) >= most(len(x)):
            yield waiting.pop(len(x))
            count, total = count - len(same), total - len(same) * len(x)
        elif count >= shelf or total >= 4 * samples:
            yield from cut()
            count = total = 0
    yield from cut()
