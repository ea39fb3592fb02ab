import errno
import subprocess
import sys
import threading

import pytest

from dalbook.files.lock import hold

HOLD = """
import sys, time
from dalbook.files.lock import hold
with hold(sys.argv[1]) as mine:
    print(mine, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock `tmp_path / "lock"`."""
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "lock"], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().split() == [b"True"]
        yield process
        process.kill()


def test_a_lock_dies_with_its_process(other, tmp_path):
    with hold(tmp_path / "lock") as mine:
        assert not mine
    other.kill()
    other.wait()
    with hold(tmp_path / "lock") as mine:
        assert mine


def test_who_waits_is_told_once_and_goes_on_when_it_is_free(other, tmp_path):
    told = []
    # the other one ends only once somebody waits
    with hold(tmp_path / "lock", waiting=lambda: (told.append(1), other.kill())) as mine:
        assert mine
    assert told == [1]


def test_of_two_threads_one_has_it(tmp_path):
    seen = []

    def try_it():
        with hold(tmp_path / "lock") as mine:
            seen.append(mine)

    with hold(tmp_path / "lock") as mine:
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert (mine, seen) == (True, [False])


def test_a_removed_lock_is_none(other, tmp_path):
    (tmp_path / "lock").unlink()
    with hold(tmp_path / "lock") as mine:
        assert mine


def test_nothing_is_left(tmp_path):
    with hold(tmp_path / "a" / "lock"), hold(tmp_path / "a" / "lock") as second:
        assert not second
        assert (tmp_path / "a" / "lock").exists()
    assert not list((tmp_path / "a").iterdir())


def test_many_at_once_have_it_one_after_the_other(tmp_path):
    inside, most = [], []

    def work():
        for _ in range(20):
            with hold(tmp_path / "lock", waiting=lambda: None):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(most), max(most)) == (60, 1)


def test_an_error_in_the_block_sets_it_free(tmp_path):
    with pytest.raises(KeyboardInterrupt), hold(tmp_path / "lock"):
        raise KeyboardInterrupt
    with hold(tmp_path / "lock") as mine:
        assert mine


@pytest.mark.skipif(sys.platform == "win32", reason="fcntl is Unix's")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_there_are_no_locks_everybody_gets_one(tmp_path, monkeypatch, number):
    def refuse(fd, operation):
        raise OSError(number, "no locks here")

    monkeypatch.setattr("fcntl.flock", refuse)
    with hold(tmp_path / "lock") as first, hold(tmp_path / "lock") as second:
        assert first
        assert second


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), hold(tmp_path / "file" / "lock"):
        pass
