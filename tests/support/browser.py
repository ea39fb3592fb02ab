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


def accessible(page, theme: str) -> None:
    """axe-core finds nothing serious in the article."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE)
    found = page.evaluate("axe.run('main', { resultTypes: ['violations'], preload: false })")["violations"]
    serious = [
        f"{problem['id']} ({theme}): {node['html'][:160]} {node['failureSummary']}"
        for problem in found
        if problem["impact"] in ("serious", "critical")
        for node in problem["nodes"]
    ]
    assert serious == []
