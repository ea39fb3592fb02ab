"""The figures of the chapter on what saves labels: what they draw is what they were given, and they stand still."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from dalbook.corpora.toycity import clips as toycity
from dalbook.figures import saving

CLASSES = toycity.CLASSES


@pytest.fixture
def xy():
    return np.random.default_rng(0).normal(size=(60, 2))


def test_two_maps_show_the_same_clips_and_turn_back(xy):
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    labels = np.arange(60) % 10
    fig = saving.two_maps({"one": xy, "turned": 2 * xy @ turn}, labels, CLASSES, [str(i) for i in range(60)])
    one, turned = (button.args[0] for button in fig.layout.updatemenus[0].buttons)
    assert [list(trace.x) for trace in fig.data] == list(one["x"])
    assert [len(x) for x in turned["x"]] == [6] * 10
    np.testing.assert_allclose(np.array(turned["x"]), 2 * np.array(one["x"]), atol=0.03)
    np.testing.assert_allclose(np.array(turned["y"]), 2 * np.array(one["y"]), atol=0.03)


def test_the_better_covered_the_larger_and_the_numbers_follow_the_questions(xy):
    share = np.linspace(0, 1, 60)
    sounds = {i: f"{i}.mp3" for i in (7, 3)}
    every, covered, asked = saving.covered(xy, share, [7, 3], [str(i) for i in range(60)], sounds).data
    assert len(every.x) == 60
    assert len(covered.x) == (share >= 0.05).sum()
    assert np.all(np.diff(covered.marker.size) >= 0)
    assert np.all(np.diff(covered.marker.color) >= 0)
    assert asked.text == ("1", "2")
    assert asked.customdata == ("7.mp3", "3.mp3")
    assert list(asked.x) == xy[[7, 3], 0].round(2).tolist()


def test_labels_that_flow_have_markers_of_their_own_and_mistakes_are_open(xy):
    flow = np.zeros((60, 10))
    flow[:20, 3] = 1
    truth = np.full(60, 3)
    truth[10:] = 5
    fig = saving.flowed(xy, flow, {0: 3}, CLASSES, truth)
    traces = {trace.name: trace for trace in fig.data if len(trace.x)}
    assert set(traces) == {"not reached", "dog bark", "dog bark, wrong"}
    right, wrong = traces["dog bark"], traces["dog bark, wrong"]
    assert (len(right.x), len(wrong.x)) == (10, 10)
    assert right.marker.size[0] > right.marker.size[1], "a labeled clip is drawn large"
    assert wrong.marker.symbol == f"{right.marker.symbol}-open"
    assert set(wrong.text) == {"engine idling"}


@pytest.mark.parametrize("what", ["covered", "flowed"])
def test_maps_stand_still_under_a_slider(xy, what):
    def draw(n):
        if what == "covered":
            return saving.covered(xy, np.full(60, n / 4), list(range(n)), [str(i) for i in range(60)])
        flow = np.zeros((60, 10))
        flow[: 10 * n, 1] = 1
        return saving.flowed(xy, flow, {0: 1}, CLASSES, np.ones(60, int))

    plain = [json.loads(draw(n).to_json()) for n in (1, 2, 4)]
    assert plain[0]["layout"] == plain[1]["layout"] == plain[2]["layout"]
    if what == "covered":
        assert plain[0]["data"][0] == plain[1]["data"][0] == plain[2]["data"][0], "all clips travel once"
    else:
        assert [sum(len(trace["x"]) for trace in one["data"]) for one in plain] == [60] * 3, "each clip is drawn once"


def curve(learner: str, recalls: list[float]) -> list[dict]:
    return [
        {"learner": learner, "budget": n, "mean": r, "low": r, "high": r}
        for n, r in zip((10, 20, 40), recalls, strict=True)
    ]


def test_an_arrow_leads_to_the_same_recall_of_the_other_curve_or_nowhere():
    rows = pd.DataFrame(curve("a", [0.5, 0.6, 0.9]) + curve("b", [0.3, 0.5, 0.7]))
    notes = saving.saved(rows, "a", "b", [10, 20, 40]).layout.annotations
    arrows = [(note.ax, note.x, note.y) for note in notes if note.axref == "x"]
    assert arrows == [(10, pytest.approx(20), 0.5), (20, pytest.approx(30), 0.6)]
    assert [note.text for note in notes if note.text] == ["10 saved", "10 saved"]
