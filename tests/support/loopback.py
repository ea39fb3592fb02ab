"""A small web server on the loopback address that behaves as badly as the tests want."""

import hashlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """What the server gives, and what it was asked.

    `cuts`: after how many bytes it breaks off, one number a request, then no more.
    `answers`: error codes that it gives first, with their Retry-After.
    """

    def __init__(self, content, ranges=True, tag='"one"', cuts=(), answers=(), sized=True):
        self.content, self.ranges, self.tag, self.sized = content, ranges, tag, sized
        self.cuts, self.answers = list(cuts), list(answers)
        self.asked = []  # the Range header of each request
        self.url = None

    @property
    def md5(self):
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


@contextmanager
def serve(site):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            answer(self, site)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}/file"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(request, site):
    wanted = request.headers.get("Range")
    site.asked.append(wanted)
    if site.answers:
        code, pause = site.answers.pop(0)
        request.send_response(code)
        request.send_header("Retry-After", str(pause))
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    same = request.headers.get("If-Range", site.tag) == site.tag
    begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and site.ranges and same else 0
    content = site.content[begin:]
    if begin and not content:
        request.send_response(416)
        request.send_header("Content-Range", f"bytes */{len(site.content)}")
    elif begin:
        request.send_response(206)
        request.send_header("Content-Range", f"bytes {begin}-{len(site.content) - 1}/{len(site.content)}")
    else:
        request.send_response(200)
    if site.sized:
        request.send_header("Content-Length", str(len(content)))
    request.send_header("ETag", site.tag)
    request.end_headers()
    request.wfile.write(content[: site.cuts.pop(0)] if site.cuts else content)
    request.close_connection = True
