"""The page that learns, in the built book: labeled by keys as a reader does, from a server and from a folder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from browser import BOOK, accessible, chromium, served
from browsers import find
from playwright.sync_api import expect

from dalbook import DropoutLearner, HerdingLearner, Labeler, embed, load_toy_city, read_labels
from dalbook.learners.metrics import macro_recall_on
from dalbook.learners.simulate import simulate
from dalbook.webpage.data import CONFIG, reduced, split, typical_of_each
from dalbook.webpage.learning_page import page_game_html

CHAPTER = "chapters/00_in_this_page.html"
KEYS = "1234567890"
LABELERS, PAPERS = "The labeler’s (herding)", "The paper’s (DAL)"
DECISIONS = "JSON.parse(localStorage.getItem('dalbook-page-decisions')).content"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def address():
    with served() as url:
        yield url + CHAPTER


@pytest.fixture(scope="module")
def corpus():
    return load_toy_city()


@pytest.fixture(scope="module")
def truth(corpus):
    """The class of each clip of the page."""
    pool, _ = split(corpus)
    return corpus.labels[pool].tolist()


class Reader:
    """Somebody at the page, who hears nothing from any other host, and what goes wrong for them."""

    def __init__(self, browser, url: str, before: str = "", **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.url, self.page, self.complaints = url, context.new_page(), []
        here = url.split("/chapters/")[0]
        context.route(lambda asked: not asked.startswith((here, "blob:", "data:")), self._elsewhere)
        self.page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        if before:
            self.page.add_init_script(before)
        self.open()

    def _elsewhere(self, route):
        self.complaints.append(f"asked for {route.request.url}")
        route.abort()

    def open(self):
        self.page.goto(self.url)
        self.labeler = self.page.locator(".dalbook-labeler[data-state]")
        expect(self.labeler).to_be_visible()

    def choose(self, name: str):
        button = self.page.get_by_role("button", name=name)
        button.press("Enter")
        expect(button).to_have_attribute("aria-pressed", "true")

    def begin(self):
        """With the paper's learner, and a label of each class from the truth."""
        self.choose(PAPERS)
        self.page.get_by_role("button", name="Begin where the model asks").press("Enter")
        self.learned(10)

    def learned(self, labels: int):
        """Wait for the model's score after so many labels, more than one."""
        expect(self.page.locator(".dlb-result")).to_contain_text(f"With {labels} labels", timeout=30_000)

    def clip(self) -> int:
        expect(self.labeler).to_have_attribute("data-state", "ready", timeout=30_000)
        return int(self.labeler.get_attribute("data-clip"))

    def press(self, key: str) -> None:
        """Decide on the clip on screen by a key, and see the next one."""
        clip = self.clip()
        self.page.keyboard.press(key)
        expect(self.labeler).not_to_have_attribute("data-clip", str(clip))

    def label(self, truth: list[int], times: int) -> None:
        for _ in range(times):
            self.press(KEYS[truth[self.clip()]])

    def given(self, labels: int):
        expect(self.page.get_by_role("progressbar", name="Clips labeled")).to_have_attribute(
            "aria-valuenow", str(labels)
        )

    def kept(self) -> dict:
        return self.page.evaluate(DECISIONS)

    def rests(self):
        """Wait until random picking has caught up, which is when the model is kept."""
        expect(self.page.locator(".dlb-result")).to_contain_text("three runs", timeout=60_000)
        self.page.wait_for_timeout(500)

    def curve(self) -> dict[int, float]:
        return dict(self.kept()["curve"]["mine"])

    def leaves(self):
        assert self.complaints == []
        self.page.context.close()


@pytest.fixture
def reader(browser, address):
    one = Reader(browser, address)
    yield one
    one.leaves()


def test_thirty_clips_labeled_by_keys(reader, truth, corpus, tmp_path):
    """The curve rises as the Python learner's does, and the labels go on in the labeler."""
    reader.begin()
    reader.label(truth, 30)
    reader.given(40)
    reader.learned(40)
    reader.rests()
    mine = reader.curve()
    assert sorted(mine) == list(range(10, 41))
    python = python_curves(corpus, sorted(mine))
    ends = [np.mean([mine[n] for n in range(36, 41)]), np.mean([python[n] for n in range(36, 41)])]
    assert ends[0] - mine[10] > 0.5 * (ends[1] - python[10]) > 0.05
    assert abs(ends[0] - ends[1]) < 0.12  # single runs differ by about 0.04
    random = reader.kept()["curve"]["random"]
    assert [run[-1][0] for run in random] == [40] * 3
    assert ends[0] > np.mean([recall for run in random for n, recall in run if n > 35])
    goes_on(reader, corpus, tmp_path / "labels.csv", 40)


def python_curves(corpus, budgets) -> dict[int, float]:
    """The mean of three runs of `DropoutLearner` on the page's data."""
    pool, held_out = split(corpus)
    x = embed(corpus, "logmel", progress=False)
    small = reduced(x, pool)
    first, score = typical_of_each(x, pool, corpus.labels), macro_recall_on(small[held_out], corpus.labels[held_out])
    runs = [
        simulate(DropoutLearner(small, 10, first, pool=pool, config=CONFIG, seed=seed), corpus.labels, budgets, score)
        for seed in range(3)
    ]
    return {n: float(np.mean([run[n] for run in runs])) for n in budgets}


def saved(reader, path: Path):
    """What the page gives to take along, as a table."""
    with reader.page.expect_download() as download:
        reader.page.get_by_role("button", name="Download labels").press("Enter")
    download.value.save_as(path)
    return read_labels(path)


def goes_on(reader, corpus, path: Path, labels: int) -> None:
    """`Labeler` opens what the page saves, and labels one more."""
    rows = saved(reader, path)
    assert len(rows) == labels
    assert (rows["status"] == "labeled").all()
    position = {name: clip for clip, name in enumerate(corpus.ids)}
    said = [
        (corpus.classes[corpus.labels[position[clip]]], label)
        for clip, label in zip(rows["clip"], rows["label"], strict=True)
    ]
    assert all(true == label for true, label in said)
    assert rows["picked_by"].tolist()[:10] == ["medoid"] * 10 or set(rows["picked_by"][:10]) <= {"medoid", "farthest"}
    assert set(rows["picked_by"][11:]) == {"vote_entropy"}
    assert (rows["round"].diff().dropna() >= 0).all()
    labeler = Labeler(corpus, out=path, embedding="logmel", annotator="")
    try:
        labeler.wait()
        assert labeler.progress["labeled"] == labels
        assert labeler.progress["stage"] == "learning"
        labeler.act({"do": "label", "clip": labeler.clip["clip"], "label": 0, "seconds": 1.0})
        assert len(read_labels(path)) == labels + 1
    finally:
        labeler.close()


def test_the_page_reads_from_a_folder(browser, truth):
    reader = Reader(browser, (BOOK / CHAPTER).as_uri())
    reader.begin()
    reader.label(truth, 3)
    reader.learned(13)
    reader.page.wait_for_function("document.querySelector('audio').currentTime > 0.1", timeout=10_000)
    reader.leaves()


def test_a_reload_goes_on(reader, truth):
    reader.begin()
    reader.label(truth, 2)
    reader.learned(12)
    reader.rests()
    clip, before = reader.clip(), reader.kept()
    words = reader.page.locator(".dlb-result").inner_text()
    votes = reader.page.locator(".dlb-inside .dlb-votes").inner_text()
    reader.open()
    assert reader.clip() == clip
    expect(reader.page.locator(".dlb-result")).to_have_text(words)
    expect(reader.page.locator(".dlb-inside .dlb-votes")).to_have_text(votes, use_inner_text=True)
    assert reader.kept()["rows"] == before["rows"]
    assert reader.kept()["curve"] == before["curve"]
    expect(reader.page.get_by_role("button", name="Begin where")).to_be_hidden()
    reader.labeler.focus()
    reader.label(truth, 1)
    reader.learned(13)


def test_a_model_that_was_not_kept_is_trained_again(reader, truth):
    reader.begin()
    reader.label(truth, 2)
    reader.learned(12)
    reader.rests()
    reader.page.evaluate("localStorage.removeItem('dalbook-page-model')")
    before = reader.curve()
    reader.open()
    reader.learned(12)
    reader.rests()
    assert reader.curve() == before


def test_undo_unsure_skip_and_a_correction(reader, truth, corpus, tmp_path):
    reader.begin()
    clip = reader.clip()
    reader.press(KEYS[truth[clip]])
    reader.given(11)
    reader.press("Backspace")
    reader.given(10)
    assert reader.clip() == clip
    reader.page.keyboard.press("Backspace")  # what the truth has labeled stays
    expect(reader.page.locator(".dlb-status")).to_contain_text("nothing to take back")
    wrong = KEYS[(truth[clip] + 1) % 10]
    reader.press(wrong)
    reader.press("u")
    reader.press("s")
    expect(reader.page.locator(".dlb-counts")).to_contain_text("1 unsure")
    reader.page.locator(".dlb-history li").nth(2).get_by_role("button", name="Change").press("Enter")
    expect(reader.labeler).to_have_attribute("data-state", "ready")
    reader.page.keyboard.press(KEYS[truth[clip]])
    expect(reader.page.locator(".dlb-status")).to_contain_text("Changed to")
    reader.given(11)
    reader.learned(11)
    last = reader.kept()["rows"][-1]
    assert (last["clip"], last["label"], last["picked_by"]) == (clip, truth[clip], "correction")
    rows = saved(reader, tmp_path / "labels.csv")
    assert rows["status"].value_counts().to_dict() == {"labeled": 11, "unsure": 1, "skipped": 1}
    Labeler(corpus, out=tmp_path / "labels.csv", embedding="logmel", annotator="").close()


def test_the_labelers_learner_asks_from_the_first_clip_on(reader, truth, corpus, tmp_path):
    """Thirty answers by keys: its questions and its curve are Python's, and the labels go on in the labeler."""
    page = reader.page
    expect(page.locator(".dlb-inside .dlb-votes .dlb-count")).to_have_text(["10 %"] * 10)
    expect(page.get_by_role("slider", name="Θ")).to_be_hidden()
    expect(page.get_by_role("button", name="Begin where")).to_be_hidden()
    reader.labeler.focus()
    reader.label(truth, 30)
    reader.learned(30)
    expect(page.locator(".dlb-inside .dlb-votes + p")).to_contain_text("with a probability of")
    expect(page.locator(".dlb-map .dlb-guessed").first).to_be_visible()
    reader.rests()
    mine, python = reader.curve(), herding_curve(corpus, [10, 20, 30])
    assert sorted(mine) == list(range(1, 31))
    assert all(abs(mine[n] - python[n]) < 0.08 for n in python)  # a question is on screen while its answer is learned
    assert [run[-1][0] for run in reader.kept()["curve"]["random"]] == [30] * 3
    rows = saved(reader, tmp_path / "labels.csv")
    assert set(rows["picked_by"]) == {"herding"}
    labeler = Labeler(corpus, out=tmp_path / "labels.csv", embedding="logmel", annotator="")
    labeler.wait()
    assert labeler.progress["labeled"] == 30
    labeler.close()


def herding_curve(corpus, budgets) -> dict[int, float]:
    """A run of `HerdingLearner` on the page's clips."""
    pool, held_out = split(corpus)
    x = embed(corpus, "logmel", progress=False)
    recordings = np.unique(corpus.recordings, return_inverse=True)[1]
    learner = HerdingLearner(x, 10, pool=pool, recordings=recordings)
    return simulate(learner, corpus.labels, budgets, macro_recall_on(x[held_out], corpus.labels[held_out]))


def test_who_asks_can_be_changed_and_is_kept(reader, truth):
    """Five labels with the paper's learner; the other one learns from them, also after a reload, and back."""
    page = reader.page
    reader.choose(PAPERS)
    reader.labeler.focus()
    reader.label(truth, 5)
    page.get_by_role("button", name="Start learning now").press("Enter")
    reader.learned(5)
    expect(page.locator(".dlb-inside .dlb-votes .dlb-count").first).to_contain_text("of 128")
    reader.choose(LABELERS)
    reader.learned(5)
    expect(page.locator(".dlb-inside .dlb-votes .dlb-count").first).to_contain_text("%")
    expect(page.get_by_role("slider", name="Θ")).to_be_hidden()
    assert list(reader.curve()) == [5]
    reader.labeler.focus()
    reader.label(truth, 1)
    reader.press("Backspace")  # also what the other learner was told
    reader.press("Backspace")
    reader.given(4)
    reader.label(truth, 3)
    reader.learned(7)
    reader.rests()
    clip, curve = reader.clip(), reader.kept()["curve"]
    reader.open()
    expect(page.get_by_role("button", name=LABELERS)).to_have_attribute("aria-pressed", "true")
    reader.learned(7)
    reader.rests()
    assert (reader.clip(), reader.kept()["curve"], reader.kept()["who"]) == (clip, curve, "herding")
    reader.choose(PAPERS)
    reader.learned(7)
    expect(page.get_by_role("slider", name="Θ")).to_be_visible()
    reader.open()
    expect(page.get_by_role("button", name=PAPERS)).to_have_attribute("aria-pressed", "true")
    reader.given(7)


def test_the_oracle_answers_the_labelers_learner_too(reader):
    reader.page.get_by_role("button", name="Let the oracle label 10").press("Enter")
    reader.given(10)
    reader.learned(10)
    rows = reader.kept()["rows"]
    assert {(row["annotator"], row["picked_by"]) for row in rows} == {("truth", "herding")}
    assert len({row["clip"] for row in rows}) == 10


def test_the_typical_clips_by_hand_and_start(reader, truth):
    reader.choose(PAPERS)
    seen = []
    reader.labeler.focus()
    for _ in range(4):
        seen.append(reader.clip())
        reader.label(truth, 1)
    expect(reader.page.locator(".dlb-words")).to_contain_text("of 10 classes have a label")
    assert [row["picked_by"] for row in reader.kept()["rows"]] == ["medoid"] * 4
    reader.page.get_by_role("button", name="Start learning now").press("Enter")
    reader.learned(4)
    expect(reader.page.get_by_role("button", name="Begin where")).to_be_hidden()


def test_the_knobs_act_at_once(reader):
    reader.begin()
    page = reader.page
    slider = lambda name: page.get_by_role("slider", name=name)  # noqa: E731
    marks = page.locator(".dlb-map .dlb-guessed")
    expect(marks).not_to_have_count(0)
    slider("Θ").press("End")
    expect(marks).to_have_count(0)
    expect(page.locator(".dlb-knob ~ p")).to_contain_text("sure enough of 0 clips")
    slider("Θ").press("Home")
    expect(marks).to_have_count(140)
    few = page.locator(".dlb-knob ~ p").inner_text()
    slider("α").press("End")
    expect(page.locator(".dlb-knob ~ p")).not_to_have_text(few)
    slider("|D|").press("Home")
    expect(page.locator(".dlb-inside .dlb-votes .dlb-count").first).to_contain_text("of 2")
    page.get_by_role("button", name="Back to the start values").press("Enter")
    expect(page.locator(".dlb-inside .dlb-votes .dlb-count").first).to_contain_text("of 128")
    expect(slider("Θ")).to_have_attribute("aria-valuetext", "Θ 0.5")


def test_the_oracle_and_random_picking(reader):
    reader.begin()
    page = reader.page
    page.get_by_role("button", name="Let the oracle label 10").press("Enter")
    reader.given(20)
    reader.learned(20)
    rows = reader.kept()["rows"]
    assert [row["annotator"] for row in rows] == ["truth"] * 20
    assert len({row["clip"] for row in rows}) == 20
    page.get_by_role("button", name="Random picking: label 10").press("Enter")
    page.wait_for_function(f"{DECISIONS}.curve.random.every((run) => run.at(-1)[0] === 30)", timeout=60_000)
    reader.given(20)
    expect(page.locator(".dlb-growth polyline")).to_have_count(5)  # three runs, their mean, yours


def test_start_over_asks_first(reader, truth):
    reader.begin()
    reader.label(truth, 1)
    over = reader.page.get_by_role("button", name="Start over", exact=True)
    over.press("Enter")
    reader.page.get_by_role("button", name="No", exact=True).press("Enter")
    reader.given(11)
    over.press("Enter")
    reader.page.get_by_role("button", name="Yes, start over").press("Enter")
    reader.given(0)
    expect(reader.page.locator(".dlb-growth polyline")).to_have_count(0)
    expect(reader.page.locator(".dlb-map .dlb-labeled")).to_have_count(0)
    reader.begin()
    reader.open()
    reader.given(10)


@pytest.mark.parametrize("content", ["{", json.dumps({"version": "0", "content": {}}), "old"])
def test_what_was_kept_of_something_else_is_left(content, browser, address, truth):
    first = Reader(browser, address)
    version = first.page.evaluate("JSON.parse(localStorage.getItem('dalbook-page-decisions')).version")
    first.leaves()
    if content == "old":
        content = json.dumps({"version": version, "content": {"rows": [{"clip": 1}], "back": 3}})
    key = "dalbook-page-decisions"
    reader = Reader(browser, address, f"localStorage.setItem({key!r}, {json.dumps(content)})")
    expect(reader.page.locator(".dlb-notice")).to_contain_text("you start anew")
    reader.begin()
    reader.leaves()


# No room for what this page keeps; the theme's own settings still fit.
FULL = """const keep = Storage.prototype.setItem;
Storage.prototype.setItem = function (name, value) {
  if (name.startsWith("dalbook-page")) throw new DOMException("full", "QuotaExceededError");
  keep.call(this, name, value);
};"""


def test_a_full_storage_is_told_and_labels_go_on(browser, address, truth):
    reader = Reader(browser, address, FULL)
    expect(reader.page.locator(".dlb-notice")).to_contain_text("keeps nothing more for this page")
    reader.begin()
    reader.label(truth, 1)
    reader.learned(11)
    reader.leaves()


def test_a_page_without_workers_learns_itself(browser, address, truth):
    reader = Reader(browser, address, "window.Worker = function () { throw new Error('refused'); }")
    expect(reader.page.locator(".dlb-notice")).to_contain_text("the model learns in the page itself")
    reader.begin()
    reader.label(truth, 1)
    reader.learned(11)
    reader.leaves()


def test_for_every_eye_and_on_a_phone(reader, truth):
    page = reader.page
    reader.begin()
    reader.label(truth, 2)
    reader.learned(12)
    page.get_by_role("button", name="Start over", exact=True).press("Enter")
    for theme in ("light", "dark"):
        page.evaluate("name => { document.documentElement.dataset.theme = name; }", theme)
        page.wait_for_timeout(300)
        accessible(page, theme, everything=theme == "light")
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(SMALL) == []


# What a thumb would miss: less than 44 pixels high or wide.
SMALL = """[...document.querySelectorAll("[data-dalbook-page] :is(button, select, input)")]
  .map((node) => [node.textContent || node.id || node.ariaLabel, node.getBoundingClientRect()])
  .filter(([, { width, height }]) => width && (width < 43.9 || height < 43.9))
  .map(([name, { width, height }]) => `${name} ${width} x ${height}`)"""


def test_the_tabulator_comes_to_everything(reader):
    reader.begin()
    expect(reader.page.locator(".dlb-play")).to_be_enabled()
    wanted = reader.page.evaluate(f"{FOCUSABLE}.length")
    reader.page.evaluate(f"{FOCUSABLE}[0].focus()")
    reached = set()
    for _ in range(wanted + 5):
        reached.add(reader.page.evaluate(f"{FOCUSABLE}.indexOf(document.activeElement)"))
        reader.page.keyboard.press("Tab")
    assert reached - {-1} == set(range(wanted))


FOCUSABLE = """[...document.querySelectorAll("[data-dalbook-page] :is(button, select, input, [tabindex='0'])")]
  .filter((node) => node.checkVisibility() && !node.disabled)"""


def test_a_click_on_the_map_plays_the_clip_and_so_does_the_list(reader):
    page = reader.page
    page.locator(".dlb-map").scroll_into_view_if_needed()
    page.locator(".dlb-map").click(position={"x": 60, "y": 60})
    words = page.locator(".dlb-listen + p")
    expect(words).to_contain_text("Playing Clip ")
    first = words.inner_text()
    page.get_by_label("A clip of the map").select_option(index=3)
    page.get_by_role("button", name="Listen", exact=True).press("Enter")
    expect(words).not_to_have_text(first)


def test_no_sound_before_the_reader_asks(reader):
    reader.page.wait_for_timeout(700)
    assert reader.page.evaluate("document.querySelector('audio').paused")


def test_a_live_notebook_has_all_of_it_in_the_output(browser, corpus, tmp_path, monkeypatch):
    monkeypatch.delenv("DALBOOK_STATIC", raising=False)
    html = page_game_html(corpus, embed(corpus, "logmel", progress=False))
    (tmp_path / "chapters").mkdir()
    file = tmp_path / "chapters" / "live.html"
    icon = '<link rel="icon" href="data:,">'
    file.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Live</title>{icon}{html}', "utf-8")
    reader = Reader(browser, file.as_uri())
    reader.begin()
    reader.page.wait_for_function("document.querySelector('audio').currentTime > 0.1", timeout=10_000)
    reader.leaves()


def test_to_the_last_clip(reader, truth):
    reader.begin()
    oracle = reader.page.get_by_role("button", name="Let the oracle label 10")
    for labels in (*range(20, 150, 10), 149):
        oracle.press("Enter")
        reader.learned(labels)
    reader.label(truth, 1)
    expect(reader.page.locator(".dlb-words")).to_have_text("Done: no clip is left.")
    reader.learned(150)


def test_firefox_shows_it(address, tmp_path):
    """In Firefox's own screenshot are the choice of who asks, the map and the spectrogram's place."""
    from PIL import Image

    found = find("firefox")
    if found is None and not os.environ.get("CI"):
        pytest.skip("no Firefox: `make browsers` gets one, FIREFOX= names one")
    assert found, "no Firefox"
    picture = tmp_path / "page.png"
    line = [
        found,
        "--headless",
        "--no-remote",
        "--profile",
        tmp_path,
        "--window-size=1280,2600",
        "--screenshot",
        picture,
    ]
    subprocess.run([*line, address], check=True, timeout=120, capture_output=True)
    pixels = np.asarray(Image.open(picture).convert("RGB")).reshape(-1, 3)
    colors, counts = np.unique(pixels, axis=0, return_counts=True)
    there = {tuple(map(int, color)): int(count) for color, count in zip(colors, counts, strict=True)}
    # its picture may be taken before the first clip has come, which is asked for once the page is drawn
    assert there.get((0x1F, 0x5F, 0xC4), 0) > 300, "no choice of who asks"
    assert there.get((0x82, 0x8C, 0x9A), 0) > 2000, "no clips on the map"
    assert len(there) > 1000, "no spectrogram"
