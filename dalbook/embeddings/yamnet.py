"""The embedder `yamnet`: the layer before the classes of YAMNet, a small network that was trained on AudioSet."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.audio import pad

RATE = 16000  # Hz
DIMENSIONS = 1024
WINDOW, HOP = 15600, 7680  # samples: the network hears 0.975 s at a time, here every 0.48 s


class YAMNet:
    """YAMNet on the CPU, in one thread. Made by `load`; call it with clips.

    The network takes one window at a time: its graph is built for 15 600 samples and cannot be given a batch.
    """

    def __init__(self, interpreter, window: int, pool: int) -> None:
        self._interpreter, self._window, self._pool = interpreter, window, pool

    def __call__(self, clips: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Embed clips: the mean over all windows of the network's global-average-pool layer, which is not negative.

        A clip that is shorter than a window is padded with zeros. What is left behind the last whole window of a
        longer one, less than 0.48 s, is not heard.

        Parameters
        ----------
        clips
            float32 arrays, shape (samples,), mono at 16 kHz; of any lengths, they do not influence each other.

        Returns
        -------
        float32 array, shape (len(clips), 1024)

        Raises
        ------
        ValueError
            If a clip is not of shape (samples,).
        """
        x = np.zeros((len(clips), DIMENSIONS), dtype=np.float32)
        for row, clip in enumerate(clips):
            if np.ndim(clip) != 1:
                raise ValueError(f"a clip must be mono, of shape (samples,), not {np.shape(clip)}")
            clip = pad(np.asarray(clip, dtype=np.float32), WINDOW)
            starts = range(0, len(clip) - WINDOW + 1, HOP)
            x[row] = np.mean([self._hear(clip[at : at + WINDOW]) for at in starts], axis=0)
        return x

    def _hear(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        self._interpreter.set_tensor(self._window, window)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._pool)[0]


def load(model: str | os.PathLike, device: str = "auto") -> YAMNet:
    """Load YAMNet from `yamnet.tflite`, its TensorFlow Lite classifier.

    Parameters
    ----------
    model
        The file.
    device
        "auto" or "cpu": it runs on the CPU only.

    Raises
    ------
    ImportError
        If ai-edge-litert is not installed.
    FileNotFoundError
        If the file is not there.
    ValueError
        If the file is not this network, or the device is another.

    Examples
    --------
    >>> network = load("yamnet.tflite")  # doctest: +SKIP
    >>> network([np.zeros(RATE, dtype=np.float32)]).shape  # doctest: +SKIP
    (1, 1024)
    """
    if device not in ("auto", "cpu"):
        raise ValueError(f"yamnet runs on the CPU only: take the device 'cpu' or 'auto', not {device!r}")
    Interpreter = library()
    try:
        with warnings.catch_warnings():
            # what we want is no output of the network, so it must keep all tensors, which it says costs memory
            warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
            # the content, not the name: names that are not ASCII do not reach it on every system
            interpreter = Interpreter(
                model_content=Path(model).read_bytes(), num_threads=1, experimental_preserve_all_tensors=True
            )
            interpreter.allocate_tensors()
        return YAMNet(interpreter, *_tensors(interpreter))
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{model} is not YAMNet's TensorFlow Lite classifier ({error})") from error


def library() -> type:
    """ai-edge-litert's class Interpreter, or an ImportError that says what to install."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ImportError(
            f'yamnet needs the package ai-edge-litert ({error}); install it with: pip install "dalbook[yamnet]"'
        ) from error
    return Interpreter


def _tensors(interpreter) -> tuple[int, int]:
    """Where a window goes in, and where the global-average-pool layer comes out: its only tensor of that shape."""
    inputs = [t for t in interpreter.get_input_details() if t["shape"].tolist() == [WINDOW]]
    layer = [
        t["index"]
        for t in interpreter.get_tensor_details()
        if t["shape"].tolist() == [1, DIMENSIONS] and t["dtype"] == np.float32
    ]
    if len(inputs) != 1 or inputs[0]["dtype"] != np.float32:
        raise ValueError(f"it does not take {WINDOW} float32 samples")
    if len(layer) != 1:
        raise ValueError(f"it has {len(layer)} layers of shape (1, {DIMENSIONS}) where there should be one")
    return inputs[0]["index"], layer[0]
