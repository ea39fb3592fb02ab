"""The embedder of a classifier: what its card tells of it, and the same one again when the classifier is loaded."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dalbook.embeddings.encoder import Encoder
from dalbook.embeddings.model_file import ModelFile
from dalbook.embeddings.registry import AnyEmbedder, known, name_of, weights_file
from dalbook.files.hashing import file_sum


@dataclass(frozen=True)
class UsedEmbedder:
    """What makes embeddings of sounds, as far as it is at hand.

    Attributes
    ----------
    told
        What the card tells: ``name`` (None: somebody else's embeddings, from a file), ``dimensions``, ``code``,
        ``weights`` (their hash, or None), and of a model's file ``rate``, ``tensor`` and ``window``.
    what
        The embedder, None where it is not at hand.
    model, device
        As `dalbook.embed` takes them.
    """

    told: Mapping[str, Any]
    what: str | Callable | AnyEmbedder | None
    model: str | os.PathLike | None = None
    device: str = "auto"

    @classmethod
    def of(
        cls, what: str | Callable | AnyEmbedder, model: str | os.PathLike | None = None, device: str = "auto"
    ) -> UsedEmbedder:
        """That of an embedder as `dalbook.embed` takes it."""
        one, weights = known(what), weights_file(what, model)
        told = {"name": name_of(what), "dimensions": one.dimensions, "code": one.code(), "kind": type(one).__name__}
        told["weights"] = None if weights is None else file_sum(weights)
        if isinstance(one, ModelFile):
            told |= {"file": one.path.name, "rate": one.rate, "tensor": one.tensor, "window": one.window}
        return cls(told, what, model, device)

    @classmethod
    def again(
        cls,
        told: Mapping[str, Any],
        embedding: Callable | AnyEmbedder | None,
        model: str | os.PathLike | None,
        device: str,
    ) -> UsedEmbedder:
        """The embedder that a card tells of; what is given is checked now, the rest when it is used.

        Raises
        ------
        ValueError
            It is another.
        """
        if embedding is None and told["kind"] == "ModelFile" and model is not None:
            embedding, model = ModelFile(model, told["rate"], told["tensor"], told["window"]), None
        by_name = told["name"] is not None and told["kind"] == "Embedder"
        used = cls(told, told["name"] if embedding is None and by_name else embedding, model, device)
        if embedding is not None or model is not None:
            used.check()
        return used

    def check(self) -> None:
        """Make sure that it is the one that the card tells of.

        Raises
        ------
        ValueError, FileNotFoundError
            It is not, or not at hand.

        Warns
        -----
        UserWarning
            Its code is another than when the classifier was taught.
        """
        name = self.told["name"]
        if self.what is None:
            if name is None:
                raise ValueError(
                    "this classifier was taught with embeddings from a file, and can predict on embeddings only: "
                    "SoundClassifier.load(..., embedding=) takes the embedder that made them"
                )
            file = self.told.get("file")
            wanted = f"--model {file}, in Python model=" if file else "SoundClassifier.load(..., embedding=)"
            raise ValueError(f"this classifier was taught with the embedder {name!r}: give it, with {wanted}")
        there = UsedEmbedder.of(self.what, self.model).told
        if name is not None and there["name"] != name and there["weights"] is None:
            raise ValueError(f"this classifier was taught with the embedder {name!r}, not with {there['name']!r}")
        if there["dimensions"] != self.told["dimensions"]:
            raise ValueError(
                f"this classifier takes embeddings of {self.told['dimensions']} dimensions ({name}), "
                f"{there['name']} makes {there['dimensions']}"
            )
        if self.told["weights"] is not None and there["weights"] != self.told["weights"]:
            raise ValueError(
                f"this classifier was taught with other weights of {name}: sha256 {self.told['weights']}, not "
                f"{there['weights']}; give the file of then, with --model FILE, in Python model="
            )
        if name is not None and there["code"] != self.told["code"]:
            warnings.warn(
                f"the code of the embedder {name} is another than when this classifier was taught; if its embeddings "
                "changed, so will the predictions: train it again",
                stacklevel=4,
            )

    def arguments(self) -> dict[str, Any]:
        """What `embed` takes after the corpus, as far as it is about the embedder; checked."""
        self.check()
        return {"embedder": self.what, "model": self.model, "device": self.device}

    def encoder(self) -> Encoder:
        """It, loaded; checked."""
        self.check()
        return Encoder(self.what, self.model, self.device)


def used_in(meta: Any) -> dict[str, Any] | None:
    """What an embedding file's meta data tell of the embedder: its name and the hash of its weights."""
    if not isinstance(meta, dict) or not isinstance(meta.get("embedder"), str):
        return None
    return {"name": meta["embedder"], "weights": (meta.get("weights") or {}).get("sha256")}


def from_file(path: str | os.PathLike, meta: Any, dimensions: int, model: str | os.PathLike | None) -> UsedEmbedder:
    """The embedder of an embedding file, as far as its meta data tell it."""
    found = used_in(meta)
    told = {"name": None, "dimensions": dimensions, "code": None, "kind": "file", "weights": None}
    told["made_from"] = Path(path).name
    if found is None:
        return UsedEmbedder(told, None)
    try:
        one = known(found["name"])
    except ValueError:
        return UsedEmbedder(told, None)
    told |= {"name": found["name"], "code": one.code(), "kind": type(one).__name__, "weights": found["weights"]}
    return UsedEmbedder(told, found["name"], model)
