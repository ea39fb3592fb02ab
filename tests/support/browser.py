"""The built book in a real browser: a server for its pages, Chromium, and a page that remembers what went wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path

import numpy as np
from browsers import chromium
from labeler_browser import watched

__all__ = ["BOOK", "PAGES", "ROOT", "Visit", "accessible", "chromium", "contrast", "served"]

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "_build" / "html"
PREFIX = "/some/prefix/"  # a book is rarely served from the root of its host
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
PAGES = sorted(
    path.relative_to(BOOK).as_posix() for path in BOOK.rglob("*.html") if "_static" not in path.relative_to(BOOK).parts
)


class Prefixed(SimpleHTTPRequestHandler):
    def translate_path(self, path):
        return super().translate_path(path.removeprefix(PREFIX) if path.startswith(PREFIX) else "/missing")

    def log_message(self, *_):
        pass


@contextmanager
def served() -> Iterator[str]:
    """The book's address on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Prefixed, directory=str(BOOK))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
        server.shutdown()


class Visit:
    """A page opened in the browser, with what it asked for and complained about on the way."""

    def __init__(self, browser, url: str):
        self.page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.complaints = watched(self.page)
        self.requests: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(url)
        self.page.wait_for_load_state("networkidle")

    def theme(self, name: str) -> None:
        """Switch to the light or the dark theme."""
        self.page.evaluate("name => { document.documentElement.dataset.theme = name; }", name)
        self.page.wait_for_timeout(300)


def contrast(*colors: list[float]) -> float:
    """The contrast ratio of the Web Content Accessibility Guidelines, of two colors with parts of 0 to 1."""
    parts = np.array(colors)
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (high + 0.05) / (low + 0.05)


# The first element of each look of text in the article: its color, those behind it, its size and weight. Code has
# thousands of elements and a dozen looks. A figure is one image with a description; its text is looked at elsewhere.
LOOKS = """() => {
  const looks = new Map();
  for (const element of document.querySelectorAll("main *:not(svg *)")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    if (!element.checkVisibility()) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const behind = [];
    for (let node = element; node; node = node.parentElement) {
      const { backgroundColor, opacity } = getComputedStyle(node);
      if (opacity !== "1" || !/, 0\\)$/.test(backgroundColor)) behind.push(`${backgroundColor} ${opacity}`);
    }
    const look = [color, fontSize, fontWeight, element.closest("a, button, summary") !== null, ...behind].join();
    if (!looks.has(look)) looks.set(look, element);
  }
  return [...looks.values()];
}"""


def accessible(page, theme: str, everything: bool = True) -> None:
    """axe-core finds nothing serious in the article: in the contrast of its text, or in everything.

    Only contrast depends on the theme, and takes axe most of its time: it is looked at once a look.
    """
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE)
    options = "{ resultTypes: ['violations'], preload: false, "
    runs = [f"axe.run(({LOOKS})(), {options} runOnly: ['color-contrast'] }})"]
    if everything:
        runs.append(f"axe.run('main', {options} rules: {{ 'color-contrast': {{ enabled: false }} }} }})")
    serious = [
        f"{problem['id']} ({theme}): {node['html'][:160]} {node['failureSummary']}"
        for run in runs
        for problem in page.evaluate(run)["violations"]
        if problem["impact"] in ("serious", "critical")
        for node in problem["nodes"]
    ]
    assert serious == []
