import os

import pytest

from dalbook.files.atomic import atomic_write


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full to stand for a full disk")
def test_a_full_disk_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "e"
    path.write_bytes(b"old")

    def overflow(file):
        with open("/dev/full", "wb", buffering=0) as full:
            full.write(b"new")

    with pytest.raises(OSError, match="No space left"):
        atomic_write(path, overflow)
    assert [p.name for p in tmp_path.iterdir()] == ["e"]
    assert path.read_bytes() == b"old"


def test_what_is_half_written_has_no_name(tmp_path):
    path = tmp_path / "e"

    def stopped(file):
        file.write(b"half")
        assert not path.exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic_write(path, stopped)
    assert not list(tmp_path.iterdir())
