"""DAL's loop, sections 4.2.1 to 4.2.3, against the same steps written out."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from dalbook.learners.acquisition import vote_entropy
from dalbook.learners.dal import DALConfig, DropoutLearner
from dalbook.learners.engine.engines import TorchEngine
from dalbook.learners.masks import stream
from dalbook.learners.mc_dropout import DropoutClassifier
from dalbook.learners.pseudo_labels import draw_minibatch

N, CLASSES = 40, 2
TRUTH = np.arange(N) % 2
INITIAL = {0: 0, 1: 1}
SMALL = DALConfig(batch=6, first_steps=10, steps=4, n_masks=12, wait=2, learning_rate=0.02)


def embeddings() -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.random((N, 20)) * (1 + 2 * np.outer(TRUTH, np.arange(20) < 4))).astype(np.float32)


def learner(config=SMALL, **named) -> DropoutLearner:
    return DropoutLearner(embeddings(), CLASSES, INITIAL, config=config, device="cpu", **named)


def test_defaults_are_table_1():
    config = DALConfig()
    assert (config.threshold, config.alpha, config.wait, config.n_masks) == (0.5, 0.01, 3, 128)
    assert (config.batch, config.steps, config.first_steps) == (256, 40, 1600)
    assert (config.learning_rate, config.weight_decay) == (1e-3, 1e-3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", -0.1), ("threshold", 1.1), ("threshold", float("nan")), ("alpha", -1), ("alpha", 2),
        ("n_masks", 0), ("batch", 0), ("wait", -1), ("steps", -1), ("learning_rate", float("nan")),
    ],
)  # fmt: skip
def test_values_out_of_range_are_named(name, value):
    with pytest.raises(ValueError, match=f"{name} .*not {value}"):
        DALConfig(**{name: value})


def test_the_loop_is_section_4_2_written_out():
    """Initialise, T0 silent iterations, then ask and tell; every draw from the stream that belongs to it."""
    x = embeddings()
    classifier = DropoutClassifier(x, CLASSES, seed=4, learning_rate=0.02, device="cpu")
    labels, asked = dict(INITIAL), []

    def by_class(pairs):
        return [np.array([i for i, c in pairs.items() if c == k], int) for k in range(CLASSES)]

    def descend(pseudo, steps):
        for _ in range(steps):
            rng = np.random.default_rng(stream(4, "minibatch", classifier.steps))
            classifier.step(*draw_minibatch(by_class(labels), by_class(pseudo), 0.01, 6, rng))

    descend({}, 10)  # 4.2.1: on the initial labels alone
    for iteration in range(2 + 5):
        unlabeled = [i for i in range(N) if i not in labels]  # 4.2.2
        scan = classifier.scan(x[unlabeled], 12, "scan")
        pseudo = {i: int(p.argmax()) for i, p in zip(unlabeled, scan.probs_nC, strict=True) if p.max() > 0.5}
        if iteration >= 2:  # T0 = 2
            clip = unlabeled[int(vote_entropy(scan.votes_nC).argmax())]
            asked.append(clip)
            labels[clip] = int(TRUTH[clip])
            pseudo.pop(clip, None)
        descend(pseudo, 4)  # 4.2.3

    dal = learner(seed=4)
    ours = []
    for _ in range(5):
        ours.append(dal.ask())
        dal.tell(ours[-1], int(TRUTH[ours[-1]]))
    assert ours == asked
    assert dal.labels == labels
    assert dal.iteration == 7
    assert_array_equal(dal.classifier.weight, classifier.weight)
    assert_array_equal(dal.predict_proba(x), classifier.scan(x, 12).probs_nC)


@pytest.mark.parametrize(("threshold", "guessed"), [(0, N - 2), (1, 0)])
def test_threshold_zero_guesses_all_and_one_none(threshold, guessed):
    dal = learner(DALConfig(threshold=threshold, batch=6, first_steps=10, steps=4, n_masks=12))
    assert len(dal.pseudo()) == guessed
    assert not set(dal.pseudo()) & set(dal.labels)


def test_alpha_zero_and_threshold_one_train_alike():
    """Both keep pseudo-labels out of the minibatch: (8) gives them no place, or there are none."""
    runs = []
    for change in ({"alpha": 0.0}, {"threshold": 1.0}):
        dal = learner(DALConfig(batch=6, first_steps=10, steps=4, n_masks=12, **change))
        for _ in range(3):
            clip = dal.ask()
            dal.tell(clip, int(TRUTH[clip]))
        runs.append(dal)
    assert runs[0].labels == runs[1].labels
    assert_array_equal(runs[0].classifier.weight, runs[1].classifier.weight)


def test_alpha_one_draws_guesses_as_often_as_labels(monkeypatch):
    drawn = []
    config = DALConfig(alpha=1.0, threshold=0.0, batch=100, first_steps=0, steps=1, n_masks=4, wait=1)
    dal = learner(config)
    monkeypatch.setattr(dal.classifier, "step", lambda clips, targets: drawn.append(clips))
    dal.ask()
    for clips in drawn:
        labeled = np.isin(clips, list(INITIAL)).mean()
        assert labeled < 0.2  # 2 of 40 clips


def test_a_clip_just_labeled_is_no_guess_any_more(monkeypatch):
    dal = learner(DALConfig(threshold=0.0, alpha=1.0, batch=50, first_steps=5, steps=4, n_masks=4))
    clip = dal.ask()
    wrong, drawn = 1 - dal.pseudo()[clip], []
    monkeypatch.setattr(dal.classifier, "step", lambda clips, targets: drawn.append((clips, targets)))
    dal.tell(clip, wrong)
    assert {int(c) for clips, targets in drawn for c in targets[clips == clip]} == {wrong}


def test_ties_go_to_the_first_clip_of_the_corpus():
    dal = learner(acquisition=lambda scan: np.zeros(len(scan.votes_nC)))
    assert dal.ask() == 2


def test_a_label_taken_back_is_as_if_it_had_not_been_told_from_then_on():
    """Only what the weights learned of it stays: the same scan as before, the clip in it, and training without it."""
    dal = learner()
    wrong = dal.ask()
    dal.tell(wrong, 1 - int(TRUTH[wrong]))
    weight, iteration = dal.classifier.weight, dal.iteration
    dal.forget(wrong)
    assert dal.labels == INITIAL
    assert dal.iteration == iteration
    assert_array_equal(dal.classifier.weight, weight)
    unlabeled, scan = dal.scan()
    assert wrong in unlabeled
    assert_array_equal(scan.votes_nC, dal.classifier.scan(embeddings()[unlabeled], SMALL.n_masks, "scan").votes_nC)
    drawn, step = set(), dal.classifier.step

    def watched(clips, targets):
        drawn.update(zip(clips.tolist(), targets.tolist(), strict=True))
        step(clips, targets)

    dal.classifier.step = watched
    dal.tell(wrong, int(TRUTH[wrong]))
    assert (wrong, int(TRUTH[wrong])) in drawn
    assert (wrong, 1 - int(TRUTH[wrong])) not in drawn
    assert dal.labels == {**INITIAL, wrong: int(TRUTH[wrong])}


def test_a_learner_that_forgot_is_restored_as_it_was():
    dal = learner()
    for _ in range(3):
        clip = dal.ask()
        dal.tell(clip, int(TRUTH[clip]))
    dal.forget(clip)
    dal.forget(0)  # one it began with
    again = learner()
    again.restore(dal.state())
    assert again.labels == dal.labels
    assert again.ask() == dal.ask()


def test_only_a_label_can_be_taken_back():
    dal = learner()
    with pytest.raises(ValueError, match="clip 5 has no label"):
        dal.forget(5)
    for clip in INITIAL:
        dal.forget(clip)
    with pytest.raises(ValueError, match="no labeled clip to train on"):
        dal.train_initially()


def test_pseudo_labels_are_made_anew():
    dal = learner(DALConfig(threshold=0.7, batch=6, first_steps=3, steps=20, n_masks=12, learning_rate=0.05))
    before = dal.pseudo()
    for _ in range(6):
        clip = dal.ask()
        dal.tell(clip, int(TRUTH[clip]))
    unlabeled, scan = dal.scan()
    confident = unlabeled[scan.probs_nC.max(1) > 0.7]
    assert sorted(dal.pseudo()) == confident.tolist()
    assert dal.pseudo() != before


def test_compiled_and_pytorch_pick_the_same_clips(monkeypatch):
    picks = []
    for engine in (None, TorchEngine):
        if engine:
            monkeypatch.setattr("dalbook.learners.engine.engines.engine_for", lambda device: TorchEngine)
        dal = learner()
        for _ in range(6):
            clip = dal.ask()
            dal.tell(clip, int(TRUTH[clip]))
        picks.append((list(dal.labels), dal.predict_proba(embeddings())))
    assert type(dal.classifier._engine) is TorchEngine
    assert picks[0][0] == picks[1][0]
    assert_allclose(picks[0][1], picks[1][1], atol=1e-4)


def test_bad_arguments_are_named():
    x = embeddings()
    for bad, message in (
        (lambda: DropoutLearner(x, 2, {}), "starts from labeled clips"),
        (lambda: DropoutLearner(x, 2, {0: 2}), "2 is an unknown class"),
        (lambda: DropoutLearner(x, 2, {99: 0}), "clip 99 is unknown"),
        (lambda: DropoutLearner(x, 2, {0: 0}, acquisition="entropy"), "unknown acquisition function 'entropy'"),
        (lambda: learner(acquisition=lambda scan: np.zeros(3)).ask(), "one finite score for each"),
        (lambda: learner(acquisition=lambda scan: scan.entropy_n * np.nan).ask(), "one finite score for each"),
    ):
        with pytest.raises(ValueError, match=message):
            bad()


@pytest.mark.parametrize("nth", [1, 5, 11, 15])
@pytest.mark.parametrize("inside", [False, True], ids=["before a step", "inside a step"])
def test_a_stopped_cell_leaves_the_learner_as_it_was(nth, inside, monkeypatch):
    """KeyboardInterrupt in the n-th gradient step: ask and tell go on as if it had not been."""
    straight, stopped = learner(), learner()

    def label(dal, n):
        for _ in range(n):
            clip = dal.ask()
            dal.tell(clip, int(TRUTH[clip]))

    def interrupt(work):
        engine, counts = stopped.classifier._engine, iter(range(1, 10**6))
        target, name = (engine.kernels, "adam") if inside else (stopped.classifier, "step")
        real = getattr(target, name)

        def step(*arguments):
            if next(counts) == nth:
                raise KeyboardInterrupt
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(target, name, step)
            with pytest.raises(KeyboardInterrupt):
                work()

    interrupt(stopped.ask)
    label(stopped, 3)
    label(straight, 3)
    if nth <= 4:  # a tell takes 4 steps
        clip, before = stopped.ask(), dict(stopped.labels)
        interrupt(lambda: stopped.tell(clip, int(TRUTH[clip])))
        assert stopped.labels == before
        assert stopped.ask() == clip
    label(stopped, 3)
    label(straight, 3)
    assert stopped.labels == straight.labels
    for name, value in straight.state().items():
        assert_array_equal(stopped.state()[name], value, err_msg=name)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device here")
def test_cuda_picks_the_same_clips_and_takes_over_from_the_cpu():
    picks = {}
    for device in ("cpu", "cuda"):
        dal = DropoutLearner(embeddings(), CLASSES, INITIAL, config=SMALL, device=device)
        for _ in range(6):
            clip = dal.ask()
            dal.tell(clip, int(TRUTH[clip]))
        picks[device] = list(dal.labels)
    assert picks["cpu"] == picks["cuda"]
    moved = DropoutLearner(embeddings(), CLASSES, INITIAL, config=SMALL, device="cpu")
    moved.restore(dal.state())
    assert moved.ask() == dal.ask()


def test_devices_and_seeds_are_checked():
    for bad, message in (
        (lambda: learner(seed=-1), "a whole number from 0 on, not -1"),
        (lambda: learner(seed=None), "a whole number from 0 on, not None"),
        (lambda: DropoutLearner(embeddings(), 2, INITIAL, device="gpu"), "'gpu' is no device"),
        (lambda: DALConfig(wait=2.5), "wait must be a whole number"),
        (lambda: DALConfig(threshold=None), "threshold must be a number"),
    ):
        with pytest.raises(ValueError, match=message):
            bad()
