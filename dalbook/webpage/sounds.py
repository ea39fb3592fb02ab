"""The sounds of a page without a kernel: as the labeler plays and draws them, as text, made once."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from dalbook.corpora.audio import SOURCES as DECODING
from dalbook.corpora.corpus import Corpus
from dalbook.corpora.preview import media
from dalbook.files.atomic import atomic_write
from dalbook.files.cache import cache_folder, code_version
from dalbook.files.hashing import fingerprint

# the modules that the sounds depend on; see tests/embeddings/test_cache_keys.py
SOURCES = ("dalbook.webpage.sounds", "dalbook.corpora.preview", "dalbook.corpora.mel", *DECODING)


def page_sounds(corpus: Corpus, clips: Sequence[int]) -> list[dict]:
    """What `media` makes of each clip, its three buffers in base64: ``data`` (an MP3), ``envelope``, ``mel_data``.

    Half a minute for 150 clips of toy-city, which are synthesized; so they are kept in the cache (`cache_folder`),
    under a name that changes with the clips and with the code that makes them.

    Raises
    ------
    ValueError
        A clip cannot be played.
    """
    clips = [int(clip) for clip in clips]
    key = fingerprint(corpus.fingerprint, clips, code_version(*SOURCES))
    path = cache_folder() / f"{corpus.name}-sounds-{key}.json"
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(path.read_bytes())
        if len(kept) == len(clips):
            return kept
    with ThreadPoolExecutor(2) as pool:
        sounds = list(pool.map(lambda clip: _sound(corpus, clip), clips))
    with contextlib.suppress(OSError):  # it is made again next time
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, lambda file: file.write(json.dumps(sounds).encode()))
    return sounds


def _sound(corpus: Corpus, clip: int) -> dict:
    meta, (mp3, outline, mel) = media(*corpus.audio(clip), mp3=True)
    parts = {"data": mp3, "envelope": outline, "mel_data": mel}
    return {**meta, **{name: base64.b64encode(part).decode() for name, part in parts.items()}}
