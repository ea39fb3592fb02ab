"""The embedders by name, and the weights that some of them need."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np

from dalbook.corpora.audio import SOURCES
from dalbook.embeddings.model_file import ModelFile
from dalbook.embeddings.own import OwnEmbedder
from dalbook.embeddings.published import CNN14, YAMNET, Remote, kept_at, located
from dalbook.files.cache import code_version

GROUP = "dalbook.embedders"  # the entry points by which an installed package adds embedders
Network = Callable[[list[np.ndarray]], np.ndarray]  # float32 clips at the module's RATE -> (b, d)


@dataclass(frozen=True)
class Embedder:
    """What turns a clip into a vector, and the module it is in, which is imported when it is used.

    Attributes
    ----------
    module, function
        A function (samples, rate) -> (d,), or, of a network, `load(model, device)`, which gives a function
        (list of float32 arrays at the module's RATE) -> (b, d).
    dimensions
        d.
    sources
        The modules that the embeddings depend on, for the names under which they are kept. What is missing here fails
        a test (tests/embeddings/test_cache_keys.py).
    network
        Whether it is one: it computes many clips at once, on a device.
    weights
        The file that the network needs.
    library
        The module's function that imports the package that the network needs, None where it needs no other.
    """

    module: str
    function: str
    dimensions: int
    sources: tuple[str, ...]
    network: bool = False
    weights: Remote | None = None
    library: str | None = None

    @property
    def rate(self) -> int:
        """The sample rate in Hz that a network takes."""
        return importlib.import_module(self.module).RATE

    def code(self) -> str:
        """A hash of the sources that its result depends on."""
        return code_version(*self.sources)

    def load(self, model: Path | None = None, device: str = "auto") -> Callable:
        """The function, or the network with the weights in `model`."""
        made = getattr(importlib.import_module(self.module), self.function)
        return made(model=model, device=device) if self.network else made


def _embedder(name: str, function: str, dimensions: int, **network) -> Embedder:
    module = f"dalbook.embeddings.{name}"
    return Embedder(module, function, dimensions, (module, *SOURCES), **network)


EMBEDDERS = {
    "logmel": _embedder("logmel", "logmel_embedding", 2048),
    "mfcc": _embedder("mfcc", "mfcc_embedding", 275),
    "yamnet": _embedder("yamnet", "load", 1024, network=True, weights=YAMNET, library="library"),
    "cnn14": _embedder("cnn14", "load", 2048, network=True, weights=CNN14, library="library"),
    "birdnet": _embedder("birdnet", "load", 1024, network=True, library="library"),
}
AnyEmbedder = Embedder | OwnEmbedder | ModelFile


def known(what: str | Callable | AnyEmbedder) -> AnyEmbedder:
    """The embedder of a name, or what was given as one: a function, an `OwnEmbedder`, a `ModelFile`.

    Names are those of EMBEDDERS, and those that an installed package adds as entry points ``dalbook.embedders``: each
    names an `OwnEmbedder`, a `ModelFile`, or a function.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> known("yamnet").dimensions
    1024
    """
    if isinstance(what, (Embedder, OwnEmbedder, ModelFile)):
        return what
    if callable(what):
        return OwnEmbedder(what)
    if what in EMBEDDERS:
        return EMBEDDERS[what]
    added = {point.name: point for point in entry_points(group=GROUP)}
    if what in added:
        return known(added[what].load())
    raise ValueError(f"there is no embedder {what!r}; available: {', '.join([*EMBEDDERS, *added])}, or an .npz file")


def name_of(what: str | Callable | AnyEmbedder) -> str:
    """What an embedder is called, in messages and in the names of cache files."""
    if isinstance(what, str):
        return what
    one = known(what)
    return one.module.rpartition(".")[2] if isinstance(one, Embedder) else one.name


def weights_file(name: str | AnyEmbedder, model: str | os.PathLike | None = None) -> Path | None:
    """The file with an embedder's weights: `model`, or the one that was fetched; None where it needs none.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    ValueError
        If `model` is given for an embedder that has no weights.
    """
    embedder = known(name)
    weights = embedder.weights
    if weights is None or isinstance(weights, Path):
        if model is not None:
            raise ValueError(f"{name_of(name)} needs no model file; leave {os.fspath(model)} out")
        return weights
    path = kept_at(weights) if model is None else Path(model).expanduser().absolute()
    if path.is_file():
        return path
    if model is not None:
        raise FileNotFoundError(f"{path}: there is no such model file; {name} needs {weights.file} ({weights.page})")
    known_by = f" ({weights.size} bytes, {weights.sum})" if weights.sum else ""
    if located(weights).url is None:
        raise FileNotFoundError(f"{name} needs {weights.file}{known_by}, which is not at {path}: {by_hand(weights)}")
    raise FileNotFoundError(
        f"{name} needs {weights.file}{known_by}, which is not at {path}: let "
        f"`dalbook prepare ... --embedding {name} --download` "
        f"fetch it, or name your own copy ({weights.page}) with --model FILE, in Python model="
    )


def by_hand(weights: Remote) -> str:
    """What to do about weights that have no address to fetch them from."""
    return (
        f"get it at {weights.page} and give --model FILE, in Python model=, or set {weights.variable} to an address "
        "that it can be fetched from"
    )


def check_library(name: str | AnyEmbedder) -> None:
    """Make sure, before anything is fetched, that the package that an embedder needs can be imported.

    Raises
    ------
    ValueError
        If it cannot, with what to install.

    Examples
    --------
    >>> check_library("logmel")
    """
    embedder = known(name)
    if embedder.library is None:
        return
    try:
        getattr(importlib.import_module(embedder.module), embedder.library)()
    except ImportError as error:
        raise ValueError(str(error)) from error


def load_network(name: str | AnyEmbedder, model: Path | None, device: str = "auto") -> Network:
    """The network of an embedder that is one, with the weights in the file `model`.

    Raises
    ------
    ValueError
        If a library that it needs is not installed, if the file is not the right one, or there is no such device.
    """
    embedder = known(name)
    try:
        return embedder.load(model, device)
    except ValueError as error:
        right = embedder.weights
        if not isinstance(right, Remote) or str(model) not in str(error):  # nothing is wrong with the file
            raise
        raise ValueError(f"{error}; take {right.file}, {right.size} bytes, {right.sum} ({right.page})") from error
    except ImportError as error:
        # it says what to install; nothing is wrong with the program, so the command line gives it as one line
        raise ValueError(str(error)) from error
