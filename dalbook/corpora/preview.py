"""What the labeler shows and plays of a clip: its sound as a file, its outline, its log-mel spectrogram."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalbook.corpora.audio import MP3_RATES, resample
from dalbook.corpora.mel import mel_filters

PAIRS = 600  # minimum and maximum of the samples, this many times over the clip
COLUMNS, ROWS = 300, 64  # of the spectrogram
RANGE = 70.0  # dB under the loudest cell; what is fainter is drawn as silence
WINDOW = 0.046  # seconds
AUDIBLE = 48000  # Hz; a higher rate holds nothing more to hear, and some browsers refuse it
LONG = 1_000_000  # bytes; a longer clip travels as MP3, several times smaller
BLOCK = 512  # windows transformed at once, so that an hour needs no more memory than a minute


def media(samples: ArrayLike, rate: int, mp3: bool = False) -> tuple[dict, list[bytes]]:
    """Prepare one clip for the labeler.

    The sound is FLAC of 16 bits, which every browser plays; MP3 where that would be over a megabyte.

    Parameters
    ----------
    samples : array, shape (n,)
        Mono, within -1 to 1; a clip that goes beyond is made quieter as a whole.
    rate
        In Hz.
    mp3
        Make the sound an MP3 in any case, for a page that many people fetch.

    Returns
    -------
    meta : dict
        ``mime``; ``duration`` in seconds; ``rate`` of `samples` in Hz; ``mel``: its ``rows`` and ``columns``, the
        centers of its lowest and highest band ``low`` and ``high`` in Hz, and its range ``db``.
    buffers : three bytes objects
        The sound file; float32 pairs of minimum and maximum, about 600; uint8 of shape (rows, columns), row 0 the
        lowest band, 255 the loudest cell and 0 what is ``db`` or more under it.

    Raises
    ------
    ValueError
        If the clip is not mono, is empty or has samples that are not finite, or if the rate is not positive.

    Examples
    --------
    >>> meta, (sound, outline, mel) = media(np.sin(np.arange(8000)), 8000)
    >>> meta["mime"], meta["duration"], meta["mel"]["rows"], sound[:4]
    ('audio/flac', 1.0, 64, b'fLaC')
    >>> np.frombuffer(outline, np.float32).reshape(-1, 2).shape
    (600, 2)
    """
    x = np.asarray(samples, dtype=np.float32)
    if x.ndim != 1:
        raise ValueError(f"a clip must be mono, shape (samples,), but has shape {x.shape}; mix its channels first")
    if not len(x):
        raise ValueError("the clip is empty: it has no sample")
    wrong = np.count_nonzero(~np.isfinite(x))
    if wrong:
        raise ValueError(f"the clip cannot be played: {wrong} of its {len(x)} samples are not finite numbers")
    if not rate > 0:
        raise ValueError(f"the sampling rate must be positive, not {rate}")
    x = x / max(1.0, float(np.abs(x).max()))
    mime, sound = _encode(x, int(rate), mp3)
    levels, low, high = spectrogram(x, int(rate))
    rows, columns = levels.shape
    mel = {"rows": rows, "columns": columns, "low": low, "high": high, "db": RANGE}
    meta = {"mime": mime, "duration": len(x) / rate, "rate": int(rate), "mel": mel}
    return meta, [sound, envelope(x).tobytes(), levels.tobytes()]


def envelope(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Minimum and maximum over time, shape (pairs, 2) with at most `PAIRS` pairs.

    >>> envelope(np.array([0.5, -0.5], np.float32)).tolist()
    [[0.5, 0.5], [-0.5, -0.5]]
    """
    starts = _starts(len(x), PAIRS)
    return np.stack([np.minimum.reduceat(x, starts), np.maximum.reduceat(x, starts)], axis=1).astype(np.float32)


def spectrogram(x: NDArray[np.float32], rate: int) -> tuple[NDArray[np.uint8], float, float]:
    """Levels (ROWS, columns) of all the clip, at most `COLUMNS` columns, and the lowest and highest band's Hz.

    Every sample counts, however long the clip: a column is the mean power of the windows that fall into it.
    """
    size = max(512, 1 << round(np.log2(WINDOW * rate)))
    hop = int(np.clip(len(x) // COLUMNS, size // 4, size // 2))
    padded = np.pad(x, (size // 2, size // 2))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    filters, low, high = _filters(rate, size)
    shape = np.hanning(size).astype(np.float32)
    power = np.concatenate(
        [
            np.abs(np.fft.rfft(windows[at : at + BLOCK] * shape)).astype(np.float32) ** 2 @ filters
            for at in range(0, len(windows), BLOCK)
        ]
    )
    starts = _starts(len(power), COLUMNS)
    power = np.add.reduceat(power, starts) / np.diff(np.append(starts, len(power)))[:, None]
    peak = float(power.max())
    db = 10 * np.log10(np.maximum(power.T / peak, 1e-12)) if peak > 0 else np.full(power.T.shape, -RANGE)
    return np.round(np.clip(1 + db / RANGE, 0, 1) * 255).astype(np.uint8), low, high


def _starts(n: int, parts: int) -> NDArray[np.int64]:
    """Where each of at most `parts` equal parts of n things starts."""
    parts = min(n, parts)
    return np.arange(parts, dtype=np.int64) * n // parts


@lru_cache(maxsize=8)
def _filters(rate: int, size: int) -> tuple[NDArray[np.float32], float, float]:
    low, high = min(40.0, rate / 200), rate / 2
    filters, centers = mel_filters(rate, size, ROWS, low, high)
    return filters.T, round(float(centers[0]), 1), round(float(centers[-1]), 1)


def _encode(x: NDArray[np.float32], rate: int, mp3: bool) -> tuple[str, bytes]:
    import soundfile

    if not mp3:
        playable = min(max(rate, MP3_RATES[0]), AUDIBLE)
        file = io.BytesIO()
        soundfile.write(file, _at(x, rate, playable), playable, format="FLAC", subtype="PCM_16")
        if len(file.getvalue()) <= LONG:
            return "audio/flac", file.getvalue()
    playable = next((r for r in MP3_RATES if r >= rate), AUDIBLE)
    file = io.BytesIO()
    soundfile.write(file, _at(x, rate, playable), playable, format="MP3")
    return "audio/mpeg", file.getvalue()


def _at(x: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    return x if rate == wanted else np.clip(resample(x, rate, wanted), -1, 1)
