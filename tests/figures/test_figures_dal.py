"""The figures of chapters 5, 6 and 8: what they draw is what they were given, and they stand still under a slider."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dalbook.corpora.toycity import clips as toycity
from dalbook.figures import disagreement, hypotheses, loop

CLASSES = toycity.CLASSES


def contrast(a: str, b: str) -> float:
    def light(color):
        s = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((light(a), light(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture
def probs():
    p = np.random.default_rng(0).random((16, len(CLASSES)))
    return p / p.sum(axis=1, keepdims=True)


def test_the_network_drops_what_the_mask_drops(probs):
    mask = np.array([1, 0, 0, 1, 1, 0])
    fig = hypotheses.network(np.arange(6.0), mask, probs[0], CLASSES, [0, 2, 3, 5])
    traces = {trace.name: trace for trace in fig.data}
    rows = list(traces["embedding"].y)
    assert [rows.index(y) for y in traces["kept"].y] == [0, 2]
    assert [rows.index(y) for y in traces["dropped"].y] == [1, 3]
    assert set(traces["weights"].y[::3]) == set(traces["kept"].y)
    lengths = [traces[name].x[1] - traces[name].x[0] for name in CLASSES]
    assert lengths == pytest.approx(probs[0], abs=1e-4)


def test_opinions_hold_every_hypothesis_and_their_mean(probs):
    fig = hypotheses.opinions(probs, CLASSES, truth=3)
    assert np.transpose([trace.x for trace in fig.data[:-1]]) == pytest.approx(probs, abs=1e-3)
    assert fig.data[-1].x == pytest.approx(probs.mean(axis=0), abs=1e-3)
    marked = [text for text in fig.layout.yaxis.ticktext if "true" in text]
    assert marked == [f"<b>{CLASSES[3]} (true)</b>"]


def test_vote_bars_add_up_and_their_names_can_be_read(probs):
    fig = disagreement.votes(probs, [f"clip {i}" for i in range(16)], CLASSES)
    bars = [trace for trace in fig.data if trace.type == "bar"]
    total = np.zeros(16)
    for bar in bars:
        total[np.asarray(bar.y)] += bar.x
        face = {"#fff": "#ffffff", "#000": "#000000"}[bar.textfont.color]
        assert contrast(face, bar.marker.color) >= 4.5
    assert total == pytest.approx(1, abs=1e-3)


def test_mistakes_found_end_at_all_of_them_and_need_one():
    rng = np.random.default_rng(0)
    wrong = rng.random(690) < 0.3
    fig = disagreement.found({"margin": wrong + 0.0, "bald": rng.random(690)}, wrong)
    _, best, chance = fig.data
    assert (best.name, chance.name) == ("margin", "BALD")
    assert best.x[-1] == 690
    assert best.y[-1] == chance.y[-1] == 1
    assert np.all(np.asarray(best.y) >= chance.y)
    with pytest.raises(ValueError, match="nothing to find"):
        disagreement.found({"margin": np.ones(3)}, np.zeros(3, bool))


def test_the_growing_curve_stands_still():
    run = pd.DataFrame({"budget": range(30, 34), "recall": [0.5, 0.6, 0.55, 0.7], "right": 80, "wrong": [20, 15, 9, 3]})
    drawn = [loop.growing(run, n, np.arange(10) + 1, CLASSES) for n in run["budget"]]
    for axis in ("xaxis", "yaxis", "xaxis2", "yaxis2", "xaxis3", "yaxis3"):
        assert len({tuple(fig.layout[axis].range) for fig in drawn}) == 1
    assert [len(fig.data[0].x) for fig in drawn] == [1, 2, 3, 4]
    assert drawn[-1].data[2].y == (20, 15, 9, 3)


def test_every_arrow_of_the_loop_leads_from_a_box_to_a_box():
    def touches(x, y):
        return any(
            abs(x - at_x) <= width + 0.01 and abs(abs(y - at_y) - height) < 0.02
            for at_x, at_y, width, height, _ in loop.BOXES.values()
        )

    *straight, back = loop.ARROWS
    assert [arrow for arrow in straight if not (touches(*arrow[0]) and touches(*arrow[1]))] == []
    x, y, width, _, _ = loop.BOXES["scan"]
    assert back[1] == pytest.approx((x + width, y))
