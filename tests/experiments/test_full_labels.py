"""All labels given: the ways to make folds, and the committed tables that the book shows."""

import numpy as np
import pandas as pd
import pytest

from dalbook import embed, load_toy_city
from dalbook.book.results import results
from dalbook.embeddings.map import positions, some_of_each
from dalbook.experiments.full_labels import (
    KINDS,
    nearest_clip,
    neighbor_kinds,
    numbered,
    predictions,
    recall_by_fold,
    reshuffled,
    reshuffled_whole,
    tables,
)


@pytest.fixture(scope="module")
def city():
    corpus = load_toy_city()
    return corpus, embed(corpus, "logmel", progress=False), numbered(corpus.recordings)


def test_reshuffled_folds_split_recordings_and_whole_ones_do_not(city):
    corpus, _, recording = city

    def split(folds):
        return sum(len(np.unique(folds[recording == one])) > 1 for one in np.unique(recording))

    assert split(corpus.folds) == 0
    assert split(reshuffled(corpus.folds, seed=0)) > 200
    whole = reshuffled_whole(corpus.folds, recording, seed=0)
    assert split(whole) == 0
    assert not np.array_equal(whole, corpus.folds)
    assert np.array_equal(np.bincount(reshuffled(corpus.folds, seed=3)), np.bincount(corpus.folds))


def test_reshuffling_flatters_and_whole_recordings_do_not(city):
    corpus, x, recording = city

    def recall(folds):
        return np.mean(list(recall_by_fold(nearest_clip, x, corpus.labels, folds).values()))

    official = recall(corpus.folds)
    assert recall(reshuffled(corpus.folds, seed=0)) > official + 0.1
    assert abs(recall(reshuffled_whole(corpus.folds, recording, seed=0)) - official) < 0.05


def test_the_committed_tables_are_what_the_code_computes(city):
    corpus, x, _ = city
    for name, table in tables(corpus, x, "logmel").items():
        kept = pd.read_csv(results(f"{name}.csv")).query("corpus == 'toy-city' and embedding == 'logmel'")
        numbers = "recall" if name.endswith("recall") else None
        words = table.drop(columns=numbers) if numbers else table
        if numbers:  # an SVM may decide one clip otherwise with another build of the libraries
            assert np.allclose(kept[numbers], table[numbers], atol=0.03)
        if not name.endswith("confusions"):
            old = kept.drop(columns=numbers) if numbers else kept
            assert old.reset_index(drop=True).astype(str).equals(words.reset_index(drop=True).astype(str))
        else:
            assert kept["clips"].sum() == table["clips"].sum() == 2 * len(corpus)


def test_no_clip_is_predicted_from_its_own_fold():
    x = np.eye(4)[[0, 0, 1, 1]]
    labels, folds = np.array([0, 1, 0, 1]), np.array([1, 2, 1, 2])
    assert predictions(nearest_clip, x, labels, folds).tolist() == [1, 0, 1, 0]


def test_a_neighbor_is_another_clip():
    x = np.array([[1.0, 0], [1.0, 0.1], [0, 1], [0.1, 1]])
    kinds = neighbor_kinds(x, np.array([0, 0, 1, 1]), np.array([5, 6, 7, 7]))
    assert [KINDS[kind] for kind in kinds] == ["same class", "same class", "same recording", "same recording"]


def test_recordings_are_numbered_as_their_names_count():
    assert numbered(np.array(["100", "b.wav", "99", "100"])).tolist() == [1, 2, 0, 1]


def test_a_map_keeps_neighbors_and_draws_each_class(city):
    corpus, x, _ = city
    shown = some_of_each(corpus.labels, per_class=6)
    assert np.bincount(corpus.labels[shown]).tolist() == [6] * 10
    xy = positions(x[shown])
    flat = ((xy[:, None] - xy) ** 2).sum(axis=2)
    np.fill_diagonal(flat, np.inf)
    same = corpus.labels[shown][flat.argmin(axis=1)] == corpus.labels[shown]
    assert same.mean() > 0.5  # chance is 0.08
