"""What `dalbook prepare` makes sure of before it begins, so that hours and gigabytes do not end in an error."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dalbook.embeddings.archive import unpacked
from dalbook.embeddings.prepare_report import embedding_bytes
from dalbook.embeddings.published import UNPACKED, URBANSOUND8K, Remote, kept_at, located
from dalbook.embeddings.registry import by_hand, known, weights_file
from dalbook.files.cache import cache_folder
from dalbook.files.disk import check_room

Need = tuple[Path, int, str]  # a folder, the bytes that are to come into it, and what they are


def check_limit(limit: int | None) -> None:
    """Refuse to embed fewer clips than one."""
    if limit is not None and limit < 1:
        raise ValueError(f"--limit must be at least 1, not {limit}")


def check_cache() -> None:
    """Make sure that something can be kept in the cache."""
    cache = cache_folder().absolute()
    there = _nearest(cache)
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise OSError(f"nothing can be kept in {cache}; set DALBOOK_CACHE to a folder that can be written to")


def check_no_half_corpus(root: Path, archive: Path) -> None:
    """Refuse a folder with sounds of which nobody knows the labels, unless we were just moving them there."""
    if (root / "audio").exists() and not unpacked(archive, root).exists():
        raise FileExistsError(
            f"{root} has `audio`, but not `metadata`; complete it, or choose an empty folder as --root"
        )


def missing_weights(embedding: str, model: str | os.PathLike | None) -> Remote | None:
    """The weights that must be fetched for an embedder; None where it needs none, or they are there.

    Raises
    ------
    FileNotFoundError
        If `model` is given and not there.
    ValueError
        If `model` is given for an embedder that has no weights, or there is no such embedder.
    """
    weights = known(embedding).weights
    if not isinstance(weights, Remote) or model is not None:
        weights_file(embedding, model)
        return None
    return None if kept_at(weights).is_file() else located(weights)


def check_fetch(fetched: Sequence[Remote], allowed: bool) -> None:
    """Refuse to fetch what has no address, or anything at all if nobody allowed it."""
    for one in fetched:
        if one.url is None:
            raise FileNotFoundError(f"{one.file} has no address to fetch it from: {by_hand(one)}")
    if not fetched or allowed:
        return
    sounds = [one.file == URBANSOUND8K.file for one in fetched]
    other = f", or take --embedding logmel or mfcc, which need no {'weights' if any(sounds) else 'download'}"
    raise FileNotFoundError(
        f"{' and '.join(one.file for one in fetched)} must be fetched: add --download for that; or name your own copy "
        f"with {' and '.join('--root DIR' if one else '--model FILE' for one in sounds)}"
        + ("" if all(sounds) else other)
    )


def weights_needs(weights: Remote | None) -> list[Need]:
    """What weights that are to be fetched take on disk."""
    return [] if weights is None else [(kept_at(weights).parent, weights.size or 0, weights.file)]


def sounds_need(root: Path, archive: Path, remote: Remote) -> Need:
    """What UrbanSound8K still takes on disk, its archive and what that unpacks to."""
    # a small stand-in for the archive unpacks to something small
    unpacks_to = UNPACKED if remote.size == URBANSOUND8K.size else 0
    half = archive.with_name(archive.name + ".part")
    came = next((path.stat().st_size for path in (archive, half) if path.exists()), 0)
    return root, max(0, (remote.size or 0) - came) + unpacks_to, "UrbanSound8K"


def embeddings_need(embedding: str, n: int) -> Need:
    """What n clips' embeddings take on disk."""
    return cache_folder(), embedding_bytes(embedding, n), "the embeddings"


def check_rooms(needs: Sequence[Need]) -> None:
    """Make sure that each disk has room for all that is to come onto it, together.

    Raises
    ------
    OSError
        If one has not.
    """
    disks: dict[int, list[Need]] = {}
    for need in needs:
        disks.setdefault(os.stat(_nearest(need[0].absolute())).st_dev, []).append(need)
    for together in disks.values():
        check_room(together[0][0], sum(size for _, size, _ in together), " and ".join(what for *_, what in together))


def _nearest(folder: Path) -> Path:
    """The folder, or the first one above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())
