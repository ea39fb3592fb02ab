"""The embedder `cnn14`: the penultimate layer of CNN14, one of the pretrained audio neural networks (PANNs).

It is the paper's embedder (section 3): Kong, Cao, Iqbal, Wang, Wang, Plumbley, "PANNs: Large-Scale Pretrained Audio
Neural Networks for Audio Pattern Recognition", IEEE/ACM Transactions on Audio, Speech, and Language Processing, 2020.
The network's code is that of panns-inference.
"""

from __future__ import annotations

import codecs
import importlib
import importlib.util
import os
import pickle
import sys
import textwrap
import types
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.audio import pad

RATE = 32000  # Hz
DIMENSIONS = 2048
LONGEST = 600  # seconds: each costs about 5 MB of memory
SHORTEST = 9920  # samples, 0.31 s: 32 frames, which the network halves five times


class Cnn14:
    """CNN14 on a device. Made by `load`; call it with clips."""

    shared = True  # threads may call it at once

    def __init__(self, net, device: str) -> None:
        self._net, self.device = net, device

    def __call__(self, clips: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Embed clips: the activations after the ReLU of the penultimate layer, not negative.

        A clip shorter than 9920 samples is padded with zeros. Clips of one length are computed at once, so a call
        should hold no more than the memory does: about 0.1 GB a clip of 4 s. What else is in the call changes an
        embedding by no more than the rounding of float32.

        Parameters
        ----------
        clips
            float32 arrays, shape (samples,), mono at 32 kHz; of any lengths.

        Returns
        -------
        float32 array, shape (len(clips), 2048)

        Raises
        ------
        ValueError
            If a clip is not of shape (samples,), or longer than 10 minutes, for which the memory might not do.
        """
        import torch

        for clip in clips:
            if np.ndim(clip) != 1:
                raise ValueError(f"a clip must be mono, of shape (samples,), not {np.shape(clip)}")
            if len(clip) > LONGEST * RATE:
                raise ValueError(
                    f"it has {len(clip) / RATE:.0f} s, cnn14 takes at most {LONGEST} s at once; cut it into segments, "
                    "with --segment 4, in Python segment=4.0"
                )
        clips = [pad(np.asarray(clip, dtype=np.float32), SHORTEST) for clip in clips]
        lengths = np.array([len(clip) for clip in clips])
        x = np.zeros((len(clips), DIMENSIONS), dtype=np.float32)
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            batch = torch.from_numpy(np.stack([clips[row] for row in rows])).to(self.device)
            with torch.inference_mode():
                x[rows] = self._net(batch)["embedding"].cpu().numpy()
        return x


def load(model: str | os.PathLike, device: str = "auto") -> Cnn14:
    """Load CNN14 from its checkpoint, `Cnn14_mAP=0.431.pth`.

    Dropout and SpecAugment, which the network was trained with, are off.

    Parameters
    ----------
    model
        The checkpoint's file.
    device
        "auto" (CUDA where there is one), or a PyTorch device name.

    Raises
    ------
    ImportError
        If panns-inference is not installed.
    FileNotFoundError
        If the checkpoint is not there.
    ValueError
        If it is not a checkpoint of this network, or there is no such device.

    Examples
    --------
    >>> network = load("Cnn14_mAP=0.431.pth")  # doctest: +SKIP
    >>> network([np.zeros(RATE, dtype=np.float32)]).shape  # doctest: +SKIP
    (1, 2048)
    """
    architecture = library()
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        weights = _read(model)
        net = architecture(
            sample_rate=RATE, window_size=1024, hop_size=320, mel_bins=64, fmin=50, fmax=14000, classes_num=527
        )
        net.load_state_dict(weights)
    # what PyTorch raises for a file that is cut off or another depends on where it is wrong
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError, EOFError, pickle.UnpicklingError) as error:
        # PyTorch's own words for what it will not read advise to read it unsafely
        unread = isinstance(error, pickle.UnpicklingError)
        reason = "it cannot be read as plain weights" if unread else textwrap.shorten(str(error), 160)
        raise ValueError(f"{model} is not a checkpoint of CNN14 ({reason})") from error
    try:
        net.to(device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"cnn14 cannot run on the device {device!r} ({error}); take 'auto' or 'cpu'") from error
    return Cnn14(net.eval().requires_grad_(False), device)


def library() -> type:
    """panns-inference's class Cnn14, or an ImportError that says what to install.

    Importing the package itself runs its `config`, which calls `wget` for a table of labels and fails without that
    program or without a network. Nothing here needs the labels, so its module `models` is imported as part of a package
    of our own that lies in the same folder: nothing is fetched, written or printed, and `import panns_inference` is to
    everybody else what it was.
    """
    package = types.ModuleType("_dalbook_panns")
    try:
        spec = importlib.util.find_spec("panns_inference")
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError("No module named 'panns_inference'")
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules.setdefault(package.__name__, package)
        return importlib.import_module(f"{package.__name__}.models").Cnn14
    except ImportError as error:
        raise ImportError(
            f'cnn14 needs the package panns-inference ({error}); install it with: pip install "dalbook[panns]"'
        ) from error


def _read(path: str | os.PathLike) -> dict:
    """The weights in a checkpoint, which may hold tensors and plain values only, whoever wrote it (`weights_only`)."""
    import torch

    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        allow = getattr(torch.serialization, "safe_globals", None)
        if allow is None:  # PyTorch before 2.5
            raise
        # training scripts put NumPy's numbers beside the weights; what builds them makes plain data and runs no code
        with allow(_numpy_data()):
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(checkpoint, dict) or "model" not in checkpoint:
        raise ValueError("there is no 'model' in it")
    return checkpoint["model"]


def _numpy_data() -> list:
    """What NumPy 1 and 2 write for numbers and arrays of numbers, under the names that either gives it."""
    numbers = {type(np.dtype(code)) for code in np.typecodes["AllInteger"] + "efd?"}
    core = importlib.import_module("numpy._core.multiarray" if hasattr(np, "_core") else "numpy.core.multiarray")
    builders = [
        (getattr(core, name), f"numpy.{part}.multiarray.{name}")
        for name in ("scalar", "_reconstruct")
        for part in ("core", "_core")
    ]
    return [np.ndarray, np.dtype, codecs.encode, *numbers, *builders]
