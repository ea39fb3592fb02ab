"""Sound that libsndfile cannot read, decoded by FFmpeg (through PyAV) from the beginning to the end."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from dalbook.corpora.view import Piece, View


class Frames:
    """A sound file that is decoded forward only.

    Parameters
    ----------
    path
        The file.
    pieces
        What to read of it, see `View`; all if empty.

    Attributes
    ----------
    samplerate
        In Hz, of the first samples; if it changes on the way, what comes then is resampled.
    damaged
        Packets that could not be decoded so far.

    Raises
    ------
    ValueError
        If there is no sound in it that FFmpeg can decode.
    """

    format = "FFMPEG"

    def __init__(self, path: str, pieces: tuple[Piece, ...] = ()) -> None:
        import av  # only where it is needed: it brings all of FFmpeg

        self.damaged, self._kept = 0, []
        self._file = View(path, pieces or ((0, os.path.getsize(path)),))
        try:
            self._container = av.open(self._file, metadata_errors="ignore")
            if not self._container.streams.audio:
                raise ValueError("FFmpeg: there is no sound in it")
            if self._container.streams.audio[0].codec_context is None:  # PyAV would crash in decoding
                raise ValueError("FFmpeg: its sound is in a format that is not known")
            self._blocks = self._decode()
            first = next(self._blocks, None)
            if first is None:
                raise ValueError("FFmpeg: there are no samples in it")
        except BaseException as error:
            self._file.close()
            if isinstance(error, (av.FFmpegError, LookupError)):
                raise ValueError(f"FFmpeg: {error}") from error
            raise
        self._kept = [first]

    def __enter__(self) -> Frames:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._blocks.close()
        self._container.close()
        self._file.close()

    def read(self, count: int, dtype: str = "float32", always_2d: bool = True) -> np.ndarray:
        """The next `count` samples, float32 (count, channels); fewer at the end."""
        got = sum(map(len, self._kept))
        while got < count and (block := next(self._blocks, None)) is not None:
            self._kept.append(block)
            got += len(block)
        x = np.concatenate(self._kept) if self._kept else np.zeros((0, 1), np.float32)
        self._kept = [x[count:]] if len(x) > count else []
        return x[:count]

    def _decode(self) -> Iterator[np.ndarray]:
        import av

        stream = self._container.streams.audio[0]
        resampler = None
        packets = self._container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:  # the file ends in the middle of something
                self.damaged += 1
                return
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self.damaged += 1
                continue
            for frame in frames:
                if resampler is None:
                    self.samplerate, layout = frame.sample_rate, frame.layout
                    resampler = av.AudioResampler(format="fltp", layout=layout, rate=frame.sample_rate)
                for block in resampler.resample(frame):
                    yield np.ascontiguousarray(block.to_ndarray().T)
