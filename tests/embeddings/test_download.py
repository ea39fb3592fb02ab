"""Downloads over a network that breaks, lies and changes its mind."""

import os
import shutil
import socket
import sys
import time
from collections import namedtuple

import numpy as np
import pytest
from loopback import Site, serve

import dalbook.embeddings.download as download_module
from dalbook.embeddings.download import NoNetworkError, download
from dalbook.embeddings.published import CNN14, URBANSOUND8K, YAMNET, Remote, check, located
from dalbook.files.disk import check_room, gigabytes
from dalbook.files.lock import hold

CONTENT = np.random.default_rng(0).bytes(3_000_000)


@pytest.fixture(autouse=True)
def _direct(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for one in (CNN14, URBANSOUND8K, YAMNET):
        monkeypatch.delenv(one.variable, raising=False)


def remote(site, **change):
    given = {"url": site.url, "size": len(site.content), "sum": f"md5:{site.md5}", **change}
    return Remote("file", page="the page", license="", citation="", variable="DALBOOK_TEST_URL", **given)


def fetch(site, path, **change):
    return download(remote(site, **change), path, progress=False, pause=0.001)


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole_and_once(tmp_path):
    with serve(Site(CONTENT)) as site:
        assert fetch(site, tmp_path / "new" / "file").read_bytes() == CONTENT
        fetch(site, tmp_path / "new" / "file")
    assert site.asked == [None]
    assert left_in(tmp_path / "new") == ["file"]


def test_it_resumes_after_each_cut(tmp_path):
    with serve(Site(CONTENT, cuts=[700_000, 100_000, 1])) as site:
        fetch(site, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert site.asked == [None, "bytes=700000-", "bytes=800000-", "bytes=800001-"]
    assert left_in(tmp_path) == ["file"]


def test_each_further_try_is_told(tmp_path, capsys):
    with serve(Site(CONTENT, cuts=[700_000], answers=[(503, 0)])) as site:
        download(remote(site), tmp_path / "file", pause=0.001)
    told = capsys.readouterr().err
    assert "file: the server answers 503 Service Unavailable; again in 0 s\n" in told
    assert "file: the connection broke; again in 0 s\n" in told


def test_a_new_process_goes_on_where_the_last_stopped(tmp_path, monkeypatch):
    with serve(Site(CONTENT, cuts=[700_000] + [0] * 10)) as site:
        with pytest.raises(OSError, match=r"the connection broke; 700 kB are kept in .*file\.part, run this again"):
            fetch(site, tmp_path / "file")
        assert len(site.asked) == 1 + download_module.TRIES
        assert not (tmp_path / "file").exists()
        site.cuts, site.asked = [], []
        fetch(site, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert site.asked == ["bytes=700000-"]


def test_a_server_that_cannot_resume_starts_over(tmp_path):
    with serve(Site(CONTENT, ranges=False, cuts=[700_000, 900_000])) as site:
        fetch(site, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(site.asked) == 3


def test_a_server_that_always_breaks_at_the_same_place_is_given_up(tmp_path):
    with (
        serve(Site(CONTENT, ranges=False, cuts=[700_000] * 99)) as site,
        pytest.raises(OSError, match="connection broke"),
    ):
        fetch(site, tmp_path / "file")
    assert len(site.asked) == 1 + download_module.TRIES


@pytest.mark.parametrize("change", ["tag", "size"])
def test_a_file_that_changes_on_the_server_is_begun_anew(tmp_path, change):
    with serve(Site(CONTENT[::-1], cuts=[700_000] + [0] * 10)) as site:
        with pytest.raises(OSError, match="kept in"):
            fetch(site, tmp_path / "file", size=None, sum=None)
        site.cuts = []
        if change == "tag":
            site.content, site.tag = CONTENT, '"two"'
        else:
            site.content = CONTENT[:2_000_000]
        fetch(site, tmp_path / "file", size=None)
    assert (tmp_path / "file").read_bytes() == site.content


def test_another_mirror_of_the_same_file_goes_on(tmp_path):
    with serve(Site(CONTENT, cuts=[700_000] + [0] * 10)) as site, pytest.raises(OSError, match="kept in"):
        fetch(site, tmp_path / "file")
    with serve(Site(CONTENT, tag='"mirror"')) as mirror:
        fetch(mirror, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert mirror.asked == ["bytes=700000-"]


def test_all_bytes_there_but_not_yet_checked(tmp_path, monkeypatch):
    with serve(Site(CONTENT)) as site:
        with monkeypatch.context() as patch:
            patch.setattr(download_module, "_accept", lambda *_: None)
            fetch(site, tmp_path / "file")
        assert left_in(tmp_path) == ["file.part", "file.part.json"]
        fetch(site, tmp_path / "file")
    assert site.asked == [None, f"bytes={len(CONTENT)}-"]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_size_that_nobody_tells(tmp_path):
    with serve(Site(CONTENT, sized=False)) as site:
        fetch(site, tmp_path / "file", size=None)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_size_that_is_told_only_with_a_part(tmp_path):
    with serve(Site(CONTENT, sized=False, cuts=[700_000])) as site:
        fetch(site, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert site.asked == [None, "bytes=700000-"]


def test_a_wrong_sum_is_refused_and_nothing_else_removed(tmp_path):
    (tmp_path / "mine.wav").write_bytes(b"mine")
    says = r"md5 sum is \w+, it must be 0123.*run this again.*by hand \(the page\)"
    with serve(Site(CONTENT)) as site, pytest.raises(ValueError, match=says):
        fetch(site, tmp_path / "file", sum="md5:0123")
    assert left_in(tmp_path) == ["mine.wav"]


def test_another_size_is_refused_before_it_is_fetched(tmp_path):
    says = "3000000 bytes, the published one has 7: it is another file"
    with serve(Site(CONTENT)) as site, pytest.raises(ValueError, match=says):
        fetch(site, tmp_path / "file", size=7)
    assert left_in(tmp_path) == []


def test_a_file_that_is_there_is_checked_and_never_touched(tmp_path):
    (tmp_path / "file").write_bytes(b"something of mine")
    with serve(Site(CONTENT)) as site, pytest.raises(ValueError, match="17 bytes, the published file has 3000000"):
        fetch(site, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"something of mine"
    assert site.asked == []


def test_a_full_disk_is_noticed_before(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**8 + 2_999_999))
    says = "file: 3 MB are to come onto the disk of .*, 103 MB are free there; make room"
    with serve(Site(CONTENT)) as site, pytest.raises(OSError, match=says):
        fetch(site, tmp_path / "file")
    assert not (tmp_path / "file.part").exists()
    with pytest.raises(OSError, match="UrbanSound8K: 13 GB are to come"):
        check_room(tmp_path / "not" / "yet", 13 * 10**9, "UrbanSound8K")


def test_no_network_is_said_at_once(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/file"
    lost = Remote("file", url, None, None, "", "", "", "DALBOOK_TEST_URL")
    start = time.monotonic()
    with pytest.raises(NoNetworkError, match="cannot be reached"):
        download(lost, tmp_path / "file", progress=False)
    (tmp_path / "file.part").write_bytes(b"half")
    (tmp_path / "file.part.json").write_text('{"url": "x", "tag": null, "size": 9}')
    with pytest.raises(NoNetworkError):
        download(lost, tmp_path / "file", progress=False)
    # no pause between tries, which would be a minute in all
    assert time.monotonic() - start < 20
    assert (tmp_path / "file.part").read_bytes() == b"half"


def test_a_server_that_cannot_be_trusted_is_no_lack_of_network(tmp_path):
    says = "no secure connection .* certificates of this Python .* proxy"
    with serve(Site(CONTENT)) as site, pytest.raises(OSError, match=says) as caught:
        # it speaks no TLS at all
        fetch(site, tmp_path / "file", url=site.url.replace("http:", "https:"))
    assert not isinstance(caught.value, NoNetworkError)


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue of connections is silent on Linux only")
def test_a_host_with_many_silent_addresses_is_given_up_soon(tmp_path, monkeypatch):
    monkeypatch.setattr(download_module, "CONNECT", 0.1)
    monkeypatch.setattr(download_module, "CONNECT_ALL", 0.15)
    tried, real = [], socket.getaddrinfo
    with socket.socket() as silent, socket.socket() as first, socket.socket() as second:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        for one in (first, second):
            one.setblocking(False)
            one.connect_ex(silent.getsockname())

        def many(host, *rest, **more):
            if host != "many.test":
                yield from real(host, *rest, **more)
                return
            for number in range(50):
                tried.append(number)
                yield socket.AF_INET, socket.SOCK_STREAM, 6, "", silent.getsockname()

        monkeypatch.setattr(socket, "getaddrinfo", many)
        monkeypatch.setenv("no_proxy", "many.test")
        lost = Remote("file", "http://many.test/file", None, None, "", "", "", "DALBOOK_TEST_URL")
        with pytest.raises(NoNetworkError, match="timed out"):
            download(lost, tmp_path / "file", progress=False)
    assert 1 < len(tried) < 5


def test_a_busy_server_is_asked_again_and_a_refusing_one_is_not(tmp_path):
    with serve(Site(CONTENT, answers=[(429, 0), (503, 0)])) as site:
        fetch(site, tmp_path / "file")
    assert len(site.asked) == 3
    with serve(Site(CONTENT, answers=[(404, 0)])) as site, pytest.raises(OSError, match="404 Not Found; .*moved"):
        fetch(site, tmp_path / "other")
    assert len(site.asked) == 1
    with serve(Site(CONTENT, answers=[(429, 3600)])) as site, pytest.raises(OSError, match="429 .* run this again"):
        fetch(site, tmp_path / "other")


def test_one_process_at_a_time(tmp_path):
    with serve(Site(CONTENT)) as site, hold(tmp_path / "file.lock") as mine:
        assert mine
        with pytest.raises(OSError, match="another process is fetching it"):
            fetch(site, tmp_path / "file")
    assert site.asked == []


@pytest.mark.parametrize("url", [None, "file:///etc/passwd", "ftp://x/y"])
def test_only_the_web(tmp_path, url):
    with pytest.raises(ValueError, match="no address to fetch it from; set DALBOOK_TEST_URL"):
        download(Remote("file", url, None, None, "", "", "", "DALBOOK_TEST_URL"), tmp_path / "file")


@pytest.mark.parametrize(
    "url", ["http://[bad", "http://127.0.0.1:port/x", "http://127.0.0.1:99999/x", "http://127.0.0.1:1/a b", "http:///x"]
)
def test_a_malformed_address_is_said_at_once(tmp_path, monkeypatch, url):
    def wait(seconds):
        raise AssertionError("it is tried again")

    monkeypatch.setattr(time, "sleep", wait)
    with serve(Site(CONTENT)) as site:
        # a space is noticed only after the connection
        url = url.replace("127.0.0.1:1/", site.url.split("/")[2] + "/")
        with pytest.raises(ValueError, match=r"is no address to fetch it from \(.+\); set DALBOOK_TEST_URL") as caught:
            fetch(site, tmp_path / "file", url=url)
    assert repr(url) in str(caught.value)
    assert site.asked == []


def test_the_environment_names_another_address(monkeypatch):
    monkeypatch.setenv("DALBOOK_CNN14_URL", "http://mirror/x.pth")
    assert (located(CNN14).url, located(CNN14).sum) == ("http://mirror/x.pth", CNN14.sum)
    monkeypatch.setenv("DALBOOK_CNN14_URL", "http://mirror/x.pth#sha256=AB")
    assert (located(CNN14).url, located(CNN14).sum, located(CNN14).size) == ("http://mirror/x.pth", "sha256:ab", None)
    monkeypatch.setenv("DALBOOK_CNN14_URL", "http://mirror/x.pth#egg=1")
    with pytest.raises(ValueError, match="DALBOOK_CNN14_URL=.*md5=... or sha256=..."):
        located(CNN14)
    monkeypatch.setenv("DALBOOK_CNN14_URL", "")
    assert located(CNN14) == CNN14


def test_the_published_files():
    assert URBANSOUND8K.sum == "md5:9aa69802bbf37fb986f71ec1483a196e"
    assert (CNN14.size, CNN14.sum) == (327_428_481, "md5:541141fa2ee191a88f24a3219fff024e")
    assert YAMNET.size == 3_959_752


def test_check_reads_the_whole_file(tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    site = Site(CONTENT)
    check(tmp_path / "file", remote(site), progress=False)
    with open(tmp_path / "file", "rb+") as file:
        file.seek(-1, os.SEEK_END)
        file.write(bytes([CONTENT[-1] ^ 1]))
    with pytest.raises(ValueError, match="it is damaged or another"):
        check(tmp_path / "file", remote(site), progress=False)


def test_sizes_for_people():
    assert [gigabytes(n) for n in (0, 999, 1000, 15_300_000)] == [
        "0 bytes",
        "999 bytes",
        "1 kB",
        "15.3 MB",
    ]
