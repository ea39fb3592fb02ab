"""Embeddings of a corpus: one vector a clip, computed once and kept, or read from a file."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.corpus import Corpus
from dalbook.embeddings.compute import Run, run
from dalbook.embeddings.npz import SHOWN, load_embeddings, read_embeddings, save_embeddings
from dalbook.embeddings.registry import EMBEDDERS, AnyEmbedder, Embedder, known, name_of, weights_file
from dalbook.embeddings.shipped import shipped_file
from dalbook.files.cache import cache_folder
from dalbook.files.hashing import file_sum, fingerprint
from dalbook.files.lock import hold

__all__ = [
    "EMBEDDERS",
    "BrokenClipsWarning",
    "Embedder",
    "embed",
    "embed_to_file",
    "embeddings_for",
    "load_embeddings",
    "save_embeddings",
]


class BrokenClipsWarning(UserWarning):
    """Some clips have no embedding; `clips` maps each one's id to the reason."""

    def __init__(self, clips: Mapping[str, str]) -> None:
        self.clips = dict(clips)
        reasons = "; ".join(f"{name}: {reason}" for name, reason in list(self.clips.items())[:SHOWN])
        super().__init__(
            f"{len(self.clips)} clips could not be embedded and have zeros instead; repair or remove them: {reasons}"
            + ("; ..." if len(self.clips) > SHOWN else "")
        )


def embed(
    corpus: Corpus,
    embedder: str | Callable | AnyEmbedder = "logmel",
    cache_dir: str | os.PathLike | None = None,
    jobs: int = 2,
    progress: bool = True,
    model: str | os.PathLike | None = None,
    device: str = "auto",
    band: tuple[float, float] | None = None,
) -> NDArray[np.float32]:
    """Embed every clip of a corpus, or take the embeddings computed before.

    They are kept in a cache under a name that holds the corpus's fingerprint, the embedder and a hash of its code and
    its weights. Those of toy-city, seed 0, by "logmel" and "mfcc" came with the package. A run that was stopped, even
    killed, goes on where it was. Of several processes that want the same, one computes and the others wait. A cache
    that cannot be written costs a warning, not the result.

    Parameters
    ----------
    corpus
        The corpus, n clips.
    embedder
        "logmel" (2048 dimensions), "mfcc" (275), the networks "yamnet" (1024), "cnn14" (2048) and "birdnet" (1024), or
        one that an installed package adds. Or your own: a function (float32 samples, rate) -> vector, an
        `dalbook.embeddings.own.OwnEmbedder`, which says more about one, or a `dalbook.embeddings.model_file.ModelFile`.
    cache_dir
        Where to keep the result; by default the environment variable DALBOOK_CACHE or your cache folder.
    jobs
        Processes that compute; with a network, threads that decode beside it.
    progress
        Show a progress bar, or that another process computes the same.
    model
        The file with the network's weights; by default the one that `dalbook prepare` has fetched.
    device
        Where the network computes: "auto" takes a GPU where there is one.
    band
        For "logmel" and "mfcc", the lowest and the highest frequency in Hz, such as (15e3, 150e3) for bats.

    Returns
    -------
    float32 array, shape (n, d)
        Row i belongs to clip i.

    Raises
    ------
    ValueError
        If there is no such embedder, if a library that it needs is missing, or if not a single clip could be embedded.
    FileNotFoundError
        If the network's weights are not there.

    Warns
    -----
    BrokenClipsWarning
        If some clips could not be decoded or embedded. Their rows are zeros, and they are tried again each time.
    UserWarning
        If the cache cannot be read or written.
    """
    if band is not None:
        from dalbook.embeddings.band import with_band

        embedder = with_band(name_of(embedder), band)
    result, _ = embed_to_file(corpus, embedder, cache_dir, jobs, progress, model, device)
    if result.broken:
        warnings.warn(BrokenClipsWarning(result.broken), stacklevel=2)
    return result.x


def embed_to_file(
    corpus: Corpus,
    embedder: str | Callable | AnyEmbedder = "logmel",
    cache_dir: str | os.PathLike | None = None,
    jobs: int = 2,
    progress: bool = True,
    model: str | os.PathLike | None = None,
    device: str = "auto",
) -> tuple[Run, Path | None]:
    """As `embed`, with the account of the run, and the embedding file (None if it could not be written)."""
    embedder = embedder if isinstance(embedder, str) else known(embedder)
    dimensions = known(embedder).dimensions
    weights = weights_file(embedder, model)
    shipped = shipped_file(corpus, embedder) if isinstance(embedder, str) else None
    if shipped is not None:
        return Run(load_embeddings(shipped, corpus), {}, resumed=len(corpus)), shipped
    path = Path(cache_folder() if cache_dir is None else cache_dir) / _cache_name(corpus, embedder, weights)
    earlier = _from_cache(path, corpus, dimensions)
    if earlier is not None and not earlier.broken:
        return earlier, path
    arguments = corpus, embedder, weights, device, jobs, progress
    checkpoint = path.with_suffix(".part")
    with ExitStack() as stack:
        try:
            stack.enter_context(hold(path.with_suffix(".lock"), waiting=_tell_waiting if progress else bool))
        except OSError as error:
            result = _try(*arguments, earlier=earlier)
            return (result, path) if _same(result, earlier) else _not_kept(result, path, error)
        # another process may have finished while we waited for it
        result = _from_cache(path, corpus, dimensions, again=True)
        if result is None or _same(result, earlier):
            result = _try(*arguments, checkpoint=checkpoint, earlier=result)
            try:
                if not _same(result, earlier):
                    _save(path, corpus, embedder, weights, result)
            except OSError as error:
                return _not_kept(result, path, error)
        checkpoint.unlink(missing_ok=True)
    return result, path


def embeddings_for(
    corpus: Corpus, what: str | os.PathLike, jobs: int = 2, progress: bool = True
) -> NDArray[np.float32]:
    """Embeddings by an embedder's name or from an .npz file, float32 (n, d); see `embed` and `load_embeddings`."""
    if what in EMBEDDERS:
        return embed(corpus, str(what), jobs=jobs, progress=progress)
    if Path(what).suffix.lower() == ".npz" or Path(what).exists():
        return load_embeddings(what, corpus)
    raise ValueError(f"{what} is neither an embedder ({', '.join(EMBEDDERS)}) nor an .npz file")


def _try(*arguments, earlier: Run | None, checkpoint: Path | None = None) -> Run:
    """Run; where there is an earlier result, only its broken clips: what was wrong with them may have passed."""
    try:
        return run(*arguments, checkpoint=checkpoint, earlier=earlier)
    except ValueError:
        # the network cannot be loaded here, but what it gave before is there
        if earlier is None:
            raise
        return earlier


def _same(result: Run, earlier: Run | None) -> bool:
    return earlier is not None and result.broken == earlier.broken


def _cache_name(corpus: Corpus, embedder: str | Callable | AnyEmbedder, weights: Path | None = None) -> str:
    name, code = name_of(embedder), known(embedder).code()
    model = () if weights is None else (file_sum(weights),)
    return f"{corpus.name}-{name}-{fingerprint(corpus.fingerprint, name, code, *model)}.npz"


def _save(
    path: Path, corpus: Corpus, embedder: str | Callable | AnyEmbedder, weights: Path | None, result: Run
) -> None:
    made = {"corpus": corpus.name, "embedder": name_of(embedder), "broken": result.broken}
    if weights is not None:
        made["weights"] = {"file": weights.name, "sha256": file_sum(weights)}
    save_embeddings(path, corpus.ids, result.x, made)


def _from_cache(path: Path, corpus: Corpus, dimensions: int, again: bool = False) -> Run | None:
    try:
        clips, x, meta = read_embeddings(path)
        if clips != corpus.ids or x.shape[1] != dimensions or x.dtype != np.float32:
            raise ValueError(f"{path}: it belongs to something else")
        return Run(x, dict(meta["broken"]), resumed=len(corpus))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OSError) as error:
        if not again:
            warnings.warn(f"a damaged cache file is computed again: {error}", stacklevel=3)
        return None


def _not_kept(result: Run, path: Path, error: OSError) -> tuple[Run, None]:
    warnings.warn(
        f"the embeddings are not kept, because {path.parent} cannot be written to ({error}); set DALBOOK_CACHE to a "
        "folder that can",
        stacklevel=3,
    )
    return result, None


def _tell_waiting() -> None:
    print("another process computes the same embeddings; waiting for it", file=sys.stderr)
