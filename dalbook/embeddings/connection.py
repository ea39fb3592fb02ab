"""One request to a web server: quick to say that it cannot be reached, patient once it can."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECT = 5  # seconds for one address of a server to be reached,
CONNECT_ALL = 8  # for all its addresses together,
READ = 60  # and for the server to send something
BLOCK = 1 << 18


class BrokenError(Exception):
    """A try that failed and may be repeated.

    Attributes
    ----------
    pause
        Seconds that the server wants us to wait.
    reached
        Whether there was a server at all.
    """

    def __init__(self, reason: str, pause: float = 0.0, reached: bool = True) -> None:
        super().__init__(reason)
        self.pause, self.reached = pause, reached


@dataclass(frozen=True)
class Answer:
    """What a server has said, and how to read the bytes behind it.

    Attributes
    ----------
    status
        200: the whole file follows; 206: the part that was asked for; 416: there is no such part.
    begin
        Position of the first byte that follows.
    size
        Of the whole file in bytes; None if the server does not say.
    tag
        Changes when the file does; None if the server does not say.
    """

    status: int
    begin: int
    size: int | None
    tag: str | None
    body: http.client.HTTPResponse

    def read(self) -> bytes:
        """Some more bytes; none at the end.

        Raises
        ------
        BrokenError
            If the connection breaks.
        """
        try:
            return self.body.read1(BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise BrokenError(f"the connection broke: {_why(error)}") from None


def ask(url: str, begin: int = 0) -> Answer:
    """Ask a server for a file, from byte `begin` on if it can do that. Close the answer's `body` after use.

    Raises
    ------
    BrokenError
        If the server cannot be reached, breaks off, or has a trouble that may pass.
    OSError
        If it refuses, or no secure connection to it can be made, and trying again would not help.
    ValueError
        If the address is malformed.
    """
    try:
        if not urlsplit(url).hostname or urlsplit(url).port == 0:
            raise ValueError("it names no host, or port 0")
        request = urllib.request.Request(url, headers={"User-Agent": "dalbook"})
        if begin:
            request.add_header("Range", f"bytes={begin}-")
        body = urllib.request.build_opener(_Http, _Https).open(request, timeout=CONNECT)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            error.close()
            raise _refusal(url, error) from None
        body = error
    except urllib.error.URLError as error:
        raise _failure(url, error.reason, reached=False) from None
    except http.client.InvalidURL as error:
        raise ValueError(str(error)) from None
    except (OSError, http.client.HTTPException) as error:
        raise _failure(url, error, reached=True) from None
    first, size = 0, body.headers.get("Content-Length", "")
    if body.status != 200:
        part, _, size = body.headers.get("Content-Range", "").rpartition("/")
        digits = part.partition(" ")[2].partition("-")[0]
        first = int(digits) if digits.isdigit() else -1
    tag = body.headers.get("ETag") or body.headers.get("Last-Modified")
    return Answer(body.status, first, int(size) if size.isdigit() else None, tag, body)


def _refusal(url: str, error: urllib.error.HTTPError) -> Exception:
    said = f"the server answers {error.code} {error.reason}"
    if error.code == 429 or error.code >= 500:
        seconds = error.headers.get("Retry-After", "")
        return BrokenError(said, pause=float(seconds) if seconds.isdigit() else 0.0)
    return OSError(f"{url}: {said}; the file may have moved")


def _failure(url: str, error: object, reached: bool) -> Exception:
    # the end of the stream is a cut cable, not a doubt about who is at its other end
    cut = isinstance(error, ssl.SSLEOFError)
    if isinstance(error, ssl.SSLError) and not cut:
        return OSError(
            f"{url}: no secure connection can be made: {_why(error)}; the certificates of this Python may be missing "
            "or old, or a proxy may stand in between, whose certificate a file named by SSL_CERT_FILE can add"
        )
    return BrokenError(_why(error), reached=reached or cut)


def _connect(address: tuple[str, int], timeout: float, *_) -> socket.socket:
    """`socket.create_connection` with one time limit for all addresses of a host, of which some have a dozen."""
    end, failed = time.monotonic() + CONNECT_ALL, OSError("the host has no address")
    for *_, place in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
        left = end - time.monotonic()
        if left <= 0:
            break
        try:
            connected = socket.create_connection(place[:2], min(timeout, left))
        except OSError as error:
            failed = error
        else:
            connected.settimeout(timeout)
            return connected
    raise failed


def _patient(connection: type[http.client.HTTPConnection]) -> type[http.client.HTTPConnection]:
    class Patient(connection):
        def connect(self) -> None:
            # the one place where http.client lets itself be told how to connect
            self._create_connection = _connect
            super().connect()
            self.sock.settimeout(READ)

    return Patient


class _Http(urllib.request.HTTPHandler):
    def http_open(self, request):
        return self.do_open(_patient(http.client.HTTPConnection), request)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, request):
        return self.do_open(_patient(http.client.HTTPSConnection), request)


def _why(error: object) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
