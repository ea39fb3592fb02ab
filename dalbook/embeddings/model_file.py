"""Any TensorFlow Lite or ONNX file as an embedder: samples of one window go in, one of its tensors comes out."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dalbook.embeddings.own import windows_of

ENDINGS = (".tflite", ".onnx")


@dataclass(frozen=True)
class ModelFile:
    """A network in a file, for `dalbook.embed` and everything that takes an embedder.

    It takes float32 samples of shape (window,) or (1, window), as for instance BirdNET, Perch and YAMNet do. A shorter
    clip is padded with zeros, of a longer one the mean over its windows is taken, side by side; a rest of less than
    half a window is not heard.

    Parameters
    ----------
    path
        The file, .tflite (needs the package ai-edge-litert) or .onnx (needs onnxruntime).
    rate
        The sample rate in Hz that it wants, which the file does not say.
    tensor
        The name of the tensor to take, of shape (d,) or (1, d). By default the only output; in .tflite files tensors
        inside the network can be named too.
    window
        In seconds, for a network that takes any length.

    Attributes
    ----------
    dimensions
        d.
    name
        From the file's name.

    Raises
    ------
    FileNotFoundError, ValueError, ImportError
        The file is not there or not such a network; there is no such tensor (with those that there are); a library is
        not installed.
    """

    path: str | os.PathLike
    rate: int
    tensor: str | None = None
    window: float | None = None
    dimensions = 0  # both are found in the file
    name = ""
    network = True
    library = None

    def __post_init__(self) -> None:
        path = Path(self.path).expanduser().absolute()
        if path.suffix.lower() not in ENDINGS:
            raise ValueError(f"{path}: a model's file ends with {' or '.join(ENDINGS)}")
        if not path.is_file():
            raise FileNotFoundError(f"{path}: there is no such model file")
        if self.rate is None or self.rate < 1:
            raise ValueError(f"{path}: say which sample rate it takes, with --rate HZ, in Python rate=")
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "name", re.sub(r"\W+", "-", path.stem).strip("-") or "model")
        object.__setattr__(self, "dimensions", self.load().dimensions)

    @property
    def weights(self) -> Path:
        """The file itself."""
        return self.path

    def code(self) -> str:
        """What its result depends on, beside the file's content."""
        return f"model file 1 {self.rate} {self.tensor} {self.window}"

    def load(self, model: Path | None = None, device: str = "auto") -> LoadedModel:
        """The network, ready to be called with clips at its rate."""
        if device not in ("auto", "cpu"):
            raise ValueError(f"{self.name} runs on the CPU only: take the device 'cpu' or 'auto', not {device!r}")
        open_it = _tflite if self.path.suffix.lower() == ".tflite" else _onnx
        hear, size = open_it(self.path, self.tensor)
        if size is None and self.window is None:
            raise ValueError(f"{self.path}: it takes any length; give window= in seconds")
        own = size if size is not None else round(self.window * self.rate)
        return LoadedModel(hear, own, f"{self.path}")


class LoadedModel:
    """A network that takes windows of `size` samples."""

    def __init__(self, hear: Callable[[np.ndarray], np.ndarray], size: int, path: str) -> None:
        self._hear, self.size, self.path = hear, size, path
        self.dimensions = len(self._vector(np.zeros(size, dtype=np.float32)))

    def __call__(self, clips: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Embed clips (samples,) of any lengths, which do not influence each other: float32 (len(clips), d)."""
        x = np.zeros((len(clips), self.dimensions), dtype=np.float32)
        for row, clip in enumerate(clips):
            windows = windows_of(np.asarray(clip, dtype=np.float32), self.size)
            x[row] = np.mean([self._vector(window) for window in windows], axis=0)
        return x

    def _vector(self, window: np.ndarray) -> np.ndarray:
        vector = np.asarray(self._hear(window))
        if vector.size != vector.shape[-1]:
            raise ValueError(f"{self.path}: the tensor has shape {vector.shape}, not one vector; name another")
        return vector.reshape(-1).astype(np.float32)


def _tflite(path: Path, tensor: str | None) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    from dalbook.embeddings.yamnet import library

    Interpreter = library()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
            interpreter = Interpreter(
                model_content=path.read_bytes(), num_threads=1, experimental_preserve_all_tensors=tensor is not None
            )
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{path} is not a TensorFlow Lite model ({error})") from error
    enter = interpreter.get_input_details()
    shape = enter[0]["shape"].tolist()
    if len(enter) != 1 or enter[0]["dtype"] != np.float32 or int(np.prod(shape)) != max(shape):
        raise ValueError(f"{path}: it does not take one window of float32 samples, but {[e['shape'] for e in enter]}")
    given = interpreter.get_tensor_details() if tensor else interpreter.get_output_details()
    found = _one_of(path, {one["name"]: one["index"] for one in given}, tensor)

    def hear(window: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(enter[0]["index"], window.reshape(shape))
        interpreter.invoke()
        return interpreter.get_tensor(found)

    return hear, max(shape)


def _onnx(path: Path, tensor: str | None) -> tuple[Callable[[np.ndarray], np.ndarray], int | None]:
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError(f'{path} needs the package onnxruntime ({error}): pip install "dalbook[onnx]"') from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own classes of errors have no common name
        raise ValueError(f"{path} is not an ONNX model ({error})") from error
    enter = session.get_inputs()
    sizes = [n for n in enter[0].shape if n != 1]
    if len(enter) != 1 or enter[0].type != "tensor(float)" or len(sizes) > 1 or len(enter[0].shape) > 2:
        raise ValueError(f"{path}: it does not take one window of float32 samples, but {[e.shape for e in enter]}")
    found = _one_of(path, {one.name: one.name for one in session.get_outputs()}, tensor)
    size = sizes[0] if sizes and isinstance(sizes[0], int) else None
    flat = len(enter[0].shape) == 1

    def hear(window: np.ndarray) -> np.ndarray:
        return session.run([found], {enter[0].name: window if flat else window[None]})[0]

    return hear, size


def _one_of(path: Path, tensors: dict[str, str | int], wanted: str | None) -> str | int:
    if wanted is None and len(tensors) == 1:
        return next(iter(tensors.values()))
    if wanted not in tensors:
        which = "it has several outputs" if wanted is None else f"there is no tensor {wanted!r}"
        raise ValueError(f"{path}: {which}; name one with --tensor, in Python tensor=: {', '.join(tensors)}")
    return tensors[wanted]
