"""How far an embedding carries with every label given: three tables, for the book's results.

    python tools/full_labels.py --corpus urbansound8k --root DIR --embedding yamnet.npz --out data/results

A table that exists keeps its rows of other corpora and embeddings.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dalbook.cli.corpus import add_corpus, corpus_from
from dalbook.embeddings.embed import embed, embeddings_for
from dalbook.experiments.full_labels import tables


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_corpus(parser, "mfcc, yamnet, cnn14")
    parser.add_argument("--model", metavar="FILE", help="the weights of yamnet or cnn14, if you have them")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write the tables")
    options = parser.parse_args(arguments)
    corpus = corpus_from(options)
    if options.model is None:
        x = embeddings_for(corpus, options.embedding)
    else:
        x = embed(corpus, options.embedding, model=options.model)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, table in tables(corpus, x, Path(options.embedding).stem).items():
        path = options.out / f"{name}.csv"
        if path.exists():
            old = pd.read_csv(path)
            same = (old["corpus"] == corpus.name) & (old["embedding"] == Path(options.embedding).stem)
            table = pd.concat([old[~same], table])
        table.to_csv(path, index=False, float_format="%.6f")
        print(path)


if __name__ == "__main__":
    main()
