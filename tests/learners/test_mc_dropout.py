"""The classifier of Figure 1: shared masks against explicit loops, compiled against PyTorch, both against dropout."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from dalbook.learners.engine.engines import CompiledEngine, TorchEngine
from dalbook.learners.masks import mask_key, mask_words, unpack
from dalbook.learners.mc_dropout import DropoutClassifier, hypothesis_probs, summarize

ENGINES = [CompiledEngine, TorchEngine]


def embeddings(n: int = 60, d: int = 150, seed: int = 0) -> np.ndarray:
    """Sparse and not negative, like PANN embeddings; d is no multiple of 64 on purpose."""
    rng = np.random.default_rng(seed)
    return (rng.exponential(1, (n, d)) * (rng.random((n, d)) < 0.3)).astype(np.float32)


def trained(engine: type, n_classes: int = 3, steps: int = 30, d: int = 150) -> DropoutClassifier:
    classifier = DropoutClassifier(embeddings(d=d), n_classes, seed=5, device="cpu", engine=engine)
    rng = np.random.default_rng(1)
    for _ in range(steps):
        clips = rng.integers(0, 60, 48)
        classifier.step(clips, clips % n_classes)
    return classifier


def test_hypothesis_probs_by_hand():
    # one clip x = (1, 2), two classes, W = [[1, 0], [0, 1]], b = (0, 1); the mask keeps the second input only
    p = hypothesis_probs(np.array([[1.0, 2.0]]), np.eye(2), np.array([0.0, 1.0]), np.array([[0, 1]]))
    e = math.exp(2 / 0.5 + 1)  # scores: 0 and 2 / 0.5 + 1
    assert_allclose(p, [[[1 / (1 + e), e / (1 + e)]]])


def test_summarize_by_hand():
    scan = summarize(np.array([[[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]]]))
    assert scan.votes_nC.tolist() == [[2, 1]]  # (6)
    assert_allclose(scan.probs_nC, [[0.6, 0.4]])  # (2)
    by_hand = -np.mean([p * math.log(p) + (1 - p) * math.log(1 - p) for p in (0.9, 0.6, 0.3)])
    assert_allclose(scan.entropy_n, [by_hand])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("n_classes", [2, 3, 17])
def test_scan_equals_an_explicit_loop_over_the_same_masks(engine, n_classes):
    classifier = trained(engine, n_classes)
    x = classifier.x
    masks = unpack(mask_words(mask_key(5, "predict", classifier.steps), 32, 150), 150)
    votes, probs = np.zeros((60, n_classes), int), np.zeros((60, n_classes))
    for mask in masks:
        for i in range(60):
            z = classifier.weight.astype(float) @ (x[i] * mask / 0.5) + classifier.bias
            p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
            votes[i, p.argmax()] += 1
            probs[i] += p / 32
    scan = classifier.scan(x, 32)
    assert_array_equal(scan.votes_nC, votes)
    assert_allclose(scan.probs_nC, probs, atol=1e-5)
    readable = summarize(hypothesis_probs(x, classifier.weight, classifier.bias, masks))
    assert_array_equal(readable.votes_nC, votes)
    assert_allclose(readable.entropy_n, scan.entropy_n, atol=1e-5)
    assert_allclose(scan.probs_nC.sum(1), 1, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 10, 16, 17])
def test_compiled_training_equals_pytorch(n_classes):
    compiled, plain = trained(CompiledEngine, n_classes), trained(TorchEngine, n_classes)
    for name, array in plain.state().items():
        assert_allclose(compiled.state()[name], array, rtol=1e-3, atol=3e-6, err_msg=name)
    one, other = compiled.scan(compiled.x, 64), plain.scan(plain.x, 64)
    assert_array_equal(one.votes_nC, other.votes_nC)
    assert_allclose(one.probs_nC, other.probs_nC, atol=1e-4)


def test_one_step_equals_pytorchs_own_layer_and_adam():
    x = embeddings()
    classifier = DropoutClassifier(x, 3, seed=2, device="cpu", learning_rate=1e-2, weight_decay=0.1)
    layer = torch.nn.Linear(150, 3)
    layer.weight.data, layer.bias.data = torch.tensor(classifier.weight), torch.tensor(classifier.bias)
    adam = torch.optim.Adam(layer.parameters(), 1e-2, weight_decay=0.1)
    clips, targets = np.array([0, 0, 5, 9]), np.array([1, 1, 0, 2])
    for step in range(3):
        mask = torch.tensor(unpack(mask_words(mask_key(2, "train", step), 4, 150), 150))
        loss = torch.nn.functional.cross_entropy(layer(torch.tensor(x[clips]) * mask / 0.5), torch.tensor(targets))
        adam.zero_grad()
        loss.backward()
        adam.step()
        classifier.step(clips, targets)
    assert_allclose(classifier.weight, layer.weight.detach(), atol=1e-5)
    assert_allclose(classifier.bias, layer.bias.detach(), atol=1e-5)


def test_votes_are_distributed_as_with_plain_dropout():
    classifier = trained(CompiledEngine, steps=60)
    x, n = torch.tensor(classifier.x), 20_000
    dropout, votes = torch.nn.Dropout(0.5), np.zeros((60, 3))
    torch.manual_seed(0)
    with torch.no_grad():
        for _ in range(n):
            z = dropout(x) @ torch.tensor(classifier.weight).T + torch.tensor(classifier.bias)
            votes[np.arange(60), z.argmax(1).numpy()] += 1
    ours = classifier.scan(classifier.x, n).votes_nC / n
    p = votes / n
    # two samples of n votes differ by sqrt(2 p (1 - p) / n); 180 comparisons stay within four and a half of these
    assert (np.abs(ours - p) <= 4.5 * np.sqrt(2 * np.maximum(p * (1 - p), 1e-4) / n)).all()
    assert (p.max(1) < 0.999).mean() > 0.5  # or there would be nothing to compare


@pytest.mark.parametrize("engine", ENGINES)
def test_it_learns_and_repeats_itself(engine):
    x = np.eye(4, dtype=np.float32).repeat(10, 0)

    def run() -> DropoutClassifier:
        classifier = DropoutClassifier(x, 4, device="cpu", learning_rate=0.05, engine=engine)
        for _ in range(100):
            classifier.step(np.arange(40), np.arange(40) // 10)
        return classifier

    one, other = run(), run()
    assert_array_equal(one.weight, other.weight)
    assert_array_equal(one.scan(x, 128).probs_nC.argmax(1), np.arange(40) // 10)
    assert_array_equal(one.scan(x, 128).votes_nC, other.scan(x, 128).votes_nC)


def test_the_gradient_does_not_depend_on_the_number_of_threads():
    before = torch.get_num_threads()
    weights = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            weights.append(trained(CompiledEngine).weight)
    finally:
        torch.set_num_threads(before)
    assert_array_equal(*weights)


@pytest.mark.parametrize("engine", ENGINES)
def test_restored_goes_on_bit_for_bit(engine):
    straight = trained(engine, steps=20)
    halfway = trained(engine, steps=12)
    fresh = DropoutClassifier(embeddings(), 3, seed=5, device="cpu", engine=engine)
    fresh.restore(halfway.state())
    rng = np.random.default_rng(1)
    for step in range(20):
        clips = rng.integers(0, 60, 48)
        if step >= 12:
            fresh.step(clips, clips % 3)
    for name, array in straight.state().items():
        assert_array_equal(fresh.state()[name], array, err_msg=name)


@pytest.mark.parametrize("engine", ENGINES)
def test_all_zero_and_empty_inputs(engine):
    classifier = trained(engine)
    silent = classifier.scan(np.zeros((2, 150), np.float32), 8)
    assert (silent.votes_nC.max(1) == 8).all()  # only the bias speaks, all hypotheses alike
    assert classifier.scan(np.zeros((0, 150), np.float32), 8).votes_nC.shape == (0, 3)


def test_a_read_only_matrix_will_do():
    x = embeddings()
    x.flags.writeable = False
    assert DropoutClassifier(x, 3, device="cpu").scan(x, 8).votes_nC.sum() == 60 * 8


def test_bad_input_is_named():
    x = embeddings()
    classifier = DropoutClassifier(x, 3, device="cpu")
    broken = x.copy()
    broken[7, 3] = np.nan
    for bad, message in (
        (lambda: DropoutClassifier(broken, 3), "embedding of clip 7 is not finite"),
        (lambda: DropoutClassifier(np.diag([1.0, 3e38, 1.0]), 3), r"embedding of clip 1 is .* beyond 1e\+15"),
        (lambda: DropoutClassifier(x[0], 3), r"must be a matrix \(n, d\), not of shape \(150,\)"),
        (lambda: DropoutClassifier(x, 1), "at least two classes, not 1"),
        (lambda: classifier.scan(x[:, :10]), r"must be a matrix \(n, 150\), not of shape \(60, 10\)"),
        (lambda: classifier.scan(x, 0), "at least 1, not 0"),
        (lambda: classifier.step([0, 60], [0, 1]), "outside the 60 clips"),
        (lambda: classifier.step([0, 1], [0, 3]), "or the 3 classes"),
        (lambda: classifier.step([0, 1], [0]), "as many clips as targets"),
        (lambda: classifier.restore(trained(CompiledEngine, 4).state()), r"weights \(4, 150\), this one \(3, 150\)"),
    ):
        with pytest.raises(ValueError, match=message):
            bad()


def test_the_vectorized_exponential_is_one():
    from numba import njit

    from dalbook.learners.engine.kernels import _exp

    @njit
    def each(x, out):
        for i in range(len(x)):
            out[i] = _exp(x[i])

    x = np.concatenate([np.linspace(-86, 0, 20_001), [-1e-8, -0.0, -200, -1e30]]).astype(np.float32)
    out = np.empty_like(x)
    each(x, out)
    assert_allclose(out[:-2], np.exp(x[:-2].astype(float)), rtol=3e-7)
    assert (out[-2:] < 1e-37).all()
