"""Write the map of some clips of UrbanSound8K that chapter 3 shows: names, classes, folds and positions, as CSV.

python tools/embedding_map.py --root DIR --embedding yamnet.npz --out data/results/urbansound8k_map.csv
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from dalbook import load_embeddings, load_urbansound8k
from dalbook.embeddings.map import positions, some_of_each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", required=True, help="folder of urbansound8k, with metadata/ and audio/")
    parser.add_argument("--embedding", required=True, help="an .npz file with its embeddings")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the table to write, CSV")
    options = parser.parse_args()
    corpus = load_urbansound8k(options.root)
    shown = some_of_each(corpus.labels)
    xy = positions(load_embeddings(options.embedding, corpus)[shown])
    columns = {
        "clip": [corpus.ids[i] for i in shown],
        "class": [corpus.classes[corpus.labels[i]] for i in shown],
        "fold": corpus.folds[shown],
        "x": xy[:, 0].round(2),
        "y": xy[:, 1].round(2),
    }
    pd.DataFrame(columns).to_csv(options.out, index=False)
    print(options.out)


if __name__ == "__main__":
    main()
