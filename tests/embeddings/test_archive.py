"""Archives that are whole, broken or hostile."""

import io
import os
import shutil
import stat
import tarfile
import zipfile
from collections import namedtuple

import pytest

from dalbook.embeddings.archive import extract, unpacked
from dalbook.files.lock import hold

GOOD = {"Top/audio/fold1/a.wav": b"aaa", "Top/metadata/x.csv": b"x,y", "Top/README.txt": b"", "._Top": b"junk"}


def tar(path, files=GOOD, extra=(), mode="w:gz"):
    with tarfile.open(path, mode) as whole:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            whole.addfile(info, io.BytesIO(content))
        for info in extra:
            whole.addfile(info)
    return path


def entry(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zipped(path, files=GOOD, mode=None):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            if mode is not None:
                info.external_attr = mode << 16
            whole.writestr(info, content)
    return path


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def unpack(archive, folder):
    extract(archive, folder, "Top", progress=False)


WANTED = {"audio/fold1/a.wav": b"aaa", "metadata/x.csv": b"x,y", "README.txt": b""}


@pytest.mark.parametrize("mode", ["w:gz", "w", "w:bz2", "w:xz"])
def test_a_tar_is_unpacked(tmp_path, mode):
    folders = [entry("Top", tarfile.DIRTYPE), entry("Top/empty", tarfile.DIRTYPE)]
    unpack(tar(tmp_path / "x.tar.gz", mode=mode, extra=folders), tmp_path / "in" / "here")
    assert tree(tmp_path / "in" / "here") == WANTED
    assert (tmp_path / "in" / "here" / "empty").is_dir()
    assert not [path for path in (tmp_path / "in" / "here").iterdir() if path.name.startswith(".")]


def test_a_zip_is_unpacked(tmp_path):
    unpack(zipped(tmp_path / "x.zip"), tmp_path / "here")
    assert tree(tmp_path / "here") == WANTED


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "Top/../../evil",
        "/evil",
        "//evil",
        "Top/../evil",
        "..\\evil",
        "Top\\..\\..\\evil",
        "C:/evil",
        "Top/C:/evil",
    ],
)
@pytest.mark.parametrize("make", [tar, zipped])
def test_names_that_lead_out_are_refused(tmp_path, name, make):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    archive = make(tmp_path / "x", {**GOOD, name: b"evil"})
    with pytest.raises(ValueError, match=r"x: the entry .*evil.* (leads out|absolute).* nothing was unpacked"):
        unpack(archive, inner)
    assert not list(inner.iterdir())
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.SYMTYPE, "a.wav"),
        (tarfile.LNKTYPE, "Top/audio/fold1/a.wav"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
    ],
)
def test_links_and_devices_are_refused(tmp_path, kind, target):
    archive = tar(tmp_path / "x.tar.gz", extra=[entry("Top/odd", kind, target)])
    with pytest.raises(ValueError, match="'Top/odd' is a link or a device"):
        unpack(archive, tmp_path / "here")
    assert not list((tmp_path / "here").iterdir())


def test_links_in_a_zip_are_refused(tmp_path):
    archive = zipped(tmp_path / "x.zip", {"Top/odd": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777)
    with pytest.raises(ValueError, match="'Top/odd' is a link or a device"):
        unpack(archive, tmp_path / "here")


def test_owners_and_rights_are_not_taken_over(tmp_path):
    info = tarfile.TarInfo("Top/run")
    info.mode, info.uid = 0o6777, 0
    unpack(tar(tmp_path / "x.tar.gz", extra=[info]), tmp_path / "here")
    assert not (tmp_path / "here" / "run").stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IXUSR)


def test_a_name_that_comes_twice_is_refused(tmp_path):
    twice = [entry("Top/metadata/x.csv", tarfile.REGTYPE)]
    with pytest.raises(ValueError, match=r"'Top/metadata/x\.csv' comes twice"):
        unpack(tar(tmp_path / "1.tar.gz", extra=twice), tmp_path / "here")
    below = [entry("Top/README.txt/below", tarfile.REGTYPE)]
    with pytest.raises(ValueError, match="README.txt/below' comes twice"):
        unpack(tar(tmp_path / "2.tar.gz", extra=below), tmp_path / "here")


def test_damaged_and_other_archives_are_refused(tmp_path):
    noise = {f"Top/{i}": os.urandom(5000) for i in range(20)}
    whole = tar(tmp_path / "x.tar.gz", noise).read_bytes()
    pieces = {"cut": whole[: len(whole) // 2], "empty": b"", "text": b"<html>not here</html>" * 100}
    pieces["flipped"] = whole[:50_000] + bytes([whole[50_000] ^ 0xFF]) + whole[50_001:]
    pieces["cut.zip"] = zipped(tmp_path / "y.zip", noise).read_bytes()[:50_000]
    for name, content in pieces.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}: the archive is damaged"):
            unpack(tmp_path / name, tmp_path / "here")
        assert not list((tmp_path / "here").iterdir())
    with pytest.raises(ValueError, match="no folder Top in it"):
        unpack(tar(tmp_path / "other.tar.gz", {"Bottom/a": b""}), tmp_path / "here")


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "here" / "metadata").mkdir(parents=True)
    (tmp_path / "here" / "metadata" / "x.csv").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="metadata is in the way"):
        unpack(tar(tmp_path / "x.tar.gz"), tmp_path / "here")
    assert (tmp_path / "here" / "metadata" / "x.csv").read_bytes() == b"mine"
    assert not (tmp_path / "here" / "audio").exists()


def test_an_interrupted_unpacking_begins_again(tmp_path, monkeypatch):
    archive, here = tar(tmp_path / "x.tar.gz"), tmp_path / "here"
    left = here / ".x.tar.gz.unpacking" / "audio"
    left.mkdir(parents=True)
    (left / "half.wav").write_bytes(b"ha")
    unpack(archive, here)
    assert tree(here) == WANTED


def test_an_interrupted_moving_goes_on(tmp_path):
    archive, here = tar(tmp_path / "x.tar.gz"), tmp_path / "here"
    unpack(archive, here)
    unpacked(archive, here).mkdir()
    shutil.move(here / "metadata", unpacked(archive, here))
    unpack(archive, here)
    assert tree(here) == WANTED


def test_a_disk_that_is_nearly_full_stops_it(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**8 + 2))
    with pytest.raises(OSError, match=r"unpacking x\.tar\.gz: 3 bytes are to come onto the disk"):
        unpack(tar(tmp_path / "x.tar.gz"), tmp_path / "here")
    assert not list((tmp_path / "here").iterdir())


def test_one_process_at_a_time(tmp_path):
    archive = tar(tmp_path / "x.tar.gz")
    with hold(tmp_path / "here" / ".x.tar.gz.lock") as mine:
        assert mine
        with pytest.raises(OSError, match="another process is unpacking it"):
            unpack(archive, tmp_path / "here")
