"""Colors that can be told apart, figures that say what they show, and the learning curve's numbers."""

from __future__ import annotations

import itertools
import json
import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io
import pytest

from dalbook.corpora.toycity import clips as toycity
from dalbook.figures import (
    CLASS_COLORS,
    CLASS_SYMBOLS,
    LEARNER_STYLES,
    experiment,
    explore,
    figure_html,
    guesses,
    learning_curve,
    show,
)
from dalbook.figures.curves import BEHIND
from dalbook.figures.listen import widget
from dalbook.figures.slider import slider_html

ROWS = [
    {"learner": "dal", "budget": 60, "mean": 0.6, "low": 0.5, "high": 0.7},
    {"learner": "dal", "budget": 30, "mean": 0.4, "low": 0.3, "high": 0.45},
    {"learner": "mal", "budget": 30, "mean": 0.35, "low": 0.35, "high": 0.35},
    {"learner": "mal", "budget": 60, "mean": 0.5, "low": 0.5, "high": 0.5},
]


def linear(color: str) -> np.ndarray:
    s = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """The contrast ratio of the Web Content Accessibility Guidelines."""
    low, high = sorted(linear(c) @ [0.2126, 0.7152, 0.0722] for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def test_the_ten_classes_have_ten_colors_and_markers():
    assert tuple(CLASS_COLORS) == tuple(toycity.CLASSES)
    assert len(set(CLASS_COLORS.values())) == len(set(CLASS_SYMBOLS.values())) == 10


@pytest.mark.parametrize("background", ["#ffffff", "#121212"])
def test_colors_stand_out_in_both_themes(background):
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    colors = [*CLASS_COLORS.values(), *(style[0] for style in LEARNER_STYLES)]
    assert min(contrast(color, background) for color in colors) >= 3


def test_colors_differ_for_color_blind_readers():
    # Deuteranopia, from Machado, Oliveira and Fernandes (2009), on linear RGB.
    see = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]])
    seen = [np.clip(see @ linear(color), 0, 1) ** (1 / 2.4) for color in CLASS_COLORS.values()]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.1


def test_learning_curve_draws_means_and_bands():
    fig = learning_curve(ROWS)
    band, dal, _, mal = fig.data
    assert (dal.name, mal.name) == ("dal", "mal")
    assert (dal.x, dal.y) == ((30, 60), (0.4, 0.6))
    assert (band.x, band.y) == ((30, 60, 60, 30), (0.45, 0.7, 0.5, 0.3))
    assert dal.line.dash != mal.line.dash
    assert dal.marker.symbol != mal.marker.symbol
    assert dal.line.color != mal.line.color
    assert fig.layout.xaxis.type == "linear"


def test_learning_curve_takes_a_data_frame():
    assert learning_curve(pd.DataFrame(ROWS)) == learning_curve(ROWS)


def test_learning_curve_is_logarithmic_over_wide_budgets():
    assert learning_curve([*ROWS, {**ROWS[0], "budget": 7000}]).layout.xaxis.type == "log"
    many = [{**ROWS[0], "budget": n} for n in range(30, 1800, 50)]
    assert learning_curve(many).layout.xaxis.tickvals == (30, 100, 300, 1000)


def test_learning_curve_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="no rows"):
        learning_curve([])
    with pytest.raises(ValueError, match="'low'"):
        learning_curve([{"learner": "dal", "budget": 30, "mean": 0.5}])


def test_template_is_transparent():
    layout = plotly.io.templates["dalbook"].layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0, 0, 0, 0)"


def test_figure_html_carries_no_library_and_escapes_words():
    html = figure_html(learning_curve(ROWS), alt='A "rising" <curve>', caption="a < b")
    assert 'aria-label="A &quot;rising&quot; &lt;curve&gt;"' in html
    assert "<figcaption>a &lt; b</figcaption>" in html
    assert "Plotly.newPlot" in html
    assert "cdn" not in html.lower()
    assert len(html) < 50_000


def test_show_needs_a_description():
    with pytest.raises(ValueError, match="alt"):
        show(go.Figure(), alt=" ")


@pytest.mark.parametrize("number", ["3", "Figure 3.1", "3.1.2", "a.b"])
def test_a_number_is_chapter_and_figure(number):
    with pytest.raises(ValueError, match="give chapter and figure"):
        show(go.Figure(), alt="Nothing.", number=number)


def test_a_numbered_figure_can_be_linked_and_is_the_same_every_time():
    html = figure_html(learning_curve(ROWS), alt="A curve.", caption="A curve.", number="3.1")
    assert '<figure class="dalbook-figure" id="fig-3-1">' in html
    assert "Figure 3.1.</span> A curve.</figcaption>" in html
    assert html == figure_html(learning_curve(ROWS), alt="A curve.", caption="A curve.", number="3.1")


def points(**trace) -> go.Figure:
    return go.Figure(go.Scatter(x=[1, 2], y=[1, 2], **trace))


def test_a_figure_with_sounds_has_a_place_for_them():
    sounds = {"customdata": [[7, "a.mp3"], [8, "b.mp3"]], "meta": {"listen": 1}}
    assert '<div class="dalbook-listen" data-choose></div>' in figure_html(points(**sounds), alt="Two.", listen=True)
    assert '<div class="dalbook-listen"></div>' in figure_html(points(**sounds), alt="Two.")
    assert "dalbook-listen" not in figure_html(points(), alt="Two.", listen=True)


@pytest.mark.parametrize("customdata", [[[7, "data:a"], [8, "data:b"]], ["data:a", "data:b"]])
def test_a_live_figure_plays_the_point_that_was_clicked(customdata):
    plain = isinstance(customdata[0], str)
    shown = widget(
        points(customdata=customdata, meta={"listen": 0 if plain else 1}, text=["one", "<two>"]), choose=True
    )
    figure, box, player = shown.children
    assert "data:" not in str(figure.data[0].customdata), "sounds in the figure make a notebook heavy"
    box.value = box.options[2][1]
    assert 'src="data:b"' in player.value
    assert "Playing: &lt;two&gt;" in player.value


def test_a_slider_carries_what_its_figures_share_once():
    def draw(power):
        fig = go.Figure([go.Scatter(x=[0, 1], y=[0, 1], name="</script>"), go.Scatter(x=[0, 1], y=[0, power])])
        return fig.update_layout(template="dalbook")

    html = slider_html(draw, [1, 2, 3], "power", alt="Lines.", caption="", number="8.1")
    frames = json.loads(re.search(r'class="dalbook-frames">(.*?)</script>', html)[1])
    assert frames["values"] == ["1", "2", "3"]
    assert len(frames["parts"]) == 5  # one trace and the layout for all, one trace each
    last = [frames["parts"][i] for i in frames["frames"][2]["data"]]
    assert [trace["y"] for trace in last] == [[0, 1], [0, 3]]
    assert last[0]["name"] == "</script>"


def test_a_slider_needs_values_and_a_description():
    with pytest.raises(ValueError, match="'power' has 1 values"):
        explore(lambda n: go.Figure(), [1], "power", alt="Nothing.")
    with pytest.raises(ValueError, match="alt"):
        explore(lambda n: go.Figure(), [1, 2], "power", alt="")


def test_a_live_slider_draws_again(monkeypatch, tmp_path):
    """In a real kernel, where ipywidgets are."""
    import nbformat
    from notebooks import run

    monkeypatch.delenv("DALBOOK_STATIC", raising=False)
    code = """
import gc, ipywidgets, plotly.graph_objects as go
from dalbook import figures
drawn = []
def draw(n):
    drawn.append(n)
    return go.Figure(go.Scatter(x=[0, n], y=[0, 1]))
figures.explore(draw, [1, 2, 3], "labels", alt="A line.", caption="A line.", number="8.1")
slider = next(w for w in gc.get_objects() if isinstance(w, ipywidgets.SelectionSlider))
slider.value = 3
assert drawn == [1, 3], drawn
print(slider.description)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    assert run(notebook, tmp_path, timeout=120) == ""
    outputs = notebook.cells[0].outputs
    assert any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs)
    assert "labels" in "".join(output.text for output in outputs if output.output_type == "stream")
    assert any("Figure 8.1. A line." in str(output.get("data", "")) for output in outputs)


@pytest.mark.parametrize("static", [True, False])
def test_show_in_a_kernel(static, monkeypatch, tmp_path):
    """In the book's build a page's HTML; in a live kernel Plotly's own output."""
    import nbformat
    from notebooks import run

    if static:
        monkeypatch.setenv("DALBOOK_STATIC", "1")
    else:
        monkeypatch.delenv("DALBOOK_STATIC", raising=False)
    code = "import plotly.graph_objects as go\nfrom dalbook.figures import show\nshow(go.Figure(), alt='Nothing.')"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    assert run(notebook, tmp_path, timeout=120) == ""
    (output,) = notebook.cells[0].outputs
    assert ("application/vnd.plotly.v1+json" in output.data) is not static
    assert ("text/html" in output.data and "dalbook-figure" in output.data["text/html"]) is static


def results(corpus: str, *thresholds: float, budgets=(30, 40)) -> pd.DataFrame:
    """A table as `dalbook table` gives it: two folds, recall and counts that can be followed by eye."""
    columns = ["corpus", "embedding", "learner", "threshold", "alpha", "fold", "trial", "budget", "macro_recall"]
    rows = [
        [corpus, "logmel", "dal", t, 0.01, fold, 0, n, t / 2 + n / 1000 + fold / 100, 100 * fold, 50]
        for t in thresholds
        for fold in (1, 2)
        for n in budgets
    ]
    return pd.DataFrame(rows, columns=[*columns, "pseudo", "pseudo_right"])


def named(fig: go.Figure) -> list[str]:
    return [trace.name for trace in fig.data if trace.name and trace.showlegend is not False]


def test_an_experiment_draws_means_over_folds_and_bands():
    fig = experiment(results("toy-city", 0.5, 1.0))
    assert named(fig) == ["Θ = 0.5", "Θ = 1"]
    assert not fig.layout.updatemenus
    band, line = fig.data[:2]
    assert line.x == (30, 40)
    assert line.y == pytest.approx((0.25 + 0.03 + 0.015, 0.25 + 0.04 + 0.015))
    low, high = zip(*line.customdata, strict=True)
    # two folds: the interval of the mean goes from one to the other
    assert low == pytest.approx((0.29, 0.30))
    assert high == pytest.approx((0.30, 0.31))
    assert band.y == (*high, *low[::-1])
    assert band.fill == "toself"


def test_many_variants_get_a_panel_each_with_the_others_in_gray():
    fig = experiment(results("toy-city", 0.0, 0.25, 0.5, 0.75, 1.0))
    assert [note.text for note in fig.layout.annotations] == [f"Θ = {t:g}" for t in (0, 0.25, 0.5, 0.75, 1)]
    panels = {trace.xaxis for trace in fig.data}
    assert len(panels) == 5
    for panel in panels:
        lines = [trace for trace in fig.data if trace.xaxis == panel and trace.fill != "toself"]
        assert [trace.line.color for trace in lines].count(BEHIND) == 4 == len(lines) - 1


def test_an_experiment_on_two_corpora_has_a_button_for_each():
    fig = experiment(pd.concat([results("urbansound8k", 0.5, 1.0), results("toy-city", 0.5, 1.0)]))
    (menu,) = fig.layout.updatemenus
    assert [button.label for button in menu.buttons] == ["UrbanSound8K", "toy-city"]
    first, second = ([bool(v) for v in button.args[0]["visible"]] for button in menu.buttons)
    assert first == [True] * 4 + [False] * 4
    assert second == [False] * 4 + [True] * 4
    assert [trace.visible is not False for trace in fig.data] == first  # what is shown before anybody presses
    assert named(fig) == ["Θ = 0.5", "Θ = 1"] * 2


def test_corpora_with_other_variants_each_show_their_own():
    fig = experiment(pd.concat([results("urbansound8k", 0.5), results("toy-city", 0.5, 0.75, 1.0)]))
    first, second = (button.args[0]["visible"] for button in fig.layout.updatemenus[0].buttons)
    assert (sum(first), sum(second), len(fig.data)) == (2, 6, 8)
    assert not any(a and b for a, b in zip(first, second, strict=True))


def test_guesses_stand_above_their_share_that_is_right():
    fig = guesses(results("toy-city", 0.5, 1.0))
    assert named(fig) == ["Θ = 0.5", "Θ = 1"]
    counts, shares = fig.data[:2]
    assert (counts.x, counts.y) == ((30, 40), (150, 150))
    assert shares.y == pytest.approx((100 / 300, 100 / 300))
    assert (counts.yaxis, shares.yaxis) == (None, "y2")
    assert counts.line.color == shares.line.color
    assert (counts.line.dash, shares.line.dash) == (None, "dot")
    top, bottom = fig.layout.yaxis.domain or (0.5, 1), fig.layout.yaxis2.domain or (0, 0.5)
    assert top[0] >= bottom[1]


def test_guesses_leave_out_who_makes_none():
    table = results("toy-city", 0.5, 1.0)
    mal = table["threshold"] == 1
    table.loc[mal, "learner"] = "mal"
    table.loc[mal, ["threshold", "alpha", "pseudo", "pseudo_right"]] = np.nan
    assert named(guesses(table)) == ["DAL (vote entropy)"]


def test_all_labels_need_a_logarithmic_axis():
    wide = results("toy-city", 0.5, budgets=(30, 130, 7000))
    assert experiment(wide).layout.xaxis.type == "log"
    fig = guesses(wide)
    assert (fig.layout.xaxis.type, fig.layout.xaxis2.type) == ("log", "log")
