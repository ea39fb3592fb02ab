"""A folder served to Chromium, which lets no page play a sound before the person has touched it, as most people's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from browsers import chromium
from playwright.sync_api import expect

__all__ = ["chromium", "served", "watched"]

PATIENCE = 120_000  # milliseconds that a busy machine may take for what a quiet one does at once
expect.set_options(timeout=30_000)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder's address on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def stopped(request) -> bool:
    """A sound that is stopped by the next one while it still loads is not a failure."""
    return request.resource_type == "media" and request.failure == "net::ERR_ABORTED"


def watched(page) -> list[str]:
    """What the page complains about: errors in its console or its scripts, what it does not get, dialogs."""
    page.set_default_timeout(PATIENCE)
    complaints = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: stopped(request) or complaints.append(f"failed: {request.url}"))
    page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    return complaints
