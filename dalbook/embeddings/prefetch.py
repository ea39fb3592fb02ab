"""Decoding beside the network: threads read clips ahead, and clips of one length go through the network together."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

RUN = 16  # neighboring clips that one thread reads: parts of one file are read in order
ROOM = 128 << 20  # bytes of decoded sound that may lie ready
BATCH = 16  # clips that go through a network at once,
BATCH_SAMPLES = 6_000_000  # or fewer where they are long
SHELF = 256  # clips that wait for others of their length


class ReadAhead:
    """Read clips in threads, ahead of whoever iterates, in about their order.

    Iterating gives `(clip, sound)` for each clip; `sound` is the exception where `read` raised one. The threads pause
    when `room` bytes lie ready, and end with the iteration.

    Parameters
    ----------
    read
        Gives a clip's samples, a NumPy array. Called from several threads.
    clips
        What to read.
    threads
        How many.
    room
        Bytes.

    Attributes
    ----------
    waited
        Seconds that the iterating side has spent waiting.

    Examples
    --------
    >>> sorted((clip, len(sound)) for clip, sound in ReadAhead(np.ones, [1, 2, 3]))
    [(1, 1), (2, 2), (3, 3)]
    """

    def __init__(
        self, read: Callable[[int], np.ndarray], clips: Sequence[int], threads: int = 2, room: int = ROOM
    ) -> None:
        self.waited = 0.0
        self._read, self._clips, self._threads, self._room = read, clips, threads, room
        self._runs = iter([clips[at : at + RUN] for at in range(0, len(clips), RUN)])
        self._ready: deque[tuple[int, np.ndarray | Exception]] = deque()
        self._bytes = 0
        self._over = False
        self._change = threading.Condition()

    def __iter__(self) -> Iterator[tuple[int, np.ndarray | Exception]]:
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(self._threads)]
        for worker in workers:
            worker.start()
        try:
            for _ in range(len(self._clips)):
                start = time.perf_counter()
                with self._change:
                    # a wait without a limit could not be interrupted on Windows
                    while not self._change.wait_for(lambda: self._ready, timeout=1):
                        pass
                    clip, sound = self._ready.popleft()
                    self._bytes -= getattr(sound, "nbytes", 0)
                    self._change.notify_all()
                self.waited += time.perf_counter() - start
                yield clip, sound
        finally:
            with self._change:
                self._over = True
                self._change.notify_all()
            for worker in workers:
                worker.join()

    def _work(self) -> None:
        while True:
            with self._change:
                run = next(self._runs, None)
            if run is None:
                return
            for clip in run:
                with self._change:
                    self._change.wait_for(lambda: self._bytes < self._room or self._over)
                    if self._over:
                        return
                try:
                    sound = self._read(clip)
                except Exception as error:  # whatever is wrong with one clip, the others go on
                    sound = error
                with self._change:
                    self._ready.append((clip, sound))
                    self._bytes += getattr(sound, "nbytes", 0)
                    self._change.notify_all()


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
    waiting: dict[int, list[tuple[int, np.ndarray]]] = {}
    count = total = 0
    for clip, x in sounds:
        same = waiting.setdefault(len(x), [])
        same.append((clip, x))
        count, total = count + 1, total + len(x)
        if len(same) >= _most(len(x), size, samples):
            yield waiting.pop(len(x))
            count, total = count - len(same), total - len(same) * len(x)
        elif count >= shelf or total >= 4 * samples:
            yield from _cut(waiting, size, samples)
            count = total = 0
    yield from _cut(waiting, size, samples)


def _most(length: int, size: int, samples: int) -> int:
    return max(1, min(size, samples // max(1, length)))


def _cut(
    waiting: dict[int, list[tuple[int, np.ndarray]]], size: int, samples: int
) -> Iterator[list[tuple[int, np.ndarray]]]:
    """Empty the shelf, shortest clips first."""
    batch: list[tuple[int, np.ndarray]] = []
    for length in sorted(waiting):
        for pair in waiting[length]:
            if len(batch) >= _most(length, size, samples):
                yield batch
                batch = []
            batch.append(pair)
    waiting.clear()
    if batch:
        yield batch
