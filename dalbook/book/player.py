"""Sounds to listen to on a page: a labeled audio element each, in a live notebook and in the built book alike."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from html import escape

import numpy as np

from dalbook.book.beside import content_name, put_beside
from dalbook.corpora.audio import MP3_RATES, resample


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
    """Show one small player a sound, each under its name.

    Parameters
    ----------
    sounds
        Name -> (float32 samples (n,) within -1 to 1, rate in Hz), as `Corpus.audio` gives them.

    Raises
    ------
    ValueError
        If a sound has no sample, or one that is not finite.

    Examples
    --------
    >>> play({"a tone": (np.sin(np.arange(800) / 3).astype(np.float32), 8000)})
    <IPython.core.display.HTML object>
    """
    from IPython.display import HTML, display

    display(HTML(players(sounds)))


def sound_url(samples: np.ndarray, rate: int, name: str) -> str:
    """An address of a sound, as MP3: some 30 KB for four seconds.

    In a build of the book the sound becomes a file beside the pages, named after its content (`dalbook.book.beside`);
    in a live notebook the sound is in the address.

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
    url = put_beside(f"{content_name(mp3)}.mp3", mp3)
    return url or "data:audio/mpeg;base64," + base64.b64encode(mp3).decode()


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
