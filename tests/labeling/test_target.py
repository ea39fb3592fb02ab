"""A session about one rare sound: its orders, its estimate, and its file among more classes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dalbook import Labeler
from dalbook.corpora.corpus import Corpus

N, RARE = 400, 20


@pytest.fixture(scope="module")
def city():
    rng = np.random.default_rng(0)
    truth = np.zeros(N, bool)
    truth[rng.choice(N, RARE, replace=False)] = True
    x = rng.standard_normal((8, 24))[np.where(truth, 7, np.arange(N) % 7)] + 0.6 * rng.standard_normal((N, 24))
    ids = [f"clip {i}.wav" for i in range(N)]
    parts = ("owl", "wren"), ids, [-1] * N, [0] * N
    return Corpus("demo", *parts, lambda i: (np.sin(np.arange(800) / 9).astype(np.float32), 8000), "", ""), x, truth


@pytest.fixture
def labeler(tmp_path, city):
    made = []

    def make(**options):
        made.append(Labeler(city[0], **{"out": tmp_path / "labels.csv", "embedding": city[1]} | options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def answer(one, truth, n=1):
    clips = []
    for _ in range(n):
        clips.append(one.clip["clip"])
        one.act({"do": "label", "clip": clips[-1], "label": 0 if truth[clips[-1]] else 1, "seconds": 1.0})
    return clips


def test_it_learns_from_the_first_yes_and_mixes_its_orders(labeler, city, tmp_path):
    one = labeler(target="wren", like=int(np.flatnonzero(city[2])[0]))
    assert one.classes == ["wren", "not wren"]
    answer(one, city[2])
    one.act({"do": "found"})
    answer(one, city[2], 60)
    rows = pd.read_csv(tmp_path / "labels.csv")
    after = rows["picked_by"][2:]
    assert set(after) == {"likeliest", "least_sure", "random"}
    assert after.value_counts(normalize=True)["random"] == pytest.approx(0.2, abs=0.05)
    assert (rows["label"] == "wren").sum() >= RARE - 1
    for mode in ("likeliest", "least sure", "random"):
        one.said = [{"n": one.heard + 1, "do": "order", "mode": mode}]
        assert one.clip["picked_by"] == mode.replace(" ", "_")
        assert one.target["mode"] == mode
    one.said = [{"n": one.heard + 1, "do": "order", "mode": "worst"}]
    assert "there is no order 'worst'" in one.problem
    one.act({"do": "order", "mode": "likeliest"})
    answer(one, city[2], 35)
    assert "you have probably found what can be found" in one.target["words"]


def test_the_estimate_is_of_the_clips_that_are_left(labeler, city):
    """Drawn at random alone, and with the likeliest found first: the interval holds what is left."""
    truth = city[2]
    one = labeler(target="wren")
    assert "is estimated after 20" in one.target["words"]
    one.act({"do": "order", "mode": "random"})
    answer(one, truth, 60)
    left, low, high = one._orders.target.estimate()
    remaining = RARE - one.progress["per_class"][0]
    assert low <= remaining <= high
    assert f"About {left:.0f} are left" in one.target["words"]
    one.act({"do": "order", "mode": "likeliest"})
    answer(one, truth, 40)
    _, low, high = one._orders.target.estimate()
    remaining = RARE - one.progress["per_class"][0]
    assert low <= remaining <= high


def test_its_file_goes_on_with_more_classes(labeler, city):
    one = labeler(target="wren")
    one.act({"do": "order", "mode": "random"})
    heard = answer(one, city[2], 60)
    yes = [clip for clip in heard if city[2][clip]]
    assert yes
    one.close()
    more = labeler(classes=["owl", "wren"])
    assert more._session.book.labels == dict.fromkeys(yes, 1)
    assert more.progress["per_class"] == [0, len(yes)]
    more.close()
    with pytest.raises(ValueError, match="target='wren' has two classes"):
        labeler(target="wren", classes=["owl"])
    again = labeler(target="wren")
    assert again.progress["labeled"] == 60
