"""Fetch a large file over a bad network: it resumes, it is checked, and no half file ever has the final name."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import IO

from dalbook.embeddings.connection import Answer, BrokenError, ask
from dalbook.embeddings.remotes import Remote
from dalbook.files.atomic import atomic_write
from dalbook.files.lock import try_lock

TRIES = 6  # in a row without a new byte, then we give up
LONGEST_PAUSE = 120  # seconds that a server may ask us to wait
RESERVE = 100_000_000  # bytes that must stay free


class NoNetworkError(OSError):
    """The server could not even be reached."""


def download(remote: Remote, path: str | os.PathLike, progress: bool = True, pause: float = 1.0) -> Path:
    """Fetch a file to `path`, or go on where an interrupted download stopped.

    What has come so far is in `path` with `.part` behind its name, and beside it a note of what the server said about
    the file, so that a file that has changed there is begun anew. A broken connection is tried again, with growing
    pauses; a server that cannot resume sends the file from its beginning. Only a file with the right size and sum gets
    the name `path`. If there is a file already, it is checked and kept.

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
    if remote.url is None or not remote.url.lower().startswith(("http://", "https://")):
        raise _no_address(remote)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    # the lock is on a file of its own: the part itself is renamed in the end, which Windows allows only if it is closed
    with open(path.with_name(path.name + ".lock"), "ab") as lock:
        if not try_lock(lock):
            raise OSError(f"{path}: another process is fetching it; wait for that one, then run this again")
        try:
            if not path.exists():
                _fetch_whole(remote, part, progress, pause)
                _accept(remote, part, path, progress)
        finally:
            # Windows does not remove what is open; the empty file does no harm
            with contextlib.suppress(PermissionError):
                Path(lock.name).unlink(missing_ok=True)
    return path


def check(path: str | os.PathLike, remote: Remote, progress: bool = True) -> None:
    """Make sure that a file is the one that was published.

    Raises
    ------
    ValueError
        If its size or its sum is wrong, with both.

    Examples
    --------
    >>> import tempfile
    >>> from dalbook.embeddings.remotes import YAMNET
    >>> path = Path(tempfile.mkdtemp(), "yamnet.tflite")
    >>> path.write_bytes(b"half")
    4
    >>> check(path, YAMNET)
    Traceback (most recent call last):
    ValueError: .../yamnet.tflite: it has 4 bytes, the published file has 3959752...
    """
    size = os.path.getsize(path)
    if remote.size is not None and size != remote.size:
        raise ValueError(f"{path}: it has {size} bytes, the published file has {remote.size}: it is damaged or another")
    if remote.sum is None:
        return
    from tqdm.auto import tqdm

    kind, _, wanted = remote.sum.partition(":")
    digest = hashlib.new(kind, usedforsecurity=False)
    bar = tqdm(total=size, desc=f"checking {remote.file}", unit="B", unit_scale=True, disable=not progress)
    with open(path, "rb") as file, bar:
        while block := file.read(1 << 20):
            digest.update(block)
            bar.update(len(block))
    if digest.hexdigest() != wanted:
        raise ValueError(
            f"{path}: its {kind} sum is {digest.hexdigest()}, it must be {wanted}: it is damaged or another"
        )


def check_room(folder: str | os.PathLike, needed: int, what: str) -> None:
    """Make sure, before anything is written, that a disk has room for it.

    Parameters
    ----------
    folder
        Where it will be written; need not be there yet.
    needed
        Bytes.
    what
        What needs them.

    Raises
    ------
    OSError
        If it has not, with both numbers.
    """
    folder = Path(folder).absolute()
    there = next(place for place in (folder, *folder.parents) if place.is_dir())
    free = shutil.disk_usage(there).free
    if needed + RESERVE > free:
        raise OSError(
            f"{what}: {gigabytes(needed)} are to come onto the disk of {there}, {gigabytes(free)} are free there; make "
            "room, or choose a folder on another disk (--root, DALBOOK_CACHE)"
        )


def gigabytes(count: int) -> str:
    """Bytes for people.

    >>> gigabytes(6_023_741_708), gigabytes(327_428_481), gigabytes(400)
    ('6.02 GB', '327 MB', '400 bytes')
    """
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"


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
        os.fsync(file.fileno())
    os.replace(part, path)
    _forget(part)


def _fetch_whole(remote: Remote, part: Path, progress: bool, pause: float) -> None:
    """Try until all bytes are in `part`; gives up after TRIES tries that brought nothing new."""
    from tqdm.auto import tqdm

    most, failures, reached = _size(part), 0, False
    # without the delay, a bar that never moves would stand above the line that says why
    with tqdm(desc=remote.file, unit="B", unit_scale=True, disable=not progress, delay=1) as bar:
        while True:
            try:
                return _fetch(remote, part, bar)
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
                bar.set_postfix_str(f"{broken}; again in {wait:.0f} s")
                time.sleep(wait)
                bar.set_postfix_str("")


def _fetch(remote: Remote, part: Path, bar) -> None:
    """One try: ask for what is missing, and append it."""
    noted = _noted(part)
    have = _size(part) if noted else 0
    try:
        answer = ask(remote.url, have)
    except ValueError as error:
        raise _no_address(remote, f" ({error})") from None
    # a server may tell the size with a part and not with the whole, or the other way round
    size = noted["size"] if have and noted["size"] is not None else remote.size
    with answer.body:
        if answer.status != 200:
            # the address may be a mirror's, with tags of its own; the sum will tell whether the file is the same
            other = noted["url"] == remote.url and noted["tag"] != answer.tag
            resized = None not in (size, answer.size) and size != answer.size
            if other or resized or (answer.status == 206 and answer.begin != have):
                _forget(part)
                raise BrokenError("the file on the server has changed")
            if answer.status == 416:
                if have == (answer.size or size):
                    return
                _forget(part)
                raise BrokenError("more had come than there is")
        else:
            have, size = 0, remote.size
            _check_offer(remote, answer)
            note = {"url": remote.url, "tag": answer.tag, "size": answer.size}
            atomic_write(_note_of(part), lambda file: file.write(json.dumps(note).encode()))
        total = answer.size or size
        check_room(part.parent, (total or 0) - have, remote.file)
        with open(part, "ab" if have else "wb") as file:
            _begin_at(bar, have, total)
            _copy(answer, file, bar)
    if total is not None and _size(part) < total:
        raise BrokenError("the connection broke")


def _no_address(remote: Remote, why: str = "") -> ValueError:
    return ValueError(
        f"{remote.file}: {remote.url!r} is no address to fetch it from{why}; set {remote.variable} to one"
    )


def _check_offer(remote: Remote, answer: Answer) -> None:
    if remote.size is not None and answer.size not in (None, remote.size):
        raise ValueError(
            f"{remote.url}: the server's file has {answer.size} bytes, the published one has {remote.size}: it is "
            f"another file; fetch {remote.file} by hand ({remote.page})"
        )


def _copy(answer: Answer, file: IO[bytes], bar) -> None:
    while block := answer.read():
        file.write(block)
        bar.update(len(block))


def _begin_at(bar, have: int, total: int | None) -> None:
    if bar.disable:
        return
    if bar.total != total:
        bar.reset(total)
    # what had come before does not count for the rate
    bar.initial += have - bar.n
    bar.n = have
    bar.refresh()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _note_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _noted(part: Path) -> dict | None:
    """What the server had said about the file that `part` is the beginning of."""
    try:
        note = json.loads(_note_of(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return note if isinstance(note, dict) and {"url", "tag", "size"} <= note.keys() else None


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note_of(part).unlink(missing_ok=True)
