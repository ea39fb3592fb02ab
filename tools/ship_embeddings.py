"""Make anew the embeddings of toy-city that travel with the package: python tools/ship_embeddings.py

Takes some minutes. Run it, and commit what it writes, when toy-city, logmel or mfcc have changed: until then the files
are out of date and everybody computes. Where the values are the same to the bit, only keys.json changes.
"""

from __future__ import annotations

import json
import os

import numpy as np

from dalbook import load_toy_city
from dalbook.embeddings.compute import run
from dalbook.embeddings.npz import read_embeddings
from dalbook.embeddings.shipped import FOLDER, KEYS, key


def main() -> None:
    corpus = load_toy_city()
    keys = {}
    FOLDER.mkdir(exist_ok=True)
    for embedder in ("logmel", "mfcc"):
        x = run(corpus, embedder, jobs=os.cpu_count() or 1).x.astype(np.float16)
        path = FOLDER / f"{embedder}.npz"
        keys[embedder] = key(corpus, embedder)
        if path.exists() and np.array_equal(read_embeddings(path)[1], x):
            print(f"{path}: as before")
            continue
        np.savez_compressed(path, clips=np.array(corpus.ids), embeddings=x)
        print(f"{path}: {path.stat().st_size} bytes")
    KEYS.write_text(json.dumps(keys, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
