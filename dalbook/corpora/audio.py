"""Decode sound files: mono, float32, and every error names its file."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass

import numpy as np

from dalbook.corpora.layout import DECODERS
from dalbook.corpora.sound_file import Sound, open_sound

# the modules that a decoded sound depends on, for what is kept under a name that says so
SOURCES = ("dalbook.corpora.audio", *DECODERS)

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # Hz, that an MP3 can have


def decode(path: str | os.PathLike, rate: int | None = None) -> tuple[np.ndarray, int]:
    """Read a sound file as one channel of float32 samples.

    Reads what libsndfile reads (WAV, FLAC, Ogg Vorbis and Opus, MP3, AIFF and more), and what FFmpeg reads beyond it
    (such as .m4a, .wma, .wv), integer or float, of any sample rate, to where the sound ends, whatever the header says.
    Channels are averaged. A silent file and a file of one sample are valid.

    Parameters
    ----------
    path
        The file.
    rate
        Resample to this rate in Hz; by default the file's own rate stays.

    Returns
    -------
    x : float32 array, shape (samples,)
        At least one sample, all finite; integer formats are scaled to [-1, 1).
    rate : int
        Its sample rate in Hz.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    PermissionError, OSError
        If it may not or cannot be read.
    ValueError
        If the file is empty, is not audio, holds no samples, is damaged, or holds NaN or infinite samples.

    Warns
    -----
    UserWarning
        If the header promises another length than can be decoded, for example because the file is cut off or damaged in
        the middle.

    Examples
    --------
    >>> import tempfile, os
    >>> import numpy as np, soundfile
    >>> path = os.path.join(tempfile.mkdtemp(), "stereo.wav")
    >>> soundfile.write(path, np.array([[0.5, 0.0], [0.25, -0.25]]), 8000)
    >>> x, rate = decode(path)
    >>> x.tolist(), x.dtype.name, rate
    ([0.25, 0.0], 'float32', 8000)
    """
    x, native, note = _whole(path)
    if note:
        warnings.warn(f"{os.fspath(path)}: {note}; what is there is taken", stacklevel=2)
    return (x, native) if rate is None else (resample(x, native, rate), rate)


@dataclass(frozen=True)
class Files:
    """The sound of clip i is that of file i; `told`: a warning has been given already for headers that are wrong."""

    paths: tuple[str, ...]
    told: bool = False

    def __call__(self, i: int) -> tuple[np.ndarray, int]:
        return _whole(self.paths[i])[:2] if self.told else decode(self.paths[i])


def _whole(path: str | os.PathLike) -> tuple[np.ndarray, int, str]:
    """All that can be decoded of a file, its rate, and what its header says that is not so."""
    with open_sound(path) as file:
        try:
            frames = file.read(0, file.frames)
        except ValueError:  # damaged in the middle, which does not show before it is decoded
            with open_sound(path, thorough=True) as file:
                frames = file.read(0, file.frames)
        _check_finite(frames, file.samplerate, file.path)
        return _mono(frames), file.samplerate, file.note


def decode_part(file: Sound, begin: int, end: int) -> np.ndarray:
    """Samples `begin` to `end` of an open sound file, as `decode` gives the whole.

    Parameters
    ----------
    file
        From `open_sound`.
    begin, end
        In samples of the file's own rate; begin < end.

    Returns
    -------
    float32 array, shape (end - begin,)

    Raises
    ------
    ValueError
        If this part is not there or damaged, or holds NaN or infinite samples.

    Examples
    --------
    >>> import tempfile
    >>> import soundfile
    >>> path = os.path.join(tempfile.mkdtemp(), "ramp.wav")
    >>> soundfile.write(path, np.arange(8) / 8, 8000)
    >>> with open_sound(path) as file:
    ...     decode_part(file, 2, 4).tolist()
    [0.25, 0.375]
    """
    frames = file.read(begin, end)
    _check_finite(frames, file.samplerate, file.path, begin)
    return _mono(frames)


def resample(x: np.ndarray, rate: int, to: int) -> np.ndarray:
    """Change the sample rate of a sound (band-limited, soxr's high quality).

    Parameters
    ----------
    x
        float32 array, shape (samples,).
    rate, to
        Sample rates in Hz, before and after.

    Returns
    -------
    float32 array, shape (ceil(samples * to / rate),)

    Raises
    ------
    ValueError
        If a rate is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> resample(np.zeros(44100, dtype=np.float32), 44100, 32000).shape
    (32000,)
    """
    if rate <= 0 or to <= 0:
        raise ValueError(f"sample rates must be positive, not {rate} and {to} Hz")
    if rate == to:
        return x
    import soxr

    length = -(-len(x) * to // rate)
    # soxr's own length is off by one here and there, and zero for the shortest sounds
    return pad(soxr.resample(x, rate, to)[:length], length)


def check_band(band: tuple[float, float], rate: int) -> tuple[float, float]:
    """A frequency range that a sound of this rate has something in, as two numbers in Hz.

    Raises
    ------
    ValueError
        If it is none, or ends below the range's begin.

    Examples
    --------
    >>> check_band((15e3, 150e3), 384000)
    (15000.0, 150000.0)
    """
    try:
        low, high = map(float, band)
    except (TypeError, ValueError):
        raise ValueError(f"band must be two frequencies in Hz, such as (15e3, 150e3), not {band!r}") from None
    if not 0 < low < high < float("inf") or high < 1:
        raise ValueError(f"band must go from a frequency above 0 to a higher one, in Hz, not from {low:g} to {high:g}")
    if low >= rate / 2:
        raise ValueError(
            f"a clip of {rate} Hz holds no frequencies above {rate / 2:g} Hz, and the band begins at {low:g}"
        )
    return low, high


def pad(x: np.ndarray, length: int) -> np.ndarray:
    """Append zeros until a sound has at least `length` samples.

    Parameters
    ----------
    x
        Array, shape (samples,).
    length
        In samples.

    Returns
    -------
    array of x's dtype, shape (max(samples, length),)

    Examples
    --------
    >>> import numpy as np
    >>> pad(np.ones(2, dtype=np.float32), 4).tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    return x if len(x) >= length else np.pad(x, (0, length - len(x)))


def _mono(frames: np.ndarray) -> np.ndarray:
    x = frames[:, 0] if frames.shape[1] == 1 else frames.mean(axis=1, dtype=np.float32)
    return np.ascontiguousarray(x)


def _check_finite(frames: np.ndarray, rate: int, path: str, begin: int = 0) -> None:
    finite = np.isfinite(frames)
    if finite.all():
        return
    frame, channel = np.argwhere(~finite)[0]
    at = begin + frame
    where = f"sample {at} ({at / rate:.3f} s)" + (f" of channel {channel + 1}" if frames.shape[1] > 1 else "")
    raise ValueError(
        f"{path}: {where} is {frames[frame, channel]}, the first of {np.count_nonzero(~finite)} samples that are "
        f"not finite numbers; export it again, or remove it"
    )
