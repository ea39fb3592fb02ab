"""Serve the built book on this machine and open it in a browser. Ctrl-C ends it."""

from __future__ import annotations

import webbrowser
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BOOK = Path(__file__).resolve().parent.parent / "_build" / "html"


def main() -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(BOOK))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", 8000), handler)
    except OSError:  # somebody else is there
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    address = f"http://127.0.0.1:{server.server_port}/"
    print(f"The book is at {address}; Ctrl-C ends this", flush=True)
    webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
