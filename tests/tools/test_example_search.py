import example_search
import numpy as np
import pytest


@pytest.fixture(scope="module")
def corpus():
    """Embeddings (n, 12), labels and recordings: class 1 is one cluster among many."""
    rng = np.random.default_rng(0)
    labels = np.r_[np.zeros(2000, int), np.ones(60, int)]
    x = rng.random((9, 12))[np.where(labels, 8, np.arange(2060) % 8)] + 0.1 * rng.random((2060, 12))
    return x.astype(np.float32), labels, np.arange(2060) // 3


def test_what_is_drawn_is_two_percent_and_not_of_the_examples_recording(corpus):
    _, labels, recordings = corpus
    example, pool = example_search.draw(labels, recordings, 1, 3)
    assert labels[example] == 1
    assert len(np.unique(pool)) == 1500
    assert labels[pool].sum() == 30
    assert recordings[example] not in recordings[pool[labels[pool] == 1]]
    assert example_search.draw(labels, recordings, 1, 3)[1].tolist() == pool.tolist()


def test_five_of_a_cluster_are_found_at_once_by_both(corpus):
    x, labels, recordings = corpus
    example, pool = example_search.draw(labels, recordings, 1, 0)
    is_one = labels[pool] == 1
    assert example_search.plain(x, example, pool, is_one) == 5
    assert example_search.search(x, recordings, example, pool, is_one) == 5
