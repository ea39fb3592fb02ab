"""Unpack an archive that one need not trust: no path outside the folder, no links, no devices, no full disk."""

from __future__ import annotations

import gzip
import lzma
import os
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from dalbook.files.disk import check_room
from dalbook.files.lock import hold

DAMAGE = (tarfile.TarError, gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, RuntimeError)


def extract(archive: str | os.PathLike, folder: str | os.PathLike, inside: str, progress: bool = True) -> None:
    """Unpack what an archive holds below its folder `inside` into `folder`: all of it, or nothing.

    It is unpacked into a hidden folder there, then moved; after an interruption, run it again.

    Parameters
    ----------
    archive
        A .tar, .tar.gz (or .bz2, .xz) or .zip file.
    folder
        Where to; made if it is not there.
    inside
        The archive's folder whose content is wanted, such as "UrbanSound8K"; what is beside it is left out.
    progress
        Show a progress bar.

    Raises
    ------
    ValueError
        If the archive is damaged, has no such folder, or holds a name that leads out of the folder, a link, a device,
        or one name twice. Says which; `folder` is as it was.
    FileExistsError
        If something of the same name is in `folder` already.
    OSError
        If the disk has too little room, or another process is unpacking the same archive.
    """
    archive, folder = Path(archive), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # the second name says that everything is there, and only the moving is left
    draft, whole = folder / f".{archive.name}.unpacking", unpacked(archive, folder)
    with hold(folder / f".{archive.name}.lock") as mine:
        if not mine:
            raise OSError(f"{archive}: another process is unpacking it; wait for that one, then run this again")
        if not whole.exists():
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            try:
                _unpack(archive, draft, inside, progress)
                draft.rename(whole)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        moves = {path: folder / path.name for path in sorted(whole.iterdir())}
        for place in moves.values():
            if os.path.lexists(place):
                raise FileExistsError(
                    f"{place} is in the way of what {archive.name} holds; move it elsewhere, or choose an empty folder"
                )
        for path, place in moves.items():
            path.rename(place)
        whole.rmdir()


def unpacked(archive: str | os.PathLike, folder: str | os.PathLike) -> Path:
    """Where everything is once it is unpacked, and before it is moved into `folder`."""
    return Path(folder) / f".{Path(archive).name}.unpacked"


def _unpack(archive: Path, draft: Path, inside: str, progress: bool) -> None:
    from tqdm.auto import tqdm

    shown = {"total": archive.stat().st_size, "unit": "B", "unit_scale": True, "disable": not progress}
    try:
        with open(archive, "rb") as file, tqdm(desc=f"unpacking {archive.name}", **shown) as bar:
            for name, size, content in _members(archive, file):
                parts = _safe_parts(name, archive)
                if parts[:1] == [inside] and parts[1:]:
                    try:
                        _write(draft.joinpath(*parts[1:]), size, content, archive)
                    except (FileExistsError, NotADirectoryError):
                        raise _refused(archive, name, "comes twice") from None
                bar.update(max(0, file.tell() - bar.n))  # a zip's table is at its end
    except DAMAGE as error:
        raise ValueError(f"{archive}: the archive is damaged ({error}); fetch it again") from error
    if not any(draft.iterdir()):
        raise ValueError(f"{archive}: there is no folder {inside} in it; it is another archive")


def _members(archive: Path, file: IO[bytes]) -> Iterator[tuple[str, int, Callable[[], IO[bytes]] | None]]:
    """Name, size and content (None: a folder) of each file and folder, in order; refuses everything else."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as whole:
            for info in whole.infolist():
                if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise _refused(archive, info.filename, "is a link or a device")
                yield info.filename, info.file_size, None if info.is_dir() else partial(whole.open, info)
        return
    file.seek(0)
    with tarfile.open(fileobj=file) as whole:
        for info in whole:
            if not (info.isfile() or info.isdir()):
                raise _refused(archive, info.name, "is a link or a device")
            yield info.name, info.size, None if info.isdir() else partial(whole.extractfile, info)
        # gzip's sum stands behind the last entry
        while whole.fileobj.read(1 << 20):
            pass


def _safe_parts(name: str, archive: Path) -> list[str]:
    """The name's parts; refuses one that would lead out of the folder on any system.

    The filters of tarfile and zipfile know only the system they run on, and bend such a name instead of refusing it.
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if parts[:1] in (("/",), ("//",)) or "\0" in name or any(re.match("[A-Za-z]:", part) for part in parts):
        raise _refused(archive, name, "is an absolute path")
    if ".." in parts:
        raise _refused(archive, name, "leads out of the folder")
    return list(parts)


def _write(path: Path, size: int, content: Callable[[], IO[bytes]] | None, archive: Path) -> None:
    if content is None:
        path.mkdir(parents=True, exist_ok=True)
        return
    check_room(path.parent, size, f"unpacking {archive.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    # a file of its own, whatever the archive says about owners, rights and times
    with open(path, "xb") as target, content() as source:
        shutil.copyfileobj(source, target, 1 << 20)


def _refused(archive: Path, name: str, why: str) -> ValueError:
    return ValueError(f"{archive}: the entry {name!r} {why}, so nothing was unpacked; fetch the published archive")
