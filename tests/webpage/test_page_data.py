"""The data of the page that learns: small, repeatable, and as good to learn from as the embeddings it is made of."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from dalbook import DropoutLearner, embed, load_toy_city
from dalbook.learners.cold_start import medoid_order
from dalbook.learners.metrics import macro_recall_on
from dalbook.learners.simulate import simulate
from dalbook.webpage.data import CONFIG, DIMENSIONS, FULL, page_data, reduced, split, typical_of_each

LIMIT = 400_000  # bytes, before the sounds


@pytest.fixture(scope="module")
def corpus():
    return load_toy_city()


@pytest.fixture(scope="module")
def x(corpus):
    return embed(corpus, "logmel", progress=False)


@pytest.fixture(scope="module")
def data(corpus, x):
    return page_data(corpus, x)


def test_the_page_is_small_and_made_again_the_same(corpus, x, data):
    assert len(json.dumps(data)) < LIMIT
    assert page_data(corpus, x)["version"] == data["version"]
    other = x.copy()
    other[int(split(corpus)[0][0])] += 1
    assert page_data(corpus, other)["version"] != data["version"]


def test_the_page_knows_its_clips(corpus, x, data):
    pool, held_out = split(corpus)
    assert data["pool"] == len(pool) == 150
    assert data["ids"] == [corpus.ids[clip] for clip in pool]
    assert data["truth"] == corpus.labels[np.concatenate([pool, held_out])].tolist()
    numbers = np.frombuffer(base64.b64decode(data["x"]), "<f2").reshape(-1, DIMENSIONS).astype(np.float32)
    np.testing.assert_array_equal(numbers, reduced(x, pool)[np.concatenate([pool, held_out])])
    assert [pool[clip] for clip in data["order"]] == [pick.clip for pick in medoid_order(x, pool)]
    assert np.ptp(data["xy"], axis=0).tolist() == [1, 1]
    recordings = np.array(data["herding"]["recordings"])
    np.testing.assert_array_equal(
        recordings[:, None] == recordings, corpus.recordings[pool][:, None] == corpus.recordings[pool]
    )


def test_no_recording_is_both_learned_from_and_tested_on(corpus):
    pool, held_out = split(corpus)
    recordings = [set(corpus.recordings[clips]) for clips in (pool, held_out)]
    assert not recordings[0] & recordings[1]
    counts = np.bincount(corpus.labels[pool])
    assert counts.max() >= 4 * counts.min()  # the unfair street that the chapter tells of
    assert counts.min() >= 3


def test_what_is_no_toy_city_is_refused(corpus, x):
    some = replace(corpus, folds=np.where(corpus.folds == 3, 2, corpus.folds))
    with pytest.raises(ValueError, match="has no fold 3"):
        page_data(some, x)
    with pytest.raises(ValueError, match="has other classes"):
        page_data(replace(corpus, classes=tuple(f"class {c}" for c in range(10))), x)


def test_64_dimensions_are_enough(corpus, x):
    """On the reduced embeddings the learner does what it does on all 2048: its curve lies no lower, but for noise."""
    pool, held_out = split(corpus)
    first = typical_of_each(x, pool, corpus.labels)
    assert sorted(first.values()) == list(range(10))
    ends = []
    for some, rate in (
        (reduced(x, pool), CONFIG.learning_rate),
        (x, CONFIG.learning_rate / (FULL / DIMENSIONS) ** 0.5),
    ):
        score = macro_recall_on(some[held_out], corpus.labels[held_out])
        config = replace(CONFIG, learning_rate=rate)
        runs = [
            simulate(
                DropoutLearner(some, 10, first, pool=pool, config=config, seed=seed), corpus.labels, [20, 30], score
            )
            for seed in range(3)
        ]
        ends.append(np.mean([list(run.values()) for run in runs]))
    assert ends[0] > ends[1] - 0.04
