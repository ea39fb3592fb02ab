"""The sounds of the labeler's clips, prepared ahead in threads of their own."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from dalbook.corpora.corpus import Corpus

KEPT = 12  # clips whose sounds are kept ready

Sound = tuple[dict, list[bytes]]


class LabelSounds:
    """Prepares what the user interface needs of a clip: a message, and buffers (see `dalbook.corpora.preview`).

    Parameters
    ----------
    corpus
        Where the sounds come from.
    ready
        Called as ``ready(clip, message, buffers)`` for each clip wanted, from a thread, or at once if it is there.
        A clip that cannot be played has a message with `error` and no buffers.

    Examples
    --------
    >>> from dalbook import load_toy_city
    >>> done = threading.Event()
    >>> ready = lambda clip, message, buffers: print(clip, message["mime"]) or done.set()
    >>> sounds = LabelSounds(load_toy_city(), ready)
    >>> sounds.want(3)
    >>> done.wait(60)
    3 audio/flac
    True
    >>> sounds.close()
    """

    def __init__(self, corpus: Corpus, ready: Callable[[int, dict, list], None]) -> None:
        self._corpus, self._ready = corpus, ready
        self._kept: OrderedDict[int, Sound] = OrderedDict()
        self._waiting: set[int] = set()
        self._lock = threading.Condition()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="dalbook-sounds")

    def want(self, clip: int) -> None:
        """Have a clip's sound made ready; those wanted first come first."""
        with self._lock:
            sound = self._kept.get(clip)
            if sound is None and clip in self._waiting:
                return
            if sound is None:
                self._submit(clip)
                return
            self._kept.move_to_end(clip)
        self._ready(clip, *sound)

    def wait_for(self, clip: int, timeout: float) -> Sound | None:
        """A clip's sound, made ready if need be; None where that takes longer than `timeout` seconds."""
        with self._lock:
            if clip not in self._kept and clip not in self._waiting:
                self._submit(clip)
            self._lock.wait_for(lambda: clip not in self._waiting, timeout)
            return self._kept.get(clip)

    def close(self) -> None:
        """Drop what is waiting."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _submit(self, clip: int) -> None:
        self._waiting.add(clip)
        self._threads.submit(self._make, clip)

    def _make(self, clip: int) -> None:
        from dalbook.corpora.preview import media

        try:
            message, buffers = media(*self._corpus.audio(clip))
            sound = {"sound": clip, **message}, buffers
        except Exception as error:  # whatever is wrong with one clip, it can be skipped
            sound = {"sound": clip, "error": str(error) or type(error).__name__}, []
        with self._lock:
            self._waiting.discard(clip)
            if sound[1]:
                self._kept[clip] = sound
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._lock.notify_all()
        self._ready(clip, *sound)
