"""The shared-distance support vector machine predicts what scikit-learn's own pipeline predicts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from dalbook.learners.svm import PoolSVM


def blobs(n: int, n_classes: int, d: int = 20, seed: int = 0, spread: float = 2.0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    x = np.maximum(rng.normal(size=(n_classes, d))[y] * 2 + spread * rng.normal(size=(n, d)), 0) * rng.random(d)
    return x, y


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("labeled", [20, 60, 300])
def test_equals_sklearn_on_the_standardized_pool(n_classes, labeled):
    x, y = blobs(700, n_classes)
    pool, test = x[:300], x[300:]
    rows = np.random.default_rng(1).permutation(300)[:labeled]
    scaler = StandardScaler().fit(pool)
    plain = SVC(C=1, gamma="scale", break_ties=True).fit(scaler.transform(pool[rows]), y[rows])
    svm = PoolSVM(pool, n_classes).fit(rows, y[rows])
    scores = svm.predict_proba(test)

    assert svm._gamma == pytest.approx(plain._gamma, rel=1e-9)
    np.testing.assert_array_equal(scores.argmax(axis=1), plain.predict(scaler.transform(test)))
    decision = plain.decision_function(scaler.transform(test))
    decision = np.column_stack([-decision, decision]) if n_classes == 2 else decision
    off = np.abs(scores[:, plain.classes_] - softmax(decision)).max(axis=1)
    assert np.mean(off < 2e-3) >= 0.99  # a pairwise vote on the fence may fall the other way
    np.testing.assert_allclose(scores.sum(axis=1), 1)


def test_growing_label_sets_of_one_pool_leave_no_trace():
    x, y = blobs(200, 4)
    test = x[150:]
    one = PoolSVM(x[:150], 4)
    for m in (10, 40, 150):
        one.fit(np.arange(m), y[:m]).predict_proba(test)
    one.fit(np.arange(60), y[:60])
    fresh = PoolSVM(x[:150], 4).fit(np.arange(60), y[:60])
    np.testing.assert_array_equal(one.predict_proba(test), fresh.predict_proba(test))


def test_separates_what_is_separable():
    x, y = blobs(400, 5, spread=0.3)
    svm = PoolSVM(x[:200], 5).fit(np.arange(200), y[:200])
    assert np.mean(svm.predict_proba(x[200:]).argmax(axis=1) == y[200:]) > 0.97


def test_unseen_classes_get_nothing():
    x, y = blobs(90, 3)
    known = np.flatnonzero(y != 1)
    scores = PoolSVM(x, 4).fit(known, y[known]).predict_proba(x)
    assert not scores[:, [1, 3]].any()
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert np.mean(scores.argmax(axis=1)[known] == y[known]) > 0.9


def test_one_class_is_certain_and_no_label_is_uniform():
    x, _ = blobs(12, 2)
    svm = PoolSVM(x, 4)
    np.testing.assert_array_equal(svm.predict_proba(x[:3]), np.full((3, 4), 0.25))
    svm.fit([1, 5], [2, 2])
    np.testing.assert_array_equal(svm.predict_proba(x[:3]), [[0, 0, 1, 0]] * 3)
    svm.fit([], [])
    np.testing.assert_array_equal(svm.predict_proba(x[:3]), np.full((3, 4), 0.25))
    assert svm.predict_proba(x[:0]).shape == (0, 4)


def test_constant_features_and_identical_clips_give_numbers():
    x, y = blobs(60, 3)
    x[:, 4] = 0
    x[:, 7] = 123.456
    x[30:] = x[:30]
    varied = np.delete(x, [4, 7], axis=1)
    scores = PoolSVM(x, 3).fit(np.arange(60), y).predict_proba(x)
    assert np.isfinite(scores).all()
    plain = PoolSVM(varied, 3).fit(np.arange(60), y)
    # gamma = 1 / (d Var): constant features change d and Var so that d Var stays
    np.testing.assert_allclose(scores, plain.predict_proba(varied), atol=2e-3)
    same = PoolSVM(np.ones((6, 5)), 2).fit(np.arange(6), [0, 1, 0, 1, 0, 1]).predict_proba(np.ones((2, 5)))
    assert np.isfinite(same).all()


def test_many_clips_to_predict_are_handled_in_blocks():
    x, y = blobs(1300, 3)
    svm = PoolSVM(x[:100], 3).fit(np.arange(100), y[:100])
    whole = svm.predict_proba(x)
    np.testing.assert_allclose(whole[1000:1010], svm.predict_proba(x[1000:1010]), atol=1e-4)


def test_bad_input_is_named():
    x, _ = blobs(10, 2)
    broken = x.copy()
    broken[3, 2] = np.nan
    with pytest.raises(ValueError, match="row 3 of the features of the pool"):
        PoolSVM(broken, 2)
    with pytest.raises(ValueError, match="empty"):
        PoolSVM(x[:0], 2)
    with pytest.raises(ValueError, match="n_classes"):
        PoolSVM(x, 0)
    with pytest.raises(ValueError, match="shape"):
        PoolSVM(x[0], 2)
    svm = PoolSVM(x, 2)
    with pytest.raises(ValueError, match="row 10"):
        svm.fit([0, 10], [0, 1])
    with pytest.raises(ValueError, match="row -1"):
        svm.fit([0, -1], [0, 1])
    with pytest.raises(ValueError, match="class 2"):
        svm.fit([0, 1], [0, 2])
    with pytest.raises(ValueError, match="one label"):
        svm.fit([0, 1], [0])
    with pytest.raises(ValueError, match="19 dimensions"):
        svm.predict_proba(x[:, :19])
    with pytest.raises(ValueError, match="row 3 of the features of the clips to predict"):
        svm.predict_proba(broken)
