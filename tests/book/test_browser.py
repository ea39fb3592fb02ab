"""Every page of the built book, opened once in a real browser: what it shows, plays, answers, and what it asks for.

``make test`` builds the book first.
"""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from browser import BOOK, PAGES, ROOT, Visit, accessible, chromium, contrast, served

LIMIT = 1_500_000  # bytes of a page but for Plotly
# What a reader uses on a page, by its HTML. Two pages of each kind are used; all are opened, and what is on them is the
# same code with other data, which tests/book/test_pages.py and the package's own tests look at.
USES = {
    "a figure that plays": "dalbook-listen",
    "a slider": "dalbook-slider",
    "buttons of a figure": '"updatemenus":[{',
    "players": "dalbook-player",
    "a number to guess": 'data-kind="numeric"',
    "one right answer": 'data-kind="multiple_choice"',
    "several right answers": 'data-kind="many_choice"',
}


def used() -> list[str]:
    """The first two pages with each thing to use."""
    html = {name: (BOOK / name).read_text(encoding="utf-8") for name in PAGES}
    found = [[name for name in PAGES if sign in html[name]][:2] for sign in USES.values()]
    return sorted({name for pages in found for name in pages})


@pytest.fixture(scope="module")
def address():
    with served() as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def test_the_book_is_built_with_every_chapter():
    assert "index.html" in PAGES, "the book is not built: run make book"
    assert (BOOK / ".built").is_file(), "the last build failed: run make book"


USED = used()


@pytest.mark.parametrize("name", PAGES)
def test_page(name, browser, address):
    visit = Visit(browser, address + name)
    page = visit.page
    shows(page)
    accessible(page, "light", everything=name not in USED)
    readable_figures(page, "light")
    if name in USED:
        listens(page)
        slides(page)
        answers(page)
    visit.theme("dark")
    accessible(page, "dark", everything=name in USED)  # with answers and what was played on it
    readable_figures(page, "dark")

    page.set_viewport_size({"width": 360, "height": 800})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, "a phone has to scroll sideways"

    assert visit.complaints == []
    assert [url for url in visit.requests if not url.startswith((address, "data:", "blob:"))] == []
    assert weight(visit.requests, address) < LIMIT
    page.close()


def test_everything_that_can_be_used_is_on_some_page():
    html = [(BOOK / name).read_text(encoding="utf-8") for name in PAGES]
    assert [what for what, sign in USES.items() if not any(sign in text for text in html)] == []


def shows(page) -> None:
    """Figures are drawn and described, images load and have alternatives, formulas are typeset."""
    for figure in page.locator(".plotly-graph-div").all():
        name = figure.get_attribute("id")
        box = figure.locator(".main-svg").first.bounding_box()
        assert box["width"] > 300, f"{name} is not drawn"
        assert box["height"] > 200, f"{name} is not drawn"
        assert figure.evaluate(MARKS) > 0, f"{name} is blank"
        words = figure.locator(".main-svg[role=img]").get_attribute("aria-label")
        assert len(words.split()) > 4, f"{name} is described as {words!r}"
    for image in page.locator("img").all():
        source, alt = image.get_attribute("src"), (image.get_attribute("alt") or "").strip()
        assert image.evaluate("image => image.naturalWidth") > 0, f"{source} does not load"
        assert alt, f"{source} has no alt"
        assert not alt.lower().endswith((".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp")), f"{source}: {alt!r}"
    assert page.locator("mjx-merror").count() == 0, "a formula with an error"
    assert page.locator("mjx-container").count() >= page.locator("span.math, div.math").count()


# How many marks of a figure, beside its axes and its legend, have a size; a canvas counts where it is not empty.
MARKS = """figure => {
  const drawn = [".plot path", ".plot image", ".plot rect", ".plot text", ".pielayer path", ".trace path", ".hm image"];
  const marks = figure.querySelectorAll(drawn.join(", "));
  const sized = [...marks].filter((mark) => {
    const { width, height } = mark.getBoundingClientRect();
    return width > 1 || height > 1;
  });
  const canvases = [...figure.querySelectorAll("canvas")].filter((canvas) => {
    const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    const context = copy.getContext("2d");
    if (!canvas.width || !canvas.height) return false;
    context.drawImage(canvas, 0, 0);
    return context.getImageData(0, 0, copy.width, copy.height).data.some((value) => value > 0);
  });
  return sized.length + canvases.length;
}"""


def listens(page) -> None:
    """A click on a point plays its sound, and so do the select box and the players."""
    playing = "() => document.querySelector('#dalbook-audio')?.currentTime > 0.05"
    for figure in page.locator(".dalbook-figure:has(.dalbook-listen)").all():
        status = figure.locator("[role=status]").first
        plot = figure.locator(".plotly-graph-div")
        _, y = plot.evaluate(POINT)  # a figure may be taller than the window
        page.evaluate("y => window.scrollBy({ top: y - 400, behavior: 'instant' })", y)
        x, y = plot.evaluate(POINT)
        page.mouse.move(x - 1, y - 1)
        page.mouse.move(x, y)
        page.mouse.click(x, y)
        page.wait_for_function(playing)
        assert status.inner_text().startswith(("Playing: ", "Played: "))
        button = figure.locator(".dalbook-listen button")
        if button.count():
            box = figure.locator(".dalbook-listen select")
            box.select_option(index=1)
            button.press("Enter")
            page.wait_for_function(playing)
            assert status.inner_text().split(": ", 1)[1] == box.evaluate("box => box.selectedOptions[0].text")
        page.evaluate("document.querySelector('#dalbook-audio').pause()")
    for sound in page.locator(".dalbook-player audio").all()[:3]:
        sound.evaluate("sound => { sound.muted = true; return sound.play(); }")
        page.wait_for_function("sound => sound.currentTime > 0.05 || sound.ended", arg=sound.element_handle())
        assert sound.evaluate("sound => { sound.pause(); return sound.duration; }") > 0.2
        assert sound.get_attribute("aria-label")


# Where the first point of a figure that has a sound is on the screen.
POINT = """figure => {
  const trace = figure._fullData.find((trace) => trace.visible === true && trace.meta && "listen" in trace.meta);
  const { left, top } = figure.getBoundingClientRect();
  const axis = (name) => figure._fullLayout[(trace[name] ?? name[0]).replace(/^([xy])/, "$1axis")];
  const [x, y] = [axis("xaxis"), axis("yaxis")];
  return [left + x._offset + x.d2p(trace.x[0]), top + y._offset + y.d2p(trace.y[0])];
}"""


def slides(page) -> None:
    """A slider changes its figure and says so, from the keyboard; a button of a figure changes it too."""
    state = "figure => JSON.stringify([figure.data.map(({ x, y, z, visible }) => [x, y, z, visible]), figure.layout])"
    for figure in page.locator(".dalbook-figure:has(.dalbook-slider)").all():
        slider, plot = figure.locator(".dalbook-slider input"), figure.locator(".plotly-graph-div")
        before, shown = plot.evaluate(state), figure.locator("output").inner_text()
        slider.press("End")
        page.wait_for_function(
            f"([figure, before]) => ({state})(figure) !== before", arg=[plot.element_handle(), before]
        )
        assert figure.locator("output").inner_text() != shown
        assert slider.get_attribute("aria-valuetext") == figure.locator("output").inner_text()
        assert plot.evaluate(MARKS) > 0
    for figure in page.locator(".dalbook-figure:has(.dalbook-buttons)").all():
        plot, last = figure.locator(".plotly-graph-div"), figure.locator(".dalbook-buttons button").last
        before = plot.evaluate(state)
        last.press("Enter")
        page.wait_for_function(
            f"([figure, before]) => ({state})(figure) !== before", arg=[plot.element_handle(), before]
        )
        assert last.get_attribute("aria-pressed") == "true"


def answers(page) -> None:
    """Every question of a quiz says of every answer whether it is right, and why."""
    for question in page.locator(".dalbook-quiz fieldset").all():
        said = question.locator(".dalbook-quiz-feedback > p:visible")
        assert said.count() == 0
        verdicts = []
        if question.get_attribute("data-kind") == "numeric":
            entry = question.locator("input")
            right = question.locator("p[data-right=true]").first
            low, high = (float(right.get_attribute(f"data-{end}")) for end in ("low", "high"))
            for text in ("word", str((low + high) / 2)):
                entry.fill(text)
                entry.press("Enter")
                assert said.count() == 1
                verdicts.append(said.inner_text().startswith("Right."))
            assert verdicts == [False, True]
            continue
        for answer in question.locator("[data-answer]").all():
            answer.press("Enter")
            assert said.count() == 1
            assert said.inner_text().split(". ", 1)[1], "an answer without a reason"
            verdicts.append(said.inner_text().startswith("Right."))
            assert (answer.get_attribute("data-right") == "true") == verdicts[-1]
        assert any(verdicts)


# The color of an element's text, and of the nearest background behind it that is not transparent, as 0 to 1.
COLORS = """text => {
  const rgba = (color) => (color.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  let behind = text;
  while (behind && rgba(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const fills = [getComputedStyle(text).fill, behind ? getComputedStyle(behind).backgroundColor : "rgb(255, 255, 255)"];
  return fills.map((color) => rgba(color).slice(0, 3).map((part) => part / 255));
}"""


def readable_figures(page, theme: str) -> None:
    for words in (".xtick text", ".legendtext"):
        for text in page.locator(f".plotly-graph-div {words}").all()[:10]:
            ink, paper = text.evaluate(COLORS)
            assert (np.mean(ink) > np.mean(paper)) == (theme == "dark")
            assert contrast(ink, paper) >= 4.5


def weight(requests: list[str], address: str) -> int:
    """Bytes of what a page asked for but Plotly and sounds that were clicked, packed as hosts pack them."""
    names = {url.removeprefix(address).split("?")[0].split("#")[0] for url in requests if url.startswith(address)}
    names = {name for name in names if not name.endswith(("plotly.min.js", ".mp3"))}
    contents = ((BOOK / name).read_bytes() for name in names if (BOOK / name).is_file())
    return sum(len(gzip.compress(content, 6)) for content in contents)


def test_the_book_reads_from_a_folder(browser):
    """Without any server: a double click on a page with a figure and a formula."""
    html = {name: (BOOK / name).read_text(encoding="utf-8") for name in PAGES}
    signs = ("plotly-graph-div", "math notranslate")
    chapter = next(BOOK / name for name in PAGES if all(sign in html[name] for sign in signs))
    visit = Visit(browser, chapter.as_uri())
    assert visit.complaints == []
    assert all(url.startswith(("file:", "data:", "blob:")) for url in visit.requests)
    assert visit.page.locator(".js-plotly-plot .main-svg").count() > 0
    assert visit.page.locator("mjx-container").count() > 0
    icon = "getComputedStyle(document.querySelector('.fa-download'), '::before')"
    assert "Font Awesome" in visit.page.evaluate(f"{icon}.fontFamily")
    loaded = "[...document.fonts].filter(({ status }) => status === 'loaded').map(({ family }) => family).join()"
    assert "Font Awesome" in visit.page.evaluate(loaded)
    visit.page.close()


def test_the_book_is_searched(browser, address):
    visit = Visit(browser, address + "search.html?q=entropy")
    visit.page.wait_for_selector("#search-results li a")
    assert "chapters/" in visit.page.locator("#search-results li a").first.get_attribute("href")
    visit.page.close()


def test_paper_is_white(browser, address):
    """Printing in the dark theme gives dark text, in figures too."""
    chapter = next(name for name in PAGES if "plotly-graph-div" in (BOOK / name).read_text(encoding="utf-8"))
    visit = Visit(browser, address + chapter)
    visit.theme("dark")
    visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    visit.page.wait_for_timeout(300)
    readable_figures(visit.page, "light")
    visit.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    visit.page.wait_for_timeout(300)
    readable_figures(visit.page, "dark")
    visit.page.close()


def test_chapters_are_among_the_pages():
    chapters = {path.relative_to(ROOT).with_suffix(".html").as_posix() for path in (ROOT / "chapters").glob("*.ipynb")}
    assert chapters
    assert chapters <= set(PAGES), "a chapter is not in _toc.yml"
