"""One run: what its result says, and that neither stops nor damage nor company change it."""

import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import tiny
from numpy.testing import assert_array_equal

from dalbook.experiments import runner as running
from dalbook.experiments.dataset import Inputs
from dalbook.experiments.plan import Run
from dalbook.experiments.runner import claim, claimed, done, execute, read_result, result_path
from dalbook.learners.dal import DALConfig
from dalbook.learners.metrics import macro_recall_on
from dalbook.learners.protocol import load_state, save_state
from dalbook.learners.registry import build
from dalbook.learners.simulate import initial_labels, simulate

KINDS = ("dal", "dal:random", "mal", "mal:kl")


@pytest.fixture
def folder(tmp_path) -> str:
    tiny.save(tmp_path)
    return str(tmp_path)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The result of a run that nobody disturbed, computed once a run, without its seconds."""
    folder, known = tmp_path_factory.mktemp("uninterrupted"), {}
    tiny.save(folder)

    def result(run: Run) -> dict:
        if run.key not in known:
            assert execute(str(folder), run)
            known[run.key] = tiny.without_seconds(read_result(folder, run))
        return known[run.key]

    return result


def result_of(folder, run) -> dict:
    return tiny.without_seconds(read_result(folder, run))


class Stop(Exception):
    pass


@contextmanager
def stopped_after(saves: int):
    """Save the state after every label, and stop after so many."""
    with pytest.MonkeyPatch.context() as patch:
        count = []

        def save_then_stop(path, state):
            save_state(path, state)
            count.append(path)
            if len([path for path in count if path.parent.name == "unfinished"]) == saves:
                raise Stop

        patch.setattr(running, "SAVE_EVERY", -1)
        patch.setattr(running, "save_state", save_then_stop)
        yield


def state_file(folder, run) -> Path:
    return Path(folder, "unfinished", f"{run.key}.npz")


@pytest.mark.parametrize("kind", KINDS)
def test_the_result_is_that_of_simulate(folder, kind):
    run = tiny.run(kind, fold=2, trial=1)
    assert execute(folder, run)
    told = read_result(folder, run)
    ours = tiny.inputs("mfcc", 275) if kind == "mal:kl" else tiny.inputs()
    pool, test = ours.split(2)
    initial = initial_labels(ours.labels, pool, ours.classes, 1)
    learner = build(kind, ours.x, 2, initial, pool, 1, run.config)
    curve = simulate(learner, ours.labels, run.budgets, macro_recall_on(ours.x[test], ours.labels[test]))
    assert told["curve"] == [[n, score] for n, score in curve.items()]
    start = [] if kind.startswith("mal") else list(initial_labels(ours.labels, pool, ours.classes, 1))
    assert told["initial"] == start
    assert told["initial"] + told["picked"] == list(learner.labels)
    assert told["run"] == run.to_json()
    assert (told["corpus"], told["embedding"], told["clips"]) == ("tiny", ours.embedding, 45)
    assert told["versions"]["dalbook"]
    assert told["seconds"] > 0


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.75, 1.0])
def test_pseudo_labels_are_counted_in_each_iteration(folder, threshold):
    run = tiny.run(threshold=threshold)
    execute(folder, run)
    told = read_result(folder, run)
    ours = tiny.inputs()
    pool, _ = ours.split(1)
    learner = build("dal", ours.x, 2, initial_labels(ours.labels, pool, ours.classes, 0), pool, 0, run.config)
    counts, right = [], []
    for clip in [*told["picked"], None]:
        pseudo = learner.pseudo()
        counts.append(len(pseudo))
        right.append(sum(ours.labels[i] == c for i, c in pseudo.items()))
        if clip is not None:
            learner.tell(clip, ours.labels[clip])
    assert (told["pseudo"], told["pseudo_right"]) == (counts, right)
    assert len(counts) == 12 - 6 + 1
    if threshold in (0, 1):
        assert counts == [0] * 7 if threshold else list(range(24, 17, -1))
    else:
        assert sum(counts) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_to_the_last_clip_of_the_pool(folder, kind):
    run = tiny.run(kind, budgets=(6, 30))
    execute(folder, run)
    told = read_result(folder, run)
    assert sorted(told["initial"] + told["picked"]) == list(range(15, 45))
    assert told["pseudo"][-1:] == ([] if kind.startswith("mal") else [0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("saves", [1, 3, 5])
def test_stopped_inside_it_goes_on_to_the_same_result(folder, uninterrupted, kind, saves, capsys):
    run = tiny.run(kind)
    with stopped_after(saves), pytest.raises(Stop):
        execute(folder, run)
    assert not result_path(folder, run).exists()
    saved = load_state(state_file(folder, run))
    assert len(saved["labels"]) == saves + (0 if kind.startswith("mal") else 6)
    assert execute(folder, run)
    assert result_of(folder, run) == uninterrupted(run)
    assert not state_file(folder, run).exists()
    assert not capsys.readouterr().err


def test_stopped_again_and_again(folder, uninterrupted):
    run = tiny.run()
    for _ in range(5):
        with stopped_after(1), pytest.raises(Stop):
            execute(folder, run)
    assert len(load_state(state_file(folder, run))["labels"]) == 6 + 5
    execute(folder, run)
    assert result_of(folder, run) == uninterrupted(run)


def test_the_seconds_of_a_stopped_run_add_up(folder):
    run = tiny.run()
    with stopped_after(3), pytest.raises(Stop):
        execute(folder, run)
    state = load_state(state_file(folder, run))
    state["so_far"]["seconds"] = 1000.0
    save_state(state_file(folder, run), state)
    execute(folder, run)
    assert 1000 < read_result(folder, run)["seconds"] < 1900


KILLED = """
import sys
from dalbook.experiments import runner as running
from dalbook.experiments.plan import Run
import json
running.SAVE_EVERY = -1
running.execute(sys.argv[1], Run.from_json(json.loads(sys.argv[2])))
"""


def test_killed_as_a_process_inside_a_run(folder, uninterrupted):
    run = tiny.run(budgets=(6, 15, 30), steps=40)
    process = subprocess.Popen([sys.executable, "-c", KILLED, folder, json.dumps(run.to_json())])
    until = time.monotonic() + 600
    while not (state_file(folder, run).exists() and len(load_state(state_file(folder, run))["labels"]) > 8):
        assert process.poll() is None, "it was done before it could be killed"
        assert time.monotonic() < until
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not result_path(folder, run).exists()
    assert not claimed(folder, run)  # its claim died with it
    assert execute(folder, run)
    assert result_of(folder, run) == uninterrupted(run)


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    content = bytearray(path.read_bytes())
    content[content.rindex(b"\x93NUMPY") + 130] ^= 0xFF  # behind the header of the last array
    path.write_bytes(content)


def change(**changed):
    """Whole, but not what it should be; None takes a part away."""

    def damage(path):
        state = {**load_state(path), **changed}
        save_state(path, {k: v for k, v in state.items() if v is not None})

    return damage


UNFINISHED = {
    "cut short": cut,
    "a byte flipped": flip,
    "empty": lambda path: path.write_bytes(b""),
    "without labels": change(labels=None),  # noticed when the classifier is restored already
    "without a moment": change(classifier_first_weight=None),
    "of another shape": change(classifier_weight=np.zeros((2, 3), np.float32)),
    "of another learner": change(built_with="0" * 16),
    "without a record": change(so_far=None),
    "with a record of other labels": change(so_far={"curve": [], "pseudo": [], "pseudo_right": [], "seconds": 0}),
    "with half a record": change(so_far={"curve": []}),
}


@pytest.mark.parametrize("damage", UNFINISHED.values(), ids=UNFINISHED)
def test_a_state_that_is_no_use_is_named_and_the_run_starts_over(folder, uninterrupted, damage, capsys):
    run = tiny.run()
    with stopped_after(4), pytest.raises(Stop):
        execute(folder, run)
    damage(state_file(folder, run))
    assert execute(folder, run)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"dalbook: {state_file(folder, run)} is damaged or of something else")
    assert result_of(folder, run) == uninterrupted(run)


INITIAL = {
    "cut short": cut,
    "a byte flipped": flip,
    "empty": lambda path: path.write_bytes(b""),
    "without a moment": change(first_weight=None),
    "with something more": change(third_weight=np.zeros(3)),
    "of another shape": change(weight=np.zeros((2, 25), np.float32)),
    "half trained": change(steps=5),
}


@pytest.mark.parametrize("damage", INITIAL.values(), ids=INITIAL)
def test_a_damaged_initial_training_is_named_and_done_again(folder, uninterrupted, damage, capsys):
    execute(folder, tiny.run(threshold=1.0))
    (initial,) = Path(folder, "initial").iterdir()
    whole = initial.read_bytes()
    damage(initial)
    assert initial.read_bytes() != whole
    run = tiny.run()
    assert execute(folder, run)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"dalbook: {initial} is damaged or of something else, so this training is done again")
    assert result_of(folder, run) == uninterrupted(run)
    assert load_state(initial)["steps"] == 10  # mended


def test_shared_initial_training_gives_the_same_as_one_s_own(folder, tmp_path, monkeypatch):
    runs = [tiny.run(threshold=1.0), tiny.run(), tiny.run("dal:margin", alpha=1.0)]
    for run in runs:
        execute(folder, run)
    (initial,) = Path(folder, "initial").iterdir()
    for number, run in enumerate(runs):
        alone = tmp_path / str(number)
        tiny.save(alone)
        execute(str(alone), run)
        assert result_of(alone, run) == result_of(folder, run)
        assert_array_equal(load_state(alone / "initial" / initial.name)["weight"], load_state(initial)["weight"])


def test_several_start_the_shared_training_at_once(folder, uninterrupted):
    runs = [tiny.run(threshold=threshold) for threshold in (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)]
    with ThreadPoolExecutor(len(runs)) as pool:
        assert all(pool.map(lambda run: execute(folder, run), runs))
    for run in runs:
        assert result_of(folder, run) == uninterrupted(run)
    (initial,) = Path(folder, "initial").iterdir()  # and no temporary file is left
    assert load_state(initial)["steps"] == 10


def test_the_result_does_not_depend_on_the_number_of_threads(tmp_path):
    import torch
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(0)
    x = rng.exponential(1, (600, 300)) * (rng.random((600, 300)) < 0.4) * (1 + (np.arange(300) % 7 == 0))
    classes = tuple("abcdefghij")
    parts = {"ids": range(600), "recordings": range(600), "labels": np.arange(600) % 10, "folds": np.arange(600) // 150}
    many = tiny.corpus(classes=classes, **parts)
    ours = Inputs.of(many, "wide", x)
    config = DALConfig(first_steps=40, steps=10, n_masks=64, batch=32)
    runs = [Run("dal", ours.name, 1, 0, 0, (30, 34), config), Run("mal", ours.name, 1, 0, 0, (30, 60), None)]
    results, before = [], torch.get_num_threads()
    for threads in (1, 2, 3):
        ours.save(tmp_path / str(threads))
        torch.set_num_threads(threads)
        try:
            with threadpool_limits(threads):
                for run in runs:
                    execute(str(tmp_path / str(threads)), run)
        finally:
            torch.set_num_threads(before)
        results.append([result_of(tmp_path / str(threads), run) for run in runs])
    assert results[0] == results[1] == results[2]


def damage_text(change):
    return lambda path: path.write_text(change(path.read_text()))


RESULTS = {
    "empty": (lambda path: path.write_bytes(b""), "is empty or cut short"),
    "cut short": (damage_text(lambda text: text[: len(text) // 2]), "is empty or cut short"),
    "short of a byte": (damage_text(lambda text: text[:-1]), "is empty or cut short"),
    "zeros": (lambda path: path.write_bytes(bytes(path.stat().st_size)), "is empty or cut short"),
    "no result": (damage_text(lambda text: "[1]"), "is empty or cut short"),
    "lacking": (damage_text(lambda text: text.replace('"curve"', '"curv"')), "is empty or cut short"),
    "of another threshold": (damage_text(lambda text: text.replace('"threshold": 0.5', '"threshold": 0.9')), "other"),
    "of an older method": (damage_text(lambda text: text.replace('"method": ', '"method": 10')), "other settings"),
}


@pytest.mark.parametrize(("damage", "message"), RESULTS.values(), ids=RESULTS)
def test_a_bad_result_is_named_and_redone(folder, uninterrupted, damage, message):
    run = tiny.run()
    execute(folder, run)
    whole = result_path(folder, run).read_bytes()
    damage(result_path(folder, run))
    assert result_path(folder, run).read_bytes() != whole
    with pytest.raises(ValueError, match=f"{run.key}.json .*{message}"):
        read_result(folder, run)
    assert not done(folder, run)
    assert execute(folder, run)
    assert result_of(folder, run) == uninterrupted(run)


@pytest.mark.parametrize(
    "changed",
    [
        {"picked": [1, 2]},
        {"curve": [[6, 0.5], [9, 0.5]]},
        {"curve": [[6, 0.5], [9, 0.5], [12, 1.5]]},
        {"pseudo": [1], "pseudo_right": [1]},
        {"pseudo_right": [1]},
        {"seconds": -1},
    ],
)
def test_a_result_whose_parts_do_not_fit_is_not_whole(folder, changed):
    run = tiny.run()
    execute(folder, run)
    path = result_path(folder, run)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    with pytest.raises(ValueError, match=f"{run.key}.json is not whole"):
        read_result(folder, run)


def test_a_finished_run_is_not_repeated(folder):
    run = tiny.run()
    execute(folder, run)
    before = tiny.written(folder, "results/*")
    assert execute(folder, run)
    assert tiny.written(folder, "results/*") == before
    with pytest.raises(FileNotFoundError):
        read_result(folder, tiny.run(fold=2))


def hold(folder, run, ready):
    with claim(folder, run) as mine:
        ready.put(mine)
        time.sleep(600)


def test_a_run_that_another_process_is_at_is_left_alone(folder):
    run = tiny.run()
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    other = context.Process(target=hold, args=(folder, run, ready))
    other.start()
    assert ready.get(timeout=600)
    assert claimed(folder, run)
    assert not claimed(folder, tiny.run(fold=2))
    assert execute(folder, run) is False
    assert not result_path(folder, run).exists()
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    assert not claimed(folder, run)
    assert execute(folder, run)
    assert not list(Path(folder, "claims").iterdir())


@contextmanager
def full_disk():
    """No file can grow beyond 100 bytes; what a full disk does to whoever writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_is_named_and_nothing_half_written_stays(folder, uninterrupted, capsys):
    run = tiny.run()
    with full_disk(), pytest.raises(OSError, match=f"a result cannot be written: .*{run.key}.json"):
        execute(folder, run)
    assert f"{run.initial_key}.npz cannot be written" in capsys.readouterr().err
    assert not [path for place in ("results", "initial") for path in Path(folder, place).iterdir()]
    assert execute(folder, run)
    assert result_of(folder, run) == uninterrupted(run)


def test_a_full_disk_in_the_middle_keeps_the_last_state(folder, uninterrupted, capsys):
    run = tiny.run()
    with stopped_after(2), pytest.raises(Stop):
        execute(folder, run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "SAVE_EVERY", -1)
        with full_disk(), pytest.raises(OSError, match="a result cannot be written"):
            execute(folder, run)
    assert "unfinished" in capsys.readouterr().err
    assert len(load_state(state_file(folder, run))["labels"]) == 8
    assert execute(folder, run)
    assert result_of(folder, run) == uninterrupted(run)


def test_inputs_that_cannot_be_read_are_named(folder):
    run = tiny.run()
    cut(Path(folder, "inputs", run.inputs, "x.npy"))
    with pytest.raises(ValueError, match=f"{run.inputs} cannot be read"):
        execute(folder, run)
