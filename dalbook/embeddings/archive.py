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
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from dalbook.files.disk import check_room
from dalbook.files.lock import hold

DAMAGE = (tarfile.TarError, gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, RuntimeError)


@dataclass(frozen=True)
class Member:
    """An entry of an archive; `open` gives its content, and is None for a folder."""

    name: str
    size: int
    open: Callable[[], IO[bytes]] | None


def extract(archive: str | os.PathLike, folder: str | os.PathLike, inside: str, progress: bool = True) -> None:
    """Unpack what an archive holds below its folder `inside` into `folder`; all of it appears there, or nothing.

    It is unpacked into a hidden folder beside its place, then moved. After an interruption, run it again. Nothing that
    is in `folder` already is overwritten.

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
        If the disk has too little room.
    """
    archive, folder = Path(archive), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # the second name says that everything is there, and only the moving is left
    draft, whole = folder / f".{archive.name}.unpacking", unpacked(archive, folder)
    with hold(folder / f".{archive.name}.lock") as mine, open(archive, "rb") as file:
        if not mine:
            raise OSError(f"{archive}: another process is unpacking it; wait for that one, then run this again")
        if not whole.exists():
            if draft.exists():
                shutil.rmtree(draft)
            try:
                _unpack(archive, file, draft, inside, progress)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
            draft.rename(whole)
        for path in sorted(whole.iterdir()):
            if os.path.lexists(folder / path.name):
                raise FileExistsError(
                    f"{folder / path.name} is in the way of what {archive.name} holds; move it elsewhere, or choose an "
                    "empty folder"
                )
        for path in sorted(whole.iterdir()):
            path.rename(folder / path.name)
        whole.rmdir()


def unpacked(archive: str | os.PathLike, folder: str | os.PathLike) -> Path:
    """Where everything is once it is unpacked, and before it is moved into `folder`."""
    return Path(folder) / f".{Path(archive).name}.unpacked"


def _unpack(archive: Path, file: IO[bytes], draft: Path, inside: str, progress: bool) -> None:
    from tqdm.auto import tqdm

    draft.mkdir()
    found = False
    size = archive.stat().st_size
    try:
        with tqdm(total=size, desc=f"unpacking {archive.name}", unit="B", unit_scale=True, disable=not progress) as bar:
            for member in _members(archive, file):
                parts = _safe_parts(member.name, archive)
                if parts[:1] == [inside] and parts[1:]:
                    found = True
                    _write(member, draft.joinpath(*parts[1:]), archive)
                # a zip's table is at its end
                bar.update(max(0, file.tell() - bar.n))
    except DAMAGE as error:
        raise ValueError(f"{archive}: the archive is damaged ({error}); fetch it again") from error
    if not found:
        raise ValueError(f"{archive}: there is no folder {inside} in it; it is another archive")


def _members(archive: Path, file: IO[bytes]) -> Iterator[Member]:
    """The files and folders of an archive, in its order; refuses everything else."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as whole:
            for info in whole.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise _refused(archive, info.filename, "is a link or a device")
                yield Member(info.filename, info.file_size, None if info.is_dir() else partial(whole.open, info))
        return
    file.seek(0)
    with tarfile.open(fileobj=file) as whole:
        for info in whole:
            if not (info.isfile() or info.isdir()):
                raise _refused(archive, info.name, "is a link or a device")
            yield Member(info.name, info.size, None if info.isdir() else partial(whole.extractfile, info))
        # gzip's sum stands behind the last entry
        while whole.fileobj.read(1 << 20):
            pass


def _safe_parts(name: str, archive: Path) -> list[str]:
    """The name's parts; refuses one that would lead out of the folder on any system."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if parts[:1] in (("/",), ("//",)) or "\0" in name or any(re.match("[A-Za-z]:", part) for part in parts):
        raise _refused(archive, name, "is an absolute path")
    if ".." in parts:
        raise _refused(archive, name, "leads out of the folder")
    return list(parts)


def _write(member: Member, path: Path, archive: Path) -> None:
    try:
        if member.open is None:
            path.mkdir(parents=True, exist_ok=True)
            return
        check_room(path.parent, member.size, f"unpacking {archive.name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        # a file of its own, whatever the archive says about owners, rights and times
        with open(path, "xb") as target, member.open() as source:
            shutil.copyfileobj(source, target, 1 << 20)
    except (FileExistsError, NotADirectoryError):
        raise _refused(archive, member.name, "comes twice") from None
    if path.stat().st_size != member.size:
        raise ValueError(f"{archive}: the archive is damaged ({member.name} is cut off); fetch it again")


def _refused(archive: Path, name: str, why: str) -> ValueError:
    return ValueError(f"{archive}: the entry {name!r} {why}, so nothing was unpacked; fetch the published archive")
