"""Sounds to listen to on a page: a labeled audio element each, in a live notebook and in the built book alike."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import threading
from collections.abc import Mapping
from html import escape
from pathlib import Path

import numpy as np

from dalbook.corpora.audio import resample

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # Hz; others are resampled
BESIDE_THE_PAGE = "../_static/audio"  # where the book puts the files, seen from chapters/


def players(sounds: Mapping[str, tuple[np.ndarray, int]]) -> str:
    """HTML with one small player a sound, each under its name; the sounds are where `sound_url` puts them.

    Parameters
    ----------
    sounds
        Name -> (float32 samples (n,) within -1 to 1, rate in Hz).

    Raises
    ------
    ValueError
        If a sound has no sample, or one that is not finite.

    Examples
    --------
    >>> html = players({"a <quiet> tone": (np.zeros(8000, np.float32), 8000)})
    >>> "a &lt;quiet&gt; tone" in html, html.count("<audio")
    (True, 1)
    """
    return '<div class="dalbook-players">' + "".join(_player(name, *sound) for name, sound in sounds.items()) + "</div>"


def play(sounds: Mapping[str, tuple[np.ndarray, int]]) -> None:
    """Show `players` in a chapter."""
    from IPython.display import HTML, display

    display(HTML(players(sounds)))


def sound_url(samples: np.ndarray, rate: int, name: str) -> str:
    """An address of a sound, as MP3: some 30 KB for four seconds.

    In a build of the book the environment variable ``DALBOOK_STATIC`` names a folder: the sound becomes a file there,
    named after its content, which the book carries beside its pages. In a live notebook the sound is in the address.

    Parameters
    ----------
    samples
        float32 (n,), within -1 to 1; what goes beyond is clipped.
    rate
        In Hz.
    name
        What the sound is called, if it cannot be played.

    Raises
    ------
    ValueError
        If the sound is not mono, has no sample, or one that is not finite.

    Examples
    --------
    >>> sound_url(np.array([0, np.nan], np.float32), 8000, "clip 7")
    Traceback (most recent call last):
    ValueError: clip 7 cannot be played: it has samples that are not finite
    """
    mp3 = _mp3(np.asarray(samples), rate, name)
    folder = os.environ.get("DALBOOK_STATIC")
    if not folder:
        return "data:audio/mpeg;base64," + base64.b64encode(mp3).decode()
    file = Path(folder) / f"{hashlib.sha256(mp3).hexdigest()[:20]}.mp3"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        # Chapters may be run side by side, and may play the same sound.
        partial = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        partial.write_bytes(mp3)
        partial.replace(file)
    return f"{BESIDE_THE_PAGE}/{file.name}"


def _mp3(samples: np.ndarray, rate: int, name: str) -> bytes:
    import soundfile

    if not samples.size or not np.isfinite(samples).all():
        raise ValueError(f"{name} cannot be played: it has {'samples that are not finite' if samples.size else 'none'}")
    if samples.ndim != 1:
        raise ValueError(f"{name} cannot be played: it must be mono, (n,), but has shape {samples.shape}")
    native, rate = rate, next((r for r in MP3_RATES if r >= rate), MP3_RATES[-1])
    if rate != native:
        samples = resample(samples, native, rate)
    file = io.BytesIO()
    soundfile.write(file, np.clip(samples, -1, 1), rate, format="MP3")
    return file.getvalue()


def _player(name: str, samples: np.ndarray, rate: int) -> str:
    label = escape(name)
    return (
        f'<figure class="dalbook-player"><figcaption>{label}</figcaption>'
        f'<audio controls preload="none" aria-label="{label}" src="{sound_url(samples, rate, name)}"></audio></figure>'
    )
