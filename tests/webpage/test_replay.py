"""A recorded session: made with the real labeler, and played in a real browser."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from labeler_browser import chromium, served, watched
from playwright.sync_api import expect

from dalbook.corpora.toycity.load import load_toy_city
from dalbook.labeling.widget import Labeler
from dalbook.webpage.replay import record, replay_html

ROOT = Path(__file__).parents[2]
BOOKS = ROOT / "data" / "labeler_replay"  # the recording in the book
PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>A chapter</title><link rel="icon" href="data:,">{}'
REQUESTS = (
    (0.3, {"do": "label", "label": 2}),
    (0.3, {"do": "label", "label": 3}),
    (0.1, {"do": "undo"}),
    (0.3, {"do": "unsure"}),
    (0.3, {"do": "label", "label": 8}),
)


@pytest.fixture(scope="module")
def browser():
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A short recording of the real labeler."""
    folder = tmp_path_factory.mktemp("recording")
    corpus = load_toy_city()
    x = np.eye(10, 16, dtype=np.float32)[corpus.labels] + 0.01
    labeler = Labeler(corpus, folder / "labels.csv", embedding=x, learner="dal", budget=5, annotator="")
    try:
        record(labeler, corpus, REQUESTS, folder / "session")
    finally:
        labeler.close()
    return folder / "session"


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Put a recording into a page of a book."""

    def make(folder, **options):
        monkeypatch.setenv("DALBOOK_STATIC", str(tmp_path / "deep" / "_static" / "audio"))
        page = tmp_path / "deep" / "chapters" / "page.html"
        page.parent.mkdir(parents=True)
        page.write_text(PAGE.format(replay_html(folder, **options)), encoding="utf-8")
        return page

    return make


def sounding(page):
    page.wait_for_function("document.querySelector('audio').currentTime > 0.1", timeout=10_000)


def finished(page, steps):
    expect(page.locator(".dlb-tape span")).to_have_text(f"{steps} of {steps}", timeout=20_000)


def test_a_recording_holds_what_was_decided_and_shown(recording):
    session = json.loads((recording / "session.json").read_bytes())
    first, *rest = session["steps"]
    assert first["said"] is None
    assert {"clip", "progress", "history", "classes"} <= set(first["traits"])
    said = [step["said"] for step in rest if step["said"]]
    assert [one["do"] for one in said] == [request["do"] for _, request in REQUESTS]
    assert [step["at"] for step in rest if step["said"]] == [seconds for seconds, _ in REQUESTS]
    shown = {str(step["traits"]["clip"]["clip"]) for step in session["steps"] if step["traits"].get("clip")}
    assert set(session["sounds"]) == shown
    for sound in session["sounds"].values():
        heard, rate = soundfile.read(recording / sound["file"])
        assert len(heard) / rate == pytest.approx(sound["duration"], abs=0.2)


@pytest.mark.parametrize("from_folder", [False, True])
def test_a_recording_plays_through(recording, book, browser, from_folder):
    file = book(recording, live={"Open it live": "https://example.org/live"})
    with served(file.parents[2]) as url:
        page = browser.new_page()
        complaints = watched(page)
        requests = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(file.as_uri() if from_folder else f"{url}/deep/chapters/page.html")
        expect(page.locator(".dalbook-labeler")).to_contain_text("A recording.")
        assert page.get_by_role("link", name="Open it live").get_attribute("href") == "https://example.org/live"
        page.wait_for_timeout(300)
        assert page.evaluate("document.querySelector('audio').paused")  # no sound before somebody asks for one
        first = page.locator(".dalbook-labeler").get_attribute("data-clip")
        page.get_by_role("button", name="Play the recording").click()
        sounding(page)
        page.wait_for_function(f"document.querySelector('.dalbook-labeler').dataset.clip !== '{first}'")
        finished(page, len(REQUESTS))
        expect(page.get_by_role("button", name="Play it again")).to_be_visible()
        expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "2")
        assert complaints == []
        assert all(one.startswith((url, "file:", "blob:", "data:")) for one in requests)
        page.close()


def test_the_reader_steps_listens_and_decides_nothing(recording, book, browser):
    page = browser.new_page(viewport={"width": 360, "height": 800})
    complaints = watched(page)
    page.goto(book(recording).as_uri())
    place = page.locator(".dlb-tape span")
    for n in (1, 2):
        page.get_by_role("button", name="Next", exact=True).click()
        expect(place).to_have_text(f"{n} of {len(REQUESTS)}")
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "2")
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "1")
    page.get_by_role("button", name="Listen again").first.click()
    sounding(page)
    page.keyboard.press("1")
    page.keyboard.press("Backspace")
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert complaints == []
    page.close()


def test_who_is_in_a_hurry_gets_on(recording, book, browser):
    page = browser.new_page()
    page.goto(book(recording).as_uri())
    page.evaluate(
        """async () => {
            const next = [...document.querySelectorAll("button")].find((button) => button.textContent === "Next");
            for (let i = 0; i < 4; i++) {
                next.click();
                await new Promise((done) => setTimeout(done, 100)); // sooner than a button is let go of
            }
        }"""
    )
    expect(page.locator(".dlb-tape span")).to_have_text(f"2 of {len(REQUESTS)}")
    page.close()


def test_who_looks_around_is_not_moved_on(recording, book, browser):
    page = browser.new_page()
    page.goto(book(recording).as_uri())
    page.get_by_role("button", name="Play the recording").click()
    page.locator("summary").click()
    expect(page.get_by_role("button", name="Play the recording")).to_be_visible()
    place = page.locator(".dlb-tape span").text_content()
    page.wait_for_timeout(1500)
    assert page.locator(".dlb-tape span").text_content() == place
    page.close()


def test_a_live_notebook_has_all_of_it_in_the_output(recording, browser, monkeypatch):
    monkeypatch.delenv("DALBOOK_STATIC", raising=False)
    page = browser.new_page()
    complaints = watched(page)
    page.set_content(PAGE.format(replay_html(recording)))
    page.get_by_role("button", name="Play the recording").click()
    sounding(page)
    assert complaints == []
    page.close()


def test_names_are_text(recording, tmp_path, browser, monkeypatch):
    monkeypatch.delenv("DALBOOK_STATIC", raising=False)
    evil = "</script><img src=x onerror=alert(1)>"
    session = json.loads((recording / "session.json").read_bytes())
    session["steps"][0]["traits"]["classes"][0] = evil
    for file in recording.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "session.json").write_text(json.dumps(session))
    page = browser.new_page()
    complaints = watched(page)
    page.set_content(PAGE.format(replay_html(tmp_path)))
    expect(page.locator("[data-class='0'] .dlb-name")).to_have_text(evil)
    assert page.locator("img").count() == 0
    assert complaints == []
    page.close()


def test_the_books_recording_is_whole(book, browser):
    """Every clip of it is there to be heard, from the first to the last."""
    session = json.loads((BOOKS / "session.json").read_bytes())
    assert 12 <= len(session["sounds"]) <= 14
    assert {path.name for path in BOOKS.glob("*.mp3")} == {sound["file"] for sound in session["sounds"].values()}
    page = browser.new_page()
    complaints = watched(page)
    file = book(BOOKS)
    page.goto(file.as_uri())
    steps = sum(step["said"] is not None for step in session["steps"])
    for n in range(1, steps + 1):
        page.get_by_role("button", name="Next", exact=True).click()
        expect(page.locator(".dlb-tape span")).to_have_text(f"{n} of {steps}")
        expect(page.locator(".dlb-over")).to_be_hidden()
    page.locator("summary").click()
    expect(page.locator(".dlb-votes li").first).to_be_visible()
    assert complaints == []
    page.close()


def test_what_is_no_recording_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no recording in .*session.json"):
        replay_html(tmp_path)
    (tmp_path / "session.json").write_text('{"classes": []}')
    with pytest.raises(ValueError, match="session.json is damaged"):
        replay_html(tmp_path)
