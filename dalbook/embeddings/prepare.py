"""From nothing to embeddings: what is missing is fetched, checked and unpacked, then every clip is embedded once."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from dalbook.corpora.corpus import Corpus
from dalbook.corpora.esc50 import load_esc50
from dalbook.corpora.folder import load_folder
from dalbook.corpora.table import load_table
from dalbook.corpora.urbansound8k import load_urbansound8k
from dalbook.embeddings.archive import extract
from dalbook.embeddings.download import NoNetworkError, download
from dalbook.embeddings.embed import embed_to_file
from dalbook.embeddings.prepare_checks import (
    check_cache,
    check_fetch,
    check_limit,
    check_no_half_corpus,
    check_rooms,
    embeddings_need,
    missing_weights,
    sounds_need,
    weights_needs,
)
from dalbook.embeddings.prepare_report import (
    CLIPS,
    count,
    quoted,
    say,
    tell_embeddings,
    tell_fetched,
    tell_plan,
    tell_summary,
)
from dalbook.embeddings.published import URBANSOUND8K, Remote, check, kept_at, located
from dalbook.embeddings.registry import check_library, known, load_network, weights_file
from dalbook.files.cache import cache_folder
from dalbook.files.disk import gigabytes

INSIDE = "UrbanSound8K"  # the archive's folder
WITHOUT = (
    "Without a network, bring the files: a copy of UrbanSound8K with --root, weights with --model. Or do without: "
    "logmel and mfcc need no weights, toy-city (dalbook curve) and your own recordings (dalbook prepare folder) no "
    "download"
)


def prepare_urbansound8k(
    root: str | os.PathLike | None = None,
    embedding: str = "cnn14",
    fetch: bool = False,
    device: str = "auto",
    limit: int | None = None,
    model: str | os.PathLike | None = None,
    jobs: int = 2,
    progress: bool = True,
) -> Path:
    """Make UrbanSound8K's embeddings: fetch what is missing, embed all clips, print what is there.

    Stopped anywhere, it goes on there when it is run again.

    Parameters
    ----------
    root
        The folder that holds, or shall hold, `metadata` and `audio`; by default a folder in the cache. If the archive
        UrbanSound8K.tar.gz lies in it, it need not be fetched.
    embedding
        One of EMBEDDERS.
    fetch
        Whether anything may be downloaded.
    device
        Where a network computes.
    limit
        Embed only this many clips, evenly spread, to try it out.
    model
        The network's weights, if you have them.
    jobs
        Processes, or threads that decode beside a network.
    progress
        Show progress bars.

    Returns
    -------
    Path
        The embedding file.

    Raises
    ------
    NoNetworkError
        If something must be fetched and there is no network; the message says what can be done without.
    FileNotFoundError
        If something is missing and may not be fetched.
    ValueError, OSError
        If a file is not the right one, or the disk has too little room, or the result cannot be written.
    """
    check_limit(limit)
    check_cache()
    root = (cache_folder() / INSIDE if root is None else Path(root)).expanduser().absolute()
    remote, archive = located(URBANSOUND8K), root / URBANSOUND8K.file
    weights = missing_weights(embedding, model)
    # where it is a folder further down, load_urbansound8k says so
    there = any((place / "metadata").exists() for place in (root, root / INSIDE))
    if not there:
        check_no_half_corpus(root, archive)
    fetched = [one for one in (weights, None if there or archive.exists() else remote) if one is not None]
    tell_plan(root, there, archive, fetched, embedding, limit)
    check_fetch(fetched, fetch)
    check_library(embedding)
    sounds = [] if there else [sounds_need(root, archive, remote)]
    check_rooms([*weights_needs(weights), *sounds, embeddings_need(embedding, limit or CLIPS)])
    _fetch_weights(embedding, weights, progress)
    if not there:
        # before gigabytes are fetched: can the network be used at all?
        if known(embedding).network:
            load_network(embedding, weights_file(embedding, model), device)
        _fetch(remote, archive, progress, local=archive.exists())
        extract(archive, root, INSIDE, progress)
        say(f"{archive} ({gigabytes(archive.stat().st_size)}) is no longer needed")
    corpus, troubles = _load(load_urbansound8k, root)
    return _finish(corpus, troubles, embedding, device, limit, model, jobs, progress, f"--root {quoted(root)}")


def prepare_folder(
    root: str | os.PathLike,
    embedding: str = "cnn14",
    fetch: bool = False,
    device: str = "auto",
    limit: int | None = None,
    model: str | os.PathLike | None = None,
    segment: float | None = None,
    skip_silence: float | None = None,
    jobs: int = 2,
    progress: bool = True,
) -> Path:
    """Make the embeddings of your own recordings: as `prepare_urbansound8k`, and nothing but weights is ever fetched.

    Parameters
    ----------
    root
        The folder with the recordings.
    embedding, fetch, device, limit, model
        As `prepare_urbansound8k` takes them.
    segment, skip_silence
        As `load_folder` takes them.
    jobs, progress
        As `prepare_urbansound8k` takes them.

    Returns
    -------
    Path
        The embedding file.
    """
    # class names do not change the embeddings, and so are chosen later
    load = partial(load_folder, root, ["unknown"], segment, skip_silence)
    return _of_files("Your recordings", root, load, None, embedding, fetch, device, limit, model, jobs, progress)


def prepare_esc50(
    root: str | os.PathLike,
    embedding: str = "cnn14",
    fetch: bool = False,
    device: str = "auto",
    limit: int | None = None,
    model: str | os.PathLike | None = None,
    jobs: int = 2,
    progress: bool = True,
) -> Path:
    """Make the embeddings of ESC-50 or a part of it: as `prepare_folder`, with what `load_esc50` takes."""
    use, load = f"--root {quoted(Path(root))}", partial(load_esc50, root)
    return _of_files("ESC-50", root, load, use, embedding, fetch, device, limit, model, jobs, progress)


def prepare_table(
    csv: str | os.PathLike,
    root: str | os.PathLike | None = None,
    columns: Mapping[str, str] | None = None,
    embedding: str = "cnn14",
    fetch: bool = False,
    device: str = "auto",
    limit: int | None = None,
    model: str | os.PathLike | None = None,
    jobs: int = 2,
    progress: bool = True,
) -> Path:
    """Make the embeddings of the clips that a table lists: as `prepare_folder`, with what `load_table` takes.

    Parameters
    ----------
    csv, root
        As `load_table` takes them.
    columns
        What the columns path, label, fold and recording are called, where that is something else.
    embedding, fetch, device, limit, model, jobs, progress
        As `prepare_urbansound8k` takes them.
    """
    columns = dict(columns or {})
    use = f"--csv {quoted(Path(csv))}"
    if columns:
        use += " --columns " + ",".join(f"{name}={column}" for name, column in columns.items())
    load = partial(load_table, csv, root, **columns)
    return _of_files("A table", csv, load, use, embedding, fetch, device, limit, model, jobs, progress)


def _of_files(
    what: str,
    at: str | os.PathLike,
    load: Callable[[], Corpus],
    use: str | None,
    embedding: str,
    fetch: bool,
    device: str,
    limit: int | None,
    model: str | os.PathLike | None,
    jobs: int,
    progress: bool,
) -> Path:
    """Embed a corpus whose sounds are there; `use` is what `dalbook curve` needs to find it again."""
    check_limit(limit)
    check_cache()
    weights = missing_weights(embedding, model)
    fetched = [] if weights is None else [weights]
    say(f"{what}: {Path(at).expanduser().absolute()}")
    tell_fetched(fetched)
    check_fetch(fetched, fetch)
    check_library(embedding)
    corpus, troubles = _load(load)
    say(corpus.description)
    n = len(corpus) if limit is None else min(limit, len(corpus))
    tell_embeddings(embedding, count(limit, len(corpus)), n)
    check_rooms([*weights_needs(weights), embeddings_need(embedding, n)])
    _fetch_weights(embedding, weights, progress)
    return _finish(corpus, troubles, embedding, device, limit, model, jobs, progress, use)


def _fetch_weights(embedding: str, weights: Remote | None, progress: bool) -> None:
    if weights is not None:
        _fetch(weights, kept_at(known(embedding).weights), progress)


def _fetch(remote: Remote, path: Path, progress: bool, local: bool = False) -> None:
    try:
        if local:
            check(path, remote, progress)
        else:
            download(remote, path, progress)
    except NoNetworkError as error:
        raise NoNetworkError(f"there is no network: {error}. {WITHOUT}") from None


def _load(load: Callable[..., Corpus], *arguments) -> tuple[Corpus, list[str]]:
    """The corpus, and what its loading warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        corpus = load(*arguments)
    return corpus, [str(warning.message) for warning in caught]


def _finish(
    corpus: Corpus,
    troubles: list[str],
    embedding: str,
    device: str,
    limit: int | None,
    model: str | os.PathLike | None,
    jobs: int,
    progress: bool,
    where: str | None,
) -> Path:
    """Embed, and print the summary."""
    corpus = corpus if limit is None or limit >= len(corpus) else _some_of(corpus, limit)
    result, path = embed_to_file(corpus, embedding, jobs=jobs, progress=progress, model=model, device=device)
    tell_summary(corpus, troubles, result)
    if path is None:
        raise OSError(f"the embeddings could not be kept in {cache_folder()}")
    say(f"Embeddings, {result.x.shape[0]} clips x {result.x.shape[1]}: {path}")
    if where is not None and limit is None:
        say(f"Use them: dalbook curve --corpus {corpus.name} {where} --embedding {quoted(path)}")
    return path


def _some_of(corpus: Corpus, limit: int) -> Corpus:
    """A corpus of `limit` of the clips, evenly spread."""
    some = corpus.take(np.linspace(0, len(corpus) - 1, limit).round())
    return replace(some, description=f"{corpus.description}\n{limit} of them, to try it out")
