"""The embeddings of toy-city that travel with the package: those of this code, and few bytes."""

from dataclasses import replace

import numpy as np
import pytest

from dalbook import embed, load_toy_city
from dalbook.embeddings.compute import embed_chunk
from dalbook.embeddings.embed import EMBEDDERS, embed_to_file
from dalbook.embeddings.npz import read_embeddings
from dalbook.embeddings.shipped import FOLDER, shipped_file

SHIPPED = ("logmel", "mfcc")
SOME = range(7, 800, 20)  # 40 clips, of all classes and folds


@pytest.mark.parametrize("embedder", SHIPPED)
def test_they_are_those_of_this_code(embedder):
    assert shipped_file(load_toy_city(), embedder), (
        "toy-city, the embedder or a module that they depend on has changed: run `python tools/ship_embeddings.py` and "
        "commit what it writes"
    )


@pytest.mark.parametrize("embedder", SHIPPED)
def test_forty_clips_computed_anew_are_the_same(embedder):
    corpus = load_toy_city()
    shipped = read_embeddings(FOLDER / f"{embedder}.npz")[1]
    assert len(set(corpus.labels[SOME])) == len(set(corpus.folds[SOME])) == 10
    fresh, broken = embed_chunk(corpus, SOME, EMBEDDERS[embedder])
    assert not broken
    assert shipped.dtype == np.float16
    # float16 keeps eleven bits; another build of the libraries may round the other way
    assert np.allclose(shipped[SOME], fresh, rtol=2**-10, atol=1e-3)


def test_embed_takes_them_everywhere(tmp_path):
    corpus = load_toy_city()
    for embedder in SHIPPED:
        x, path = embed_to_file(corpus, embedder, cache_dir=tmp_path, progress=False)
        assert path == FOLDER / f"{embedder}.npz"
        assert x.x.dtype == np.float32
        assert np.array_equal(x.x, read_embeddings(path)[1].astype(np.float32))
    assert np.array_equal(embed(corpus, progress=False), embed(corpus, cache_dir=tmp_path, progress=False))
    assert not list(tmp_path.iterdir())


def test_nothing_else_takes_them():
    corpus = load_toy_city()
    assert shipped_file(load_toy_city(seed=1), "logmel") is None
    assert shipped_file(replace(corpus, fingerprint="of other sounds"), "logmel") is None
    assert shipped_file(corpus, "yamnet") is None


def test_they_are_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_000_000
