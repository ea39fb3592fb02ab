"""How many clips must be heard until five of a rare sound are found, from one example of it?

Of the corpus, 1470 clips of other classes and 30 of the rare one are drawn; the example is one more clip of that class,
of a recording that none of the 30 is from. `plain` is the order of the cosine between the embeddings as they are, to
that one example; `search` is what the labeler does (`dalbook.learners.search`), with each answer told.

    python tools/example_search.py --root DIR --embedding yamnet.npz --out data/results/example_search.csv
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from dalbook import load_embeddings, load_urbansound8k
from dalbook.learners.geometry import Geometry
from dalbook.learners.search import best_cosine, spread_over_recordings, worth

CLASSES = ("dog_bark", "siren", "gun_shot", "car_horn")
CLIPS, RARE = 1500, 30
WANTED = 5
COLUMNS = ("corpus", "embedding", "class", "seed", "method", "labels")


def draw(labels: np.ndarray, recordings: np.ndarray, label: int, seed: int) -> tuple[int, np.ndarray]:
    """An example, and the clips (1500,) among which its like are looked for, ascending."""
    rng = np.random.default_rng([seed, label])
    ours = np.flatnonzero(labels == label)
    example = int(rng.choice(ours))
    ours = rng.choice(ours[recordings[ours] != recordings[example]], RARE, replace=False)
    others = rng.choice(np.flatnonzero(labels != label), CLIPS - RARE, replace=False)
    return example, np.sort(np.concatenate([ours, others]))


def plain(x: np.ndarray, example: int, pool: np.ndarray, is_one: np.ndarray) -> int:
    """Labels until five are found, in the order of the plain cosine."""
    unit = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    order = np.argsort(-best_cosine(unit[pool], unit[[example]]), kind="stable")
    return int(np.flatnonzero(is_one[order])[WANTED - 1]) + 1


def search(x: np.ndarray, recordings: np.ndarray, example: int, pool: np.ndarray, is_one: np.ndarray) -> int:
    """Labels until five are found, each answer told."""
    space = Geometry(x[pool])
    points, wanted = space.points(x[pool]), [space.points(x[[example]])[0]]
    unwanted: list[np.ndarray] = []
    heard: list[int] = []
    while len(wanted) <= WANTED:
        score = worth(points, np.array(wanted), np.array(unwanted).reshape(-1, points.shape[1]))
        order = np.argsort(-score, kind="stable")
        order = order[~np.isin(order, heard)]
        clip = int(spread_over_recordings(order, recordings[pool], heard)[0])
        heard.append(clip)
        (wanted if is_one[clip] else unwanted).append(points[clip])
    return len(heard)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", required=True, help="UrbanSound8K's folder")
    parser.add_argument("--embedding", required=True, help="an .npz file of its embeddings")
    parser.add_argument("--classes", nargs="+", default=CLASSES)
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 20), help="from, to")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    corpus = load_urbansound8k(options.root)
    x = load_embeddings(options.embedding, corpus)
    recordings = np.unique(corpus.recordings, return_inverse=True)[1]
    name = Path(options.embedding).stem
    with open(options.out, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for title in options.classes:
            label, both = corpus.classes.index(title), []
            for seed in range(*options.seeds):
                example, pool = draw(corpus.labels, recordings, label, seed)
                is_one = corpus.labels[pool] == label
                both.append((plain(x, example, pool, is_one), search(x, recordings, example, pool, is_one)))
                for method, labels in zip(("plain", "search"), both[-1], strict=True):
                    table.writerow([corpus.name, name, title, seed, method, labels])
            for method, labels in zip(("plain", "search"), np.transpose(both), strict=True):
                middle, late = np.median(labels), np.quantile(labels, 0.9)
                print(f"{title}, {method}: median {middle:.1f}, 90th percentile {late:.1f}", flush=True)


if __name__ == "__main__":
    main()
