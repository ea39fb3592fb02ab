"""Which corpus a command is about: the options that say so, and the corpus that they name."""

from __future__ import annotations

import argparse

from dalbook.corpora.corpus import Corpus

CORPORA = ("toy-city", "urbansound8k", "esc50", "table")
COLUMNS = ("path", "label", "fold", "recording")


def add_corpus(parser: argparse.ArgumentParser, embedders: str) -> None:
    """The options ``--corpus``, ``--root``, ``--csv``, ``--columns`` and ``--embedding``."""
    parser.add_argument("--corpus", default="toy-city", help="toy-city (default), urbansound8k, esc50, or table")
    parser.add_argument("--root", metavar="DIR", help="folder with the files of a corpus that has files")
    add_table(parser)
    parser.add_argument("--embedding", default="logmel", help=f"logmel (default), {embedders}, or an .npz file")


def add_table(parser: argparse.ArgumentParser) -> None:
    """The options ``--csv`` and ``--columns``."""
    parser.add_argument("--csv", metavar="FILE", help="of a table: columns path, label, and fold or recording or both")
    parser.add_argument(
        "--columns", metavar="NAME=COLUMN", help="where they are called otherwise: label=species,path=file"
    )


def check_table(corpus: str, options: argparse.Namespace) -> None:
    """Whether the options of `add_table` fit the corpus.

    Raises
    ------
    ValueError
        A table without its file, or its options beside another corpus.
    """
    if corpus != "table" and (options.csv or options.columns):
        raise ValueError(f"--csv and --columns belong to table; leave them out for {corpus}")
    if corpus == "table" and options.csv is None:
        raise ValueError("table needs --csv, the file that lists its clips")


def corpus_from(options: argparse.Namespace) -> Corpus:
    """The corpus that the options of `add_corpus` name: one whose labels are known.

    Raises
    ------
    ValueError
        There is no such corpus, or an option is missing or belongs to another corpus.
    """
    from dalbook.corpora.esc50 import load_esc50
    from dalbook.corpora.table import load_table
    from dalbook.corpora.toycity.load import load_toy_city
    from dalbook.corpora.urbansound8k import load_urbansound8k

    name, root = options.corpus, options.root
    if name not in CORPORA:
        raise ValueError(f"there is no corpus {name!r} to measure on; choose one of {', '.join(CORPORA)}")
    check_table(name, options)
    if name == "table":
        # where embeddings are given no sound is heard, and none has to be there
        sounds = None if options.embedding.endswith(".npz") else root
        return load_table(options.csv, sounds, **columns(options.columns))
    if name == "toy-city":
        if root is not None:
            raise ValueError("--root is the folder of a corpus of files; leave it out for toy-city")
        return load_toy_city()
    if root is None:
        raise ValueError(f"--corpus {name} needs --root, the folder with its files")
    return load_esc50(root) if name == "esc50" else load_urbansound8k(root)


def columns(text: str | None) -> dict[str, str]:
    """What the columns of a table are called, from ``--columns``.

    >>> columns("label=species,fold=part")
    {'label': 'species', 'fold': 'part'}
    """
    pairs = [part.strip().partition("=") for part in (text or "").split(",") if part.strip()]
    for name, _, column in pairs:
        if name not in COLUMNS or not column:
            wanted = ", ".join(f"{name}=COLUMN" for name in COLUMNS)
            raise ValueError(f"--columns takes {wanted}, with commas between, not {text!r}")
    return {name: column for name, _, column in pairs}
