"""Decode sound files: mono, float32, and every error names its file."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import numpy as np
import soundfile as sf

WAY_OUT = "replace it with an intact copy, or remove it"
BLOCK = 1 << 20  # frames read at once: a header that lies about its length cannot make us allocate it

# libsndfile cuts a chunk that runs past the end of the file without an error, and notes it in its log:
# "data : 88200 (should be 44078)". The enclosing RIFF chunk is left out, because many writers get its size wrong.
CUT_CHUNK = re.compile(r"^\s*(?:data|SSND|Data Size|riff|Riff size)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)
CUT_OGG = re.compile(r"end-of-stream", re.IGNORECASE)
UNKNOWN_LENGTH = 0x7FFFF000  # sizes from here on are what streaming writers put where they do not know the length
HEADER_SLACK = 64  # bytes; some recorders count the header into the data size
MP3_SLACK = 2 * 1152  # frames; without a Xing header the length of an MP3 is an estimate, good to a frame or two
MP3_LEAD = 16 * 1152  # frames to decode before those wanted: an MP3's frames lean on earlier ones
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # Hz, that an MP3 can have


def decode(path: str | os.PathLike, rate: int | None = None) -> tuple[np.ndarray, int]:
    """Read a sound file as one channel of float32 samples.

    Reads what libsndfile reads: WAV, FLAC, Ogg Vorbis and Opus, MP3, AIFF and more, integer or float, of any sample
    rate. Channels are averaged. A silent file and a file of one sample are valid.

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
    ValueError
        If the file is empty, is not audio, holds no samples, is cut off, or holds NaN or infinite samples.

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
    path = os.fspath(path)
    frames, native = _read(path)
    _check_finite(frames, native, path)
    x = _mono(frames)
    return (x, native) if rate is None else (resample(x, native, rate), rate)


@dataclass(frozen=True)
class Files:
    """The sound of clip i is that of file i."""

    paths: tuple[str, ...]

    def __call__(self, i: int) -> tuple[np.ndarray, int]:
        return decode(self.paths[i])


def open_sound(path: str | os.PathLike) -> sf.SoundFile:
    """Open a sound file to read parts of it; `frames` and `samplerate` of what this gives are its length and rate.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is empty or is not audio.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path}: there is no such file")
    if os.path.getsize(path) == 0:
        raise ValueError(f"{path}: the file is empty (0 bytes); {WAY_OUT}")
    try:
        # soundfile raises a TypeError for .raw, which has no header
        return sf.SoundFile(path)
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"{path}: this is not audio that libsndfile can read, or its beginning is damaged ({_reason(error)}); "
            "convert it to WAV or FLAC, or remove it"
        ) from error


def decode_part(file: sf.SoundFile, begin: int, end: int) -> np.ndarray:
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
        A few samples fewer at the end of an MP3, whose length is an estimate.

    Raises
    ------
    ValueError
        If this part is cut off or damaged, or holds NaN or infinite samples.

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
    lead = min(begin, MP3_LEAD) if file.format == "MP3" else 0
    try:
        # soundfile seeks after every read, so nothing is gained by not seeking
        file.seek(begin - lead)
        frames = file.read(lead + end - begin, dtype="float32", always_2d=True)[lead:]
    except RuntimeError as error:
        raise ValueError(
            f"{file.name}: samples {begin} to {end} cannot be decoded, the file is damaged there ({_reason(error)}); "
            f"{WAY_OUT}"
        ) from error
    missing = end - begin - len(frames)
    if missing > (MP3_SLACK if file.format == "MP3" else 0) or not len(frames):
        raise ValueError(
            f"{file.name}: the file is cut off: {missing} of its samples {begin} to {end} are missing; {WAY_OUT}"
        )
    _check_finite(frames, file.samplerate, file.name, begin)
    return _mono(frames)


def cut_off(file: sf.SoundFile) -> str:
    """What an open file's header tells of sound that is no longer there; empty if nothing."""
    return _cut(file, file.frames)


def length(file: sf.SoundFile) -> int:
    """The samples of an open sound file; reads it to the end where its header does not say."""
    # libsndfile gives the largest 64-bit number where a stream does not say its length
    if file.frames < 1 << 62:
        return file.frames
    count = 0
    while block := len(file.read(BLOCK, dtype="float32", always_2d=True)):
        count += block
    return count


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


def _read(path: str) -> tuple[np.ndarray, int]:
    """All frames of a file, float32 (frames, channels), and its rate; refuses files that are cut off."""
    with open_sound(path) as file:
        blocks, count = [], 0
        # soundfile seeks after each read, and an MP3 decoder that has to find its place again leaves a small glitch
        plausible = file.format == "MP3" and file.frames <= 100 * os.path.getsize(path)
        size = max(file.frames, BLOCK) if plausible else BLOCK
        try:
            while len(block := file.read(size, dtype="float32", always_2d=True)):
                blocks.append(block)
                count += len(block)
        except RuntimeError as error:
            raise ValueError(
                f"{path}: decoding stops after {count} samples: the file is cut off or damaged ({_reason(error)}); "
                f"{WAY_OUT}"
            ) from error
        cut = _cut(file, count)
        native = file.samplerate
    if cut:
        raise ValueError(f"{path}: the file is cut off: {cut}; {WAY_OUT}")
    if count == 0:
        raise ValueError(f"{path}: the file holds no samples; {WAY_OUT}")
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks), native


def _cut(file: sf.SoundFile, count: int) -> str:
    """What shows that the file once was longer than the `count` frames in it; empty if nothing does."""
    log = file.extra_info
    for promised, there in CUT_CHUNK.findall(log):
        if int(there) + HEADER_SLACK < int(promised) < UNKNOWN_LENGTH:
            return f"its header promises {promised} bytes of sound, {there} are there"
    if file.format == "OGG" and CUT_OGG.search(log):
        return f"the Ogg stream ends without its end mark, after {count} samples"
    slack = MP3_SLACK if file.format == "MP3" else 0
    # libsndfile gives the largest 64-bit number where a stream does not say its length
    if count + slack < file.frames < 1 << 62:
        return f"its header promises {file.frames} samples, {count} are there"
    return ""


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


def _reason(error: Exception) -> str:
    if isinstance(error, sf.LibsndfileError):
        return f"libsndfile: {error.error_string.strip() or f'error {error.code}'}"
    return str(error)
