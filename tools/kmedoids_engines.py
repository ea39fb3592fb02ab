"""Three engines of k-medoids side by side: the loss that each ends with, and the processor time that it takes.

    python tools/kmedoids_engines.py --root DIR --embedding yamnet.npz --out data/results/kmedoids_engines.csv

needs kmedoids and scikit-learn-extra (`dalbook.learners.kmedoids` says how to install it). As many clusters as MAL
takes, a quarter of the clips.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

from dalbook import embed, load_embeddings, load_toy_city, load_urbansound8k
from dalbook.learners.kmedoids import ENGINES, cosine_distance, k_medoids

COLUMNS = ("corpus", "clips", "clusters", "engine", "loss", "seconds")


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", required=True, help="of UrbanSound8K")
    parser.add_argument("--embedding", required=True, help="its YAMNet embeddings, .npz")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    city, real = load_toy_city(), load_urbansound8k(options.root)
    fold = real.folds == 10
    sets = {
        "toy-city": embed(city, "logmel", progress=False),
        "UrbanSound8K, fold 10": load_embeddings(options.embedding, real)[fold],
    }
    rows = []
    for engine in ENGINES:  # what it imports is not counted
        k_medoids(cosine_distance(sets["toy-city"][:40]), 4, engine)
    for name, x in sets.items():
        distance = cosine_distance(x)
        k = len(x) // 4
        for engine in ENGINES:
            start = time.process_time()
            found = k_medoids(distance, k, engine)
            rows.append((name, len(x), k, engine, f"{found.loss:.3f}", f"{time.process_time() - start:.3f}"))
            print(*rows[-1])
    with open(options.out, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
