"""Fetch a large file over a bad network: it resumes, it is checked, and no half file ever has the final name."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from dalbook.embeddings.published import Remote, check
from dalbook.files.atomic import atomic_write, to_disk
from dalbook.files.disk import check_room, gigabytes
from dalbook.files.lock import hold

TRIES = 6  # in a row without a new byte, then we give up
LONGEST_PAUSE = 120  # seconds that a server may ask us to wait
CONNECT, CONNECT_ALL, READ = 5, 8, 60  # seconds for one address, for all of a host's, and for it to send something
BLOCK = 1 << 18


class NoNetworkError(OSError):
    """The server could not even be reached."""


class BrokenError(Exception):
    """A try that failed and may be repeated, after as many seconds as the server asks for."""

    def __init__(self, reason: object, pause: float = 0.0, reached: bool = True) -> None:
        super().__init__(str(reason))
        self.pause, self.reached = pause, reached


def download(remote: Remote, path: str | os.PathLike, progress: bool = True, pause: float = 1.0) -> Path:
    """Fetch a file to `path`, or go on where an interrupted download stopped.

    What has come so far is in `path` with `.part` behind its name, and beside it a note of what the server said about
    the file, so that a file that has changed there is begun anew. A broken connection is tried again, with growing
    pauses; a server that cannot resume sends the file from its beginning. A file that is at `path` already is checked
    and kept.

    Parameters
    ----------
    remote
        What to fetch.
    path
        Where to.
    progress
        Show a progress bar with the rate and the time left.
    pause
        Seconds before the second try; doubled before each further one.

    Raises
    ------
    NoNetworkError
        If the server cannot be reached.
    OSError
        If the connection breaks again and again, if the server refuses or is not trusted, if the disk has too little
        room (nothing is fetched then), or if another process is fetching the same file.
    ValueError
        If the address is malformed or not http or https, or the file is not the right one: its size or its sum is
        wrong. A wrong download is removed, nothing else is.
    """
    path = Path(path)
    if path.exists():
        check(path, remote, progress)
        return path
    _check_address(remote)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with hold(path.with_name(path.name + ".lock")) as mine:
        if not mine:
            raise OSError(f"{path}: another process is fetching it; wait for that one, then run this again")
        if not path.exists():
            _fetch_whole(remote, part, progress, pause)
            _accept(remote, part, path, progress)
    return path


def _accept(remote: Remote, part: Path, path: Path, progress: bool) -> None:
    try:
        check(part, remote, progress)
    except ValueError as error:
        _forget(part)
        raise ValueError(
            f"{error}. What came from {remote.url} was removed, and nothing else; run this again, and if the sum is "
            f"wrong again, fetch {remote.file} by hand ({remote.page}) and put it at {path}"
        ) from None
    with open(part, "rb+") as file:
        to_disk(file.fileno())
    os.replace(part, path)
    _forget(part)


def _fetch_whole(remote: Remote, part: Path, progress: bool, pause: float) -> None:
    """Try until all bytes are in `part`; gives up after TRIES tries that brought nothing new."""
    most, failures, reached = _size(part), 0, False
    while True:
        try:
            return _fetch(remote, part, progress)
        except BrokenError as broken:
            reached = reached or broken.reached
            # somebody without a network shall know it now; in the middle of a download it may come back
            if not reached:
                raise NoNetworkError(f"{remote.url} cannot be reached ({broken})") from None
            failures = 0 if _size(part) > most else failures + 1
            most = max(most, _size(part))
            if failures >= TRIES or broken.pause > LONGEST_PAUSE:
                raise OSError(
                    f"{remote.url}: {broken}; {gigabytes(_size(part))} are kept in {part}, run this again to go on"
                ) from None
            wait = max(broken.pause, min(pause * 2**failures, LONGEST_PAUSE))
            if progress:
                print(f"{remote.file}: {broken}; again in {wait:.0f} s", file=sys.stderr)
            time.sleep(wait)


def _fetch(remote: Remote, part: Path, progress: bool) -> None:
    """One try: ask for what is missing, and append it."""
    from tqdm.auto import tqdm

    noted = _noted(part)
    have = _size(part) if noted else 0
    # a mirror's tags are its own; the sum will tell whether its file is the same
    tag = noted.get("tag") if noted.get("url") == remote.url else None
    with _ask(remote.url, have, tag) as answer:
        if answer.status_code == 200:
            have, total = 0, answer.raw.length_remaining or remote.size
            if remote.size not in (None, total):
                raise ValueError(
                    f"{remote.url}: the server's file has {total} bytes, the published one has {remote.size}: it is "
                    f"another file; fetch {remote.file} by hand ({remote.page})"
                )
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
            note = json.dumps({"url": remote.url, "tag": tag, "size": total}).encode()
            atomic_write(_note_of(part), lambda file: file.write(note))
        else:
            begin, size = re.fullmatch(r"(?:bytes )?(\d*).*?(\d*)", answer.headers.get("Content-Range", "")).groups()
            known = noted.get("size")
            total = int(size) if size else known
            same = known in (None, total)
            if answer.status_code == 416 and same and have == total:
                return
            if answer.status_code == 416 or not same or begin != str(have):
                _forget(part)
                raise BrokenError("the file on the server has changed")
        check_room(part.parent, (total or 0) - have, remote.file)
        # without the delay, a bar that never moves would stand above the line that says why
        shown = {"initial": have, "unit": "B", "unit_scale": True, "delay": 1, "disable": not progress}
        with open(part, "ab" if have else "wb") as file, tqdm(desc=remote.file, total=total, **shown) as bar:
            try:
                # what has come, however little it is: it shall not be lost if the connection breaks
                while block := answer.raw.read1(BLOCK, decode_content=False):
                    file.write(block)
                    bar.update(len(block))
            except HTTPError:
                raise BrokenError("the connection broke") from None
    if total is not None and _size(part) < total:
        raise BrokenError("the connection broke")


def _ask(url: str, begin: int, tag: str | None) -> requests.Response:
    """The server's answer: 200 with the whole file; or, from byte `begin` on, 206 with a part or 416 with none.

    A server that cannot give a part gives the whole file, and so does one whose file has no longer the tag.
    """
    headers = {"User-Agent": "dalbook", "Accept-Encoding": "identity"}
    if begin:
        headers["Range"] = f"bytes={begin}-"
        if tag and not tag.startswith("W/"):
            headers["If-Range"] = tag
    reached = False
    try:
        if requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)) is None:
            _reach(url)
            reached = True
        answer = requests.get(url, headers=headers, stream=True, timeout=(CONNECT, READ))
    except requests.exceptions.SSLError as error:
        if "EOF" in str(error):  # a cut cable, not a doubt about who is at its other end
            raise BrokenError("the connection broke") from None
        raise OSError(
            f"{url}: no secure connection can be made: {error}; the certificates of this Python may be old, or a proxy "
            "may stand in between, whose certificate must be in the file that REQUESTS_CA_BUNDLE names"
        ) from None
    except OSError as error:
        raise BrokenError(error.strerror or error, reached=reached) from None
    if answer.status_code in (200, 206, 416):
        return answer
    answer.close()
    said = f"the server answers {answer.status_code} {answer.reason}"
    if answer.status_code == 429 or answer.status_code >= 500:
        raise BrokenError(said, pause=Retry().get_retry_after(answer.raw) or 0.0)
    raise OSError(f"{url}: {said}; the file may have moved")


def _reach(url: str) -> None:
    """See whether a host answers: one time limit for all its addresses, of which some have dozens."""
    parts = urlsplit(url)
    end, failed = time.monotonic() + CONNECT_ALL, OSError("the host has no address")
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    for *_, place in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM):
        left = end - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection(place[:2], min(CONNECT, left)).close()
        except OSError as error:
            failed = error
    raise failed


def _check_address(remote: Remote) -> None:
    """Refuse what is no address of the web: asking again would not help."""
    try:
        parts = urlsplit(remote.url or "")
        web = parts.scheme in ("http", "https")
        if web and parts.hostname and parts.port != 0 and not re.search(r"\s", remote.url):
            return
        why = " (it names no host, or port 0, or has a space in it)" if web else ""
    except ValueError as error:
        why = f" ({error})"
    raise ValueError(f"{remote.file}: {remote.url!r} is no address to fetch it from{why}; set {remote.variable} to one")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _note_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _noted(part: Path) -> dict:
    """What the server had said about the file that `part` is the beginning of; {} where nothing is known."""
    try:
        return json.loads(_note_of(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note_of(part).unlink(missing_ok=True)
