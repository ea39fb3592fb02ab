"""What the runs of an experiment asked for."""

import numpy as np
import pytest

from dalbook.corpora.corpus import Corpus
from dalbook.experiments.batch import Listing
from dalbook.experiments.dataset import Inputs
from dalbook.experiments.picks import described, picks
from dalbook.experiments.plan import plan
from dalbook.experiments.runner import read_result
from dalbook.learners.dal import DALConfig

N = 120


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Two classes, recordings of three clips each, two folds."""
    labels = np.arange(N) // 3 % 2
    ids = [f"{100 + i // 3}-{labels[i]}-0-{i}" for i in range(N)]
    recordings = np.arange(N) // 3
    return Corpus("toy", ("rain", "wind"), ids, labels, recordings // 2 % 2 + 1, None, "", "", recordings=recordings)


@pytest.fixture(scope="module")
def listing(corpus, tmp_path_factory) -> Listing:
    rng = np.random.default_rng(0)
    x = rng.random((N, 8), np.float32)
    x[:, 0] += corpus.labels
    inputs = Inputs.of(corpus, "random", x)
    runs = plan("acquisition", inputs, trials=1, folds=[1], budgets=[6, 20])
    quick = DALConfig(first_steps=5, steps=2, batch=4, n_masks=8)
    runs = [run.__class__(**{**vars(run), "config": quick}) for run in runs]
    made = Listing.create(tmp_path_factory.mktemp("runs"), "acquisition", [inputs], runs)
    made.work(tell=lambda done: None)
    return made


def test_clips_of_recordings_heard_before_are_counted():
    recording = np.array(["1", "1", "2", "2", "3"])
    assert described([0], [1, 2, 3, 4], recording) == (4, 3, 2)
    assert described([], [4], recording) == (1, 1, 0)


def test_one_row_a_run_with_what_it_asked_for(corpus, listing):
    table = picks(listing, corpus)
    assert len(table) == len(listing.runs) == 6
    assert (table["asked"] == 14).all()
    for row, run in zip(table.itertuples(), listing.runs, strict=True):
        asked = read_result(listing.folder, run)["picked"]
        assert row.learner == run.learner
        assert row.recordings == len(set(corpus.recordings[asked]))
        assert row.largest == np.bincount(corpus.labels[asked]).max()
    assert (table["known"] + table["recordings"] >= table["asked"]).all()


def test_runs_of_another_corpus_are_refused(corpus, listing):
    other = Corpus("other", corpus.classes, corpus.ids, corpus.labels, corpus.folds, None, "", "")
    with pytest.raises(ValueError, match="these runs are on toy, not on other"):
        picks(listing, other)
    half = slice(0, N // 2)
    fewer = Corpus("toy", corpus.classes, corpus.ids[half], corpus.labels[half], corpus.folds[half], None, "", "")
    with pytest.raises(ValueError, match=f"{N} clips, the corpus has {N // 2}"):
        picks(listing, fewer)
